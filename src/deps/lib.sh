# What every recipe has at hand. Sourced by src/deps/make before the recipe.

# Paths of the files of part $1 (of kind $2 if given), as fetched.
files() {
	awk -v p="$1" -v k="${2:-}" -v d="$CAM_CACHE/src" '$1 == p && (k == "" || $5 == k) { print d "/" $6 }' "$used_lock"
}

# Unpacks the upstream tarball of part $1 into ./source and applies Debian's patches, in their order.
unpack() {
	local name
	mkdir source
	tar -x --no-same-owner --strip-components=1 -C source -f "$(files "$1" orig)"
	[ -n "$(files "$1" debian)" ] || return 0
	mkdir packaging
	tar -x --no-same-owner -C packaging -f "$(files "$1" debian)"
	[ -e packaging/debian/patches/series ] || return 0
	for name in $(sed -e 's/#.*//' packaging/debian/patches/series); do
		echo "patch $name"
		patch -d source -p1 --no-backup-if-mismatch --forward <"packaging/debian/patches/$name"
	done
}

# Installs of another part this one needs, e.g. $(dir_of musl).
dir_of() { "$deps/make" --dir "$variant" "$1"; }

# Compiler flags. Absolute build paths must not reach the output.
prefix_map="-ffile-prefix-map=$PWD=."
harden="-O2 -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
	-ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -ffunction-sections -fdata-sections"
harden=$(echo $harden)
sanitize="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"

# CC and CFLAGS of the variant being built. Only musl itself and the kernel do without.
select_compiler() {
	if [ "$variant" = host ]; then
		CC=gcc CFLAGS="$sanitize -fPIE $prefix_map"
	else
		CC=$(dir_of musl)/bin/musl-gcc CFLAGS="$harden $prefix_map"
	fi
}

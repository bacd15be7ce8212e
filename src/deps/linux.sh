# The kernel: Debian's linux-source-6.12, configuration image/kernel.fragment, no modules.
# Installs bzImage and config. Bit-for-bit reproducible: time, user, host and the seed of the
# structure layout randomization are fixed. The seed is therefore public: the layout differs from
# every other kernel's but is known to whoever reads this file.

inputs="image/kernel.fragment"
variants="target"
steps=2560

seed=$(echo "cam appliance structure layout" | sha256sum | cut -c1-64)

# Every line of the fragment must be in the result; =n and "is not set" mean absent.
check_config() {
	awk 'NR == FNR { if ($0 ~ /^CONFIG_/) { split($0, a, "="); have[a[1]] = substr($0, index($0, "=") + 1) } next }
		/^# CONFIG_.* is not set/ { want[$2] = "n"; next }
		/^CONFIG_/ { split($0, a, "="); want[a[1]] = substr($0, index($0, "=") + 1) }
		END { for (o in want) { is = (o in have) ? have[o] : "n"
			if (is != want[o]) { print "linux: configuration: " o ": asked " want[o] ", got " is; bad = 1 } }
			exit bad }' "$1" "$2"
}

build() {
	dpkg-deb --fsys-tarfile "$(files linux)" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ --strip-components=1 --one-top-level=source
	cd source
	cat >scripts/gen-randstruct-seed.sh <<-SEED
		#!/bin/sh
		echo $seed >"\$1"
		echo "#define RANDSTRUCT_HASHED_SEED \"$(printf %s "$seed" | sha256sum | cut -c1-64)\"" >"\$2"
	SEED
	export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026' KBUILD_BUILD_USER=cam KBUILD_BUILD_HOST=appliance
	export KBUILD_BUILD_VERSION=1 SOURCE_DATE_EPOCH=1767225600 TZ=UTC KCONFIG_ALLCONFIG=$top/image/kernel.fragment
	make ARCH=x86_64 allnoconfig
	check_config .config "$top/image/kernel.fragment"
	make ARCH=x86_64 -j"$jobs" bzImage
	install -m 644 arch/x86/boot/bzImage "$prefix/bzImage"
	install -m 644 .config "$prefix/config"
}

# s6: Debian's binaries, run by musl's loader with our build of skalibs (none of them imports a symbol only
# glibc has; a test asserts it). The interpreter is set to musl's, nothing else is changed.
# Installs bin/s6-*. Those that need libs6 are left out: the image has none of them.

steps=5

build() {
	local tool
	dpkg-deb -x "$(files s6)" unpacked
	mkdir "$prefix/bin"
	for tool in unpacked/usr/bin/s6-*; do
		if ! readelf -h "$tool" >/dev/null 2>&1; then continue; fi
		if readelf -d "$tool" | grep -q 'NEEDED.*libs6'; then continue; fi
		patchelf --set-interpreter /lib/ld-musl-x86_64.so.1 "$tool"
		install -m 755 "$tool" "$prefix/bin/"
	done
}

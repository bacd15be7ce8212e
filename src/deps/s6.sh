# s6: Debian's binaries, run by musl's loader with our build of skalibs (none of them imports a symbol only
# glibc has; a test asserts it). The interpreter is set to musl's, nothing else is changed.
# Installs bin/s6-* and lib/libs6.so.2.11.

steps=5

build() {
	local deb tool
	for deb in $(files s6); do dpkg-deb -x "$deb" unpacked; done
	mkdir "$prefix/bin" "$prefix/lib"
	for tool in unpacked/usr/bin/s6-*; do
		if ! readelf -h "$tool" >/dev/null 2>&1; then continue; fi
		patchelf --set-interpreter /lib/ld-musl-x86_64.so.1 "$tool"
		install -m 755 "$tool" "$prefix/bin/"
	done
	install -m 755 unpacked/usr/lib/x86_64-linux-gnu/libs6.so.2.11.* "$prefix/lib/libs6.so.2.11"
}

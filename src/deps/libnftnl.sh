# libnftnl: Debian's static library and headers; the functions of libmnl that it calls are ours (src/lib/mnl). The same
# archive serves both variants.
# Installs lib/libnftnl.a, include/libnftnl.

variants="target host"
steps=2

build() {
	dpkg-deb -x "$(files libnftnl)" unpacked
	mkdir -p "$prefix/lib" "$prefix/include"
	install -m 644 unpacked/usr/lib/x86_64-linux-gnu/libnftnl.a "$prefix/lib/"
	cp -r unpacked/usr/include/libnftnl "$prefix/include/"
}

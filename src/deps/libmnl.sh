# libmnl: its headers alone; the functions are ours (src/lib/mnl).
# Installs include/libmnl.

variants="target host"
steps=2

build() {
	dpkg-deb -x "$(files libmnl)" unpacked
	mkdir -p "$prefix/include"
	cp -r unpacked/usr/include/libmnl "$prefix/include/"
}

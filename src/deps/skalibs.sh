# skalibs as a shared library for Debian's s6 binaries. Debian's own build of it needs glibc; built for
# musl it exports the same symbols under the same name.

needs="musl"
steps=920

build() {
	unpack skalibs
	cd source
	CC="$CC" CFLAGS="-O2 -fPIC -fstack-protector-strong $prefix_map" LDFLAGS="-Wl,-z,relro,-z,now" \
		./configure --enable-shared --disable-static --prefix=/usr --libdir=/usr/lib \
		--sysdepdir=/usr/lib/skalibs/sysdeps --host=x86_64-linux-musl --with-sysdep-devurandom=yes \
		--with-default-path=/bin
	make -j"$jobs"
	mkdir -p "$prefix/lib"
	strip --strip-unneeded -o "$prefix/lib/libskarnet.so.2.13" libskarnet.so.xyzzy
	chmod 755 "$prefix/lib/libskarnet.so.2.13"
}

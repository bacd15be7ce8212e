# libsodium: Argon2id for hashd, X25519 for gate.

needs="musl"
variants="target host"
steps=1060

build() {
	unpack libsodium
	cd source
	./autogen.sh -s
	local host=
	[ "$variant" = host ] || host=--host=x86_64-linux-musl
	# --disable-pie and --disable-ssp only stop the script's own flags; ours bring both.
	./configure $host --prefix=/ --disable-shared --enable-static --disable-pie --disable-ssp \
		--disable-dependency-tracking CC="$CC" CFLAGS="$CFLAGS"
	make -j"$jobs"
	make install DESTDIR="$prefix"
	rm -rf "$prefix/lib/pkgconfig" "$prefix"/lib/*.la
}

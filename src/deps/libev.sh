# libev: the event loop of every program.

needs="musl"
variants="target host"
steps=160

build() {
	unpack libev
	cd source
	local host=
	[ "$variant" = host ] || host=--host=x86_64-linux-musl
	./configure $host --prefix=/ --disable-shared --enable-static CC="$CC" CFLAGS="$CFLAGS -fno-strict-aliasing"
	make -j"$jobs" libev.la
	mkdir -p "$prefix/lib" "$prefix/include"
	install -m 644 .libs/libev.a "$prefix/lib/"
	install -m 644 ev.h "$prefix/include/"
}

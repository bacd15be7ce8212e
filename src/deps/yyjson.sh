# yyjson: JSON reading and writing. One file. Once more for size, for programs that travel: libyyjson_small.a.

needs="musl"
variants="target host"
steps=5

build() {
	unpack yyjson
	mkdir -p "$prefix/lib" "$prefix/include"
	$CC $CFLAGS -DYYJSON_DISABLE_NON_STANDARD=1 -c source/src/yyjson.c -o yyjson.o
	ar rcsD "$prefix/lib/libyyjson.a" yyjson.o
	$CC ${CFLAGS/-O2/-Os} -fno-asynchronous-unwind-tables -DYYJSON_DISABLE_NON_STANDARD=1 -DYYJSON_DISABLE_UTILS=1 \
		-c source/src/yyjson.c -o yyjson_small.o
	ar rcsD "$prefix/lib/libyyjson_small.a" yyjson_small.o
	install -m 644 source/src/yyjson.h "$prefix/include/"
}

# yyjson: JSON reading and writing. One file.

needs="musl"
variants="target host"
steps=5

build() {
	unpack yyjson
	mkdir -p "$prefix/lib" "$prefix/include"
	$CC $CFLAGS -DYYJSON_DISABLE_NON_STANDARD=1 -c source/src/yyjson.c -o yyjson.o
	ar rcsD "$prefix/lib/libyyjson.a" yyjson.o
	install -m 644 source/src/yyjson.h "$prefix/include/"
}

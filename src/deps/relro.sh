# relro.o: the object linked into every static-pie program so that RELRO is enforced. Our own code.

needs="musl"
inputs="src/deps/relro.c"
steps=1

build() {
	mkdir "$prefix/lib"
	cp "$top/src/deps/relro.c" .
	$CC $CFLAGS -c relro.c -o "$prefix/lib/relro.o"
}

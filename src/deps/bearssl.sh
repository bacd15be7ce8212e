# BearSSL: TLS 1.2, X.509 and the primitives under them. -O3 makes its curve code a third faster.

needs="musl"
variants="target host"
steps=290

build() {
	unpack bearssl
	cd source
	make -j"$jobs" CC="$CC" LD="$CC" LDDLL="$CC" CFLAGS="-W -Wall ${CFLAGS/-O2/-O3}" lib
	mkdir -p "$prefix/lib" "$prefix/include"
	install -m 644 build/libbearssl.a "$prefix/lib/"
	install -m 644 inc/*.h "$prefix/include/"
}

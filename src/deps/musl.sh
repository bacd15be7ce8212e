# musl: the C library of everything in the image, and its gcc wrapper.
# The kernel's own headers come from the build machine's linux-libc-dev: linked one directory at a time,
# because searching all of /usr/include would let a header musl lacks resolve to glibc's.

variants="target"
steps=1780

build() {
	unpack musl
	cd source
	# rep movs takes 50 to 140 ns to begin (measured on the machines of clouds), and std; rep movsb goes byte by byte: musl's own C
	# takes a tenth for the small copies that make up a third of core's time otherwise.
	rm src/string/x86_64/memcpy.s src/string/x86_64/memmove.s
	CFLAGS="-O2 -fstack-protector-strong $prefix_map" ./configure --prefix="$prefix" --syslibdir=/lib --enable-wrapper=gcc
	make -j"$jobs"
	make install DESTDIR= syslibdir="$prefix/lib"
	# The wrapper and its specs name the directory of the install: they must name the final one.
	sed -i "s|$prefix|$dir|g" "$prefix/bin/musl-gcc" "$prefix/lib/musl-gcc.specs"
	ln -s /usr/include/linux /usr/include/asm-generic "$prefix/include/"
	ln -s /usr/include/x86_64-linux-gnu/asm "$prefix/include/asm"
	strip --strip-unneeded -o "$prefix/lib/ld-musl-x86_64.so.1.stripped" "$prefix/lib/libc.so"
	rm -f "$prefix/lib/ld-musl-x86_64.so.1"
	mv "$prefix/lib/ld-musl-x86_64.so.1.stripped" "$prefix/lib/ld-musl-x86_64.so.1"
	chmod 755 "$prefix/lib/ld-musl-x86_64.so.1"
}

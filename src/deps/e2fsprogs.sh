# e2fsprogs: e2fsck, resize2fs and mke2fs, static-pie, for the data partition.

needs="musl relro"
steps=665

build() {
	unpack e2fsprogs
	cd source
	local link="-static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--build-id=none -Wl,--gc-sections"
	./configure --host=x86_64-linux-musl --prefix=/ --sysconfdir=/etc --with-crond-dir=no --with-systemd-unit-dir=no --with-udev-rules-dir=no \
		--disable-nls --disable-defrag --disable-debugfs --disable-imager --disable-uuidd --disable-fuse2fs \
		--disable-tdb --disable-e2initrd-helper --disable-bmap-stats --without-libarchive --without-pthread \
		CC="$CC" BUILD_CC=gcc CFLAGS="$CFLAGS" LDFLAGS="$link $(dir_of relro)/lib/relro.o"
	make -j"$jobs" libs
	make -j"$jobs" -C e2fsck e2fsck
	make -j"$jobs" -C resize resize2fs
	make -j"$jobs" -C misc mke2fs
	mkdir "$prefix/bin"
	strip -o "$prefix/bin/e2fsck" e2fsck/e2fsck
	strip -o "$prefix/bin/resize2fs" resize/resize2fs
	strip -o "$prefix/bin/mke2fs" misc/mke2fs
}

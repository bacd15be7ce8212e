# libcurl: HTTP and WebSocket over BearSSL, for programs that call out. No certificate store, no disk, no other protocol.
# Its callers set CURL_SSLVERSION_TLSv1_2 themselves: the default of this backend is older.

needs="musl bearssl"
variants="target host"
steps=420

off="ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb gopher mqtt ipfs manual docs libcurl-option ntlm negotiate-auth
	kerberos-auth aws alt-svc hsts netrc cookies doh unix-sockets tls-srp ech mime form-api get-easy-options progress-meter
	headers-api dnsshuffle bindlocal bearer-auth dependency-tracking shared"
on="static websockets smtp http proxy ipv6 threaded-resolver"
without="zlib brotli zstd libpsl libidn2 nghttp2 nghttp3 ngtcp2 libssh2 librtmp libgsasl ca-bundle ca-path ca-fallback"

build() {
	unpack curl
	# Debian's patches touch what the build system is made from; it is as good as before.
	cd source
	touch aclocal.m4
	find . -name Makefile.in -exec touch {} +
	touch configure lib/curl_config.h.in
	local o flags= host= bearssl
	for o in $off; do flags="$flags --disable-$o"; done
	for o in $on; do flags="$flags --enable-$o"; done
	for o in $without; do flags="$flags --without-$o"; done
	# For size: it travels to every managed machine.
	CFLAGS="${CFLAGS/-O2/-Os} -fno-asynchronous-unwind-tables"
	[ "$variant" = host ] || host=--host=x86_64-linux-musl
	bearssl=$(dir_of bearssl)
	mkdir ../work
	cd ../work
	../source/configure $host --prefix=/ $flags --with-bearssl="$bearssl" CC="$CC" CFLAGS="$CFLAGS" \
		CPPFLAGS="-I$bearssl/include" LDFLAGS="-L$bearssl/lib" LIBS=-lbearssl
	make -j"$jobs" -C lib libcurl.la
	mkdir -p "$prefix/lib" "$prefix/include/curl"
	install -m 644 lib/.libs/libcurl.a "$prefix/lib/"
	install -m 644 ../source/include/curl/*.h "$prefix/include/curl/"
}

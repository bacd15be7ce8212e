# libwebsockets: HTTP/1.1 and WebSocket for api, on libev. No TLS (gate ends it), no shared library.

needs="musl libev"
variants="target host"
steps=620

build() {
	unpack libwebsockets
	local ev flags="$CFLAGS"
	ev=$(dir_of libev)
	local find=
	[ "$variant" = host ] || find="-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_FIND_ROOT_PATH=$ev
		-DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY"
	cmake -G Ninja -S source -B work $find -DCMAKE_C_COMPILER="${CC%% *}" -DCMAKE_C_FLAGS="$flags -I$ev/include" \
		-DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX=/ -DCMAKE_INSTALL_LIBDIR=lib \
		-DLWS_WITH_SSL=OFF -DLWS_WITH_SHARED=OFF -DLWS_WITH_STATIC=ON -DLWS_STATIC_PIC=ON -DLWS_WITHOUT_TESTAPPS=ON \
		-DLWS_WITH_LIBEV=ON -DLWS_WITH_EVLIB_PLUGINS=OFF -DLWS_WITH_PLUGINS=OFF -DLWS_UNIX_SOCK=ON -DLWS_IPV6=ON \
		-DLWS_WITHOUT_EXTENSIONS=ON -DLWS_WITH_HTTP2=OFF -DLWS_WITH_SECURE_STREAMS=OFF -DLWS_WITH_SYS_ASYNC_DNS=OFF \
		-DLWS_WITH_NETLINK=OFF -DLWS_WITH_LEJP=OFF -DLWS_WITH_DIR=OFF -DLWS_WITH_SYS_SMD=OFF -DLWS_WITH_SYS_STATE=OFF \
		-DLWS_WITH_LIBCAP=OFF -DLWS_WITH_ZLIB=OFF -DDISABLE_WERROR=ON \
		-DLWS_LIBEV_INCLUDE_DIRS="$ev/include" -DLWS_LIBEV_LIBRARIES="$ev/lib/libev.a" \
		-DLIBEV_INCLUDE_DIRS="$ev/include" -DLIBEV_LIBRARIES="$ev/lib/libev.a"
	ninja -C work -j"$jobs"
	DESTDIR=$prefix ninja -C work install
	rm -rf "$prefix/lib/cmake" "$prefix/lib/pkgconfig" "$prefix/share" "$prefix/bin"
}

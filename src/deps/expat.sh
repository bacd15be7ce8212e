# expat: XML, namespace-aware and event by event, for the SOAP of cloud. Without document type definitions: no entities.

needs="musl"
variants="target host"
steps=20

build() {
	unpack expat
	local flags="$CFLAGS" system=
	[ "$variant" = host ] || system="-DCMAKE_SYSTEM_NAME=Linux"
	cmake -G Ninja -S source/expat -B work $system -DCMAKE_C_COMPILER="${CC%% *}" -DCMAKE_C_FLAGS="$flags" \
		-DCMAKE_BUILD_TYPE=None \
		-DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_TESTS=OFF \
		-DEXPAT_BUILD_DOCS=OFF -DEXPAT_BUILD_PKGCONFIG=OFF -DEXPAT_DTD=OFF
	ninja -C work -j"$jobs"
	mkdir -p "$prefix/lib" "$prefix/include"
	install -m 644 work/libexpat.a "$prefix/lib/"
	install -m 644 source/expat/lib/expat.h source/expat/lib/expat_external.h "$prefix/include/"
}

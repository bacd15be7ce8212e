# SQLite: core's database. The MEMSYS5 heap (SQLITE_CONFIG_HEAP at start) bounds its memory and makes it
# as fast on musl as on glibc.

needs="musl"
variants="target host"
steps=215

options="
	-DSQLITE_THREADSAFE=2
	-DSQLITE_ENABLE_MEMSYS5
	-DSQLITE_DQS=0
	-DSQLITE_OMIT_LOAD_EXTENSION
	-DSQLITE_OMIT_DEPRECATED
	-DSQLITE_OMIT_SHARED_CACHE
	-DSQLITE_OMIT_AUTOINIT
	-DSQLITE_OMIT_DESERIALIZE
	-DSQLITE_OMIT_TCL_VARIABLE
	-DSQLITE_DEFAULT_FOREIGN_KEYS=1
	-DSQLITE_DEFAULT_SYNCHRONOUS=2
	-DSQLITE_DEFAULT_WAL_SYNCHRONOUS=2
	-DSQLITE_DEFAULT_MEMSTATUS=1
	-DSQLITE_LIKE_DOESNT_MATCH_BLOBS
	-DSQLITE_MAX_EXPR_DEPTH=100
	-DSQLITE_MAX_MMAP_SIZE=0
	-DSQLITE_MAX_ATTACHED=2
	-DSQLITE_TRUSTED_SCHEMA=0
	-DSQLITE_TEMP_STORE=3
	-DSQLITE_SECURE_DELETE=1
	-DSQLITE_ENABLE_API_ARMOR
	-DHAVE_USLEEP=1 -DHAVE_FDATASYNC=1 -DHAVE_LOCALTIME_R=1 -DHAVE_GMTIME_R=1 -DHAVE_PREAD=1 -DHAVE_PWRITE=1"

build() {
	unpack sqlite
	mkdir generated
	cd generated
	# The generator runs on the build machine, so it is configured for that.
	../source/configure --disable-tcl --disable-shared --disable-readline CC=gcc
	make sqlite3.c sqlite3.h
	mkdir -p "$prefix/lib" "$prefix/include"
	$CC $CFLAGS $(echo $options) -c sqlite3.c -o sqlite3.o
	ar rcsD "$prefix/lib/libsqlite3.a" sqlite3.o
	install -m 644 sqlite3.h "$prefix/include/"
}

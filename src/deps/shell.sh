# shell: busybox once more, with a shell and what scripts expect, for the machines of the Test Provider. It is
# in their sealed tree only. Installs the binary and the list of its applets.

needs="musl relro busybox"	# the sources are busybox's
steps=700

options="LONG_OPTS LFS MONOTONIC_SYSCALL FEATURE_FANCY_ECHO SHOW_USAGE FEATURE_VERBOSE_USAGE BUSYBOX FEATURE_EDITING
	ASH ASH_OPTIMIZE_FOR_SIZE ASH_INTERNAL_GLOB ASH_BASH_COMPAT ASH_JOB_CONTROL ASH_ALIAS ASH_ECHO ASH_PRINTF ASH_TEST
	ASH_GETOPTS ASH_CMDCMD ASH_RANDOM_SUPPORT ASH_SLEEP SH_IS_ASH BASH_IS_ASH
	FEATURE_SH_MATH FEATURE_SH_MATH_64 FEATURE_SH_MATH_BASE FEATURE_SH_EXTRA_QUIET FEATURE_SH_READ_FRAC FEATURE_PREFER_APPLETS
	FEATURE_SH_STANDALONE FEATURE_SH_NOFORK
	BASENAME CAT CHMOD CHOWN CKSUM CP CUT DATE DD DF DIRNAME DU ECHO ENV EXPR FALSE FOLD HEAD HOSTNAME ID INSTALL LINK LN LS
	MD5SUM MKDIR MKFIFO MKTEMP MV NL NOHUP NPROC OD PASTE PRINTENV PRINTF PWD READLINK REALPATH RM RMDIR SEQ SHA1SUM SHA256SUM
	SHUF SLEEP SORT SPLIT STAT SUM SYNC TAC TAIL TEE TEST TEST1 TEST2 TIMEOUT TOUCH TR TRUE TRUNCATE TTY UNAME UNIQ UNLINK USLEEP WC
	WHO WHOAMI YES BASE64 FEATURE_DATE_ISOFMT FEATURE_LS_SORTFILES FEATURE_LS_TIMESTAMPS FEATURE_LS_USERNAME FEATURE_LS_FILETYPES
	FEATURE_HUMAN_READABLE FEATURE_SORT_BIG FEATURE_TEST_64 FEATURE_STAT_FORMAT FEATURE_FANCY_TAIL FEATURE_FANCY_HEAD
	FEATURE_FANCY_SLEEP FLOAT_DURATION FEATURE_TR_CLASSES FEATURE_TR_EQUIV FEATURE_CP_LONG_OPTIONS
	AWK FEATURE_AWK_LIBM FEATURE_AWK_GNU_EXTENSIONS CMP DIFF GREP EGREP FGREP SED FIND XARGS WHICH
	FEATURE_FIND_TYPE FEATURE_FIND_EXEC FEATURE_FIND_MTIME FEATURE_FIND_NOT FEATURE_FIND_PAREN FEATURE_FIND_PATH
	FEATURE_FIND_MAXDEPTH FEATURE_FIND_PRINT0 FEATURE_FIND_DELETE FEATURE_FIND_SIZE FEATURE_FIND_PERM FEATURE_FIND_NEWER
	FEATURE_GREP_CONTEXT FEATURE_XARGS_SUPPORT_ZERO_TERM FEATURE_XARGS_SUPPORT_REPL_STR
	TAR GZIP GUNZIP ZCAT FEATURE_TAR_CREATE FEATURE_TAR_GNU_EXTENSIONS FEATURE_TAR_LONG_OPTIONS FEATURE_SEAMLESS_GZ
	PS KILL PGREP PKILL PIDOF FREE UPTIME TOP PSTREE LSOF DESKTOP FEATURE_PS_WIDE FEATURE_PS_LONG
	LOGGER GETOPT HEXDUMP XXD MORE CLEAR FLOCK SETSID TIME NC WGET HTTPD IPCALC NC_110_COMPAT"

# Only a final link may be static-pie: the makefiles also link partially (-r).
link_wrapper() {
	cat <<-WRAPPER
		#!/bin/sh
		for a; do case \$a in -c | -E | -S | -r | -M | -MM) exec $CC "\$@" ;; esac; done
		exec $CC "\$@" -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--build-id=none $(dir_of relro)/lib/relro.o
	WRAPPER
}

build() {
	unpack busybox
	link_wrapper >cc
	chmod +x cc
	cd source
	# Already while it is configured: the header with the options carries the time of it, and the banner shows that.
	export KCONFIG_NOTIMESTAMP=1 SOURCE_DATE_EPOCH=1767225600
	make allnoconfig >/dev/null
	local o
	for o in $options; do
		sed -i -e "/^CONFIG_$o=/d" -e "/^# CONFIG_$o is not set/d" .config
		echo "CONFIG_$o=y" >>.config
	done
	sed -i -e '/CONFIG_SH_IS_NONE/d' -e '/CONFIG_BASH_IS_NONE/d' -e '/^CONFIG_EXTRA_CFLAGS/d' -e '/CONFIG_BUSYBOX_EXEC_PATH/d' .config
	{
		echo "CONFIG_EXTRA_CFLAGS=\"$CFLAGS\""
		echo 'CONFIG_BUSYBOX_EXEC_PATH="/bin/busybox"'
		echo 'CONFIG_FEATURE_EDITING_MAX_LEN=1024'
	} >>.config
	(yes '' || true) | make oldconfig >/dev/null
	for o in ASH AWK SED GREP PS WGET SH_IS_ASH; do
		grep -q "^CONFIG_$o=y" .config || { echo "shell: configuration: $o did not stick"; return 1; }
	done
	make -j"$jobs" CC="$PWD/../cc" HOSTCC=gcc SKIP_STRIP=y busybox
	mkdir "$prefix/bin" "$prefix/share"
	sed -n 's/^"\(.*\)" "\\0"$/\1/p' include/applet_tables.h >"$prefix/share/applets"
	[ -s "$prefix/share/applets" ] || { echo "shell: no applets"; return 1; }
	strip -o "$prefix/bin/busybox" busybox_unstripped 2>/dev/null || strip -o "$prefix/bin/busybox" busybox
}

# busybox: udhcpc, udhcpc6 and ntpd in one static-pie binary. No shell, no other applet.

needs="musl relro"
steps=405

applets="ntpd udhcpc udhcpc6"
options="LONG_OPTS LFS FEATURE_IPV6 MONOTONIC_SYSCALL SH_IS_NONE
	UDHCPC UDHCPC6 NTPD FEATURE_NTP_AUTH FEATURE_UDHCPC_ARPING FEATURE_UDHCPC_SANITIZEOPT
	FEATURE_UDHCP_RFC3397 FEATURE_UDHCPC6_RFC3646 FEATURE_UDHCPC6_RFC4704"

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
	make allnoconfig >/dev/null
	local o
	for o in $options; do
		sed -i -e "/^CONFIG_$o=/d" -e "/^# CONFIG_$o is not set/d" .config
		echo "CONFIG_$o=y" >>.config
	done
	sed -i -e '/^CONFIG_SH_IS_ASH=/d' -e '/DEFAULT_SCRIPT/d' -e '/^CONFIG_EXTRA_CFLAGS/d' .config
	{
		echo '# CONFIG_SH_IS_ASH is not set'
		echo 'CONFIG_UDHCPC_DEFAULT_SCRIPT="/bin/dhcp-event"'
		echo 'CONFIG_UDHCPC6_DEFAULT_SCRIPT="/bin/dhcp-event"'
		echo "CONFIG_EXTRA_CFLAGS=\"$CFLAGS\""
	} >>.config
	(yes '' || true) | make oldconfig >/dev/null
	for o in $options; do
		grep -q "^CONFIG_$o=y" .config || { echo "busybox: configuration: $o did not stick"; return 1; }
	done
	KCONFIG_NOTIMESTAMP=1 SOURCE_DATE_EPOCH=1767225600 make -j"$jobs" CC="$PWD/../cc" HOSTCC=gcc SKIP_STRIP=y busybox
	# What is really inside: the applet itself has no --list without the "busybox" applet.
	local inside
	inside=$(sed -n 's/^"\(.*\)" "\\0"$/\1/p' include/applet_tables.h | tr '\n' ' ')
	[ "$inside" = "$applets " ] || { echo "busybox: applets: $inside"; return 1; }
	mkdir "$prefix/bin"
	strip -o "$prefix/bin/busybox" busybox_unstripped 2>/dev/null || strip -o "$prefix/bin/busybox" busybox
}

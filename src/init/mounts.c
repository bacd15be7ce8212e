#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

/* /run may hold at most a quarter of the memory: a room that fills it must not starve the others. */
#define RUN_OPTIONS "mode=0755,size=25%"

static const struct mount_line {
	const char *type, *target, *options;
	unsigned long flags;
	int optional;
} table[] = {
	{ "proc", "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "sysfs", "/sys", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID | MS_NOEXEC, 0 },
	{ "tmpfs", "/run", RUN_OPTIONS, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "cgroup2", "/sys/fs/cgroup", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0 },
	{ "efivarfs", "/sys/firmware/efi/efivars", "", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 1 },
};

int
init_mounts(void)
{
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		const struct mount_line *m = &table[i];

		/* EBUSY: the kernel has mounted /dev itself. */
		if (mount(m->type, m->target, m->type, m->flags, m->options) == 0 || errno == EBUSY || m->optional)
			continue;
		dprintf(2, "init: %s: cannot mount %s: %m\n", m->target, m->type);
		return -1;
	}
	return 0;
}

static const struct sysctl_line {
	const char *name, *value;
} sysctls[] = {
	{ "kernel/printk_devkmsg", "on\n" },	/* our own lines must not be dropped by the rate limit */
	{ "kernel/kptr_restrict", "2" },
	{ "kernel/yama/ptrace_scope", "2" },
	{ "fs/protected_hardlinks", "1" },
	{ "fs/protected_symlinks", "1" },
	{ "fs/protected_fifos", "2" },
	{ "fs/protected_regular", "2" },
	{ "net/ipv4/tcp_syncookies", "1" },
	{ "net/ipv4/conf/all/accept_redirects", "0" },
	{ "net/ipv4/conf/default/accept_redirects", "0" },
	{ "net/ipv4/conf/all/send_redirects", "0" },
	{ "net/ipv4/conf/default/send_redirects", "0" },
	{ "net/ipv6/conf/all/accept_redirects", "0" },
	{ "net/ipv6/conf/default/accept_redirects", "0" },
};

void
init_sysctl(void)
{
	char path[128];

	for (unsigned i = 0; i < sizeof sysctls / sizeof *sysctls; i++) {
		snprintf(path, sizeof path, "/proc/sys/%s", sysctls[i].name);
		if (init_file_write(path, sysctls[i].value) == -1)
			init_say("%s: cannot set: %m", path);
	}
}

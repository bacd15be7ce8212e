#include "init.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The fence of the service `power`, which must stay root: of all capabilities it keeps the one for the host name, of
 * the file system a place for one flag, of the system calls those below.
 */
static const int calls[] = {
	SYS_read, SYS_write, SYS_open, SYS_openat, SYS_close, SYS_fsync, SYS_poll, SYS_recvfrom, SYS_kill,
	SYS_sethostname, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit_group, SYS_exit,
	SYS_fcntl,	/* musl's open with O_CLOEXEC */
};

#define CALLS (sizeof calls / sizeof *calls)

static int
capabilities_drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return -1;
	data[0].effective = data[0].permitted = 1u << CAP_SYS_ADMIN;
	return (int)syscall(SYS_capset, &head, data);
}

static int
files_limit(void)
{
	struct landlock_ruleset_attr all = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	struct landlock_path_beneath_attr data = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
	};
	int set = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0), rc;

	if (set == -1)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	data.parent_fd = open("/data", O_PATH | O_CLOEXEC);
	rc = data.parent_fd == -1 ? -1
	    : (int)syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &data, 0);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, set, 0);
	if (data.parent_fd != -1)
		close(data.parent_fd);
	close(set);
	return rc;
}

static int
calls_limit(void)
{
	struct sock_filter f[CALLS + 6];
	struct sock_fprog prog = { .filter = f };
	unsigned n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < CALLS; i++)
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i],
		    (unsigned char)(CALLS - i), 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

int
init_fence(void)
{
	if (capabilities_drop() == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || files_limit() == -1)
		return -1;
	return calls_limit();
}

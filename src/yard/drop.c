/* What a machine's processes may do: nothing that a user without privilege may not, and less. */
#include "yard.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "room/landlock.h"

#define PORT 443
#define FILTER_MAX 160
#define ARG_LOW(n) (offsetof(struct seccomp_data, args) + 8u * (n))
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
/* Beside the bounds of its control group. */
#define FILES 512

/* Of the calls that yard may make, those that its machines may not. */
static const int forbidden[] = {
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_sethostname, SYS_capset, SYS_setgroups, SYS_mknod, SYS_mknodat,
	SYS_landlock_create_ruleset, SYS_landlock_add_rule, SYS_landlock_restrict_self, SYS_seccomp, SYS_syncfs, SYS_sync,
};

int drop_privileges(unsigned slot)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	const struct rlimit files = { FILES, FILES }, no_core = { 0, 0 };
	uid_t uid = YARD_USER + slot;

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return -1;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1 || setrlimit(RLIMIT_CORE, &no_core) == -1)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return -1;
	/* The bare calls: one thread, and no signal of the C library's own. */
	if (syscall(SYS_setgroups, 0, NULL) == -1 || syscall(SYS_setresgid, uid, uid, uid) == -1 ||
			syscall(SYS_setresuid, uid, uid, uid) == -1)
		return -1;
	return (int)syscall(SYS_capset, &head, none);
}

/* ---- network: landlock ---- */

static int connect_only(uint64_t port)
{
	struct { uint64_t fs, net, scoped; } set = { 0, LL_NET_CONNECT_TCP, 0 };
	struct { uint64_t allowed, port; } rule = { LL_NET_CONNECT_TCP, port };
	int fd, rc;

	/* Without version 4 (Linux 6.7) machines would reach every port: then there are none. */
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, 2 * sizeof(uint64_t), 0);
	if (fd == -1)
		return -1;
	rc = (int)syscall(SYS_landlock_add_rule, fd, 2 /* LANDLOCK_RULE_NET_PORT */, &rule, 0);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return rc;
}

/* ---- calls: seccomp ---- */

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

static void emit(struct filter *f, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (f->len < FILTER_MAX)
		f->code[f->len++] = (struct sock_filter)BPF_JUMP(op, k, jt, jf);
}

static void emit_refuse(struct filter *f)
{
	emit(f, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

/* Of sockets: local ones, netlink's questions, and TCP. */
static void emit_socket(struct filter *f)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 8);
	emit(f, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0), 0, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 4);
	emit(f, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(1), 0, 0);
	emit(f, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
	emit_refuse(f);
	emit(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void emit_clone(struct filter *f)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	emit(f, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0), 0, 0);
	emit(f, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	emit_refuse(f);
	emit(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int drop_fence(void)
{
	struct filter f = { .len = 0 };
	struct sock_fprog program = { .filter = f.code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || connect_only(PORT) == -1)
		return -1;
	/* The architecture is held by the filter that is there already. */
	emit(&f, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		emit(&f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], 0, 1);
		emit_refuse(&f);
	}
	emit_socket(&f);
	emit_clone(&f);
	emit(&f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	program.len = f.len;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* The system call filter, run by a small interpreter of its own: every number
 * of every room, and the arguments that are checked. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "room/calls.h"
#include "room/fence.h"

#define X32 0x40000000
#define CALLS 512

static struct sock_filter code[FENCE_FILTER_MAX];
static size_t len;
static int bad;

/* The instructions that a seccomp filter may use and ours does. */
static uint32_t run(const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)d + i->k, sizeof a);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += (a & i->k) != 0 ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			printf("instruction %zu: code %#x\n", pc, i->code);
			exit(1);
		}
	}
	printf("the filter has no end\n");
	exit(1);
}

static uint32_t call(uint32_t arch, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct seccomp_data d = { .arch = arch, .nr = nr, .args = { a0, a1, a2 } };

	return run(&d);
}

static void expect(const struct room *r, const char *what, uint32_t got, uint32_t want)
{
	if (got == want)
		return;
	printf("%s: %s: %#x instead of %#x\n", r->name, what, got, want);
	bad = 1;
}

static bool has(const int *list, int nr)
{
	for (; list != NULL && *list != -1; list++)
		if (*list == nr)
			return true;
	return false;
}

static uint32_t allowed(bool yes)
{
	return yes ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP;
}

static uint32_t native(int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return call(AUDIT_ARCH_X86_64, nr, a0, a1, a2);
}

static void numbers(const struct room *r)
{
	char what[32];

	for (int nr = 0; nr < CALLS; nr++) {
		bool named = has(room_calls_common, nr) || has(r->syscalls, nr);

		if (has(room_calls_checked, nr) && !has(r->syscalls, nr))
			continue;
		(void)snprintf(what, sizeof what, "call %d", nr);
		expect(r, what, native(nr, 0, 0, 0), allowed(named));
		expect(r, what, native(nr, ~0ull, ~0ull, ~0ull), allowed(named));
	}
	expect(r, "x32", native(X32 + SYS_read, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	expect(r, "negative", native(-1, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	expect(r, "i386", call(AUDIT_ARCH_I386, SYS_read, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void sockets(const struct room *r)
{
	expect(r, "unix", native(SYS_socket, AF_UNIX, SOCK_STREAM, 0), SECCOMP_RET_ALLOW);
	expect(r, "inet", native(SYS_socket, AF_INET, SOCK_STREAM, 0), allowed(r->inet));
	expect(r, "inet6", native(SYS_socket, AF_INET6, SOCK_STREAM, 0), allowed(r->inet));
	expect(r, "netlink", native(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
		allowed((r->families & ROOM_FAMILY(AF_NETLINK)) != 0));
	expect(r, "packet", native(SYS_socket, AF_PACKET, SOCK_RAW, 0),
		allowed((r->families & ROOM_FAMILY(AF_PACKET)) != 0));
	expect(r, "vsock", native(SYS_socket, AF_VSOCK, SOCK_STREAM, 0), SECCOMP_RET_TRAP);
	expect(r, "pair", native(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0), SECCOMP_RET_ALLOW);
	expect(r, "tipc pair", native(SYS_socketpair, AF_TIPC, SOCK_STREAM, 0), SECCOMP_RET_TRAP);
	expect(r, "connect", native(SYS_connect, 0, 0, 0), allowed(r->links != 0 || r->inet || r->families != 0));
}

static void memory(const struct room *r)
{
	expect(r, "mmap data", native(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE), SECCOMP_RET_ALLOW);
	expect(r, "mmap code", native(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC), allowed(r->foreign));
	expect(r, "mprotect data", native(SYS_mprotect, 0, 4096, PROT_NONE), SECCOMP_RET_ALLOW);
	expect(r, "mprotect code", native(SYS_mprotect, 0, 4096, PROT_EXEC), allowed(r->foreign));
}

static void processes(const struct room *r)
{
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	bool children = has(r->syscalls, SYS_vfork);

	expect(r, "thread", native(SYS_clone, thread, 0, 0), SECCOMP_RET_ALLOW);
	expect(r, "spawn", native(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0), allowed(children));
	expect(r, "process", native(SYS_clone, SIGCHLD, 0, 0), allowed(children));
	expect(r, "user namespace", native(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0), SECCOMP_RET_TRAP);
	expect(r, "thread in a namespace", native(SYS_clone, thread | CLONE_NEWNET, 0, 0), allowed(r->mounts));
	expect(r, "clone3", native(SYS_clone3, 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
}

static void itself(const struct room *r)
{
	bool prctl = has(r->syscalls, SYS_prctl), ioctl = has(r->syscalls, SYS_ioctl), limits = has(r->syscalls, SYS_prlimit64);

	expect(r, "name", native(SYS_prctl, PR_SET_NAME, 0, 0), SECCOMP_RET_ALLOW);
	expect(r, "dumpable off", native(SYS_prctl, PR_SET_DUMPABLE, 0, 0), SECCOMP_RET_ALLOW);
	expect(r, "dumpable on", native(SYS_prctl, PR_SET_DUMPABLE, 1, 0), allowed(prctl));
	expect(r, "ambient lower", native(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, 0), SECCOMP_RET_ALLOW);
	expect(r, "ambient raise", native(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0), allowed(prctl));
	expect(r, "keep capabilities", native(SYS_prctl, PR_SET_KEEPCAPS, 1, 0), allowed(prctl));
	expect(r, "non-blocking", native(SYS_ioctl, 0, FIONBIO, 0), SECCOMP_RET_ALLOW);
	expect(r, "typing", native(SYS_ioctl, 0, TIOCSTI, 0), allowed(ioctl));
	expect(r, "limit read", native(SYS_prlimit64, 0, 7, 0), SECCOMP_RET_ALLOW);
	expect(r, "limit set", native(SYS_prlimit64, 0, 7, 0x7f0000000010), allowed(limits));
	expect(r, "limit set high", native(SYS_prlimit64, 0, 7, 0x7f00000000), allowed(limits));
}

int main(void)
{
	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++) {
		const struct room *r = room_by_id((enum room_id)id);

		len = fence_seccomp_build(r, code, FENCE_FILTER_MAX);
		if (len == 0) {
			printf("%s: the filter does not fit\n", r->name);
			return 1;
		}
		numbers(r);
		sockets(r);
		memory(r);
		processes(r);
		itself(r);
		if (fence_seccomp_build(r, code, len - 1) != 0) {
			printf("%s: a filter that does not fit is not noticed\n", r->name);
			bad = 1;
		}
	}
	return bad;
}

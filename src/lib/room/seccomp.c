/*
 * The system call filter of a row.
 *
 * Calls are compared one after the other; the kernel remembers which numbers
 * are allowed whatever their arguments (Linux 5.11), so the length costs
 * nothing at run time.  The x32 numbering of x86-64 is refused as a whole.
 */
#include "room/fence.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "room/calls.h"

#define X32_BIT 0x40000000u
#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define SOCKET_FAMILIES 64		/* bits of room.families */
#define EXIT_TROUBLE 111

/* Offsets of the halves of argument n: little endian. */
#define ARG_LOW(n) (offsetof(struct seccomp_data, args) + 8u * (n))
#define ARG_HIGH(n) (ARG_LOW(n) + 4u)

struct filter {
	struct sock_filter *code;
	size_t len, cap;
};

/* Writing past the end is remembered in len alone. */
static void emit(struct filter *f, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (f->len < f->cap)
		f->code[f->len] = (struct sock_filter)BPF_JUMP(op, k, jt, jf);
	f->len++;
}

static void emit_load(struct filter *f, size_t offset)
{
	emit(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_return(struct filter *f, uint32_t action)
{
	emit(f, BPF_RET | BPF_K, action, 0, 0);
}

/* Returns allow when the accumulator equals k, else goes on. */
static void emit_allow_equal(struct filter *f, uint32_t k)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	emit_return(f, SECCOMP_RET_ALLOW);
}

/* The checks of one call, between these two: entered with the number in the
 * accumulator, left by a return in every case. */
static size_t begin_call(struct filter *f, int nr)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 0);
	return f->len - 1;
}

static void end_call(struct filter *f, size_t start)
{
	emit_return(f, SECCOMP_RET_TRAP);
	if (f->len <= f->cap)
		f->code[start].jf = (uint8_t)(f->len - start - 1);
}

static bool list_has(const int *list, int nr)
{
	for (; list != NULL && *list != -1; list++)
		if (*list == nr)
			return true;
	return false;
}

static void check_socket(struct filter *f, const struct room *row)
{
	size_t start = begin_call(f, SYS_socket);

	emit_load(f, ARG_LOW(0));
	emit_allow_equal(f, AF_UNIX);
	if (row->inet) {
		emit_allow_equal(f, AF_INET);
		emit_allow_equal(f, AF_INET6);
	}
	for (unsigned af = 0; af < SOCKET_FAMILIES; af++)
		if (row->families & ROOM_FAMILY(af))
			emit_allow_equal(f, af);
	end_call(f, start);
}

static void check_socketpair(struct filter *f)
{
	size_t start = begin_call(f, SYS_socketpair);

	emit_load(f, ARG_LOW(0));
	emit_allow_equal(f, AF_UNIX);
	end_call(f, start);
}

static void check_connect(struct filter *f, const struct room *row)
{
	if (row->links != 0 || row->inet || row->families != 0)
		emit_allow_equal(f, SYS_connect);
}

/* A program whose shared libraries are mapped after the fence may map code. */
static void check_executable(struct filter *f, const struct room *row, int nr)
{
	size_t start;

	if (row->foreign) {
		emit_allow_equal(f, (uint32_t)nr);
		return;
	}
	start = begin_call(f, nr);
	emit_load(f, ARG_LOW(2));
	emit(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
	emit_return(f, SECCOMP_RET_ALLOW);
	end_call(f, start);
}

static void check_clone(struct filter *f, const struct room *row)
{
	bool processes = list_has(row->syscalls, SYS_vfork);
	uint32_t mask = (row->mounts ? CLONE_NEWUSER : CLONE_NAMESPACES) | (processes ? 0 : CLONE_THREAD);
	size_t start = begin_call(f, SYS_clone);

	emit_load(f, ARG_LOW(0));
	emit(f, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	emit_allow_equal(f, processes ? 0 : CLONE_THREAD);
	end_call(f, start);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	emit_return(f, SECCOMP_RET_ERRNO | ENOSYS);
}

/* With the option in the accumulator: this one, with these values of the
 * argument that follows. */
static void allow_option(struct filter *f, uint32_t option, const uint32_t *values, unsigned n)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, option, 0, (uint8_t)(2 * n + 2));
	emit_load(f, ARG_LOW(1));
	for (unsigned i = 0; i < n; i++)
		emit_allow_equal(f, values[i]);
	emit_return(f, SECCOMP_RET_TRAP);
}

static void check_prctl(struct filter *f)
{
	static const uint32_t off[] = { 0 };
	static const uint32_t lower[] = { PR_CAP_AMBIENT_IS_SET, PR_CAP_AMBIENT_LOWER,
		PR_CAP_AMBIENT_CLEAR_ALL };
	size_t start = begin_call(f, SYS_prctl);

	emit_load(f, ARG_LOW(0));
	emit_allow_equal(f, PR_SET_NAME);
	emit_allow_equal(f, PR_SET_PDEATHSIG);
	allow_option(f, PR_SET_DUMPABLE, off, 1);
	allow_option(f, PR_CAP_AMBIENT, lower, 3);
	end_call(f, start);
}

static void check_ioctl(struct filter *f)
{
	size_t start = begin_call(f, SYS_ioctl);

	emit_load(f, ARG_LOW(1));
	emit_allow_equal(f, FIONBIO);
	emit_allow_equal(f, FIONREAD);
	emit_allow_equal(f, TIOCGWINSZ);
	end_call(f, start);
}

static void check_prlimit(struct filter *f)
{
	size_t start = begin_call(f, SYS_prlimit64);

	emit_load(f, ARG_LOW(2));
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
	emit_load(f, ARG_HIGH(2));
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	emit_return(f, SECCOMP_RET_ALLOW);
	end_call(f, start);
}

static void emit_list(struct filter *f, const int *list)
{
	for (; list != NULL && *list != -1; list++)
		if (!list_has(room_calls_checked, *list) || *list == SYS_ioctl || *list == SYS_prctl ||
				*list == SYS_prlimit64)
			emit_allow_equal(f, (uint32_t)*list);
}

size_t fence_seccomp_build(const struct room *row, struct sock_filter *out, size_t cap)
{
	struct filter f = { .code = out, .len = 0, .cap = cap };

	emit_load(&f, offsetof(struct seccomp_data, arch));
	emit(&f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	emit_return(&f, SECCOMP_RET_KILL_PROCESS);
	emit_load(&f, offsetof(struct seccomp_data, nr));
	emit(&f, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	emit_return(&f, SECCOMP_RET_KILL_PROCESS);

	emit_list(&f, room_calls_common);
	emit_list(&f, row->syscalls);	/* before the checks: a row may lift two of them */
	check_socket(&f, row);
	check_socketpair(&f);
	check_connect(&f, row);
	check_executable(&f, row, SYS_mmap);
	check_executable(&f, row, SYS_mprotect);
	check_clone(&f, row);
	check_prctl(&f);
	check_ioctl(&f);
	check_prlimit(&f);
	emit_return(&f, SECCOMP_RET_TRAP);
	return f.len <= f.cap ? f.len : 0;
}

/* ---- the handler: async-signal-safe ---- */

static const char *room_name = "?";

static char *put_text(char *at, const char *end, const char *text)
{
	while (*text != '\0' && at < end)
		*at++ = *text++;
	return at;
}

static char *put_number(char *at, const char *end, unsigned n)
{
	char digits[12];
	int len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (len > 0 && at < end)
		*at++ = digits[--len];
	return at;
}

static void on_forbidden(int signal, siginfo_t *info, void *context)
{
	char line[160], *at = line;
	const char *end = line + sizeof line;
	const char *name = room_syscall_name(info->si_syscall);

	(void)signal;
	(void)context;
	at = put_text(at, end, room_name);
	at = put_text(at, end, ": seccomp: call ");
	at = put_number(at, end, (unsigned)info->si_syscall);
	at = put_text(at, end, " (");
	at = put_text(at, end, name != NULL ? name : "unknown");
	at = put_text(at, end, ")\n");
	(void)!write(STDERR_FILENO, line, (size_t)(at - line));
	_exit(EXIT_TROUBLE);
}

void fence_seccomp(const struct room *row, bool handler)
{
	struct sock_filter code[FENCE_FILTER_MAX];
	struct sock_fprog program = { .filter = code };

	program.len = (unsigned short)fence_seccomp_build(row, code, FENCE_FILTER_MAX);
	if (program.len == 0)
		log_bug("the system call filter does not fit");
	if (handler) {
		struct sigaction sa = { .sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO };
		sigset_t set;

		room_name = row->name;
		sigemptyset(&sa.sa_mask);
		sigemptyset(&set);
		sigaddset(&set, SIGSYS);
		if (sigaction(SIGSYS, &sa, NULL) == -1 || sigprocmask(SIG_UNBLOCK, &set, NULL) == -1)
			log_fatal("seccomp: handler");
	}
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		log_fatal("seccomp: install the filter");
}

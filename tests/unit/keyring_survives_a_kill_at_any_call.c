/* keyring: whatever system call the making of a ring, or a renewal, is killed before: the next start finds one
 * whole ring, and never another one than was there before. */
#include <sodium.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/keyring.h"

/* The leak checker cannot look at a process that is traced. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

#define BUILT INT64_C(1793491200)
#define NOW (BUILT + 86400)
#define LATER (NOW + 300 * INT64_C(86400))
/* Far above the calls of one opening. */
#define CALLS_MAX 5000

static char dir[] = "/tmp/keyring-XXXXXX";
static struct keyring k;

static void clear(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s/*", dir);
	if (system(command))
		exit(1);
}

static enum keyring_state open_ring(int64_t now)
{
	const char *what = "";
	enum keyring_state state = keyring_open(&k, dir, BUILT, now, &what);

	if (state != KEYRING_OPENED && state != KEYRING_MADE) {
		printf("state %d: %s\n", state, what);
		exit(1);
	}
	return state;
}

/* Does this call change what is on the disk? Between two that do, all cuts are alike. */
static bool changes(long call)
{
	switch (call) {
	case SYS_open: case SYS_openat: case SYS_write: case SYS_pwrite64: case SYS_ftruncate:
	case SYS_fsync: case SYS_fdatasync: case SYS_rename: case SYS_renameat: case SYS_renameat2:
	case SYS_mkdir: case SYS_mkdirat: case SYS_rmdir: case SYS_unlink: case SYS_unlinkat:
	case SYS_link: case SYS_linkat:
		return true;
	}
	return false;
}

/* Opens the ring in a child and kills it when it begins its n-th call that changes the disk.
 * True when it came to its end before. */
static bool cut(int64_t now, int n)
{
	bool entering = true;
	pid_t child = fork();
	int status;

	if (child == 0) {
		const char *what;

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(keyring_open(&k, dir, BUILT, now, &what) == KEYRING_SYSTEM);
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL);
	for (;; entering = !entering) {
		ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		waitpid(child, &status, 0);
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return true;
		if (entering && changes(ptrace(PTRACE_PEEKUSER, child,
				(void *)offsetof(struct user_regs_struct, orig_rax), NULL)) && --n == 0)
			break;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return false;
}

/* A first boot, cut everywhere. */
static int first_boot(void)
{
	int made = 0, kept = 0;

	for (int n = 1; n < CALLS_MAX; n++) {
		char id[KEYRING_ID + 1];
		bool ended;

		clear();
		ended = cut(NOW, n);
		if (open_ring(NOW) == KEYRING_MADE)
			made++;
		else
			kept++;
		memcpy(id, k.id, sizeof id);
		keyring_close(&k);
		if (open_ring(NOW) != KEYRING_OPENED || strcmp(id, k.id)) {
			printf("first boot cut at %d: another ring at the next start\n", n);
			return 1;
		}
		keyring_close(&k);
		if (ended) {
			printf("first boot: cut at %d calls: %d began again, %d were complete\n", n - 1, made, kept);
			return !made || kept < 2;
		}
	}
	return 1;
}

/* A renewal at start, cut everywhere: the old or the new leaf, the same keys. */
static int renewal(void)
{
	static struct keyring_secrets secrets;
	char copy[128];
	int unlike = 0;

	clear();
	open_ring(NOW);
	secrets = *k.secrets;
	keyring_close(&k);
	snprintf(copy, sizeof copy, "cp -a %s/keys %s/kept", dir, dir);
	if (system(copy))
		return 1;
	for (int n = 1; n < CALLS_MAX; n++) {
		bool ended;

		snprintf(copy, sizeof copy, "rm -rf %s/keys && cp -a %s/kept %s/keys", dir, dir, dir);
		if (system(copy))
			return 1;
		ended = cut(LATER, n);
		if (open_ring(NOW) != KEYRING_OPENED || memcmp(&secrets, k.secrets, sizeof secrets)) {
			printf("renewal cut at %d: other keys\n", n);
			return 1;
		}
		unlike += k.leaf[0].not_before > NOW;
		keyring_close(&k);
		if (ended) {
			printf("renewal: cut at %d calls\n", n - 1);
			return unlike != 0;	/* NOW is earlier: opened there, every leaf is the old one or made anew */
		}
	}
	return 1;
}

int main(void)
{
	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	if (first_boot() || renewal())
		return 1;
	clear();
	return rmdir(dir);
}

/* keyring: whatever system call the making of a ring, a renewal, a change of names, or the keeping of an uploaded certificate is killed before: the next start finds one
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
#include "keyring/keyring_int.h"

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

/* Opens the ring and, if name is not NULL, gives the server's leaf this name. */
static bool work(int64_t now, const char *name)
{
	static struct x509_names names;
	const char *what;

	if (keyring_open(&k, dir, BUILT, now, &what) == KEYRING_SYSTEM)
		return false;
	names.count = 1;
	return !name || (!x509_name_parse(&names.name[0], name, strlen(name), &what)
		&& keyring_rename(&k, &names, now) == KEYRING_CHANGED);
}

/* Works in a child and kills it when it begins its n-th call that changes the disk.
 * True when it came to its end before. */
static bool cut(int64_t now, const char *name, int n)
{
	bool entering = true;
	pid_t child = fork();
	int status;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(!work(now, name));
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
		ended = cut(NOW, NULL, n);
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
		ended = cut(LATER, NULL, n);
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

/* A change of names, cut everywhere: the old or the new name; the leaf in use is not revoked, and a former
 * one that was replaced is. */
static int renaming(void)
{
	uint8_t serial[X509_SERIAL];
	int old = 0, new = 0;
	char copy[128];

	clear();
	open_ring(NOW);
	if (x509_serial(serial, k.leaf[0].der, k.leaf[0].len))
		return 1;
	keyring_close(&k);
	snprintf(copy, sizeof copy, "cp -a %s/keys %s/kept", dir, dir);
	if (system(copy))
		return 1;
	for (int n = 1; n < CALLS_MAX; n++) {
		uint8_t now_serial[X509_SERIAL];
		bool ended, listed;

		snprintf(copy, sizeof copy, "rm -rf %s/keys && cp -a %s/kept %s/keys", dir, dir, dir);
		if (system(copy))
			return 1;
		ended = cut(NOW, "cam.example.org", n);
		open_ring(NOW);
		x509_names_have(&k.names[0], "cam.example.org") ? new++ : old++;
		listed = k.crl.count == 1 && !memcmp(k.crl.entry[0].serial, serial, sizeof serial);
		if (x509_serial(now_serial, k.leaf[0].der, k.leaf[0].len) || keyring_crl_lists(&k, KEYRING_SERVER)
				|| listed != (memcmp(now_serial, serial, sizeof serial) != 0)) {
			printf("renaming cut at %d: the list does not fit the leaf\n", n);
			return 1;
		}
		keyring_close(&k);
		if (ended) {
			printf("renaming: cut at %d calls: %d old, %d new\n", n - 1, old, new);
			return !old || !new;
		}
	}
	return 1;
}

/* ---- an uploaded certificate ---- */

/* One of another authority, for the request's key. */
static int other_chain(struct x509_chain *c)
{
	uint8_t root[ECDSA_SECRET], points[1][ECDSA_PUBLIC], root_point[ECDSA_PUBLIC], serial[X509_SERIAL] = { 1 }, der[X509_CERT_MAX];
	struct x509_spec ca = {
		.use = X509_USE_CA_SERVERS, .issuer = "Other", .subject = "Other", .not_before = BUILT, .not_after = LATER,
		.serial = serial, .subject_point = root_point, .issuer_point = root_point
	}, leaf = ca;
	char why[X509_CHAIN_WHY];

	ecdsa_key_make(root);
	if (!ecdsa_key_public(points[0], k.secrets->request) || !ecdsa_key_public(root_point, root))
		return -1;
	leaf.use = X509_USE_SERVER;
	leaf.subject = "cam.example.org";
	leaf.names = &k.request.names;
	leaf.subject_point = points[0];
	x509_chain_init(c);
	return x509_chain_add(c, der, x509_make(der, &ca, root), why) || x509_chain_add(c, der, x509_make(der, &leaf, root), why)
		|| x509_chain_order(c, (const uint8_t (*)[ECDSA_PUBLIC])points, 1, why) ? -1 : 0;
}

/* A request, then a certificate for it; cut everywhere: the own certificate or the whole chain with its key, and as long as it is
 * not the chain, the request. */
static int uploading(void)
{
	static struct x509_names names;
	static struct x509_chain chain;
	static uint8_t secret[ECDSA_SECRET];
	const struct x509_request request = { .names = &names };
	const char *why, *what;
	int own = 0, whole = 0, status;
	char copy[128];

	clear();
	open_ring(NOW);
	names.count = 1;
	if (x509_name_parse(&names.name[0], "cam.example.org", 15, &why) || keyring_request_make(&k, &request, true, NOW) || other_chain(&chain))
		return 1;
	memcpy(secret, k.secrets->request, sizeof secret);
	keyring_close(&k);
	snprintf(copy, sizeof copy, "cp -a %s/keys %s/kept", dir, dir);
	if (system(copy))
		return 1;
	for (int n = 1; n < CALLS_MAX; n++) {
		bool entering = true, ended = false;
		int left = n;
		pid_t child;

		snprintf(copy, sizeof copy, "rm -rf %s/keys && cp -a %s/kept %s/keys", dir, dir, dir);
		if (system(copy))
			return 1;
		child = fork();
		if (child == 0) {
			if (keyring_open(&k, dir, BUILT, NOW, &what) != KEYRING_OPENED)
				_exit(1);
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			raise(SIGSTOP);
			_exit(keyring_show(&k, &chain, false) != 0);
		}
		waitpid(child, &status, 0);
		ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL);
		for (;; entering = !entering) {
			ptrace(PTRACE_SYSCALL, child, NULL, NULL);
			waitpid(child, &status, 0);
			ended = WIFEXITED(status) || WIFSIGNALED(status);
			if (ended || (entering && changes(ptrace(PTRACE_PEEKUSER, child,
					(void *)offsetof(struct user_regs_struct, orig_rax), NULL)) && --left == 0))
				break;
		}
		if (!ended) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
		}
		open_ring(NOW);
		if (k.uploaded_on ? memcmp(k.secrets->uploaded, secret, sizeof secret) || k.uploaded.count != 2
				: !k.request.on || memcmp(k.secrets->request, secret, sizeof secret)) {
			printf("uploading cut at %d: neither the chain nor the request is whole\n", n);
			return 1;
		}
		k.uploaded_on ? whole++ : own++;
		keyring_close(&k);
		if (ended) {
			printf("uploading: cut at %d calls: %d own, %d uploaded\n", n - 1, own, whole);
			return !own || whole < 2;
		}
	}
	return 1;
}

int main(void)
{
	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	if (first_boot() || renewal() || renaming() || uploading())
		return 1;
	clear();
	return rmdir(dir);
}

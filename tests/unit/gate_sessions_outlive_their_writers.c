/* tls/sessions: the session cache survives restarts, killed holders and damage. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tls/sessions.h"

#define FILE_SIZE (1u << 20)
#define GENERATION 7u

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static int new_file(size_t size)
{
	int fd = memfd_create("sessions", 0);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		exit(111);
	return fd;
}

static struct tls_session session(uint32_t n)
{
	struct tls_session s = { .generation = GENERATION, .suite = 0xC02B, .leaf = 1 };

	crypto_generichash(s.id, sizeof s.id, (const uint8_t *)&n, sizeof n, NULL, 0);
	crypto_generichash(s.master, sizeof s.master, s.id, sizeof s.id, NULL, 0);
	return s;
}

static void put(struct tls_sessions *t, uint32_t n, uint32_t now)
{
	struct tls_session s = session(n);

	tls_sessions_put(t, &s, now);
}

/* Found, and with the very content that was put. */
static bool has(struct tls_sessions *t, uint32_t n, uint32_t now)
{
	struct tls_session want = session(n), got;

	return tls_sessions_get(t, want.id, GENERATION, now, &got) &&
		memcmp(got.master, want.master, sizeof got.master) == 0 &&
		got.suite == want.suite && got.leaf == want.leaf;
}

static void check_lifetime(void)
{
	struct tls_sessions t;
	struct tls_session out, one = session(1);
	int fd = new_file(FILE_SIZE);

	CHECK(tls_sessions_open(&t, fd) == 0);
	CHECK(!has(&t, 1, 100));
	put(&t, 1, 100);
	CHECK(has(&t, 1, 100));
	CHECK(has(&t, 1, 100 + TLS_SESSION_LIFETIME - 1));
	CHECK(!has(&t, 1, 100 + TLS_SESSION_LIFETIME));
	/* an old one is wiped, not only hidden */
	CHECK(!has(&t, 1, 100));
	put(&t, 1, 100);
	CHECK(!tls_sessions_get(&t, one.id, GENERATION + 1, 100, &out));
	CHECK(!has(&t, 1, 100));
	put(&t, 1, 100);
	tls_sessions_keep_only(&t, GENERATION);
	CHECK(has(&t, 1, 100));
	tls_sessions_keep_only(&t, GENERATION + 1);
	CHECK(!has(&t, 1, 100));
	tls_sessions_close(&t);
	close(fd);
}

static void check_bound(void)
{
	struct tls_sessions t;
	int fd = new_file(TLS_SESSIONS_MIN);
	uint32_t n, kept = 0;

	CHECK(tls_sessions_open(&t, fd) == 0);
	n = (uint32_t)tls_sessions_capacity(&t);
	CHECK(n > 500 && n < TLS_SESSIONS_MIN / 96);
	for (uint32_t i = 0; i < 4 * n; i++)
		put(&t, i, 100 + i);
	CHECK(has(&t, 4 * n - 1, 100 + 4 * n));
	for (uint32_t i = 3 * n; i < 4 * n; i++)
		kept += has(&t, i, 100 + 4 * n);
	/* the newest push out the oldest, set by set */
	CHECK(kept > n * 7 / 10);
	CHECK(!has(&t, 0, 100));
	tls_sessions_close(&t);
	close(fd);
}

static void check_reopened(void)
{
	struct tls_sessions t;
	int fd = new_file(FILE_SIZE);
	uint64_t zero = 0;

	CHECK(tls_sessions_open(&t, fd) == 0);
	put(&t, 1, 100);
	tls_sessions_close(&t);
	CHECK(tls_sessions_open(&t, fd) == 0);
	CHECK(has(&t, 1, 100));
	tls_sessions_close(&t);
	/* another layout: made anew, not read */
	CHECK(pwrite(fd, &zero, 4, 8) == 4);
	CHECK(tls_sessions_open(&t, fd) == 0);
	CHECK(!has(&t, 1, 100));
	put(&t, 2, 100);
	CHECK(has(&t, 2, 100));
	tls_sessions_close(&t);
	/* grown: made anew */
	CHECK(ftruncate(fd, 2 * FILE_SIZE) == 0);
	CHECK(tls_sessions_open(&t, fd) == 0);
	CHECK(!has(&t, 2, 100));
	tls_sessions_close(&t);
	CHECK(ftruncate(fd, 100) == 0);
	CHECK(tls_sessions_open(&t, fd) == -1 && errno == EINVAL);
	close(fd);
}

static pid_t spawn(void (*f)(struct tls_sessions *, int), int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct tls_sessions t;

		/* a mapping of its own, at another address */
		if (tls_sessions_open(&t, fd) < 0)
			_exit(111);
		f(&t, fd);
		_exit(0);
	}
	return pid;
}

static void hold_and_die(struct tls_sessions *t, int fd)
{
	(void)fd;
	if (tls_sessions_lock(t) == 0)
		kill(getpid(), SIGKILL);
}

static void write_many(struct tls_sessions *t, int fd)
{
	(void)fd;
	for (uint32_t i = 0; i < 20000; i++)
		put(t, 1000 + i % 64, 100);
}

static void check_killed_holder(void)
{
	struct tls_sessions t;
	int fd = new_file(FILE_SIZE), status;
	pid_t pid;

	CHECK(tls_sessions_open(&t, fd) == 0);
	put(&t, 1, 100);
	pid = spawn(hold_and_die, fd);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* the next operation finds the table emptied, and goes on */
	CHECK(!has(&t, 1, 100));
	put(&t, 2, 100);
	CHECK(has(&t, 2, 100));
	/* the same for one that maps the file only now, as a restarted room does */
	pid = spawn(hold_and_die, fd);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	tls_sessions_close(&t);
	CHECK(tls_sessions_open(&t, fd) == 0);
	put(&t, 3, 100);
	CHECK(has(&t, 3, 100) && !has(&t, 2, 100));
	tls_sessions_close(&t);
	close(fd);
}

static void check_two_processes(void)
{
	struct tls_sessions t;
	int fd = new_file(FILE_SIZE), status;
	pid_t pid;

	CHECK(tls_sessions_open(&t, fd) == 0);
	pid = spawn(write_many, fd);
	for (uint32_t i = 0; i < 20000; i++) {
		struct tls_session want = session(1000 + i % 64), got;

		/* whenever found, whole */
		if (tls_sessions_get(&t, want.id, GENERATION, 100, &got))
			CHECK(memcmp(got.master, want.master, sizeof got.master) == 0);
		if (i % 3 == 0)
			put(&t, 1000 + i % 64, 100);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (uint32_t i = 0; i < 64; i++)
		CHECK(has(&t, 1000 + i, 100));
	tls_sessions_close(&t);
	close(fd);
}

/* Workers killed at any moment, many times. */
static void check_kills(void)
{
	struct tls_sessions t;
	int fd = new_file(FILE_SIZE), status;

	CHECK(tls_sessions_open(&t, fd) == 0);
	for (uint32_t round = 0; round < 50; round++) {
		pid_t pid = spawn(write_many, fd);

		usleep(500 + 97 * (round % 31));
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid);
		put(&t, round, 100);
		CHECK(has(&t, round, 100));
	}
	tls_sessions_close(&t);
	close(fd);
}

static void *hold_for_ever(void *arg)
{
	if (tls_sessions_lock(arg) == 0)
		pause();
	return NULL;
}

/* A stuck holder costs a session, not the server; a restart repairs it. */
static void check_stuck_holder(void)
{
	struct tls_sessions t;
	int fd = new_file(FILE_SIZE), status;
	pid_t pid;

	CHECK(tls_sessions_open(&t, fd) == 0);
	put(&t, 1, 100);
	pid = fork();
	if (pid == 0) {
		hold_for_ever(&t);
		_exit(0);
	}
	usleep(100000);
	CHECK(!has(&t, 1, 100));
	tls_sessions_close(&t);
	/* it is alive, so the lock cannot be had: the file is made anew */
	CHECK(tls_sessions_open(&t, fd) == 0);
	put(&t, 2, 100);
	CHECK(has(&t, 2, 100));
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(has(&t, 2, 100));
	tls_sessions_close(&t);
	close(fd);
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	check_lifetime();
	check_bound();
	check_reopened();
	check_killed_holder();
	check_two_processes();
	check_kills();
	check_stuck_holder();
	return failed;
}

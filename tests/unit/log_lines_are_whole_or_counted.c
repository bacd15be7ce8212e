/* A full standard error never stops a room: lines go in whole or are counted,
 * and the count is told. Bytes from outside cannot forge a line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"

static char text[1 << 20];
static int from;

static void expect(int good, const char *what)
{
	if (good)
		return;
	printf("%s\n", what);
	exit(1);
}

/* All that is in the pipe. */
static size_t drain(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(from, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return len;
}

static void full_pipe(void)
{
	unsigned long written = 0, lines = 0;
	char *told;

	while (log_dropped() < 1000) {
		log_info("object: line %lu of some length", written);
		written++;
	}
	drain();
	for (char *c = text; (c = strchr(c, '\n')) != NULL; c++)
		lines++;
	expect(text[strlen(text) - 1] == '\n', "a line was cut");
	expect(lines + log_dropped() == written, "lines were lost without being counted");
	log_info("object: space again");
	drain();
	told = strstr(text, "1000 lines dropped");
	expect(told != NULL && strstr(told, "space again") != NULL, "the count was not told first");
	log_info("object: once more");
	drain();
	expect(strstr(text, "dropped") == NULL, "the count was told twice");
}

static void hostile_text(void)
{
	char big[5000];

	log_warn("object: %s", "a\nroom: b\033[2Jc\177d\302\233e\303\251");
	drain();
	expect(strcmp(text, "room: object: a?room: b?[2Jc?d??e\303\251\n") == 0, "control characters passed");
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_warn("object: %s", big);
	drain();
	expect(strlen(text) < 4096 && text[strlen(text) - 1] == '\n', "a long line was not cut");
}

static void errors(void)
{
	int status;

	errno = ENOENT;
	log_warn_errno("object: open");
	expect(errno == ENOENT, "errno was not kept");
	drain();
	expect(strcmp(text, "room: object: open: No such file or directory\n") == 0, "errno's text");
	if (fork() == 0) {
		errno = ENOSPC;
		log_fatal("object: write");
	}
	wait(&status);
	expect(WEXITSTATUS(status) == 111, "exit code of log_fatal");
	drain();
	expect(strcmp(text, "room: object: write: No space left on device\n") == 0, "log_fatal's line");
	if (fork() == 0)
		log_usage("object: bad");
	wait(&status);
	expect(WEXITSTATUS(status) == 100, "exit code of log_usage");
	if (fork() == 0)
		log_bug("never");
	wait(&status);
	expect(WEXITSTATUS(status) == 111, "exit code of log_bug");
	drain();
	expect(strstr(text, "room: bug: ") != NULL && strstr(text, ": never\n") != NULL, "log_bug's line");
}

int main(void)
{
	int p[2], keep = dup(STDERR_FILENO);

	expect(pipe2(p, O_CLOEXEC) == 0 && dup2(p[1], STDERR_FILENO) != -1, "pipe");
	from = p[0];
	(void)fcntl(from, F_SETFL, O_NONBLOCK);
	log_open("room");
	full_pipe();
	hostile_text();
	errors();
	(void)dup2(keep, STDERR_FILENO);
	return 0;
}

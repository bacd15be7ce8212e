#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A record of /dev/kmsg goes to every console, screen and serial line alike; LINE keeps it within one record. */
#define LINE 480
/* Warning: the weakest level that the shipped command line (loglevel=5) still shows. */
#define LEVEL "<4>"

static int kmsg = -1;

void
init_say_open(void)
{
	if (kmsg == -1)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

void
init_say(const char *format, ...)
{
	char line[LINE];
	int n = snprintf(line, sizeof line, LEVEL "init: "), saved = errno;
	va_list ap;

	va_start(ap, format);
	errno = saved;
	n += vsnprintf(line + n, sizeof line - (size_t)n, format, ap);
	va_end(ap);
	if (n > LINE - 2)
		n = LINE - 2;
	line[n++] = '\n';
	if (kmsg == -1 || write(kmsg, line, (size_t)n) == -1)
		(void)!write(2, line + sizeof LEVEL - 1, (size_t)n - sizeof LEVEL + 1);
	errno = saved;
}

static void
say_lines(int fd, const char *name)
{
	char buf[LINE / 2];
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, buf + have, sizeof buf - 1 - have)) > 0) {
		char *end;

		have += (size_t)n;
		buf[have] = 0;
		while ((end = strpbrk(buf, "\r\n")) || have == sizeof buf - 1) {
			size_t used = end ? (size_t)(end - buf) + 1 : have;

			if (end)
				*end = 0;
			if (*buf)
				init_say("%s: %s", name, buf);
			memmove(buf, buf + used, have - used);
			have -= used;
			buf[have] = 0;
		}
	}
	if (have)
		init_say("%s: %s", name, buf);
}

int
init_run(const char *const argv[])
{
	const char *slash = strrchr(argv[0], '/');
	int out[2], status;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		init_say("%s: cannot start: %m", argv[0]);
		return INIT_SYSTEM;
	}
	if (pid == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	say_lines(out[0], slash ? slash + 1 : argv[0]);
	close(out[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return INIT_SYSTEM;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

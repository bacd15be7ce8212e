#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"
#include "room/calls.h"

#define CALLS_LAST 511		/* past the highest number of x86-64 */
/* Made by the kernel for its own tracing: never filtered, of no use to a
 * program that is not traced. */
#define CALL_URETPROBE 335
#define CALL_UPROBE 336

#define ATTEMPT_WAIT 12000	/* milliseconds; longer than CONNECT_STEPS */
#define EXIT_FORBIDDEN 111
#define EXIT_OK 42		/* not what a stray exit gives */
#define EXIT_ERRNO 43
#define EXIT_EXECUTED 44
#define EXIT_USAGE 100

void say(const char *fmt, ...)
{
	char line[512];
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	while (write(STDOUT_FILENO, line, (size_t)len) == -1 && errno == EAGAIN)
		(void)poll(&p, 1, -1);
}

static const char *errno_name(int e)
{
	static char number[16];

	switch (e) {
	case EPERM: return "EPERM";
	case EACCES: return "EACCES";
	case ENOENT: return "ENOENT";
	case ENOSYS: return "ENOSYS";
	case EINVAL: return "EINVAL";
	case EBADF: return "EBADF";
	case EFAULT: return "EFAULT";
	case ENOTTY: return "ENOTTY";
	case EROFS: return "EROFS";
	case EAFNOSUPPORT: return "EAFNOSUPPORT";
	case ECONNREFUSED: return "ECONNREFUSED";
	case ESRCH: return "ESRCH";
	case EIO: return "EIO";
	default:
		(void)snprintf(number, sizeof number, "errno%d", e);
		return number;
	}
}

static const struct attempt *find(const char *name)
{
	static struct attempt made;

	for (const struct attempt *a = attempts; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	made.name = name;
	made.act = strncmp(name, "connect:", 8) == 0 ? attempt_connect :
		strncmp(name, "data:", 5) == 0 ? attempt_data :
		strncmp(name, "call:", 5) == 0 ? attempt_call : NULL;
	return made.act != NULL ? &made : NULL;
}

static void fence(void)
{
#ifndef PROBE_WITHOUT_FENCE
	room_fence();
#endif
}

/* Behind the fence, in a process of its own. */
static _Noreturn void attempt_child(const struct room *self, const struct attempt *a, int out)
{
	int result[2] = { 0, 0 };

	(void)dup2(out, STDERR_FILENO);
	fence();
	errno = 0;
	if (a->act(self, a->name) == -1) {
		result[0] = 1;
		result[1] = errno;
	}
	(void)!write(out, result, sizeof result);
	_exit(result[0] ? EXIT_ERRNO : EXIT_OK);
}

/* What the fence's handler wrote: "room: seccomp: call 2 (open)". */
static void say_trapped(const struct attempt *a, const struct room *self, char *text)
{
	char start[64], *open, *close;

	(void)snprintf(start, sizeof start, "%s: seccomp: call ", self->name);
	open = strstr(text, start) != NULL ? strrchr(text, '(') : NULL;
	close = open != NULL ? strchr(open, ')') : NULL;
	if (close == NULL) {
		say("attempt %s exit:111\n", a->name);
		return;
	}
	*close = '\0';
	say("attempt %s trapped:%s\n", a->name, open + 1);
}

static void say_outcome(const struct room *self, const struct attempt *a, int status, char *text, size_t len)
{
	int result[2];

	if (WIFSIGNALED(status)) {
		say("attempt %s killed:%d\n", a->name, WTERMSIG(status));
	} else if (WEXITSTATUS(status) == EXIT_FORBIDDEN) {
		say_trapped(a, self, text);
	} else if (WEXITSTATUS(status) == EXIT_OK || WEXITSTATUS(status) == EXIT_EXECUTED) {
		say("attempt %s ok\n", a->name);
	} else if (WEXITSTATUS(status) == EXIT_ERRNO && len >= sizeof result) {
		memcpy(result, text + len - sizeof result, sizeof result);
		say("attempt %s %s\n", a->name, errno_name(result[1]));
	} else {
		say("attempt %s exit:%d\n", a->name, WEXITSTATUS(status));
	}
}

static void attempt(const struct room *self, const char *name)
{
	const struct attempt *a = find(name);
	char text[1024];
	size_t len = 0;
	int p[2], status;
	ssize_t n;
	pid_t pid;
	struct pollfd wait;

	if (a == NULL || pipe(p) == -1)
		log_fatal("probe: %s", name);
	pid = fork();
	if (pid == 0) {
		(void)close(p[0]);
		attempt_child(self, a, p[1]);
	}
	(void)close(p[1]);
	wait = (struct pollfd){ .fd = p[0], .events = POLLIN };
	while (len < sizeof text - 1) {
		if (poll(&wait, 1, ATTEMPT_WAIT) == 0) {
			(void)kill(pid, SIGKILL);
			break;
		}
		n = read(p[0], text + len, sizeof text - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	(void)close(p[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	say_outcome(self, a, status, text, len);
}

#ifndef PROBE_WITHOUT_FENCE
static bool listed(const int *list, int nr)
{
	for (; list != NULL && *list != -1; list++)
		if (*list == nr)
			return true;
	return false;
}

/* Every call that the table does not name, by number. */
static void sweep(const struct room *self)
{
	char name[32];

	for (int nr = 0; nr <= CALLS_LAST; nr++) {
		if (nr == CALL_URETPROBE || nr == CALL_UPROBE || listed(room_calls_common, nr) || listed(room_calls_checked, nr) ||
				listed(self->syscalls, nr))
			continue;
		(void)snprintf(name, sizeof name, "call:%d", nr);
		attempt(self, name);
	}
}
#endif

static int listen_at(const struct sockaddr_un *at, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (const struct sockaddr *)at, len) == -1 || listen(fd, 64) == -1)
		log_fatal("probe: listen");
	return fd;
}

/* As every room does; the connections are never accepted, which is enough. */
static void serve(const struct room *self)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int len;

	if (self->listens) {
		(void)snprintf(at.sun_path, sizeof at.sun_path, "/run/cam/%s/sock", self->name);
		(void)unlink(at.sun_path);
		(void)listen_at(&at, sizeof at);
		if (chmod(at.sun_path, 0660) == -1)
			log_fatal("probe: %s", at.sun_path);
	}
	memset(at.sun_path, 0, sizeof at.sun_path);
	len = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "probe-%s", self->name);
	(void)listen_at(&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len));
}

/* A process behind the fence cannot be looked into by its own user: then its
 * /proc entries belong to root. */
static void report_dumpable(void)
{
	char path[64], c = 0;
	struct stat st;
	int p[2], q[2];
	pid_t pid;

	if (pipe(p) == -1 || pipe(q) == -1)
		log_fatal("probe: pipe");
	pid = fork();
	if (pid == 0) {
		fence();
		(void)!write(p[1], &c, 1);
		(void)!read(q[0], &c, 1);
		_exit(0);
	}
	(void)!read(p[0], &c, 1);
	(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	if (stat(path, &st) == 0)
		say("state dumpable: %s\n", st.st_uid == 0 ? "no" : "yes");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(p[0]);
	(void)close(p[1]);
	(void)close(q[0]);
	(void)close(q[1]);
}

/* A process that outlives this one, for the launcher to find. */
static void leave_orphan(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)setsid();
		for (;;)
			(void)poll(NULL, 0, -1);
	}
	say("state orphan: %d\n", (int)pid);
}

/* The suite's way to see what becomes of this exit code. */
static void on_user(int sig)
{
	(void)sig;
	_exit(EXIT_USAGE);
}

static void all(const struct room *self)
{
	char name[64];

	(void)signal(SIGUSR1, on_user);
	state_report(self);
	serve(self);
	room_ready();
	report_dumpable();
	for (const struct attempt *a = attempts; a->name != NULL; a++)
		attempt(self, a->name);
	for (int id = ROOM_NONE + 1; id < ROOM_COUNT; id++) {
		const struct room *other = room_by_id((enum room_id)id);

		(void)snprintf(name, sizeof name, "data:%s", other->name);
		attempt(self, name);
		(void)snprintf(name, sizeof name, "connect:%s", other->name);
		if (other->listens)
			attempt(self, name);
	}
#ifndef PROBE_WITHOUT_FENCE
	sweep(self);
#endif
	leave_orphan();
	say("done\n");
	for (;;)
		(void)poll(NULL, 0, -1);
}

/* The launcher has fenced a foreign program already, so it gets one attempt a
 * start, named on standard input. */
static int one(const struct room *self)
{
	char name[64];
	const struct attempt *a;
	ssize_t n = read(STDIN_FILENO, name, sizeof name - 1);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	a = find(name);
	if (a == NULL) {
		say("attempt %s unknown\n", name);
		return 1;
	}
	errno = 0;
	if (a->act(self, a->name) == -1)
		say("attempt %s %s\n", name, errno_name(errno));
	else
		say("attempt %s ok\n", name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct room *self = room_self();

	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return EXIT_EXECUTED;
	log_open("probe");
	if (self == NULL)
		log_usage("started without the launcher");
	if (self->foreign)
		return one(self);
	all(self);
}

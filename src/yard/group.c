#include "yard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"

#define PATH_SIZE 96

static void path_of(const char *machine, const char *file, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, YARD_CGROUP "/%s%s%s", machine, *file ? "/" : "", file);
}

static int put(const char *machine, const char *file, const char *text)
{
	char path[PATH_SIZE];
	ssize_t n;
	int fd;

	path_of(machine, file, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == -1 ? -1 : 0;
}

/* A controller that this kernel does not give is a bound not in force; init has said so. */
static int bound(const char *machine, const char *file, const char *text)
{
	return put(machine, file, text) == -1 && errno != ENOENT ? -1 : 0;
}

int group_make(const struct yard_machine *m)
{
	char path[PATH_SIZE], bytes[32];

	path_of(m->name, "", path);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return -1;
	(void)snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)m->memory << 20);
	if (bound(m->name, "memory.max", bytes) == -1 || bound(m->name, "memory.swap.max", "0") == -1 ||
			bound(m->name, "pids.max", YARD_PIDS) == -1 || bound(m->name, "cpu.weight", "20") == -1)
		return -1;
	return 0;
}

static bool populated(int events)
{
	char text[128];
	ssize_t n = pread(events, text, sizeof text - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "populated 1") != NULL;
}

static int events_open(const char *machine)
{
	char path[PATH_SIZE];

	path_of(machine, "cgroup.events", path);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool group_alive(const char *machine)
{
	int events = events_open(machine);
	bool alive = events != -1 && populated(events);

	if (events != -1)
		close(events);
	return alive;
}

int group_enter(const char *machine, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", (int)pid);
	return put(machine, "cgroup.procs", text);
}

int group_end(const char *machine)
{
	int events = events_open(machine);
	char path[PATH_SIZE];
	bool gone = true;

	if (events == -1)
		return errno == ENOENT ? 0 : -1;
	if (populated(events)) {
		struct pollfd p = { .fd = events, .events = POLLPRI };

		gone = put(machine, "cgroup.kill", "1") == 0;
		while (gone && populated(events))
			gone = poll(&p, 1, YARD_GONE) != 0;
	}
	close(events);
	if (!gone) {
		errno = ETIMEDOUT;
		return -1;
	}
	path_of(machine, "", path);
	/* The kernel may be at the last one still: an empty group left over does no harm. */
	if (rmdir(path) == -1 && errno != ENOENT && errno != EBUSY)
		return -1;
	return 0;
}

void group_each(void (*each)(const char *machine, void *arg), void *arg)
{
	DIR *d = opendir(YARD_CGROUP);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (yard_name_valid(e->d_name))
			each(e->d_name, arg);
	if (d)
		closedir(d);
}

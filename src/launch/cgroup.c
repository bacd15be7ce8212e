#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"

#define CGROUP "/sys/fs/cgroup"
#define CGROUP_CAM CGROUP "/cam"

/* Exists once the absence of control groups has been said. */
#define SAID "/run/cam/.no-cgroup"

/* How long killed processes may take to go, milliseconds: exit of one with
 * much memory takes tens of them; ./finish has 5 s from the supervisor. */
#define EMPTY_WAIT 4000

static void group_path(const struct launch *l, const char *file, char path[LAUNCH_PATH_MAX])
{
	(void)snprintf(path, LAUNCH_PATH_MAX, CGROUP_CAM "/%s%s%s", l->title, *file != '\0' ? "/" : "", file);
}

static bool group_present(void)
{
	struct statfs fs;

	return statfs(CGROUP, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static bool populated(int events)
{
	char text[256];
	ssize_t n = pread(events, text, sizeof text - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "populated 1") != NULL;
}

/* The kernel marks cgroup.events with POLLPRI when it changes. */
static bool wait_empty(int events)
{
	struct pollfd p = { .fd = events, .events = POLLPRI };

	while (populated(events))
		if (poll(&p, 1, EMPTY_WAIT) == 0)
			return false;
	return true;
}

static int group_clear(const struct launch *l)
{
	char path[LAUNCH_PATH_MAX];
	bool empty = true;
	int events;

	group_path(l, "cgroup.events", path);
	events = open(path, O_RDONLY | O_CLOEXEC);
	if (events == -1)
		return errno == ENOENT ? 0 : -1;
	if (populated(events)) {
		log_info("%s: ending what the earlier instance left", l->title);
		group_path(l, "cgroup.kill", path);
		if (file_write(path, "1") == -1)
			log_warn_errno("%s: %s", l->title, path);
		empty = wait_empty(events);
	}
	(void)close(events);
	if (!empty)
		errno = ETIMEDOUT;
	return empty ? 0 : -1;
}

/* Without control groups the user id tells what belongs to a room; loggers
 * share one and have no children. */
static void user_clear(const struct room *row)
{
	pid_t pid;

	if (row->id == ROOM_LOG)
		return;
	pid = fork();
	if (pid == 0) {
		if (setresuid(row->uid, row->uid, row->uid) == 0)
			(void)kill(-1, SIGKILL);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

void cgroup_clear(const struct launch *l)
{
	if (!group_present())
		user_clear(l->row);
	else if (group_clear(l) == -1)
		log_warn_errno("%s: end what the earlier instance left", l->title);
}

/* A controller that the kernel lacks is the rule on development machines: the
 * limit is missed there, and init has said so. */
static void limit(const struct launch *l, const char *file, const char *value)
{
	char path[LAUNCH_PATH_MAX];

	group_path(l, file, path);
	if (file_write(path, value) == -1 && errno != ENOENT)
		log_warn_errno("%s: %s", l->title, file);
}

static void say_none(void)
{
	int fd = open(SAID, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1)
		return;
	(void)close(fd);
	log_warn("cgroup: no version 2 hierarchy at " CGROUP ": rooms run without limits of memory and processes");
}

void cgroup_enter(const struct launch *l)
{
	char path[LAUNCH_PATH_MAX], number[32];

	if (!group_present()) {
		say_none();
		user_clear(l->row);
		return;
	}
	group_path(l, "", path);
	if ((mkdir(CGROUP_CAM, 0755) == -1 && errno != EEXIST) ||
			(mkdir(path, 0755) == -1 && errno != EEXIST))
		log_fatal("%s: %s", l->title, path);
	if (group_clear(l) == -1)
		log_fatal("%s: end what the earlier instance left", l->title);
	(void)snprintf(number, sizeof number, "%lu", l->row->memory);
	limit(l, "memory.max", number);
	limit(l, "memory.oom.group", "1");
	(void)snprintf(number, sizeof number, "%u", l->row->nproc);
	limit(l, "pids.max", number);
	group_path(l, "cgroup.procs", path);
	if (file_write(path, "0") == -1)
		log_fatal("%s: enter %s", l->title, path);
}

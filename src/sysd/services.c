/*
 * services: who runs.  The launcher writes /run/cam/services/<name> at each
 * start: "<pid> <starts> <since>".  inotify tells of starts, a pidfd of each
 * end, so nothing is polled.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "sysd.h"

#define DIRECTORY "/run/cam/services"
/* Bytes of one note. */
#define NOTE_MAX 96

struct entry {
	ev_io gone;		/* on the pidfd; fd < 0 = none */
	unsigned slot;
};

static struct {
	struct ev_loop *loop;
	void (*changed)(void);
	ev_io notes;
	struct service list[SYSD_SERVICES_MAX];
	struct entry entries[SYSD_SERVICES_MAX];
	unsigned count;
} services;

static void forget_pid(struct entry *e)
{
	if (e->gone.fd < 0)
		return;
	ev_io_stop(services.loop, &e->gone);
	close(e->gone.fd);
	ev_io_set(&e->gone, -1, EV_READ);
}

static void on_gone(struct ev_loop *loop, ev_io *w, int events)
{
	struct entry *e = w->data;

	(void)loop;
	(void)events;
	services.list[e->slot].pid = 0;
	forget_pid(e);
	services.changed();
}

static void follow_pid(struct entry *e, struct service *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->pid, 0);

	if (fd < 0) {
		if (errno != ESRCH)
			log_warn_errno("services: %s: cannot watch process %d", s->name, s->pid);
		else
			s->pid = 0;
		return;
	}
	ev_io_set(&e->gone, fd, EV_READ);
	ev_io_start(services.loop, &e->gone);
}

/* Slot of the name; a new one when there is room, -1 else. */
static int slot_of(const char *name)
{
	unsigned i;

	for (i = 0; i < services.count; i++)
		if (!strcmp(services.list[i].name, name))
			return (int)i;
	if (i == SYSD_SERVICES_MAX)
		return -1;
	memset(&services.list[i], 0, sizeof services.list[i]);
	strcpy(services.list[i].name, name);
	services.entries[i].slot = i;
	ev_io_init(&services.entries[i].gone, on_gone, -1, EV_READ);
	services.entries[i].gone.data = &services.entries[i];
	services.count++;
	return (int)i;
}

static bool name_ok(const char *name)
{
	size_t n = strnlen(name, SYSD_SERVICE_NAME_MAX);

	return n > 0 && n < SYSD_SERVICE_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int read_note(const char *name, struct service *s)
{
	char path[sizeof DIRECTORY + SYSD_SERVICE_NAME_MAX + 1], text[NOTE_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, DIRECTORY "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = 0;
	return sscanf(text, "%d %lu %" SCNd64, &s->pid, &s->starts, &s->since) == 3 && s->pid > 0 ? 0 : -1;
}

static bool take_note(const char *name)
{
	struct service s = { .pid = 0 };
	int slot;

	if (!name_ok(name) || read_note(name, &s) < 0)
		return false;
	slot = slot_of(name);
	if (slot < 0)
		return false;
	strcpy(s.name, name);
	forget_pid(&services.entries[slot]);
	services.list[slot] = s;
	follow_pid(&services.entries[slot], &services.list[slot]);
	return true;
}

static void on_notes(struct ev_loop *loop, ev_io *w, int events)
{
	_Alignas(struct inotify_event) char buf[4096];
	const struct inotify_event *e;
	bool changed = false;
	ssize_t n;

	(void)loop;
	(void)events;
	while ((n = read(w->fd, buf, sizeof buf)) > 0) {
		for (const char *p = buf; p < buf + n; p += sizeof *e + e->len) {
			e = (const struct inotify_event *)(const void *)p;
			if (e->len && take_note(e->name))
				changed = true;
		}
	}
	if (changed)
		services.changed();
}

static void take_all(void)
{
	DIR *d = opendir(DIRECTORY);
	const struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		take_note(e->d_name);
	closedir(d);
}

void services_open(struct ev_loop *loop, void (*changed)(void))
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	services.loop = loop;
	services.changed = changed;
	if (fd < 0)
		log_fatal("services: inotify");
	if (inotify_add_watch(fd, DIRECTORY, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
		log_warn_errno("services: cannot watch " DIRECTORY ": states are not shown");
		close(fd);
		return;
	}
	take_all();
	ev_io_init(&services.notes, on_notes, fd, EV_READ);
	ev_io_start(loop, &services.notes);
}

/* Ordered by name, so that a list does not change its order with the order of starts. */
static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct service *)a)->name, ((const struct service *)b)->name);
}

unsigned services_list(const struct service **list)
{
	static struct service sorted[SYSD_SERVICES_MAX];

	memcpy(sorted, services.list, sizeof sorted);
	qsort(sorted, services.count, sizeof sorted[0], by_name);
	*list = sorted;
	return services.count;
}

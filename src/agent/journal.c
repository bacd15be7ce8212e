#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/agent.h"
#include "agent/journal.h"
#include "agent/session.h"

static int journal = -1;

static void name_of(uint64_t task, char out[32])
{
	snprintf(out, 32, "%llu", (unsigned long long)task);
}

/* A directory and those above it. */
static int make_directories(const char *path)
{
	char part[300];

	for (size_t i = 1; path[i] && i < sizeof part - 1; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -1;
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

int journal_open(const char *path)
{
	if (make_directories(path) < 0)
		return -1;
	if (journal >= 0)
		close(journal);
	journal = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return journal < 0 ? -1 : 0;
}

int journal_directory(uint64_t task)
{
	char name[32];

	name_of(task, name);
	return openat(journal, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int journal_lock(const struct step *s)
{
	int dir = journal_directory(s->task), fd, saved;

	if (dir < 0)
		return -1;
	fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		saved = errno;
		close(fd);
		fd = -1;
		errno = saved;
	}
	saved = errno;
	close(dir);
	errno = saved;
	return fd;
}

static int write_fence(int dir, uint32_t fence)
{
	char text[16];

	snprintf(text, sizeof text, "%u\n", (unsigned)fence);
	return file_write(dir, "fence", text, strlen(text), 0600);
}

int journal_accept(const struct step *s, const char *script, size_t script_len)
{
	char name[32], fresh[40];
	int dir, rc = -1, saved;

	name_of(s->task, name);
	snprintf(fresh, sizeof fresh, "%s.new", name);
	directory_remove(journal, fresh);
	if (mkdirat(journal, fresh, 0700) < 0)
		return -1;
	dir = openat(journal, fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && file_write(dir, "step.json", s->text, s->len, 0600) == 0 && write_fence(dir, s->fence) == 0 &&
		(!script || file_write(dir, "template", script, script_len, 0600) == 0) &&
		renameat(journal, fresh, journal, name) == 0)
		rc = fsync(journal);
	saved = errno;
	if (dir >= 0)
		close(dir);
	if (rc < 0)
		directory_remove(journal, fresh);
	errno = saved;
	return rc;
}

int journal_refence(const struct step *s)
{
	int dir = journal_directory(s->task), rc;

	if (dir < 0)
		return -1;
	rc = write_fence(dir, s->fence);
	close(dir);
	return rc;
}

void journal_drop(const struct step *s)
{
	char name[32], old[40];

	name_of(s->task, name);
	snprintf(old, sizeof old, "%s.old", name);
	directory_remove(journal, old);
	if (renameat(journal, name, journal, old) == 0)
		directory_remove(journal, old);
	fsync(journal);
}

static void read_started(struct step *s, int dir)
{
	size_t len;
	char *text = file_read(dir, "started", 4096, &len);
	yyjson_doc *d = text ? yyjson_read(text, len, 0) : NULL;
	const char *boot = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "boot"));

	s->boot[0] = 0;
	if (text) {
		snprintf(s->boot, sizeof s->boot, "%s", boot ? boot : "unknown");
		s->ending.started = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(d), "at"));
	}
	yyjson_doc_free(d);
	free(text);
}

static bool read_exit(struct step *s, int dir)
{
	size_t len;
	char *text = file_read(dir, "exit", 64u << 10, &len);
	bool good = text && ending_read(&s->ending, text, len) == 0;

	free(text);
	return good;
}

void journal_look(struct step *s, bool alive)
{
	int dir = journal_directory(s->task);

	if (dir < 0)
		return;
	read_started(s, dir);
	if (faccessat(dir, "acked", F_OK, 0) == 0) {
		read_exit(s, dir);
		s->state = STEP_ACKED;
	} else if (read_exit(s, dir)) {
		s->state = STEP_FINISHED;
		if (s->ending.outcome == OUTCOME_EXITED && s->ending.exit_code == 100) {
			if (!strcmp(s->boot, facts_boot()))
				s->state = STEP_REBOOT;
			else
				s->ending.outcome = OUTCOME_REBOOT;
		}
	} else if (s->boot[0] && !alive) {
		/* Its runner died before it could say how it ended. What is left of the script goes too. */
		if (!strcmp(s->boot, facts_boot()))
			session_kill_recorded(dir);
		journal_end(s, OUTCOME_INTERRUPTED, "the machine or the agent's runner stopped in the middle of the script");
	} else {
		s->state = s->boot[0] || alive ? STEP_RUNNING : STEP_WAITING;
	}
	close(dir);
}

int journal_end(struct step *s, enum outcome outcome, const char *message)
{
	int dir = journal_directory(s->task), rc;
	char text[1024];
	struct stat st;

	if (dir < 0)
		return -1;
	s->ending.outcome = outcome;
	s->ending.finished = clock_wall();
	s->ending.output_length = fstatat(dir, "output", &st, 0) == 0 ? (uint64_t)st.st_size : 0;
	snprintf(s->ending.message, sizeof s->ending.message, "%s", message);
	rc = file_write(dir, "exit", text, ending_write(&s->ending, text, sizeof text), 0600);
	close(dir);
	s->state = STEP_FINISHED;
	return rc;
}

void journal_wipe(struct step *s)
{
	static const char *const gone[] = { "step.json", "template", "script", "output", "child", "abort", "lock", NULL };
	int dir = journal_directory(s->task);

	s->state = STEP_ACKED;
	if (dir < 0)
		return;
	file_write(dir, "acked", "", 0, 0600);
	for (int i = 0; gone[i]; i++)
		unlinkat(dir, gone[i], 0);
	close(dir);
}

uint64_t journal_output(const struct step *s, uint64_t from, void *buf, size_t room, size_t *got)
{
	int dir = journal_directory(s->task), fd = dir < 0 ? -1 : openat(dir, "output", O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	ssize_t n = 0;

	*got = 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && buf && (uint64_t)st.st_size > from)
		n = pread(fd, buf, room, (off_t)from);
	if (n > 0)
		*got = (size_t)n;
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return (uint64_t)st.st_size;
}

static bool number(const char *text, uint64_t *out)
{
	*out = 0;
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p) || p - text > 18)
			return false;
		*out = *out * 10 + (uint64_t)(*p - '0');
	}
	return *text != 0;
}

static struct step *load_one(uint64_t task)
{
	struct step *s = calloc(1, sizeof *s);
	int dir = journal_directory(task), lock;
	size_t len;
	char *text;
	yyjson_doc *d;

	if (!s || dir < 0)
		exit(EXIT_TROUBLE);
	s->task = task;
	text = file_read(dir, "fence", 64, &len);
	s->fence = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	free(text);
	text = file_read(dir, "step.json", JOURNAL_STEP_MAX, &len);
	d = text ? yyjson_read(text, len, 0) : NULL;
	s->seconds = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(d), "timeout"));
	yyjson_doc_free(d);
	free(text);
	close(dir);
	lock = journal_lock(s);
	journal_look(s, lock < 0 && errno == EWOULDBLOCK);
	if (lock >= 0)
		close(lock);
	return s;
}

void journal_forget(struct step **list)
{
	struct step **at, *s;
	size_t n = 0;

	for (s = *list; s; s = s->next)
		n += s->state == STEP_ACKED;
	for (at = list; *at && n > JOURNAL_REMEMBERED;) {
		s = *at;
		if (s->state != STEP_ACKED) {
			at = &s->next;
			continue;
		}
		journal_drop(s);
		*at = s->next;
		free(s);
		n--;
	}
}

struct step *journal_load(void)
{
	int fd = openat(journal, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct step *list = NULL, **at, *s;
	struct dirent *e;
	uint64_t task;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!number(e->d_name, &task)) {
			directory_remove(journal, e->d_name);
			continue;
		}
		s = load_one(task);
		for (at = &list; *at && (*at)->task < task; at = &(*at)->next)
			;
		s->next = *at;
		*at = s;
	}
	if (d)
		closedir(d);
	journal_forget(&list);
	return list;
}

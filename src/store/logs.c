#include "logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "segments.h"

/* Bytes of "2026-11-28 08:09:22.430561406". */
#define STAMP 29
#define NANOSECONDS 1000000000ull

struct found { struct store_log_file file; char name[64]; };

bool store_log_name_valid(const char *name)
{
	return strlen(name) < STORE_LOG_NAME && store_segment_name_valid(name);
}

/* Digits at `at`, so many of them; -1 = there are others. */
static long digits(const char *at, int count)
{
	long n = 0;

	for (int i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		n = n * 10 + at[i] - '0';
	}
	return n;
}

uint64_t store_log_moment(const char *line)
{
	static const char shape[] = "0000-00-00 00:00:00.000000000";
	struct tm t = { 0 };
	time_t seconds;

	for (int i = 0; i < STAMP; i++)
		if (shape[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != shape[i])
			return 0;
	t.tm_year = (int)digits(line, 4) - 1900;
	t.tm_mon = (int)digits(line + 5, 2) - 1;
	t.tm_mday = (int)digits(line + 8, 2);
	t.tm_hour = (int)digits(line + 11, 2);
	t.tm_min = (int)digits(line + 14, 2);
	t.tm_sec = (int)digits(line + 17, 2);
	/* within what fits */
	if (t.tm_year < 70 || t.tm_year > 300)
		return 0;
	seconds = timegm(&t);
	return seconds < 0 ? 0 : (uint64_t)seconds * NANOSECONDS + (uint64_t)digits(line + 20, 9);
}

int store_logs_open(void)
{
	return open(STORE_LOGS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A file of the program, opened and looked at; -1 = it is none, or has no line. */
static int open_file(int dir, const char *name, struct store_log_file *f)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char stamp[STAMP + 1] = "";
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && pread(fd, stamp, STAMP, 0) == STAMP) {
		f->first = store_log_moment(stamp);
		f->length = (uint64_t)st.st_size;
		if (f->first)
			return fd;
	}
	close(fd);
	errno = ENOENT;
	return -1;
}

/* "current", and what was it before: "@<time>.s", or ".u" when it was cut off. */
static bool is_log(const char *name)
{
	return name[0] == '@' || !strcmp(name, "current");
}

static int by_moment(const void *a, const void *b)
{
	uint64_t x = ((const struct found *)a)->file.first, y = ((const struct found *)b)->file.first;

	return x < y ? -1 : x > y;
}

/* The files of one program in order; how many. */
static size_t look(int dir, const char *program, struct found found[STORE_LOG_FILES])
{
	int there = openat(dir, program, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd;
	DIR *d = there < 0 ? NULL : fdopendir(there);
	struct dirent *e;
	size_t n = 0;

	if (!d) {
		if (there >= 0)
			close(there);
		return 0;
	}
	while (n < STORE_LOG_FILES && (e = readdir(d))) {
		if (!is_log(e->d_name) || strlen(e->d_name) >= sizeof found[n].name)
			continue;
		fd = open_file(there, e->d_name, &found[n].file);
		if (fd < 0)
			continue;
		close(fd);
		memcpy(found[n++].name, e->d_name, strlen(e->d_name) + 1);
	}
	closedir(d);
	qsort(found, n, sizeof found[0], by_moment);
	return n;
}

int store_logs_each(int dir, void (*each)(const char *name, const struct store_log_file *f, void *arg), void *arg)
{
	struct found found[STORE_LOG_FILES];
	/* a place of its own: the directory is read from its beginning each time */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((e = readdir(d))) {
		size_t n = store_log_name_valid(e->d_name) ? look(dir, e->d_name, found) : 0;

		for (size_t i = 0; i < n; i++)
			each(e->d_name, &found[i].file, arg);
	}
	closedir(d);
	return 0;
}

static int open_first(int dir, const char *program, uint64_t first, uint64_t *length)
{
	struct found found[STORE_LOG_FILES];
	char path[STORE_LOG_NAME + sizeof found[0].name + 1];
	size_t n = look(dir, program, found);
	struct store_log_file f;
	int fd;

	for (size_t i = 0; i < n; i++) {
		if (found[i].file.first != first)
			continue;
		snprintf(path, sizeof path, "%s/%s", program, found[i].name);
		fd = open_file(dir, path, &f);
		if (fd >= 0 && f.first == first) {
			*length = f.length;
			return fd;
		}
		if (fd >= 0)
			close(fd);
	}
	errno = ENOENT;
	return -1;
}

int store_log_reader(int dir, const char *name, uint64_t first, uint64_t *length)
{
	int fd = -1;

	/* renamed between the look and the opening: it has its last name then */
	for (int attempt = 0; attempt < 2 && fd < 0; attempt++)
		fd = open_first(dir, name, first, length);
	return fd;
}

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

int64_t clock_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *file_read(int dir, const char *name, size_t max, size_t *len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t room = 4096, n = 0;
	char *text, *more;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	text = malloc(room + 1);
	while (text && (got = read(fd, text + n, room - n)) > 0) {
		n += (size_t)got;
		if (n < room)
			continue;
		if (n > max) {
			errno = EFBIG;
			got = -1;
			break;
		}
		room *= 2;
		more = realloc(text, room + 1);
		if (!more)
			got = -1;
		else
			text = more;
		if (got < 0)
			break;
	}
	close(fd);
	if (text && (got < 0 || n > max)) {
		if (got >= 0)
			errno = EFBIG;
		free(text);
		return NULL;
	}
	if (text)
		text[n] = 0;
	*len = n;
	return text;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_directory(int dir)
{
	int fd = dir == AT_FDCWD ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd >= 0) {
		rc = fsync(fd);
		close(fd);
	}
	return rc;
}

static int temporary(int dir, const char *name, const void *data, size_t len, unsigned mode, char temp[300])
{
	int fd, rc, saved;

	snprintf(temp, 300, "%.250s.%ld.tmp", name, (long)getpid());
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -1;
	rc = write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -1 : 0;
	saved = errno;
	close(fd);
	if (rc < 0)
		unlinkat(dir, temp, 0);
	errno = saved;
	return rc;
}

int file_write(int dir, const char *name, const void *data, size_t len, unsigned mode)
{
	char temp[300];

	if (temporary(dir, name, data, len, mode, temp) < 0)
		return -1;
	if (renameat(dir, temp, dir, name) < 0) {
		unlinkat(dir, temp, 0);
		return -1;
	}
	return sync_directory(dir);
}

int file_create(int dir, const char *name, const void *data, size_t len, unsigned mode)
{
	char temp[300];
	int rc, saved;

	if (temporary(dir, name, data, len, mode, temp) < 0)
		return -1;
	rc = linkat(dir, temp, dir, name, 0);
	saved = errno;
	unlinkat(dir, temp, 0);
	errno = saved;
	return rc < 0 ? -1 : sync_directory(dir);
}

void directory_remove(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(fd, e->d_name, 0);
	closedir(d);
	unlinkat(dir, name, AT_REMOVEDIR);
}

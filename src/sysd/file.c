/* file: small files of /data/sysd, read whole and written so that a power cut leaves the old or the new one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sysd.h"

#define DIRECTORY "/data/sysd/"
#define PATH_MAX_BYTES 64

/* Length, or -1 with errno; EFBIG when the file does not fit. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0)
			return -1;
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
	errno = EFBIG;
	return -1;
}

ssize_t file_read(const char *name, char *buf, size_t size)
{
	char path[PATH_MAX_BYTES];
	ssize_t n;
	int fd, saved;

	snprintf(path, sizeof path, DIRECTORY "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read_all(fd, buf, size);
	saved = errno;
	close(fd);
	errno = saved;
	return n;
}

static int write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_directory(void)
{
	int fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int file_replace(const char *name, const char *text, size_t len)
{
	char path[PATH_MAX_BYTES], fresh[PATH_MAX_BYTES];
	int fd, rc, saved;

	snprintf(path, sizeof path, DIRECTORY "%s", name);
	snprintf(fresh, sizeof fresh, DIRECTORY "%s.new", name);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = write_all(fd, text, len);
	if (rc == 0)
		rc = fsync(fd);
	saved = errno;
	close(fd);
	if (rc == 0 && rename(fresh, path) == 0)
		return sync_directory();
	if (rc < 0)
		errno = saved;
	saved = errno;
	unlink(fresh);
	errno = saved;
	return -1;
}

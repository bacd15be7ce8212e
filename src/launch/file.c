#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_write(const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int saved, fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	n = write(fd, text, len);
	saved = n == -1 ? errno : EIO;
	(void)close(fd);
	if (n == (ssize_t)len)
		return 0;
	errno = saved;
	return -1;
}

/* Through a descriptor: the parent may belong to the user we prepare for, so
 * the name must not be followed to somewhere else. */
int file_directory(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	int fd, rc, saved;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = fchown(fd, uid, gid) == -1 || fchmod(fd, mode) == -1 ? -1 : 0;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

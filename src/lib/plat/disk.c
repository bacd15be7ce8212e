#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "plat/disk.h"

/* By descriptor where the kernel permits that without privilege (6.10 and
 * newer), else through /proc. */
static int real_link(int fd, int directory, const char *name)
{
	char path[32];

	if (!linkat(fd, "", directory, name, AT_EMPTY_PATH))
		return 0;
	if (errno != ENOENT && errno != EPERM)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
}

static int real_unlink(int directory, const char *name)
{
	return unlinkat(directory, name, 0);
}

static const struct plat_disk real_disk = {
	.pwrite = pwrite, .fsync = fsync, .fdatasync = fdatasync, .link = real_link, .unlink = real_unlink,
};

const struct plat_disk *plat_disk = &real_disk;

int plat_disk_write(int fd, const void *data, size_t len, off_t at)
{
	const char *from = data;
	ssize_t n;

	while (len) {
		n = plat_disk->pwrite(fd, from, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		from += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

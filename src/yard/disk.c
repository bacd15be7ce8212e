#include "yard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".ext4"
#define FRESH ".new"
#define PATH_SIZE 64
#define PIECE 65536
/* A device whose last user has just gone is free in a moment: tries, and milliseconds between them. */
#define ATTACH_TRIES 100
#define ATTACH_STEP 50

static void path_of(const char *machine, const char *suffix, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, YARD_DISKS "/%s%s", machine, suffix);
}

static bool zero(const char *bytes, size_t n)
{
	return !n || (!bytes[0] && !memcmp(bytes, bytes + 1, n - 1));
}

/* The template is nearly empty: what is zero stays a hole. */
static int copy(int from, int to)
{
	char *piece = malloc(PIECE);
	off_t at = 0;
	ssize_t n = piece ? 1 : -1;

	while (n > 0) {
		n = pread(from, piece, PIECE, at);
		if (n > 0 && !zero(piece, (size_t)n) && pwrite(to, piece, (size_t)n, at) != n)
			n = -1;
		if (n > 0)
			at += n;
	}
	free(piece);
	if (n == -1 || ftruncate(to, at) == -1 || fsync(to) == -1)
		return -1;
	return 0;
}

bool disk_present(const char *machine)
{
	char path[PATH_SIZE];
	struct stat st;

	path_of(machine, SUFFIX, path);
	return stat(path, &st) == 0;
}

static int sync_directory(void)
{
	int fd = open(YARD_DISKS, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = fd == -1 ? -1 : fsync(fd);

	if (fd != -1)
		close(fd);
	return rc;
}

int disk_make(const char *machine)
{
	char path[PATH_SIZE], fresh[PATH_SIZE];
	int from, to, rc = -1, saved;

	if (disk_present(machine))
		return 0;
	path_of(machine, SUFFIX, path);
	path_of(machine, FRESH, fresh);
	from = open(YARD_DISK_TEMPLATE, O_RDONLY | O_CLOEXEC);
	to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (from != -1 && to != -1)
		rc = copy(from, to);
	saved = errno;
	if (from != -1)
		close(from);
	if (to != -1)
		close(to);
	if (rc == 0 && rename(fresh, path) == 0)
		return sync_directory();
	saved = rc == 0 ? errno : saved;
	(void)unlink(fresh);
	errno = saved;
	return -1;
}

int disk_remove(const char *machine)
{
	char path[PATH_SIZE];

	path_of(machine, FRESH, path);
	(void)unlink(path);
	path_of(machine, SUFFIX, path);
	if (unlink(path) == -1)
		return errno == ENOENT ? 0 : -1;
	return sync_directory();
}

void disk_each(void (*each)(const char *machine, void *arg), void *arg)
{
	DIR *d = opendir(YARD_DISKS);
	char name[YARD_NAME + sizeof SUFFIX];
	struct dirent *e;
	char *dot;

	while (d && (e = readdir(d))) {
		if (strlen(e->d_name) >= sizeof name)
			continue;
		strcpy(name, e->d_name);
		dot = strchr(name, '.');
		if (dot)
			*dot = '\0';
		if (dot && yard_name_valid(name))
			each(name, arg);
	}
	if (d)
		closedir(d);
}

static int configure(int device, int disk)
{
	struct loop_config c = { .fd = (uint32_t)disk, .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	const struct timespec step = { 0, ATTACH_STEP * 1000000l };

	for (int i = 0; i < ATTACH_TRIES; i++) {
		if (ioctl(device, LOOP_CONFIGURE, &c) == 0)
			return 0;
		if (errno != EBUSY)
			return -1;
		(void)nanosleep(&step, NULL);
	}
	return -1;
}

int disk_attach(const char *machine, unsigned slot, char out[32])
{
	char path[PATH_SIZE];
	int device, disk, rc = -1, saved;

	path_of(machine, SUFFIX, path);
	(void)snprintf(out, 32, "/dev/loop%u", YARD_LOOP + slot);
	disk = open(path, O_RDWR | O_CLOEXEC);
	device = open(out, O_RDWR | O_CLOEXEC);
	if (disk != -1 && device != -1)
		rc = configure(device, disk);
	/* Held open for reading until the machine's first program runs: by then the mount holds it. The kernel mounts nothing that
	 * somebody has open for writing. */
	if (rc == 0 && open(out, O_RDONLY | O_CLOEXEC) == -1)
		rc = -1;
	saved = errno;
	if (disk != -1)
		close(disk);
	if (device != -1)
		close(device);
	errno = saved;
	return rc;
}

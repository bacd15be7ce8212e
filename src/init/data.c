#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA "/data"
#define DATA_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)
/* The reserved blocks are for core (uid 105): it must be able to delete when everything else is full. */
#define DATA_OPTIONS "resuid=105,errors=remount-ro"
/* The service `power` makes this file and reboots; it is the last one to go, so that a cut reset begins again. */
#define DATA_RESET ".factory-reset"

/* linux/fs/ext4/ext4.h: not in the exported headers. The argument is the new size in blocks. */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)
/* e2fsck(8): 1 errors corrected, 2 corrected and mounted before; from 4 on something is left. */
#define FSCK_LEFT 4
#define REPAIR_TRIES 3

/* Super block of ext4 (linux/fs/ext4/ext4.h): where the size in blocks and the block size stand. */
enum { SUPER = 1024, SUPER_LOW = 4, SUPER_LOG_BLOCK = 24, SUPER_MAGIC = 56, SUPER_HIGH = 336, SUPER_BYTES = 1024 };

/* Waits until the person types REPAIR or OFF on the screen's or the serial keyboard. Returns 1 for REPAIR. */
static int
person_decides(void)
{
	struct pollfd p[2];
	char line[64];
	ssize_t n;

	p[0].fd = open("/dev/tty1", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	p[1].fd = open("/dev/ttyS0", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	p[0].events = p[1].events = POLLIN;
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return 0;
		for (int i = 0; i < 2; i++) {
			if (!p[i].revents)
				continue;
			n = p[i].revents & POLLIN ? read(p[i].fd, line, sizeof line - 1) : 0;
			if (n <= 0) {
				p[i].fd = -1;	/* no such line: the other one is left */
				continue;
			}
			line[n] = 0;
			if (strcasecmp(line, "repair\n") == 0)
				return 1;
			if (strcasecmp(line, "off\n") == 0)
				return 0;
			init_say("data: type REPAIR or OFF");
		}
	}
}

static void
damaged(const char *device, const char *what)
{
	const char *const repair[] = { "/bin/e2fsck", "-f", "-y", device, NULL };
	int tries = REPAIR_TRIES;

	init_say("data: %s on %s", what, device);
	init_say("data: THE APPLIANCE IS STOPPED: its data needs a decision of a person");
	init_say("data: OFF powers off, so that the disk can be copied or a backup be put back (recommended)");
	init_say("data: REPAIR repairs what can be repaired; what is damaged may be lost");
	init_say("data: type OFF or REPAIR and press Enter");
	if (!person_decides())
		init_end_now("poweroff");
	/* What it restores in one run (the superblock from a copy, the journal) it may only use in the next. */
	while (tries > 0 && init_run(repair) >= FSCK_LEFT)
		tries--;
	if (tries == 0) {
		init_say("data: the repair did not succeed: the machine is stopped");
		init_end_now("halt");
	}
}

static uint64_t
get_le(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

/* Enlarges the mounted file system when its partition has become larger. */
static void
enlarge(const char *device)
{
	uint8_t super[SUPER_BYTES];
	uint64_t bytes, blocks, now;
	int fd = open(device, O_RDONLY | O_CLOEXEC), dir;
	unsigned shift;

	if (fd == -1 || ioctl(fd, BLKGETSIZE64, &bytes) == -1
	    || pread(fd, super, sizeof super, SUPER) != sizeof super
	    || get_le(super + SUPER_MAGIC, 2) != 0xef53 || get_le(super + SUPER_LOG_BLOCK, 4) > 6) {
		init_say("data: cannot learn the size of %s: %m", device);
		if (fd != -1)
			close(fd);
		return;
	}
	close(fd);
	shift = 10 + (unsigned)get_le(super + SUPER_LOG_BLOCK, 4);
	now = get_le(super + SUPER_LOW, 4) | get_le(super + SUPER_HIGH, 4) << 32;
	blocks = bytes >> shift;
	if (blocks <= now)
		return;
	dir = open(DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1 || ioctl(dir, EXT4_IOC_RESIZE_FS, &blocks) == -1)
		init_say("data: cannot enlarge the file system: %m");
	else
		init_say("data: enlarged from %llu to %llu MiB", (unsigned long long)(now << shift >> 20),
		    (unsigned long long)(blocks << shift >> 20));
	if (dir != -1)
		close(dir);
}

void
init_data(const struct init_disk *d)
{
	char device[64];
	const char *const check[] = { "/bin/e2fsck", "-p", device, NULL };

	snprintf(device, sizeof device, "/dev/%s", d->part);
	while (init_run(check) >= FSCK_LEFT)
		damaged(device, "the file system is damaged beyond what is repaired without asking");
	while (mount(device, DATA, "ext4", DATA_FLAGS, DATA_OPTIONS) == -1) {
		char what[128];

		snprintf(what, sizeof what, "the file system cannot be mounted (%s)", strerror(errno));
		damaged(device, what);
	}
	enlarge(device);
}

/* Removes everything below `fd` (which is closed) except the one name `keep`, without leaving the file system. */
static int
empty(int fd, dev_t device, const char *keep)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	struct stat st;
	int rc = 0, sub;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0
		    || (keep && strcmp(e->d_name, keep) == 0)
		    || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (st.st_dev == device && S_ISDIR(st.st_mode)) {
			sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub == -1 || empty(sub, device, NULL) == -1)
				rc = -1;
		}
		if (unlinkat(dirfd(d), e->d_name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == -1)
			rc = -1;
	}
	closedir(d);
	return rc;
}

static int
empty_path(const char *path, const char *keep)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		return -1;
	return empty(fd, st.st_dev, keep);
}

void
init_data_reset(void)
{
	struct fstrim_range all = { .len = UINT64_MAX };
	int fd;

	if (access(DATA "/" DATA_RESET, F_OK) == -1)
		return;
	init_say("data: factory reset: everything is being deleted");
	/* Secrets first: without the master key the rest is unreadable, should the power fail half-way. */
	empty_path("/data/keyd", NULL);
	sync();
	if (empty_path(DATA, DATA_RESET) == -1) {
		init_say("data: factory reset: not everything could be deleted: %m");
		init_end_now("halt");
	}
	sync();
	if (unlink(DATA "/" DATA_RESET) == -1)
		init_say("data: factory reset: cannot remove the mark: %m");
	fd = open(DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		fsync(fd);
		ioctl(fd, FITRIM, &all);	/* disks that cannot trim say so: no matter */
		close(fd);
	}
	init_say("data: factory reset: done");
}

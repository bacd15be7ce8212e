/*
 * plat: what makes files last: writes, syncs and links.  A table so that a
 * test can keep unsynced parts apart and take them away.
 */
#ifndef CAM_PLAT_DISK_H
#define CAM_PLAT_DISK_H

#include <stddef.h>
#include <sys/types.h>

struct plat_disk {
	/* As the calls of the same name; 0 or bytes, -1 with errno. */
	ssize_t (*pwrite)(int fd, const void *data, size_t len, off_t at);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	/* Gives an unnamed file its name in a directory; EEXIST when that is taken. */
	int (*link)(int fd, int directory, const char *name);
	int (*unlink)(int directory, const char *name);
};

/* The real one, until a test puts its own here before any use. */
extern const struct plat_disk *plat_disk;

/* All len bytes, or -1 with errno. */
int plat_disk_write(int fd, const void *data, size_t len, off_t at);

#endif

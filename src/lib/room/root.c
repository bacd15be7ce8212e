/*
 * A root directory with the paths of a row and nothing else: the fence of a
 * room that makes mounts, which the kernel refuses to whoever is in landlock.
 */
#include "room/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "room/fence.h"

/* The new root is put together here: the room's own socket directory, which every listening room has. */
#define BASE "/run/cam/"
#define PATH_SIZE 128
/* Bytes and entries of the new root itself. */
#define ROOT_OPTIONS "mode=0755,size=64k,nr_inodes=256"

/* The directories on the way to path, and path itself as what its source is. */
static void make_target(const char *base, const char *path, bool directory)
{
	char at[2 * PATH_SIZE];
	size_t n = strlen(base);
	int fd;

	(void)snprintf(at, sizeof at, "%s%s", base, path);
	for (char *p = at + n + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(at, 0755) == -1 && errno != EEXIST)
			log_fatal("fence: %s", at);
		*p = '/';
	}
	if (directory) {
		if (mkdir(at, 0755) == -1 && errno != EEXIST)
			log_fatal("fence: %s", at);
		return;
	}
	fd = open(at, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd == -1)
		log_fatal("fence: %s", at);
	(void)close(fd);
}

static void put_path(const char *base, const struct room_path *p)
{
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID;
	char at[2 * PATH_SIZE];
	struct stat st;

	if (stat(p->path, &st) == -1) {
		log_info("fence: %s: not here", p->path);
		return;
	}
	make_target(base, p->path, S_ISDIR(st.st_mode));
	(void)snprintf(at, sizeof at, "%s%s", base, p->path);
	if (S_ISDIR(st.st_mode))
		flags |= MS_NODEV | (p->rights & LL_EXECUTE ? 0 : MS_NOEXEC);
	if (!(p->rights & LL_WRITE_FILE))
		flags |= MS_RDONLY;
	if (mount(p->path, at, NULL, MS_BIND, NULL) == -1 || mount(NULL, at, NULL, flags, NULL) == -1)
		log_fatal("fence: %s", p->path);
}

void fence_root(const struct room *row)
{
	char base[PATH_SIZE];

	(void)snprintf(base, sizeof base, BASE "%s", row->name);
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
			mount("root", base, "tmpfs", MS_NOSUID | MS_NOEXEC, ROOT_OPTIONS) == -1)
		log_fatal("fence: a root of its own");
	for (const struct room_path *p = row->paths; p != NULL && p->path != NULL; p++)
		put_path(base, p);
	make_target(base, ROOM_ROOT_MOUNT, true);
	if (mount(NULL, base, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL) == -1 ||
			chdir(base) == -1 || syscall(SYS_pivot_root, ".", ".") == -1 ||
			umount2(".", MNT_DETACH) == -1 || chdir("/") == -1)
		log_fatal("fence: enter the root of its own");
}

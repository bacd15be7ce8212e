#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"

/* A logger's bytes under /data/log/<service>: the current file and the kept
 * ones, 1 MiB in all, weeks of ordinary life. */
#define KEEP "n7"
#define SIZE "s131072"

/* In memory, while /data cannot be written: the last lines for the screen. */
#define KEEP_MEMORY "n1"
#define SIZE_MEMORY "s16384"

/* Tells the supervisor when it reads; the number is ROOM_FD_READY. */
#define READY "-d3"

/* s6-log ends at once when it cannot make its files; better to know before. */
static bool writable(const char *path, uid_t uid, gid_t gid)
{
	static const char *const names[] = { "lock", "current" };
	char file[LAUNCH_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct stat st;
		int fd;
		bool good;

		(void)snprintf(file, sizeof file, "%s/%s", path, names[i]);
		fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
		/* one of before there was a group; s6-log keeps a mark of its own in the mode */
		good = fd != -1 && fchown(fd, uid, gid) == 0 && fstat(fd, &st) == 0 &&
			fchmod(fd, (st.st_mode & 0777) | S_IRGRP) == 0;
		if (fd != -1)
			(void)close(fd);
		if (!good)
			return false;
	}
	return true;
}

/* What is on the disk may be read by who shows it to administrators: the loggers' clients' group (table.c), which what s6-log makes
 * there gets from the directory. */
static bool prepare(const struct launch *l, const char *top, char path[LAUNCH_PATH_MAX], bool shown)
{
	uid_t uid = l->row->uid;
	gid_t gid = shown ? uid + ROOM_CLIENTS_GROUP : uid;
	mode_t mode = shown ? 02750 : 0700;	/* its files get the group */

	(void)snprintf(path, LAUNCH_PATH_MAX, "%s/%s", top, l->service);
	return file_directory(top, uid, gid, mode) == 0 &&
		file_directory(path, uid, gid, mode) == 0 && writable(path, uid, gid);
}

char *const *logger_prepare(const struct launch *l)
{
	static char path[LAUNCH_PATH_MAX];
	static char *on_disk[] = { "s6-log", READY, KEEP, SIZE, "T", path, NULL };
	static char *in_memory[] = { "s6-log", READY, KEEP_MEMORY, SIZE_MEMORY, "T", path, NULL };

	/* Always there: the fence names it, whether it is used or not. */
	(void)file_directory("/run/cam/log", l->row->uid, l->row->uid, 0700);
	if (prepare(l, "/data/log", path, true))
		return on_disk;
	log_warn_errno("%s: %s: logging to memory", l->title, path);
	if (prepare(l, "/run/cam/log", path, false))
		return in_memory;
	log_fatal("%s: %s", l->title, path);
}

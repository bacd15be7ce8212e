#include "launch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "log/log.h"

/* Holds the socket: the set-group-id bit hands the clients' group on to it. */
static void socket_directory(const struct room *row)
{
	char path[LAUNCH_PATH_MAX];

	(void)snprintf(path, sizeof path, "/run/cam/%s", row->name);
	if (file_directory(path, row->uid, row->uid + ROOM_CLIENTS_GROUP, 02710) == -1)
		log_fatal("%s: %s", row->name, path);
}

static void data_directory(const struct room *row)
{
	char path[LAUNCH_PATH_MAX];

	(void)snprintf(path, sizeof path, "/data/%s", row->name);
	if (file_directory(path, row->uid, row->uid, 0700) == -1)
		log_fatal("%s: %s", row->name, path);
}

static void house_directory(const struct launch *l, const char *path)
{
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		log_fatal("%s: %s", l->title, path);
}

void directories_make(const struct launch *l)
{
	house_directory(l, "/run/cam");
	house_directory(l, "/run/cam/services");
	if (l->row->id == ROOM_LOG)
		return;		/* logger.c */
	if (l->row->listens)
		socket_directory(l->row);
	if (l->row->data != 0)
		data_directory(l->row);
}

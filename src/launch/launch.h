/*
 * launch: starts a room as its row of the process table says.
 *
 * Every step is one function.  Those that return nothing end the process with
 * a line and 111 when they fail: a room never starts with less than its fence.
 */
#ifndef CAM_LAUNCH_H
#define CAM_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "room/room.h"

#define EXIT_OK 0
#define EXIT_USAGE 100
#define EXIT_TROUBLE 111
#define EXIT_PERMANENT 125	/* of ./finish: the supervisor does not start it again */

/* Longest name of a service, bytes with the 0. */
#define LAUNCH_NAME_MAX 32
#define LAUNCH_PATH_MAX 128

/* What is being started. */
struct launch {
	const struct room *row;
	char service[LAUNCH_NAME_MAX];	/* the room; for a logger the service it writes for */
	char title[LAUNCH_NAME_MAX + 4];	/* for log lines: "gate", "log.gate" */
};

/* where.c: fills l from the working directory.  0, or -1 when it names no room. */
int launch_where(struct launch *l);

/* file.c: writes text to an existing file.  0, or -1 with errno. */
int file_write(const char *path, const char *text);
/* Makes the directory if need be and gives it this owner and mode.  0, or -1 with errno. */
int file_directory(const char *path, uid_t uid, gid_t gid, mode_t mode);

/* cgroup.c */
/* Ends what an earlier instance left behind, then enters the group with its limits. */
void cgroup_enter(const struct launch *l);
/* Only the first half; for ./finish.  Never ends the process. */
void cgroup_clear(const struct launch *l);

/* directories.c: /run/cam/<room>, /data/<room>. */
void directories_make(const struct launch *l);

/* record.c: /run/cam/services/<service>: "<pid> <starts> <since>\n". */
void record_write(const struct launch *l);

/* limits.c: resource limits, OOM score, umask, signals. */
void limits_set(const struct room *row);
/* The row's priority for this process and what it starts; first of all, so that it counts from the start. */
void limits_priority(const struct room *row);

/* descriptors.c */
/* Standard error to the log, standard input from /dev/null (not for a logger). */
void descriptors_standard(const struct room *row);
/* Opens the row's descriptors from ROOM_FD_FIRST on; closes all others. */
void descriptors_open(const struct room *row);

/* privileges.c: groups, user, capabilities, no_new_privs, for good. */
void privileges_drop(const struct room *row);

/* logger.c: chooses and prepares the directory; returns s6-log's arguments. */
char *const *logger_prepare(const struct launch *l);

/* finish.c: ./finish CODE SIGNAL.  Returns its exit code. */
int finish(const struct launch *l, int argc, char **argv);

/* show.c: the table for people, for docs/least-privilege.md, for the console. */
void show_list(void);
void show_markdown(void);
void show_json(void);

#endif

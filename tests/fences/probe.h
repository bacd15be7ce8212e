/*
 * probe: stands in for a room's program, behind the same launcher and fence,
 * and tries things.  One line per attempt on standard output:
 *   attempt <name> <outcome>
 * where the outcome is "ok", an errno's name, "trapped:<call>" (the fence's
 * handler named the call and ended the process with 111) or "killed:<signal>".
 */
#ifndef PROBE_H
#define PROBE_H

#include "room/room.h"

struct attempt {
	const char *name;
	long (*act)(const struct room *self, const char *name);	/* -1 with errno, or success */
};

/* Ends with name NULL. */
extern const struct attempt attempts[];

/* "connect:core", "data:core", "call:101": made up from tables. */
long attempt_connect(const struct room *self, const char *name);
long attempt_data(const struct room *self, const char *name);
long attempt_call(const struct room *self, const char *name);

/* state.c: what the launcher left of the process, as lines "state <what> <value>". */
void state_report(const struct room *self);

/* Writes a whole line; waits when the pipe is full. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

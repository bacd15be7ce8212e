/*
 * core: recurrent work, a row each.  A rule is "every <seconds>", by the boot clock, or five fields as cron's
 * (minute hour day month weekday; numbers, *, lists, ranges, steps; UTC).
 *
 * A clock that is set forward makes what was passed over due once; one that is set back makes nothing due
 * twice, and nothing waits for longer than its period and an hour.  While the task of the last run is
 * open the next run is left out: one at a time for each key.  All functions run in the writer.
 */
#ifndef CAM_CORE_SCHEDULE_H
#define CAM_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* What becomes of runs that were missed while the appliance was off. */
enum schedule_catch_up { SCHEDULE_SKIP = 0, SCHEDULE_ONCE, SCHEDULE_ALL };
/* Runs made up for at most. */
#define SCHEDULE_MISSED_MAX 20
/* A row is looked at so often at least, for the clock may be set, µs. */
#define SCHEDULE_LOOK (INT64_C(600) * PLAT_SECOND)
#define SCHEDULE_BATCH 16

/* Who does work of a kind.  Returns the id of the task it made, 0 = none. */
struct schedule_kind {
	const char *kind;
	int64_t (*run)(struct db *db, const char *object);
};

/* Adds or changes it; jitter: up to so many seconds are added to each time.  False for a rule that is none. */
bool schedule_set(struct db *db, const char *key, const char *kind, const char *object, const char *rule,
	enum schedule_catch_up catch_up, int jitter);
void schedule_drop(struct db *db, const char *object);
/* At the start: a boot clock that begins anew. */
void schedule_boot(struct db *db, bool other_boot);
/* Runs what is due: how many. */
int schedule_run(struct db *db);
int64_t schedule_due(struct db *db);

/* ---- rules: no database (cron.c) ---- */

/* The first time after `after` (wall, µs) the rule names; -1 = it is none, or names none within five years. */
int64_t cron_next(const char *rule, int64_t after);

#endif

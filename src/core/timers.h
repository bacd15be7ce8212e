/*
 * core: what core itself does at a later time: a row in the database (table `step`), so that neither
 * a restart nor a crash loses it.  A timer runs in the writer, in the transaction that removes its
 * row: it happens once.  All functions run in the writer; the engine's turn calls core_timers_run.
 */
#ifndef CAM_CORE_TIMERS_H
#define CAM_CORE_TIMERS_H

#include <stdint.h>

#include "db/db.h"

/* Timers of one transaction. */
#define CORE_TIMER_BATCH 32

/* Who does timers of a kind; object and argument as they were given. */
struct core_timer_kind {
	const char *kind;
	void (*run)(struct db *db, const char *object, const char *argument);
};

/* In delay microseconds (the boot clock's; those of an earlier boot are translated).  Whoever
 * adds one in a verb kicks the engine after the commit. */
void core_timer_add(struct db *db, const char *kind, const char *object, const char *argument, int64_t delay);
/* The same unless the object has one of this kind already. */
void core_timer_once(struct db *db, const char *kind, const char *object, const char *argument, int64_t delay);
/* Those of an object that have not run yet; kind NULL = all. */
void core_timers_drop(struct db *db, const char *object, const char *kind);

/* At the start; boot is the kernel's id of this boot. */
void core_timers_boot(struct db *db, const char *boot);
/* Runs what is due, up to CORE_TIMER_BATCH: how many ran. */
int core_timers_run(struct db *db);
/* When the next is due, boot clock; 0 = none. */
int64_t core_timers_due(struct db *db);

#endif

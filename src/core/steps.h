/*
 * core: what core itself does at a later time: a row in the database, so that neither
 * a restart nor a crash loses it.  A step runs in the writer, in the transaction that removes its
 * row: it happens once.  All functions run in the writer; the engine's turn calls core_steps_run.
 */
#ifndef CAM_CORE_STEPS_H
#define CAM_CORE_STEPS_H

#include <stdint.h>

#include "db/db.h"

/* Steps of one transaction. */
#define CORE_STEP_BATCH 32

/* Who does steps of a kind; object and argument as they were given. */
struct core_step_kind {
	const char *kind;
	void (*run)(struct db *db, const char *object, const char *argument);
};

/* In delay microseconds (the boot clock's; steps of an earlier boot are translated).  Whoever
 * adds one in a verb kicks the engine after the commit. */
void core_step_add(struct db *db, const char *kind, const char *object, const char *argument, int64_t delay);
/* Those of an object that have not run yet; kind NULL = all. */
void core_steps_drop(struct db *db, const char *object, const char *kind);

/* At the start; boot is the kernel's id of this boot. */
void core_steps_boot(struct db *db, const char *boot);
/* Runs what is due, up to CORE_STEP_BATCH. */
void core_steps_run(struct db *db);
/* When the next is due, boot clock; 0 = none. */
int64_t core_steps_due(struct db *db);

#endif

/*
 * core: the engine's turn: one look at everything that is due, in one transaction.  Runs in the writer; the loop
 * (engine.c) and the simulator (tests/sim) send what it gives out.
 */
#ifndef CAM_CORE_TURN_H
#define CAM_CORE_TURN_H

#include "machine.h"
#include "tasks.h"

struct turn_cancel { int64_t task, fence, channel; char worker[CORE_WORKER]; };

struct turn {
	const uint8_t *key;			/* for machines' tokens; NULL = not there yet */
	unsigned task_count, cancel_count;
	int64_t tasks[CORE_TASK_BATCH];		/* given out: to be prepared and sent */
	struct turn_cancel cancels[CORE_TASK_BATCH];
	bool more;				/* there is more to do at once */
	int64_t due;				/* boot clock; 0 = nothing */
};

void turn_take(struct db *db, struct turn *t);
/* The start of core: nobody is connected; clocks of an earlier boot are translated. */
void turn_boot(struct db *db, const char *boot);

#endif

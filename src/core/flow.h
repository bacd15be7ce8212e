/*
 * core: operations of instances as they are carried out: operation → step → task.
 *
 * An operation has a plan (plan.h), and a row that says at which step it is.  A step is one or more tasks
 * (or nothing at all); when the last of them is done the next step begins, in the transaction of that result.
 * When one fails, what still waits is cancelled, and the operation ends as unavailable when
 * nothing of it runs any more.  All functions run in the writer.
 */
#ifndef CAM_CORE_FLOW_H
#define CAM_CORE_FLOW_H

#include "instance.h"
#include "plan.h"
#include "tasks.h"

/* Time a script has, unless its event's file reference (`timeout`) or the instance (`event_timeout`) says
 * otherwise, and at most, seconds. */
#define FLOW_TIMEOUT 3600
#define FLOW_TIMEOUT_MAX (72 * 3600)
/* Times a script may be run again when it was interrupted (`retry` of the file reference). */
#define FLOW_RETRY_MAX 5
/* Operations begun in one transaction. */
#define FLOW_BATCH 32
#define FLOW_WHY 400

/* Puts an operation that was recorded into the queue: it begins in INSTANCE_STEP. */
void flow_begin(struct db *db, const struct object *instance, const char *operation, const char *plan);
/* Ends what runs on the instance: waiting tasks are dropped, running ones asked to stop. The instance's words
 * and the operation's record are the caller's. */
void flow_stop(struct db *db, const char *instance, enum flow_event event, const char *why);
/* Begins what is due in the queue, one of each workspace in turn: how many. */
int flow_run(struct db *db);
/* When the next in the queue is due, 0 = none. */
int64_t flow_due(struct db *db);
/* A task of an operation has ended; why is a sentence unless it is done. */
void flow_task_ended(struct db *db, const struct core_task *t, const char *why);
/* Does its operation still wait for what this task was for? */
bool flow_waits_for(struct db *db, const struct core_task *t);
/* Everything of an instance that goes. */
void flow_forget(struct db *db, const char *instance);

/* The worker for providers of a type: "demo" or "cloud". */
const char *flow_worker(const char *provider_type);
/* The id of the instance's provider, "" = none, copied. */
void flow_provider(const struct object *instance, char out[OBJECT_ID]);

/* ---- steps (flow_steps.c) ---- */

struct flow {
	char operation[OBJECT_ID], instance[OBJECT_ID], workspace[OBJECT_ID], provider[OBJECT_ID], plan[32];
	int64_t step;
	enum flow_state state;
	char why[FLOW_WHY];
};

enum flow_entered {
	FLOW_OPEN,			/* tasks were made */
	FLOW_PAST,			/* there is nothing to do */
	FLOW_IMPOSSIBLE			/* f->why says why */
};
enum flow_entered flow_enter(struct db *db, struct flow *f, const struct plan_step *step);

/* ---- stacks of templates (flow_stack.c) ---- */

/* Does its provider make the instance by itself, out of a template? */
bool flow_is_stack(struct db *db, const struct object *instance);
/* A step of such an instance, but for PLAN_NEXT. */
enum flow_entered flow_stack_enter(struct db *db, struct flow *f, enum plan_kind kind);

/* ---- scripts (flow_scripts.c) ---- */

/* The instance as it is kept, to be read only, until the next call; NULL when it is gone (flow_recent.c). */
const struct object *flow_recent(struct db *db, const char *id);
/* What was read in a transaction that was not committed is not what is kept. */
void flow_recent_forget(void);

/* Makes the task of the script at place `part` of a machine's order; false when there is none. */
bool flow_script_add(struct db *db, const struct flow *f, const struct object *instance, const char *event,
	const char *machine, unsigned part);
void flow_script_given(struct db *db, struct core_task *t);
void flow_script_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);

#endif

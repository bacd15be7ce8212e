/*
 * core: tasks as rows.  A task is one piece of work for one worker: a room ("demo") or a machine's agent
 * ("machine:m-..").  Each time it is given out its fence grows, and only a result with the present fence
 * counts.  While it waits it has a latest time to be given out, while it is leased a latest time for its
 * result: so it always ends, and what it belongs to hears of it in the same transaction.
 *
 * All functions run in the writer; times are of the boot clock.  States: chart.h.
 */
#ifndef CAM_CORE_TASKS_H
#define CAM_CORE_TASKS_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "chart.h"
#include "object.h"
#include "db/db.h"

/* A lost room keeps its tasks for so long, seconds. */
#define CORE_TASK_LEASE 60
/* Attempts, unless the kind has its own number. */
#define CORE_TASK_ATTEMPTS 10
/* How often a task may come back to be given out anew without an attempt being over, and how long that takes, seconds. */
#define CORE_TASK_AGAINS 8
#define CORE_TASK_AGAIN 3
/* How often the worker of a task may be lost with it; and from which loss on it waits longer and longer until it is given out again, so that
 * what ends its worker each time leaves those beside it some time without it. */
#define CORE_TASK_LOSSES 12
#define CORE_TASK_LOSSES_SOON 3
/* Longest wait between two attempts, seconds. */
#define CORE_TASK_BACKOFF 300
/* How long a task waits for a room that has been here before and is away; and for one that never was, seconds. */
#define CORE_TASK_ABSENT 60
#define CORE_TASK_UNKNOWN 2
/* How long it waits while its room is here and has others to do, seconds. */
#define CORE_TASK_QUEUED (7 * 86400)
/* How long it waits for what its message needs (keys, a file of store, an agent that has just gone), seconds. */
#define CORE_TASK_UNSENT 1800
/* Added to the time a worker is given, so that its own clock decides, seconds. */
#define CORE_TASK_SLACK 120
/* Operations of the appliance that are remembered after their end. */
#define CORE_OPERATIONS_KEPT 10000
/* Tasks given out in one transaction. */
#define CORE_TASK_BATCH 128
/* Tasks of one provider that are carried out at once. */
#define CORE_PROVIDER_TASKS 10
/* due_boot of what waits for something else than time. */
#define CORE_TASK_NEVER INT64_MAX

#define CORE_WORKER 80			/* a worker's name with its terminating 0 */
#define CORE_TASK_KIND 32
#define CORE_TASK_KEY 160
#define CORE_MACHINE_PREFIX "machine:"

/* A task as it is kept. */
struct core_task {
	int64_t id, fence, operation;
	enum task_state state;
	char worker[CORE_WORKER], kind[CORE_TASK_KIND], key[CORE_TASK_KEY];
	char flow[OBJECT_ID], instance[OBJECT_ID], machine[OBJECT_ID], provider[OBJECT_ID], workspace[OBJECT_ID];
	char activity[OBJECT_ID];
	int64_t step, part, attempts, attempts_max, wait, run, deadline_boot;
	bool again;			/* it has failed, and what it was for may be tried again: by another task, for a machine never runs one twice */
	char *input;			/* JSON (malloc) */
};

/* A new one; NULL texts are "". */
struct core_task_new {
	const char *worker, *kind, *key, *input;
	const char *flow, *instance, *machine, *provider, *workspace;
	int64_t step, part, operation;
	int attempts, wait, run;	/* seconds; 0 = as the constants above, an hour for run */
	bool held;			/* not given out before something releases it: due_boot never */
};

/* Who hears of the end of a task of some kind: state is done, failed, cancelled or expired; why a sentence
 * unless it is done; output an object or NULL. */
struct core_task_kind {
	const char *kind;
	void (*ended)(struct db *db, const struct core_task *t, const char *why, yyjson_val *output);
	/* It is being given out, in the same transaction: t is what it becomes, and what is set of its activity is kept.  May be NULL. */
	void (*given)(struct db *db, struct core_task *t);
	/* An attempt failed, and there will be another.  May be NULL. */
	void (*tried)(struct db *db, const struct core_task *t, const char *why);
};
const struct core_task_kind *core_task_kind(const char *name);	/* task_kinds.c */

bool core_task_read(struct db *db, int64_t id, struct core_task *out);
void core_task_free(struct core_task *t);
/* Returns its id; 0 when there is one with this key. */
int64_t core_task_add(struct db *db, const struct core_task_new *n);

/* At start: boot is the kernel's id of this boot.  Nobody is connected; leases begin anew; clocks of an earlier
 * boot are translated. */
void core_tasks_boot(struct db *db, const char *boot);

/* An operation of the appliance itself with its one task; key, a name and a number, makes a repetition recognizable.  Tasks of
 * the same kind and name that still wait are dropped: the new one replaces them, so it has to say all that is to be. */
void core_task_replace(struct db *db, const char *worker, const char *kind, const char *object, const char *key,
	const char *input, int deadline_seconds);

/* Ends what is past its time, takes back leases that ran out. */
void core_tasks_expire(struct db *db);
/* When core_tasks_expire or a lease next has something to do, 0 = never. */
int64_t core_tasks_due(struct db *db);

/* What happens to a task.  False when its state does not take it. */
bool core_task_cancel(struct db *db, int64_t id, const char *why);
/* What a task that waits is for has come. */
bool core_task_met(struct db *db, int64_t id);
/* Its worker no longer knows it: it waits again, or ends when it was to stop anyway. */
void core_task_lost(struct db *db, int64_t id);
/* Given out, but could not be put together: again in delay seconds, or when its agent is back, not counted as an attempt.  It waits for
 * no longer than it would have anyway, CORE_TASK_UNSENT at most. */
void core_task_unsent(struct db *db, int64_t id, int64_t fence, int delay, const char *why);

enum core_outcome { CORE_OUTCOME_NONE = 0, CORE_OUTCOME_DONE, CORE_OUTCOME_FAILED, CORE_OUTCOME_REFUSED, CORE_OUTCOME_CANCELLED,
	CORE_OUTCOME_AGAIN };	/* with what the output names it is to be given out anew (endpoints.h) */
/* A result.  False when the fence is an old one: recorded, but without effect.  True without effect for
 * a task that has ended with this fence: recorded when that was another end. */
bool core_task_result(struct db *db, const char *worker, int64_t task, int64_t fence, enum core_outcome outcome,
	const char *message, yyjson_val *output);

/* ---- giving out (task_lease.c) ---- */

/* Gives out what is due for this room, fairly over workspaces and providers: ids of up to max tasks. */
unsigned core_tasks_lease(struct db *db, const char *worker, int64_t out[], unsigned max);
/* The same for all machines that are connected and have nothing to do. */
unsigned core_tasks_lease_machines(struct db *db, int64_t out[], unsigned max);
/* Tasks whose worker has to be told to stop: each once, and again after it returned. */
unsigned core_tasks_cancels(struct db *db, int64_t out[], unsigned max);

/* ---- rooms (task_rooms.c) ---- */

struct core_running { int64_t task, fence; };
/* The room is here and says what it still runs; the rest of its tasks are given out again at once. */
void core_room_here(struct db *db, const char *worker, int slots, const struct core_running *running, unsigned count);
/* Its connection is lost: its leases begin to run. */
void core_room_lost(struct db *db, const char *worker);
/* A machine's agent is here (release what waits for it), or lost (hold it). */
void core_agent_here(struct db *db, const char *machine, const struct core_running *known, unsigned count);
void core_agent_lost(struct db *db, const char *machine);

#endif

/*
 * core: operations and their tasks as rows.  A task belongs to a kind of worker; each
 * time it is given out its fence grows, and only a result with the present
 * fence counts.  All functions run in the writer; times are of the boot clock.
 */
#ifndef CAM_CORE_TASKS_H
#define CAM_CORE_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* A lost worker keeps its tasks for so long, seconds. */
#define CORE_TASK_LEASE 60
/* Attempts before an operation ends as failed. */
#define CORE_TASK_ATTEMPTS 10
/* Longest wait between two attempts, seconds. */
#define CORE_TASK_BACKOFF 300
/* Operations that are remembered after their end. */
#define CORE_OPERATIONS_KEPT 10000
/* Tasks given out in one transaction. */
#define CORE_TASK_BATCH 32

struct core_task {
	int64_t id, fence;
	char worker[16];
	char *push;		/* JSON of PROTO_CORE_TASK (malloc) */
};

/* At start: boot is the kernel's id of this boot.  Leases begin anew; clocks of
 * an earlier boot are translated. */
void core_tasks_boot(struct db *db, const char *boot);

/* A new operation with its one task; key makes a repetition recognizable.  Tasks of
 * the same kind that still wait are dropped: the new one replaces them. */
void core_task_replace(struct db *db, const char *worker, const char *kind, const char *object, const char *key,
	const char *input, int deadline_seconds);

/* Ends what is past its deadline, takes back leases that ran out. */
void core_tasks_expire(struct db *db);
/* Gives out waiting tasks that are due for this worker: up to max rows in out. */
unsigned core_tasks_lease(struct db *db, const char *worker, struct core_task *out, unsigned max);
/* When core_tasks_expire or _lease next has something to do (boot clock), 0 = never.
 * workers: those connected, count of them. */
int64_t core_tasks_due(struct db *db, const char *const workers[], unsigned count);

/* The worker is here again and says what it still runs; the rest of its tasks are
 * given out again at once. */
struct core_running { int64_t task, fence; };
void core_tasks_return(struct db *db, const char *worker, const struct core_running *running, unsigned count);
/* The worker's connection is lost: its leases begin to run. */
void core_tasks_lost(struct db *db, const char *worker);

/* A result.  False when the fence is an old one: recorded, but without effect. */
bool core_task_result(struct db *db, const char *worker, int64_t task, int64_t fence, bool done,
	const char *message, const char *output);

#endif

#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "flow.h"
#include "schedule.h"
#include "timers.h"
#include "truth.h"
#include "turn.h"

/* Rooms that are connected: more than there are. */
#define ROOMS_MAX 8

static unsigned rooms(struct db *db, char out[ROOMS_MAX][CORE_WORKER])
{
	sqlite3_stmt *q = db_query(db, "SELECT name FROM worker WHERE connected = 1 ORDER BY name LIMIT ?", "i", (int64_t)ROOMS_MAX);
	unsigned n = 0;

	while (n < ROOMS_MAX && db_row(db, q))
		snprintf(out[n++], CORE_WORKER, "%s", db_text(q, 0));
	db_end(q);
	return n;
}

static void give_out(struct db *db, struct turn *t)
{
	char names[ROOMS_MAX][CORE_WORKER];
	unsigned n = rooms(db, names), given, before = 0;

	/* Each has a part of the batch, so that one that takes much does not stop the others. */
	t->task_count = core_tasks_lease_machines(db, t->tasks, CORE_TASK_BATCH / 2);
	t->more |= t->task_count == CORE_TASK_BATCH / 2;
	before = t->task_count;
	for (unsigned i = 0; i < n; i++) {
		given = core_tasks_lease(db, names[i], t->tasks + t->task_count, (CORE_TASK_BATCH - before) / n);
		t->more |= given && given == (CORE_TASK_BATCH - before) / n;
		t->task_count += given;
	}
}

/* A machine's token is known from here on: its create is on its way. */
static void keep_tokens(struct db *db, const struct turn *t)
{
	struct core_task task;

	for (unsigned i = 0; t->key && i < t->task_count; i++) {
		if (core_task_read(db, t->tasks[i], &task) && !strcmp(task.kind, "machine.create"))
			machine_token_keep(db, t->key, task.machine);
		core_task_free(&task);
	}
}

static void find_cancels(struct db *db, struct turn *t)
{
	int64_t ids[CORE_TASK_BATCH];
	unsigned n = core_tasks_cancels(db, ids, CORE_TASK_BATCH);
	struct core_task task;
	struct machine m;

	t->more |= n == CORE_TASK_BATCH;
	for (unsigned i = 0; i < n; i++) {
		struct turn_cancel *c = &t->cancels[t->cancel_count++];

		if (!core_task_read(db, ids[i], &task))
			continue;
		*c = (struct turn_cancel){ .task = task.id, .fence = task.fence };
		snprintf(c->worker, sizeof c->worker, "%s", task.worker);
		if (task.machine[0] && !strncmp(task.worker, CORE_MACHINE_PREFIX, 8) && machine_read(db, task.machine, &m))
			c->channel = m.channel;
		core_task_free(&task);
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

void turn_take(struct db *db, struct turn *t)
{
	t->task_count = t->cancel_count = 0;
	t->more = false;
	core_tasks_expire(db);
	t->more |= core_timers_run(db) == CORE_TIMER_BATCH;
	t->more |= schedule_run(db) == SCHEDULE_BATCH;
	t->more |= flow_run(db) == FLOW_BATCH;
	give_out(db, t);
	keep_tokens(db, t);
	find_cancels(db, t);
	t->due = sooner(sooner(core_tasks_due(db), core_timers_due(db)), sooner(schedule_due(db), flow_due(db)));
}

void turn_boot(struct db *db, const char *boot)
{
	char before[64];

	flow_recent_forget();
	core_meta_get(db, "boot_id", before, sizeof before);
	agents_lost(db);
	core_tasks_boot(db, boot);
	core_timers_boot(db, boot);
	schedule_boot(db, strcmp(before, boot) != 0);
}

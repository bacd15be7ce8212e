/* How long things are kept, and the work that removes them: one small step at a time, so no change waits for it. */
#include <stdlib.h>

#include "activity.h"
#include "retention.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

/* Between two steps, seconds; and when the last one found a whole batch. */
#define EVERY 5.
#define SOON .2
/* Rows removed in one step. */
#define BATCH 200
#define DAY (86400 * PLAT_SECOND)

/* ?2 has to appear so that every statement takes the same arguments. */
#define BY_AGE(table, key, where) "DELETE FROM " table " WHERE " key " IN (SELECT " key " FROM " table " WHERE " where \
	" AND ?2 >= 0 LIMIT ?3)"
#define OBJECTS(kind) "DELETE FROM object WHERE number IN (SELECT number FROM object WHERE kind = " kind \
	" AND created < ?1 AND ?2 >= 0 AND state NOT IN ('processing', 'submitted') ORDER BY created LIMIT ?3)"
#define WITH_IT "as long as what it belongs to"

const struct retention core_retention[] = {
	{ "event", "changes, for those who follow", "the newest", 0, CORE_EVENTS_KEPT,
	  "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event WHERE ?1 IS NOT NULL AND sequence <="
	  " (SELECT max(sequence) FROM event) - ?2 ORDER BY sequence LIMIT ?3)" },
	{ "activity", "who did what", "cut only at a signed checkpoint", 400, 500000, NULL },
	{ "checkpoint", "signatures of the activity", "as long as the rows it signs", 0, 0, NULL },
	{ "token", "tokens and sessions that are over", "after their end", 1, 0,
	  BY_AGE("token", "hash", "expires > 0 AND expires < ?1") },
	{ "operation", "operations of the appliance that have ended", "after their end", 90, 0,
	  "DELETE FROM operation WHERE id IN (SELECT id FROM operation WHERE state <> 'processing' AND updated < ?1 AND ?2 >= 0 AND"
	  " NOT EXISTS(SELECT 1 FROM task WHERE task.operation = operation.id) ORDER BY id LIMIT ?3)" },
	{ "task", "tasks of workers that have ended", "after their end", 90, 0,
	  BY_AGE("task", "id", "state NOT IN ('waiting', 'leased') AND updated < ?1") },
	{ "object: operation", "operations of instances", "after their beginning", 365, 0, OBJECTS("7") },
	{ "object: provider-log", "what providers said", "after their writing", 90, 0, OBJECTS("9") },
	{ "object: activity", "log entries of instances", "after their writing", 365, 0, OBJECTS("10") },
	{ "object: task", "tasks clients look at", "after their beginning", 30, 0, OBJECTS("12") },
	{ "service_past", "when services of deleted instances were up", "after their end", 400, 0,
	  BY_AGE("service_past", "number", "ended < ?1") },
	{ "object", "organizations, cost centers, workspaces, boxes, instances, services, providers, blobs",
	  "until somebody deletes it", 0, 0, NULL },
	{ "share", "who has a share", WITH_IT, 0, 0, NULL },
	{ "blob_use", "which objects name which files", WITH_IT, 0, 0, NULL },
	{ "secret", "sealed values", WITH_IT, 0, 0, NULL },
	{ "user", "users", "until somebody deletes it; then without address and password, so that its id is not given again", 0, 0,
	  NULL },
	{ "user_group", "groups of users", WITH_IT, 0, 0, NULL },
	{ "organization", "from before organizations were objects", "always", 0, 0, NULL },
	{ "step", "timers of core: when to look at an instance again", WITH_IT, 0, 0, NULL },
	{ "output_gone", "deleted tasks whose output is to be erased", "until it is erased", 0, 0, NULL },
	{ "flow", "how operations of instances were carried out", "after their end", 365, 0,
	  "DELETE FROM flow WHERE operation IN (SELECT operation FROM flow WHERE state IN ('done', 'unavailable') AND updated < ?1 AND ?2 >= 0"
	  " LIMIT ?3)" },
	{ "machine", "machines of instances", WITH_IT, 0, 0, NULL },
	{ "worker", "rooms that carry out tasks", "always", 0, 0, NULL },
	{ "schedule", "recurrent work", WITH_IT, 0, 0, NULL },
	{ "binding", "what the bindings of instances found", WITH_IT, 0, 0, NULL },
	{ "stray", "machines of providers that no instance knows", "until they are gone", 0, 0, NULL },
	{ "unregistered", "what providers have that is no instance here", "until a sync no longer finds it", 0, 0, NULL },
	{ "setting", "settings", "always", 0, 0, NULL },
	{ "meta", "values of the database itself", "always", 0, 0, NULL },
	{ "schema_version", "steps of the schema", "always", 0, 0, NULL },
	{ "file: /data/core/core.db", "the database", "its room's budget", 0, 0, NULL },
	{ "file: /data/core/reserve", "space held back", "always, 8 MiB, 26 of a large disk", 0, 0, NULL },
	{ "file: /data/log/<room>", "what rooms said", "its logger's number and size of files", 0, 0, NULL },
	{ "file: /data/store", "bytes of blobs, by digest", "as long as a blob names them", 0, 0, NULL },
};
const size_t core_retention_count = sizeof core_retention / sizeof core_retention[0];

int retention_step(struct db *db, size_t row)
{
	const struct retention *r = &core_retention[row];
	int64_t before = plat_clock_wall() - r->days * DAY;

	if (r->sql) {
		/* the text of a statement is its address: each row has its own */
		db_run(db, r->sql, "iii", before, r->rows, (int64_t)BATCH);
		return db_changes(db);
	}
	if (r->rows && r->days)
		return activity_cut(db, before, r->rows, BATCH);
	return 0;
}

/* ---- in the loop ---- */

struct keeper {
	struct core *core;
	struct ev_timer timer;
	size_t row;
};

struct step_job {
	struct core_job work;
	struct keeper *keeper;
	size_t row;
	int removed;
};

static int step_run(struct db *db, struct db_job *job)
{
	struct step_job *s = (struct step_job *)((char *)job - offsetof(struct core_job, job));

	s->removed = retention_step(db, s->row);
	return 0;
}

static void step_done(struct core_job *work)
{
	struct step_job *s = (struct step_job *)work;
	struct keeper *k = s->keeper;
	bool more = !work->job.failure && s->removed >= BATCH;

	if (!more)
		do
			k->row = (k->row + 1) % core_retention_count;
		while (!core_retention[k->row].days && !core_retention[k->row].rows);
	ev_timer_set(&k->timer, more ? SOON : EVERY, 0.);
	ev_timer_start(k->core->loop, &k->timer);
	free(s);
}

static void timer_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct keeper *k = t->data;
	struct step_job *s = calloc(1, sizeof *s);

	(void)loop;
	(void)events;
	if (!s)
		log_fatal("retention");
	s->keeper = k;
	s->row = k->row;
	s->work.job.run = step_run;
	/* it frees space */
	s->work.job.essential = true;
	s->work.done = step_done;
	core_job_write(k->core, &s->work);
}

void retention_open(struct core *core)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (!k)
		log_fatal("retention");
	k->core = core;
	ev_timer_init(&k->timer, timer_reached, EVERY, 0.);
	k->timer.data = k;
	ev_timer_start(core->loop, &k->timer);
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "plant.h"
#include "tasks.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"

#define SECONDS(n) ((int64_t)(n) * PLAT_SECOND)
/* Of one look at what is over time. */
#define EXPIRE_MAX 64

/* ---- rows ---- */

bool core_task_read(struct db *db, int64_t id, struct core_task *t)
{
	sqlite3_stmt *q = db_query(db, "SELECT fence, operation, state, cancel, worker, kind, key, flow, instance, machine, provider,"
		" workspace, activity, step, part, attempts, attempts_max, wait, run, deadline_boot, input FROM task WHERE id = ?",
		"i", id);

	memset(t, 0, sizeof *t);
	if (!db_row(db, q))
		return false;
	t->id = id;
	t->fence = db_int(q, 0);
	t->operation = db_int(q, 1);
	t->state = (enum task_state)chart_state(&chart_task, db_text(q, 2));
	if (t->state == TASK_LEASED && db_int(q, 3))
		t->state = TASK_CANCELLING;
	db_copy(q, 4, t->worker, sizeof t->worker);
	db_copy(q, 5, t->kind, sizeof t->kind);
	db_copy(q, 6, t->key, sizeof t->key);
	db_copy(q, 7, t->flow, sizeof t->flow);
	db_copy(q, 8, t->instance, sizeof t->instance);
	db_copy(q, 9, t->machine, sizeof t->machine);
	db_copy(q, 10, t->provider, sizeof t->provider);
	db_copy(q, 11, t->workspace, sizeof t->workspace);
	db_copy(q, 12, t->activity, sizeof t->activity);
	t->step = db_int(q, 13);
	t->part = db_int(q, 14);
	t->attempts = db_int(q, 15);
	t->attempts_max = db_int(q, 16);
	t->wait = db_int(q, 17);
	t->run = db_int(q, 18);
	t->deadline_boot = db_int(q, 19);
	t->input = strdup(db_text(q, 20));
	db_end(q);
	if (!t->input)
		log_fatal("task");
	return true;
}

void core_task_free(struct core_task *t)
{
	free(t->input);
	t->input = NULL;
}

static bool is_machine(const char *worker)
{
	return !strncmp(worker, CORE_MACHINE_PREFIX, sizeof CORE_MACHINE_PREFIX - 1);
}

/* How long a task for this room may wait from now on, µs. */
static int64_t room_patience(struct db *db, const char *worker)
{
	int64_t connected = db_number(db, -1, "SELECT connected FROM worker WHERE name = ?", "t", worker);

	return SECONDS(connected < 0 ? CORE_TASK_UNKNOWN : connected ? CORE_TASK_QUEUED : CORE_TASK_ABSENT);
}

static int64_t patience(struct db *db, const char *worker, int64_t wait)
{
	return wait ? SECONDS(wait) : is_machine(worker) ? SECONDS(1800) : room_patience(db, worker);
}

int64_t core_task_add(struct db *db, const struct core_task_new *n)
{
	int64_t now = core_stamp(db), boot = plat_clock_boot();

#define TEXT(s) ((s) ? (s) : "")
	db_run(db, "INSERT INTO task(operation, worker, kind, key, input, state, due_boot, wait_boot, flow, step, part,"
		" instance, machine, provider, workspace, attempts_max, wait, run, created, updated) VALUES(?, ?, ?, ?, ?,"
		" 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING", "itttt" "iitii"
		"ttttiiiii", n->operation, n->worker, n->kind, n->key, n->input ? n->input : "{}",
		n->held ? CORE_TASK_NEVER : boot, boot + patience(db, n->worker, n->wait), TEXT(n->flow), n->step, n->part,
		TEXT(n->instance), TEXT(n->machine), TEXT(n->provider), TEXT(n->workspace),
		(int64_t)(n->attempts ? n->attempts : CORE_TASK_ATTEMPTS), (int64_t)n->wait, (int64_t)(n->run ? n->run : 3600),
		now, now);
	return db_inserted(db);
}

/* ---- operations of the appliance itself ---- */

static void operation_event(struct db *db, int64_t operation, const char *state)
{
	char object[24], data[96];

	snprintf(object, sizeof object, "%" PRId64, operation);
	snprintf(data, sizeof data, "{\"operation\":%" PRId64 ",\"state\":\"%s\"}", operation, state);
	core_event(db, "operation", object, data);
}

static void operation_end(struct db *db, int64_t operation, const char *state, const char *message)
{
	db_run(db, "UPDATE operation SET state = ?, message = ?, updated = ? WHERE id = ? AND state = 'processing'",
		"ttii", state, message, core_stamp(db), operation);
	if (!db_changes(db))
		return;
	operation_event(db, operation, state);
	/* The old ones go a few at a time. */
	db_run(db, "DELETE FROM task WHERE operation IN (SELECT id FROM operation WHERE id <= ?"
		" AND state <> 'processing' ORDER BY id LIMIT 4)", "i", operation - CORE_OPERATIONS_KEPT);
	db_run(db, "DELETE FROM operation WHERE id IN (SELECT id FROM operation WHERE id <= ?"
		" AND state <> 'processing' ORDER BY id LIMIT 4)", "i", operation - CORE_OPERATIONS_KEPT);
}

/* A key is a name and a number; what has the name has the same purpose, and the newest says all that is to be. */
static void drop_waiting(struct db *db, const char *worker, const char *kind, const char *key)
{
	int64_t id;

	while ((id = db_number(db, 0, "SELECT id FROM task WHERE worker = ? AND kind = ? AND state = 'waiting'"
			" AND rtrim(key, '0123456789') = rtrim(?, '0123456789') LIMIT 1", "ttt", worker, kind, key)))
		if (!core_task_cancel(db, id, "replaced by a newer one"))
			return;
}

void core_task_replace(struct db *db, const char *worker, const char *kind, const char *object, const char *key,
	const char *input, int deadline_seconds)
{
	struct core_task_new n = { .worker = worker, .kind = kind, .key = key, .input = input, .wait = deadline_seconds };
	int64_t now;

	drop_waiting(db, worker, kind, key);
	now = core_stamp(db);
	n.operation = db_number(db, 0, "INSERT INTO operation(kind, object, state, created, updated, deadline, deadline_boot)"
		" VALUES(?, ?, 'processing', ?, ?, ?, ?) RETURNING id", "ttiiii", kind, object, now, now,
		plat_clock_wall() + SECONDS(deadline_seconds), plat_clock_boot() + SECONDS(deadline_seconds));
	core_task_add(db, &n);
	operation_event(db, n.operation, "processing");
}

/* ---- what happens to one ---- */

/* The words of an operation of the appliance for the state its task ended in. */
static const char *operation_word(enum task_state state)
{
	return state == TASK_DONE ? "done" : state == TASK_FAILED ? "failed" : state == TASK_CANCELLED ? "cancelled" : "unavailable";
}

static void ended(struct db *db, struct core_task *t, const char *why, yyjson_val *output)
{
	const struct core_task_kind *kind = core_task_kind(t->kind);

	if (t->operation)
		operation_end(db, t->operation, operation_word(t->state), t->state == TASK_DONE ? "" : why);
	if (kind && kind->ended)
		kind->ended(db, t, why, output);
}

/* Writes what the chart says of this event; false when the state does not take it. */
static bool move(struct db *db, struct core_task *t, enum task_event event, const char *why, yyjson_val *output)
{
	enum task_state to = (enum task_state)chart_next(&chart_task, t->state, event);
	yyjson_val *code;
	char *text = NULL;
	int64_t length;

	if (!chart_takes(&chart_task, t->state, event))
		return false;
	if (to == t->state)
		return true;
	t->state = to;
	if (to == TASK_CANCELLING) {
		db_run(db, "UPDATE task SET cancel = 1, message = ?, updated = ? WHERE id = ?", "tii", why, core_stamp(db), t->id);
		return true;
	}
	/* What a provider has is taken over by its record at once; it may be megabytes. */
	text = output && (t->flow[0] || !t->provider[0]) ? yyjson_val_write(output, 0, NULL) : NULL;
	/* Of a script also how it ended and how much it wrote. */
	code = is_machine(t->worker) ? yyjson_obj_get(output, "exit_code") : NULL;
	length = is_machine(t->worker) ? yyjson_get_sint(yyjson_obj_get(output, "output_length")) : 0;
	db_run(db, "UPDATE task SET state = ?, message = ?, output = ?, updated = ?, finished = ?, deadline_boot = 0, lease_boot = 0,"
		" exit_code = iif(?, ?, exit_code), output_length = max(output_length, ?) WHERE id = ?", "tttiiiiii",
		chart_word(&chart_task, to), why, text ? text : "{}", core_stamp(db),
		to == TASK_WAITING ? (int64_t)0 : plat_clock_wall(), (int64_t)yyjson_is_int(code), yyjson_get_sint(code), length, t->id);
	free(text);
	/* Its worker goes on until it is told. */
	if (event == TASK_RUN_OVER)
		db_run(db, "UPDATE task SET cancel = 1 WHERE id = ?", "i", t->id);
	if (to == TASK_WAITING)
		db_run(db, "UPDATE task SET wait_boot = ? WHERE id = ?", "ii",
			plat_clock_boot() + patience(db, t->worker, t->wait), t->id);
	else
		ended(db, t, why, output);
	return true;
}

bool core_task_cancel(struct db *db, int64_t id, const char *why)
{
	struct core_task t;
	bool taken = core_task_read(db, id, &t) && move(db, &t, TASK_CANCEL, why, NULL);

	core_task_free(&t);
	return taken;
}

bool core_task_met(struct db *db, int64_t id)
{
	struct core_task t;
	bool taken = core_task_read(db, id, &t) && move(db, &t, TASK_MET, "", NULL);

	core_task_free(&t);
	return taken;
}

/* Its agent went between the turn that gave the task out and its message. */
static bool agent_away(struct db *db, const struct core_task *t)
{
	return is_machine(t->worker) && !db_number(db, 0, "SELECT channel FROM machine WHERE id = ?", "t", t->machine);
}

void core_task_unsent(struct db *db, int64_t id, int64_t fence, int delay, const char *why)
{
	int64_t now = plat_clock_boot(), until = db_number(db, 0, "SELECT wait_boot FROM task WHERE id = ?", "i", id);
	struct core_task t;
	bool away;

	if (until > now + SECONDS(CORE_TASK_UNSENT))
		until = now + SECONDS(CORE_TASK_UNSENT);
	if (!core_task_read(db, id, &t) || t.fence != fence) {
		core_task_free(&t);
		return;
	}
	away = agent_away(db, &t);
	if (move(db, &t, TASK_UNSENT, away ? "" : why, NULL) && t.state == TASK_WAITING)
		db_run(db, "UPDATE task SET due_boot = ?, wait_boot = ?, attempts = attempts - 1 WHERE id = ?", "iii",
			away ? CORE_TASK_NEVER : now + SECONDS(delay), until, id);
	core_task_free(&t);
}

/* ---- results ---- */

/* 2, 4, 8 … seconds, each half to one and a half times. */
static int64_t backoff(int64_t attempts)
{
	int64_t wait = attempts > 8 ? CORE_TASK_BACKOFF : INT64_C(1) << attempts;

	if (wait > CORE_TASK_BACKOFF)
		wait = CORE_TASK_BACKOFF;
	return SECONDS(wait) / 2 + plat_random_below((uint32_t)wait * 1000) * (PLAT_SECOND / 1000);
}

static void record_late(struct db *db, const char *worker, int64_t task, int64_t fence)
{
	char object[24], data[160];

	snprintf(object, sizeof object, "%" PRId64, task);
	snprintf(data, sizeof data, "{\"worker\":\"%.79s\",\"fence\":%" PRId64 "}", worker, fence);
	core_event(db, "task.late", object, data);
}

static enum task_event event_of(const struct core_task *t, enum core_outcome outcome)
{
	switch (outcome) {
	case CORE_OUTCOME_DONE:
		return TASK_RESULT_DONE;
	case CORE_OUTCOME_CANCELLED:
		return TASK_RESULT_CANCELLED;
	case CORE_OUTCOME_FAILED:
	case CORE_OUTCOME_AGAIN:
		if (is_machine(t->worker) && !PLANTED("same-task"))
			return TASK_RESULT_FINAL;
		return t->attempts < t->attempts_max || PLANTED("no-cap") ? TASK_RESULT_FAILED : TASK_RESULT_FINAL;
	default:
		return TASK_RESULT_FINAL;
	}
}

/* To be given out anew with what its worker found.  Who says so too often is told no more: then it is an attempt that failed. */
static bool again(struct db *db, struct core_task *t, const char *message, yyjson_val *output)
{
	if (t->provider[0])
		endpoints_found(db, t->provider, yyjson_obj_get(output, "endpoints"));
	if (t->fence - t->attempts >= CORE_TASK_AGAINS || !move(db, t, TASK_UNSENT, message, NULL))
		return false;
	if (t->state == TASK_WAITING)
		db_run(db, "UPDATE task SET due_boot = ?, attempts = attempts - 1 WHERE id = ?", "ii",
			plat_clock_boot() + SECONDS(CORE_TASK_AGAIN), t->id);
	return true;
}

/* Is it the present holder of the task? */
static bool holds(const struct core_task *t, const char *worker, int64_t fence)
{
	return (t->fence == fence || PLANTED("no-fence")) && !strcmp(t->worker, worker);
}

/* It failed, and is tried again after a while. */
static void try_again(struct db *db, const struct core_task *t, const char *why)
{
	const struct core_task_kind *kind = core_task_kind(t->kind);

	db_run(db, "UPDATE task SET due_boot = ? WHERE id = ? AND due_boot <> ?", "iii", plat_clock_boot() + backoff(t->attempts), t->id, CORE_TASK_NEVER);
	if (kind && kind->tried)
		kind->tried(db, t, why);
}

/* Is this the result that ended it, or can it be? */
static bool ended_by(const struct core_task *t, enum core_outcome outcome)
{
	return outcome == CORE_OUTCOME_DONE ? t->state == TASK_DONE : t->state == TASK_FAILED || t->state == TASK_CANCELLED;
}

bool core_task_result(struct db *db, const char *worker, int64_t task, int64_t fence, enum core_outcome outcome,
	const char *message, yyjson_val *output)
{
	struct core_task t;
	bool there = core_task_read(db, task, &t), taken = false;

	if (there && holds(&t, worker, fence)) {
		/* Said again, because the answer to it was lost. */
		taken = t.state > TASK_CANCELLING && t.fence == fence;
		/* Its worker may forget it, but it came too late. */
		if (taken && !ended_by(&t, outcome))
			record_late(db, worker, task, fence);
		if (!taken && outcome == CORE_OUTCOME_AGAIN && again(db, &t, message, output)) {
			core_task_free(&t);
			return true;
		}
		t.again = outcome == CORE_OUTCOME_FAILED && is_machine(worker) && t.attempts < t.attempts_max;
		if (!taken)
			taken = move(db, &t, event_of(&t, outcome), message, output);
		if (taken && t.state == TASK_WAITING)
			try_again(db, &t, message);
	}
	if (!taken)
		record_late(db, worker, task, fence);
	core_task_free(&t);
	return taken;
}

/* ---- time ---- */

static unsigned ids_of(struct db *db, sqlite3_stmt *q, int64_t ids[EXPIRE_MAX])
{
	unsigned n = 0;

	while (n < EXPIRE_MAX && db_row(db, q))
		ids[n++] = db_int(q, 0);
	db_end(q);
	return n;
}

/* What its message could not be put together for, while its worker was there; "" = that is not why. */
static void unsent_reason(struct db *db, const struct core_task *t, char *out, size_t size)
{
	sqlite3_stmt *q = db_query(db, "SELECT message FROM task WHERE id = ?1 AND due_boot <> ?2 AND (EXISTS(SELECT 1 FROM worker WHERE"
		" name = ?3 AND connected = 1) OR EXISTS(SELECT 1 FROM machine WHERE id = ?4 AND channel <> 0))", "iitt", t->id,
		CORE_TASK_NEVER, t->worker, is_machine(t->worker) ? t->machine : "");

	out[0] = 0;
	if (!db_row(db, q))
		return;
	db_copy(q, 0, out, size);
	db_end(q);
}

/* Why nobody took it. */
static void wait_reason(struct db *db, const struct core_task *t, char *out, size_t size)
{
	unsent_reason(db, t, out, size);
	if (out[0])
		return;
	if (!strcmp(t->kind, "hello"))
		snprintf(out, size, "its agent did not report within %" PRId64 " minutes", t->wait / 60);
	else if (is_machine(t->worker))
		snprintf(out, size, "its agent was not there within %" PRId64 " minutes", (t->wait ? t->wait : 1800) / 60);
	else
		snprintf(out, size, "no worker");
}

static void over(struct db *db, int64_t id, enum task_event event)
{
	char why[256];
	struct core_task t;

	if (!core_task_read(db, id, &t))
		return;
	if (event == TASK_WAIT_OVER)
		wait_reason(db, &t, why, sizeof why);
	else
		snprintf(why, sizeof why, "no result within %" PRId64 " minutes", (t.run + CORE_TASK_SLACK) / 60);
	move(db, &t, event, why, NULL);
	core_task_free(&t);
}

/* What the last attempt ended with is kept: a loss has no reason of its own, until there were too many. */
static int64_t lost_why(struct db *db, const struct core_task *t, char *why, size_t size)
{
	sqlite3_stmt *q = db_query(db, "SELECT message, lost + 1 FROM task WHERE id = ?", "i", t->id);
	int64_t times = 0;

	why[0] = 0;
	if (!db_row(db, q))
		return 0;
	times = db_int(q, 1);
	if (times < CORE_TASK_LOSSES)
		snprintf(why, size, "%s", db_text(q, 0));
	else
		snprintf(why, size, "its worker was lost %" PRId64 " times while it had it%s%.300s", times, db_text(q, 0)[0] ? ": " : "",
			db_text(q, 0));
	db_end(q);
	return times;
}

void core_task_lost(struct db *db, int64_t id)
{
	struct core_task t;
	char why[400];
	int64_t times;

	if (!core_task_read(db, id, &t))
		return;
	times = lost_why(db, &t, why, sizeof why);
	move(db, &t, times < CORE_TASK_LOSSES || PLANTED("lost-for-ever") ? TASK_LOST : TASK_LOST_AGAIN, why, NULL);
	/* A machine has a journal: what is not in it never began. */
	if (t.state == TASK_WAITING)
		db_run(db, "UPDATE task SET lost = ?, due_boot = ?, attempts = attempts - ? WHERE id = ?", "iiii", times, plat_clock_boot() +
			(times > CORE_TASK_LOSSES_SOON ? backoff(times - CORE_TASK_LOSSES_SOON) : 0), (int64_t)is_machine(t.worker), id);
	core_task_free(&t);
}

void core_tasks_expire(struct db *db)
{
	int64_t now = plat_clock_boot(), ids[EXPIRE_MAX];
	unsigned n;

	n = ids_of(db, db_query(db, "SELECT id FROM task WHERE state = 'waiting' AND wait_boot > 0 AND wait_boot <= ?"
		" ORDER BY wait_boot LIMIT ?", "ii", now, (int64_t)EXPIRE_MAX), ids);
	for (unsigned i = 0; i < n; i++)
		over(db, ids[i], TASK_WAIT_OVER);
	n = ids_of(db, db_query(db, "SELECT id FROM task WHERE state = 'leased' AND deadline_boot > 0 AND deadline_boot <= ?"
		" ORDER BY deadline_boot LIMIT ?", "ii", now, (int64_t)EXPIRE_MAX), ids);
	for (unsigned i = 0; i < n; i++)
		over(db, ids[i], TASK_RUN_OVER);
	n = ids_of(db, db_query(db, "SELECT id FROM task WHERE state = 'leased' AND lease_boot > 0 AND lease_boot <= ?"
		" LIMIT ?", "ii", now, (int64_t)EXPIRE_MAX), ids);
	for (unsigned i = 0; i < n; i++)
		core_task_lost(db, ids[i]);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

int64_t core_tasks_due(struct db *db)
{
	int64_t now = plat_clock_boot(), due, at;
	char name[CORE_WORKER];
	sqlite3_stmt *q;

	due = db_number(db, 0, "SELECT min(wait_boot) FROM task WHERE state = 'waiting' AND wait_boot > 0", "");
	due = sooner(due, db_number(db, 0, "SELECT min(deadline_boot) FROM task WHERE state = 'leased' AND deadline_boot > 0", ""));
	due = sooner(due, db_number(db, 0, "SELECT min(lease_boot) FROM task WHERE state = 'leased' AND lease_boot > 0", ""));
	at = db_number(db, 0, "SELECT min(due_boot) FROM task WHERE state = 'waiting' AND kind = 'script' AND due_boot > ?", "i", now);
	due = sooner(due, at == CORE_TASK_NEVER ? 0 : at);
	name[0] = 0;
	for (;;) {
		q = db_query(db, "SELECT name FROM worker WHERE connected = 1 AND name > ? ORDER BY name LIMIT 1", "t", name);
		if (!db_row(db, q))
			return due;
		snprintf(name, sizeof name, "%s", db_text(q, 0));
		db_end(q);
		/* What is due already waits for a place, and a result makes one. */
		due = sooner(due, db_number(db, 0, "SELECT min(due_boot) FROM task WHERE worker = ? AND state = 'waiting'"
			" AND due_boot > ?", "ti", name, now));
	}
}

/* ---- the start ---- */

static void translate(struct db *db, int64_t boot, int64_t wall)
{
	db_run(db, "UPDATE task SET due_boot = ? WHERE state = 'waiting' AND due_boot <> ?", "ii", boot, CORE_TASK_NEVER);
	db_run(db, "UPDATE task SET wait_boot = ? + wait * 1000000 WHERE state = 'waiting' AND wait > 0", "i", boot);
	/* A wall clock that was wrong must neither end work at once nor keep it for years. */
	db_run(db, "UPDATE task SET deadline_boot = ?1 + max(600000000, min(run * 1000000, deadline - ?2))"
		" WHERE state = 'leased' AND deadline_boot > 0", "ii", boot, wall);
	db_run(db, "UPDATE stray SET since_boot = ?", "i", boot);
	db_run(db, "UPDATE flow SET due_boot = ? WHERE state = 'queued'", "i", boot);
}

void core_tasks_boot(struct db *db, const char *boot)
{
	int64_t now = plat_clock_boot();
	char before[64];

	core_meta_get(db, "boot_id", before, sizeof before);
	if (strcmp(before, boot)) {
		core_meta_set(db, "boot_id", boot);
		if (!PLANTED("boot-clock"))
			translate(db, now, plat_clock_wall());
	}
	db_run(db, "UPDATE worker SET connected = 0", "");
	db_run(db, "UPDATE task SET wait_boot = ?1 + CASE WHEN worker IN (SELECT name FROM worker) THEN ?2 ELSE ?3 END * 1000000"
		" WHERE state = 'waiting' AND wait = 0", "iii", now, (int64_t)CORE_TASK_ABSENT, (int64_t)CORE_TASK_UNKNOWN);
	db_run(db, "UPDATE task SET lease_boot = ? WHERE state = 'leased' AND substr(worker, 1, 8) <> 'machine:'", "i",
		now + SECONDS(CORE_TASK_LEASE));
	if (!PLANTED("lost-cancel"))
		db_run(db, "UPDATE task SET cancel = 1 WHERE state IN ('leased', 'expired') AND cancel = 2", "");
}

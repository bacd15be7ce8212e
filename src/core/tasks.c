#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "tasks.h"
#include "truth.h"
#include "plat/clock.h"
#include "plat/random.h"

#define SECONDS(n) ((n) * PLAT_SECOND)

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

void core_tasks_boot(struct db *db, const char *boot)
{
	int64_t now = plat_clock_boot(), wall = plat_clock_wall();
	char before[64];

	core_meta_get(db, "boot_id", before, sizeof before);
	if (strcmp(before, boot)) {
		core_meta_set(db, "boot_id", boot);
		db_run(db, "UPDATE task SET due_boot = ? WHERE state = 'waiting'", "i", now);
		/* A wall clock that was wrong must neither end an operation at once nor keep it for years. */
		db_run(db, "UPDATE operation SET deadline_boot = ? + max(?, min(?, deadline - ?))"
			" WHERE state = 'processing'", "iiii", now, SECONDS(600), SECONDS(86400), wall);
	}
	db_run(db, "UPDATE task SET lease_boot = ? WHERE state = 'leased'", "i", now + SECONDS(CORE_TASK_LEASE));
}

static void drop_waiting(struct db *db, const char *worker, const char *kind)
{
	sqlite3_stmt *q;
	int64_t operation;

	for (;;) {
		q = db_query(db, "SELECT operation FROM task WHERE worker = ? AND kind = ? AND state = 'waiting' LIMIT 1",
			"tt", worker, kind);
		if (!db_row(db, q))
			return;
		operation = db_int(q, 0);
		db_end(q);
		db_run(db, "UPDATE task SET state = 'dropped', updated = ? WHERE operation = ?", "ii", core_stamp(db),
			operation);
		operation_end(db, operation, "cancelled", "replaced by a newer one");
	}
}

void core_task_replace(struct db *db, const char *worker, const char *kind, const char *object, const char *key,
	const char *input, int deadline_seconds)
{
	int64_t now, operation;

	drop_waiting(db, worker, kind);
	now = core_stamp(db);
	operation = db_number(db, 0, "INSERT INTO operation(kind, object, state, created, updated, deadline, deadline_boot)"
		" VALUES(?, ?, 'processing', ?, ?, ?, ?) RETURNING id", "ttiiii", kind, object, now, now,
		plat_clock_wall() + SECONDS(deadline_seconds), plat_clock_boot() + SECONDS(deadline_seconds));
	db_run(db, "INSERT INTO task(operation, worker, kind, key, input, state, due_boot, created, updated)"
		" VALUES(?, ?, ?, ?, ?, 'waiting', ?, ?, ?)", "itttt" "iii", operation, worker, kind, key, input,
		plat_clock_boot(), now, now);
	operation_event(db, operation, "processing");
}

void core_tasks_expire(struct db *db)
{
	int64_t now = plat_clock_boot(), operation;
	sqlite3_stmt *q;

	for (;;) {
		q = db_query(db, "SELECT id FROM operation WHERE state = 'processing' AND deadline_boot <= ? LIMIT 1", "i", now);
		if (!db_row(db, q))
			break;
		operation = db_int(q, 0);
		db_end(q);
		db_run(db, "UPDATE task SET state = 'expired', updated = ? WHERE operation = ?"
			" AND state IN ('waiting', 'leased')", "ii", core_stamp(db), operation);
		operation_end(db, operation, "unavailable", "no result within the time given");
	}
	db_run(db, "UPDATE task SET state = 'waiting', due_boot = ? WHERE state = 'leased' AND lease_boot > 0"
		" AND lease_boot <= ?", "ii", now, now);
}

static char *task_json(sqlite3_stmt *q, int64_t fence)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char *json;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "task", db_int(q, 0));
	yyjson_mut_obj_add_sint(doc, root, "fence", fence);
	yyjson_mut_obj_add_strcpy(doc, root, "kind", db_text(q, 2));
	yyjson_mut_obj_add_strcpy(doc, root, "key", db_text(q, 3));
	yyjson_mut_obj_add(root, yyjson_mut_str(doc, "input"), yyjson_mut_rawcpy(doc, db_text(q, 4)));
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return json;
}

/* While its worker is connected a lease does not run out (lease_boot 0). */
unsigned core_tasks_lease(struct db *db, const char *worker, struct core_task *out, unsigned max)
{
	sqlite3_stmt *q;
	unsigned n = 0;

	q = db_query(db, "SELECT id, fence, kind, key, input FROM task WHERE worker = ? AND state = 'waiting'"
		" AND due_boot <= ? ORDER BY id LIMIT ?", "tii", worker, plat_clock_boot(), (int64_t)max);
	while (n < max && db_row(db, q)) {
		out[n].id = db_int(q, 0);
		out[n].fence = db_int(q, 1) + 1;
		snprintf(out[n].worker, sizeof out[n].worker, "%s", worker);
		out[n].push = task_json(q, out[n].fence);
		n++;
	}
	db_end(q);
	for (unsigned i = 0; i < n; i++)
		db_run(db, "UPDATE task SET state = 'leased', fence = ?, attempts = attempts + 1, lease_boot = 0,"
			" updated = ? WHERE id = ?", "iii", out[i].fence, core_stamp(db), out[i].id);
	return n;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

int64_t core_tasks_due(struct db *db, const char *const workers[], unsigned count)
{
	int64_t due = db_number(db, 0, "SELECT min(deadline_boot) FROM operation WHERE state = 'processing'", "");

	due = sooner(due, db_number(db, 0, "SELECT min(lease_boot) FROM task WHERE state = 'leased' AND lease_boot > 0", ""));
	for (unsigned i = 0; i < count; i++)
		due = sooner(due, db_number(db, 0, "SELECT min(due_boot) FROM task WHERE worker = ? AND state = 'waiting'",
			"t", workers[i]));
	return due;
}

void core_tasks_return(struct db *db, const char *worker, const struct core_running *running, unsigned count)
{
	int64_t now = plat_clock_boot();

	/* All are taken for lost, then those it holds are given back to it. */
	db_run(db, "UPDATE task SET lease_boot = -1 WHERE worker = ? AND state = 'leased'", "t", worker);
	for (unsigned i = 0; i < count; i++)
		db_run(db, "UPDATE task SET lease_boot = 0 WHERE id = ? AND fence = ? AND worker = ? AND state = 'leased'",
			"iit", running[i].task, running[i].fence, worker);
	db_run(db, "UPDATE task SET state = 'waiting', due_boot = ?, lease_boot = 0 WHERE worker = ?"
		" AND state = 'leased' AND lease_boot = -1", "it", now, worker);
}

void core_tasks_lost(struct db *db, const char *worker)
{
	db_run(db, "UPDATE task SET lease_boot = ? WHERE worker = ? AND state = 'leased'", "it",
		plat_clock_boot() + SECONDS(CORE_TASK_LEASE), worker);
}

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
	char object[24], data[96];

	snprintf(object, sizeof object, "%" PRId64, task);
	snprintf(data, sizeof data, "{\"worker\":\"%s\",\"fence\":%" PRId64 "}", worker, fence);
	core_event(db, "task.late", object, data);
}

static void task_end(struct db *db, int64_t task, const char *state, const char *message, const char *output)
{
	db_run(db, "UPDATE task SET state = ?, message = ?, output = ?, updated = ? WHERE id = ?", "tttii", state,
		message, output, core_stamp(db), task);
}

bool core_task_result(struct db *db, const char *worker, int64_t task, int64_t fence, bool done, const char *message,
	const char *output)
{
	int64_t operation, attempts;
	sqlite3_stmt *q;

	q = db_query(db, "SELECT operation, attempts FROM task WHERE id = ? AND fence = ? AND worker = ?"
		" AND state = 'leased'", "iit", task, fence, worker);
	if (!db_row(db, q)) {
		record_late(db, worker, task, fence);
		return false;
	}
	operation = db_int(q, 0);
	attempts = db_int(q, 1);
	db_end(q);
	if (done) {
		task_end(db, task, "done", message, output);
		operation_end(db, operation, "done", "");
	} else if (attempts >= CORE_TASK_ATTEMPTS) {
		task_end(db, task, "failed", message, output);
		operation_end(db, operation, "failed", message);
	} else {
		task_end(db, task, "waiting", message, output);
		db_run(db, "UPDATE task SET due_boot = ? WHERE id = ?", "ii", plat_clock_boot() + backoff(attempts), task);
	}
	return true;
}

/* Giving tasks out: fairly, and no two of one machine at once. */
#include <stdio.h>
#include <string.h>

#include "plant.h"
#include "tasks.h"
#include "truth.h"
#include "plat/clock.h"

/* Whose turn it is: the tasks of one workspace at one provider are a queue of their own. */
struct queue { char workspace[OBJECT_ID], provider[OBJECT_ID]; };

/* A task is the worker's from here on: the fence grows.  Its lease does not run out while a room is connected; a
 * machine's agent keeps its journal, so its lease is the deadline. */
static void give(struct db *db, int64_t id)
{
	const struct core_task_kind *kind;
	struct core_task t;

	if (!core_task_read(db, id, &t))
		return;
	t.state = TASK_LEASED;
	t.fence += PLANTED("same-fence") && t.fence ? 0 : 1;
	t.attempts++;
	t.deadline_boot = plat_clock_boot() + (t.run + CORE_TASK_SLACK) * PLAT_SECOND;
	kind = core_task_kind(t.kind);
	if (kind && kind->given)
		kind->given(db, &t);
	db_run(db, "UPDATE task SET state = 'leased', fence = ?1, attempts = ?2, cancel = 0, lease_boot = 0, deadline_boot = ?3,"
		" deadline = ?4 + (run + ?5) * 1000000, started = CASE WHEN started = 0 THEN ?4 ELSE started END, updated = ?6,"
		" activity = ?7 WHERE id = ?8", "iiiiiiti", t.fence, t.attempts, t.deadline_boot, plat_clock_wall(),
		(int64_t)CORE_TASK_SLACK, core_stamp(db), t.activity, id);
	core_task_free(&t);
}

static int64_t leased_of(struct db *db, const char *worker, const char *workspace)
{
	return workspace ? db_number(db, 0, "SELECT count(*) FROM task WHERE worker = ? AND workspace = ? AND state = 'leased'", "tt",
		worker, workspace) : db_number(db, 0, "SELECT count(*) FROM task WHERE worker = ? AND state = 'leased'", "t", worker);
}

/* The queue after this one that has something waiting, or the first. */
static bool next_queue(struct db *db, const char *worker, struct queue *at)
{
	sqlite3_stmt *q = db_query(db, "SELECT workspace, provider FROM task WHERE worker = ?1 AND state = 'waiting' AND"
		" (workspace, provider) > (?2, ?3) ORDER BY workspace, provider LIMIT 1", "ttt", worker, at->workspace, at->provider);

	if (!db_row(db, q))
		return false;
	snprintf(at->workspace, sizeof at->workspace, "%s", db_text(q, 0));
	snprintf(at->provider, sizeof at->provider, "%s", db_text(q, 1));
	db_end(q);
	return true;
}

/* The first of the queue that may be given out, 0 = none. */
static int64_t first_of(struct db *db, const char *worker, const struct queue *at, int64_t workspace_max)
{
	if (at->workspace[0] && leased_of(db, worker, at->workspace) >= workspace_max)
		return 0;
	if (at->provider[0] && db_number(db, 0, "SELECT count(*) FROM task WHERE provider = ? AND state = 'leased' AND provider <> ''",
			"t", at->provider) >= CORE_PROVIDER_TASKS)
		return 0;
	if (PLANTED("double-lease"))
		return db_number(db, 0, "SELECT id FROM task t WHERE worker = ?1 AND workspace = ?2 AND provider = ?3 AND state = 'waiting'"
		" AND due_boot <= ?4 ORDER BY due_boot, id LIMIT 1", "ttti", worker, at->workspace, at->provider, plat_clock_boot());
	return db_number(db, 0, "SELECT id FROM task t WHERE worker = ?1 AND workspace = ?2 AND provider = ?3 AND state = 'waiting'"
		" AND due_boot <= ?4 AND (machine = '' OR NOT EXISTS(SELECT 1 FROM task o WHERE o.machine = t.machine AND o.machine <> ''"
		" AND o.state = 'leased' AND o.kind <> 'script')) ORDER BY due_boot, id LIMIT 1", "ttti", worker, at->workspace,
		at->provider, plat_clock_boot());
}

unsigned core_tasks_lease(struct db *db, const char *worker, int64_t out[], unsigned max)
{
	int64_t slots = db_number(db, 0, "SELECT slots FROM worker WHERE name = ? AND connected = 1", "t", worker);
	int64_t free_slots = slots - leased_of(db, worker, NULL), id, half = slots / 2 ? slots / 2 : 1;
	struct queue at = { "", "" };
	unsigned n = 0, idle = 0;
	sqlite3_stmt *q;

	if (free_slots <= 0)
		return 0;
	q = db_query(db, "SELECT last_workspace, last_provider FROM worker WHERE name = ?", "t", worker);
	if (db_row(db, q)) {
		snprintf(at.workspace, sizeof at.workspace, "%s", db_text(q, 0));
		snprintf(at.provider, sizeof at.provider, "%s", db_text(q, 1));
		db_end(q);
	}
	/* Twice around without a task: there is none. */
	while (n < max && n < free_slots && idle < 2) {
		if (!next_queue(db, worker, &at)) {
			idle++;
			at = (struct queue){ "", "" };
			/* The queue without either name would never come after another. */
			id = first_of(db, worker, &at, half);
		} else {
			id = first_of(db, worker, &at, half);
		}
		if (!id)
			continue;
		give(db, id);
		out[n++] = id;
		idle = 0;
	}
	if (n)
		db_run(db, "UPDATE worker SET last_workspace = ?, last_provider = ? WHERE name = ?", "ttt", at.workspace, at.provider,
			worker);
	return n;
}

unsigned core_tasks_lease_machines(struct db *db, int64_t out[], unsigned max)
{
	/* due_boot says that the agent is there; the one it still runs (and is to stop) comes first. */
	sqlite3_stmt *q = db_query(db, "SELECT id FROM task t WHERE state = 'waiting' AND kind = 'script' AND due_boot <= ?1"
		" AND NOT EXISTS(SELECT 1 FROM task o WHERE o.machine = t.machine AND o.machine <> '' AND o.state = 'leased')"
		" ORDER BY due_boot, id LIMIT ?2", "ii", plat_clock_boot(), (int64_t)max);
	unsigned n = 0, given = 0;
	int64_t ids[CORE_TASK_BATCH];

	while (n < max && n < CORE_TASK_BATCH && db_row(db, q))
		ids[n++] = db_int(q, 0);
	db_end(q);
	for (unsigned i = 0; i < n; i++) {
		/* Two of one machine in this very turn. */
		if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task o JOIN task t ON o.machine = t.machine WHERE t.id = ?"
				" AND o.machine <> '' AND o.state = 'leased')", "i", ids[i]))
			continue;
		give(db, ids[i]);
		out[given++] = ids[i];
	}
	return given;
}

unsigned core_tasks_cancels(struct db *db, int64_t out[], unsigned max)
{
	sqlite3_stmt *q = db_query(db, "SELECT t.id FROM task t WHERE cancel = 1 AND (worker IN (SELECT name FROM"
		" worker WHERE connected = 1) OR machine IN (SELECT id FROM machine WHERE channel <> 0)) LIMIT ?", "i", (int64_t)max);
	unsigned n = 0;

	while (n < max && db_row(db, q))
		out[n++] = db_int(q, 0);
	db_end(q);
	for (unsigned i = 0; i < n; i++)
		db_run(db, "UPDATE task SET cancel = 2 WHERE id = ?", "i", out[i]);
	return n;
}

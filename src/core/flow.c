#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "machine.h"
#include "plant.h"
#include "provider.h"
#include "rebind.h"
#include "truth.h"
#include "plat/clock.h"
#include "plat/text.h"

/* ---- rows ---- */

static bool flow_read(struct db *db, const char *operation, struct flow *f)
{
	sqlite3_stmt *q = db_query(db, "SELECT instance, workspace, provider, plan, step, state, why FROM flow WHERE operation = ?", "t",
		operation);

	memset(f, 0, sizeof *f);
	if (!db_row(db, q))
		return false;
	plat_text(f->operation, sizeof f->operation, operation);
	db_copy(q, 0, f->instance, sizeof f->instance);
	db_copy(q, 1, f->workspace, sizeof f->workspace);
	db_copy(q, 2, f->provider, sizeof f->provider);
	db_copy(q, 3, f->plan, sizeof f->plan);
	f->step = db_int(q, 4);
	f->state = (enum flow_state)chart_state(&chart_flow, db_text(q, 5));
	db_copy(q, 6, f->why, sizeof f->why);
	db_end(q);
	return true;
}

/* Writes what the chart says; false when the state does not take the event. */
static bool move(struct db *db, struct flow *f, enum flow_event event)
{
	if (!chart_takes(&chart_flow, f->state, event))
		return false;
	f->state = (enum flow_state)chart_next(&chart_flow, f->state, event);
	db_run(db, "UPDATE flow SET state = ?, step = ?, why = ?, updated = ? WHERE operation = ?", "titit",
		chart_word(&chart_flow, f->state), f->step, f->why, core_stamp(db), f->operation);
	return true;
}

const char *flow_worker(const char *provider_type)
{
	return !strcmp(provider_type, PROVIDER_TEST) ? "demo" : "cloud";
}

void flow_provider(const struct object *instance, char out[OBJECT_ID])
{
	const char *id = yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(instance->doc->root, "policy_box"), "provider_id"));

	snprintf(out, OBJECT_ID, "%s", id ? id : "");
}

void flow_begin(struct db *db, const struct object *instance, const char *operation, const char *plan)
{
	bool agents = db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM machine WHERE instance = ? AND state = 'online')", "t", instance->id);
	char provider[OBJECT_ID];
	int64_t now = core_stamp(db);

	flow_provider(instance, provider);
	db_run(db, "INSERT INTO flow(operation, instance, workspace, provider, plan, state, due_boot, created, updated)"
		" VALUES(?, ?, ?, ?, ?, 'queued', ?, ?, ?)", "ttttt" "iii", operation, instance->id, instance->owner, provider, plan,
		plat_clock_boot() + (agents ? INSTANCE_STEP_SHORT : INSTANCE_STEP), now, now);
}

/* ---- the end ---- */

static int64_t open_tasks(struct db *db, const struct flow *f)
{
	return db_number(db, 0, "SELECT count(*) FROM task WHERE flow = ? AND flow <> '' AND state IN ('waiting', 'leased')", "t",
		f->operation);
}

/* A good end: the words the table of instances has for it. */
static void finish(struct db *db, struct flow *f)
{
	struct object instance;
	struct life_step step;
	char text[96];

	if (!move(db, f, FLOW_FINISHED) || !object_get(db, OBJECT_INSTANCE, f->instance, &instance))
		return;
	step = life_decide(instance_state(&instance), instance_event(&instance), LIFE_SUCCEEDED);
	snprintf(text, sizeof text, "%s: done.", f->plan);
	if (step.verdict == LIFE_END)
		instance_end(db, &instance, step.state, NULL, f->why[0] ? f->why : text);
	object_free(&instance);
	rebind_soon(db);
}

static void drained(struct db *db, const char *operation)
{
	struct object instance;
	struct life_step step;
	struct flow f;

	if (!flow_read(db, operation, &f) || f.state != FLOW_FAILING || open_tasks(db, &f) || !move(db, &f, FLOW_DRAINED))
		return;
	if (!object_get(db, OBJECT_INSTANCE, f.instance, &instance))
		return;
	step = life_decide(instance_state(&instance), instance_event(&instance), LIFE_FAILED);
	if (PLANTED("failed-is-done"))
		step.state = LIFE_DONE;
	if (step.verdict == LIFE_END)
		instance_end(db, &instance, step.state, NULL, f.why);
	object_free(&instance);
}

static void drop_waiting(struct db *db, const char *operation, const char *why)
{
	int64_t id;

	while ((id = db_number(db, 0, "SELECT id FROM task WHERE flow = ? AND flow <> '' AND state = 'waiting' LIMIT 1", "t",
			operation)))
		if (!core_task_cancel(db, id, why))
			return;
}

static void fail(struct db *db, struct flow *f, const char *why)
{
	/* Who fails a flow for its own reason has it there already. */
	if ((f->state == FLOW_RUNNING || f->state == FLOW_QUEUED) && why != f->why)
		snprintf(f->why, sizeof f->why, "%s", why);
	if (!move(db, f, FLOW_FAILED))
		return;
	drop_waiting(db, f->operation, "another task of the operation failed");
	drained(db, f->operation);
}

void flow_stop(struct db *db, const char *instance, enum flow_event event, const char *why)
{
	char operation[OBJECT_ID];
	sqlite3_stmt *q;
	struct flow f;
	int64_t id;

	q = db_query(db, "SELECT operation FROM flow WHERE instance = ? AND state IN ('queued', 'running', 'failing')", "t", instance);
	while (db_row(db, q)) {
		db_copy(q, 0, operation, sizeof operation);
		db_end(q);
		if (!flow_read(db, operation, &f))
			return;
		snprintf(f.why, sizeof f.why, "%s", why);
		if (!move(db, &f, event))
			return;
		drop_waiting(db, operation, why);
		while (!PLANTED("abort-forgets") && (id = db_number(db, 0, "SELECT id FROM task WHERE flow = ? AND flow <> '' AND"
				" state = 'leased' AND cancel = 0 LIMIT 1", "t", operation)))
			if (!core_task_cancel(db, id, why))
				break;
		q = db_query(db, "SELECT operation FROM flow WHERE instance = ? AND state IN ('queued', 'running', 'failing')", "t",
			instance);
	}
}

void flow_forget(struct db *db, const char *instance)
{
	flow_stop(db, instance, FLOW_CUT, "the instance was deleted");
	db_run(db, "DELETE FROM flow WHERE instance = ?", "t", instance);
	/* What they wrote is erased after the commit (output_gone.c). */
	db_run(db, "INSERT OR IGNORE INTO output_gone(task) SELECT id FROM task WHERE instance = ? AND instance <> '' AND kind = 'script'"
		" AND state NOT IN ('waiting', 'leased')", "t", instance);
	db_run(db, "DELETE FROM task WHERE instance = ? AND instance <> '' AND state NOT IN ('waiting', 'leased')", "t", instance);
}

/* ---- from step to step ---- */

static const struct plan_step *step_of(const struct flow *f)
{
	const struct plan *p = plan_by_name(f->plan);

	/* A plan of a newer release that ran before this one. */
	return p && f->step >= 0 && f->step < PLAN_STEPS ? &p->steps[f->step] : NULL;
}

/* Enters steps until one has tasks, or the end. */
static void go(struct db *db, struct flow *f)
{
	const struct plan_step *s;
	enum flow_entered entered;

	for (;; f->step++) {
		s = step_of(f);
		if (!s) {
			fail(db, f, "this release does not know the operation");
			return;
		}
		if (s->kind == PLAN_END) {
			finish(db, f);
			return;
		}
		db_run(db, "UPDATE flow SET step = ?, updated = ? WHERE operation = ?", "iit", f->step, core_stamp(db), f->operation);
		entered = flow_enter(db, f, s);
		if (entered == FLOW_IMPOSSIBLE)
			fail(db, f, f->why);
		if (entered != FLOW_PAST || db_error(db))
			return;
	}
}

/* Is there another script for this machine in this step? */
static bool next_script(struct db *db, const struct flow *f, const struct core_task *t)
{
	const struct plan_step *s = step_of(f);
	const struct object *instance = strcmp(t->kind, "script") == 0 && s ? flow_recent(db, f->instance) : NULL;

	return instance && flow_script_add(db, f, instance, s->event, t->machine, (unsigned)t->part + 1);
}

void flow_task_ended(struct db *db, const struct core_task *t, const char *why)
{
	struct flow f;

	if (!t->flow[0] || !flow_read(db, t->flow, &f) || f.step != t->step)
		return;
	if (f.state == FLOW_FAILING) {
		drained(db, f.operation);
		return;
	}
	if (f.state != FLOW_RUNNING)
		return;
	if (t->state != TASK_DONE) {
		fail(db, &f, why);
		return;
	}
	/* Now and then the result is kept and nothing follows from it. */
	if (PLANTED("no-successor") && t->id % 7 == 3)
		return;
	if (next_script(db, &f, t) || (open_tasks(db, &f) && !PLANTED("no-barrier")))
		return;
	f.step++;
	go(db, &f);
}

bool flow_waits_for(struct db *db, const struct core_task *t)
{
	struct flow f;

	return t->flow[0] && flow_read(db, t->flow, &f) && f.state == FLOW_RUNNING && f.step == t->step;
}

/* ---- the queue ---- */

static bool start_one(struct db *db, const char *operation)
{
	struct flow f;

	if (!flow_read(db, operation, &f) || f.state != FLOW_QUEUED)
		return false;
	move(db, &f, FLOW_START);
	go(db, &f);
	return true;
}

/* The workspace after this one that has something due; its first operation. */
static bool next_queued(struct db *db, char workspace[OBJECT_ID], char operation[OBJECT_ID], int64_t now)
{
	sqlite3_stmt *q = db_query(db, "SELECT workspace FROM flow WHERE state = 'queued' AND workspace > ? ORDER BY workspace LIMIT 1",
		"t", workspace);

	if (!db_row(db, q))
		return false;
	db_copy(q, 0, workspace, OBJECT_ID);
	db_end(q);
	operation[0] = 0;
	q = db_query(db, "SELECT operation FROM flow WHERE state = 'queued' AND workspace = ? AND due_boot <= ?"
		" ORDER BY due_boot LIMIT 1", "ti", workspace, now);
	if (db_row(db, q)) {
		db_copy(q, 0, operation, OBJECT_ID);
		db_end(q);
	}
	return true;
}

int flow_run(struct db *db)
{
	char workspace[OBJECT_ID], operation[OBJECT_ID];
	int64_t now = plat_clock_boot();
	int n = 0, round;

	core_meta_get(db, "flow_turn", workspace, sizeof workspace);
	for (round = 0; round < 2 && n < FLOW_BATCH && !db_error(db);) {
		if (!next_queued(db, workspace, operation, now)) {
			workspace[0] = 0;
			round++;
		} else if (operation[0] && start_one(db, operation)) {
			n++;
			round = 0;
		}
	}
	if (n)
		core_meta_set(db, "flow_turn", workspace);
	return n;
}

int64_t flow_due(struct db *db)
{
	char workspace[OBJECT_ID] = "";
	int64_t due = 0, at;
	sqlite3_stmt *q;

	for (;;) {
		q = db_query(db, "SELECT workspace FROM flow WHERE state = 'queued' AND workspace > ? ORDER BY workspace LIMIT 1", "t",
			workspace);
		if (!db_row(db, q))
			return due;
		db_copy(q, 0, workspace, sizeof workspace);
		db_end(q);
		at = db_number(db, 0, "SELECT min(due_boot) FROM flow WHERE state = 'queued' AND workspace = ?", "t", workspace);
		due = !due || at < due ? at : due;
	}
}

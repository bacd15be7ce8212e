/* What must hold, whatever goes wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define INSTANCES 64
#define ACKNOWLEDGED 512
#define PLACES 256
/* Another task has taken the place of t: its script was interrupted. */
#define TRIED_AGAIN "(t.state = 'failed' AND EXISTS(SELECT 1 FROM task r WHERE r.key LIKE '%/r' || t.id AND r.flow = t.flow))"

unsigned long sim_violations;
char sim_first[400];

struct seen { char id[OBJECT_ID]; enum life_state state; enum life_event event; };
static struct seen seen[INSTANCES];
static struct { int64_t task, fence; } acknowledged[ACKNOWLEDGED];
static unsigned acknowledged_count;
/* How far the scripts of an operation are on a machine. */
static struct place { char flow[OBJECT_ID], machine[OBJECT_ID]; int64_t at; } places[PLACES];
static unsigned place_count;

void sim_violation(const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!sim_violations++)
		snprintf(sim_first, sizeof sim_first, "at %.3f s: %s", (double)sim_now() / SECOND, text);
	sim_say("VIOLATION: %s", text);
}

void checks_reset(void)
{
	memset(seen, 0, sizeof seen);
	memset(places, 0, sizeof places);
	acknowledged_count = place_count = 0;
	sim_violations = 0;
	sim_first[0] = 0;
}

/* ---- instances move by their table ---- */

static bool reaches(enum life_state s, enum life_event e, enum life_state to_s, enum life_event to_e, int depth)
{
	struct life_step step;

	if (s == to_s && e == to_e)
		return true;
	for (enum life_action a = LIFE_DO_DEPLOY; depth && a < LIFE_ACTIONS; a++) {
		step = life_decide(s, e, a);
		if (step.verdict >= LIFE_START && step.verdict <= LIFE_END && reaches(step.state, step.event, to_s, to_e, depth - 1))
			return true;
	}
	return false;
}

static struct seen *place_of(const char *id)
{
	for (int i = 0; i < INSTANCES; i++)
		if (!seen[i].id[0] || !strcmp(seen[i].id, id))
			return &seen[i];
	return NULL;
}

static void check_instance(sqlite3_stmt *q)
{
	enum life_state s = life_state_of(db_text(q, 1));
	enum life_event e = life_event_of(db_text(q, 2));
	struct seen *was = place_of(db_text(q, 0));

	if (!life_situation(s, e))
		sim_violation("instance %s: %s/%s is no state", db_text(q, 0), db_text(q, 1), db_text(q, 2));
	if (was && was->id[0] && (was->state != s || was->event != e) && !reaches(was->state, was->event, s, e, 3))
		sim_violation("instance %s went from %s/%s to %s/%s", was->id, life_state_word(was->state), life_event_word(was->event),
			db_text(q, 1), db_text(q, 2));
	if (was)
		*was = (struct seen){ .state = s, .event = e };
	if (was)
		snprintf(was->id, sizeof was->id, "%s", db_text(q, 0));
}

/* ---- after each change ---- */

static void check_none(const char *what, int64_t n)
{
	if (n)
		sim_violation("%s", what);
}

void checks_after(void)
{
	sqlite3_stmt *q = db_query(core_db, "SELECT id, state, json_extract(doc, '$.operation.event') FROM object WHERE kind = 5", "");

	while (db_row(core_db, q))
		check_instance(q);
	check_none("a task was tried more often than it may be", db_number(core_db, 0,
		"SELECT EXISTS(SELECT 1 FROM task WHERE state IN ('waiting', 'leased') AND attempts - lost > attempts_max + 1)", ""));
	check_none("a task waits whose worker was lost too often", db_number(core_db, 0,
		"SELECT EXISTS(SELECT 1 FROM task WHERE state IN ('waiting', 'leased') AND lost >= ?)", "i", (int64_t)CORE_TASK_LOSSES));
	check_none("two operations of one instance run", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM flow WHERE state IN"
		" ('queued', 'running', 'failing') GROUP BY instance HAVING count(*) > 1)", ""));
	check_none("an operation is done in which a task is not", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task t JOIN flow f"
		" ON f.operation = t.flow WHERE f.state = 'done' AND t.state <> 'done' AND NOT " TRIED_AGAIN ")", ""));
	check_none("a client is told that a failed operation is done", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM flow f JOIN object o"
		" ON o.kind = 7 AND o.id = f.operation WHERE f.state = 'unavailable' AND o.state = 'done')", ""));
	check_none("an operation runs that has nothing to wait for", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM flow f WHERE"
		" f.state IN ('running', 'failing') AND NOT EXISTS(SELECT 1 FROM task t WHERE t.flow = f.operation AND t.state IN"
		" ('waiting', 'leased')))", ""));
	if (db_error_take(core_db))
		sim_violation("the database fails");
}

void checks_acknowledged(int64_t task, int64_t fence)
{
	acknowledged[acknowledged_count % ACKNOWLEDGED].task = task;
	acknowledged[acknowledged_count++ % ACKNOWLEDGED].fence = fence;
}

static void check_acknowledged(void)
{
	unsigned n = acknowledged_count < ACKNOWLEDGED ? acknowledged_count : ACKNOWLEDGED;

	for (unsigned i = 0; i < n; i++)
		if (db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND fence = ? AND state = 'leased')", "ii",
				acknowledged[i].task, acknowledged[i].fence))
			sim_violation("task %lld: its result was acknowledged, and is gone", (long long)acknowledged[i].task);
	acknowledged_count = 0;
}

/* ---- scripts run in the order of the plan ---- */

void checks_script_begins(const char *machine, int64_t task)
{
	struct core_task t;
	struct place *p = NULL;

	check_none("a script begins before all of the step before have ended", core_db ? db_number(core_db, 0, "SELECT EXISTS(SELECT 1"
		" FROM task n JOIN task t ON t.flow = n.flow AND t.step < n.step WHERE n.id = ? AND t.state <> 'done' AND NOT " TRIED_AGAIN ")", "i",
		task) : 0);
	if (!core_db || !core_task_read(core_db, task, &t))
		return;
	for (unsigned i = 0; i < PLACES && i < place_count && !p; i++)
		if (!strcmp(places[i].flow, t.flow) && !strcmp(places[i].machine, machine))
			p = &places[i];
	if (p && t.step * 1000 + t.part < p->at)
		sim_violation("machine %s: scripts run in another order than the plan's", machine);
	if (!p)
		p = &places[place_count++ % PLACES];
	snprintf(p->flow, sizeof p->flow, "%s", t.flow);
	snprintf(p->machine, sizeof p->machine, "%s", machine);
	p->at = t.step * 1000 + t.part;
	core_task_free(&t);
}

/* ---- the end ---- */

bool checks_settled(void)
{
	if (!core_db)
		return false;
	check_acknowledged();
	people_check();
	return !db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM flow WHERE state IN ('queued', 'running', 'failing'))", "") &&
		!db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE flow <> '' AND state IN ('waiting', 'leased'))", "");
}

static void check_machines(void)
{
	sqlite3_stmt *q = db_query(core_db, "SELECT id, external_id, state FROM machine", "");
	char id[OBJECT_ID], external_id[64];
	unsigned n;

	while (db_row(core_db, q)) {
		snprintf(id, sizeof id, "%s", db_text(q, 0));
		snprintf(external_id, sizeof external_id, "%s", db_text(q, 1));
		n = cloud_count(id);
		if (n > 1)
			sim_violation("machine %s is there %u times", id, n);
		if (!strcmp(db_text(q, 2), "gone") ? n : external_id[0] && strcmp(db_text(q, 2), "leaving") && !cloud_has(external_id))
			sim_violation("machine %s is %s, the provider has %u", id, db_text(q, 2), n);
	}
	if (cloud_count(NULL) > (unsigned)db_number(core_db, 0, "SELECT count(*) FROM machine WHERE state <> 'gone'", ""))
		sim_violation("machines are left behind");
}

void checks_end(void)
{
	check_none("an instance is processing, and nothing of it runs", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM object"
		" WHERE kind = 5 AND state = 'processing')", ""));
	check_none("an operation is recorded as processing", db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 7"
		" AND state = 'processing')", ""));
	check_machines();
	check_acknowledged();
}

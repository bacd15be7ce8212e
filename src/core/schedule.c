#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "provider.h"
#include "schedule.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"

#define EVERY "every "
#define HOUR (INT64_C(3600) * PLAT_SECOND)
#define KEY 160

static const struct schedule_kind kinds[] = {
	{ "provider.sync", provider_schedule_sync },
	{ "provider.reconcile", provider_schedule_list },
};

static const char *const catch_ups[] = { [SCHEDULE_SKIP] = "skip", [SCHEDULE_ONCE] = "once", [SCHEDULE_ALL] = "all" };

struct row {
	char key[KEY], kind[32], object[OBJECT_ID], rule[96], catch_up[8];
	int64_t jitter, last, last_boot, next, next_boot, task;
};

/* Seconds of "every n", 0 = it is a cron rule. */
static int64_t period(const char *rule)
{
	return !strncmp(rule, EVERY, sizeof EVERY - 1) ? atoll(rule + sizeof EVERY - 1) : 0;
}

static int64_t jitter(int64_t seconds)
{
	return seconds > 0 ? (int64_t)plat_random_below((uint32_t)seconds * 1000 + 1) * (PLAT_SECOND / 1000) : 0;
}

/* Sets when it is next: by the boot clock; of cron rules the wall time that means, looked at now and then. */
static void plan(struct db *db, struct row *r, int64_t after)
{
	int64_t wall = plat_clock_wall(), boot = plat_clock_boot(), every = period(r->rule);

	if (every) {
		r->next_boot = boot + every * PLAT_SECOND + jitter(r->jitter);
		r->next = wall + (r->next_boot - boot);
	} else {
		r->next = cron_next(r->rule, after) + jitter(r->jitter);
		r->next_boot = boot + (r->next - wall < SCHEDULE_LOOK ? r->next - wall : SCHEDULE_LOOK);
	}
	db_run(db, "UPDATE schedule SET next = ?, next_boot = ?, last = ?, last_boot = ?, task = ? WHERE key = ?", "iiiiit", r->next,
		r->next_boot, r->last, r->last_boot, r->task, r->key);
}

bool schedule_set(struct db *db, const char *key, const char *kind, const char *object, const char *rule,
	enum schedule_catch_up catch_up, int jitter_seconds)
{
	struct row r = { .jitter = jitter_seconds, .last = plat_clock_wall(), .last_boot = plat_clock_boot() };

	if (!period(rule) && cron_next(rule, plat_clock_wall()) < 0)
		return false;
	/* The same again changes nothing, so that it does not begin anew each time. */
	if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM schedule WHERE key = ? AND rule = ? AND catch_up = ? AND jitter = ?)", "ttti",
			key, rule, catch_ups[catch_up], (int64_t)jitter_seconds))
		return true;
	db_run(db, "INSERT INTO schedule(key, kind, object, rule, catch_up, jitter, last, last_boot, next, next_boot)"
		" VALUES(?, ?, ?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT(key) DO UPDATE SET rule = excluded.rule,"
		" catch_up = excluded.catch_up, jitter = excluded.jitter", "ttttti", key, kind, object, rule, catch_ups[catch_up],
		(int64_t)jitter_seconds);
	snprintf(r.key, sizeof r.key, "%s", key);
	snprintf(r.rule, sizeof r.rule, "%s", rule);
	plan(db, &r, plat_clock_wall());
	return true;
}

void schedule_drop(struct db *db, const char *object)
{
	db_run(db, "DELETE FROM schedule WHERE object = ?", "t", object);
}

/* Intervals that ran out while the appliance was off are due, once; the rest of the others goes on. */
void schedule_boot(struct db *db, bool other_boot)
{
	int64_t wall = plat_clock_wall(), boot = plat_clock_boot();

	if (!other_boot)
		return;
	db_run(db, "UPDATE schedule SET next_boot = ?1 + max(0, min(?2, next - ?3)), last_boot = ?1 - max(0, ?3 - last)", "iii", boot,
		SCHEDULE_LOOK, wall);
}

/* ---- running ---- */

static bool read_due(struct db *db, struct row *r)
{
	sqlite3_stmt *q = db_query(db, "SELECT key, kind, object, rule, catch_up, jitter, last, last_boot, next, next_boot, task"
		" FROM schedule WHERE next_boot <= ? ORDER BY next_boot LIMIT 1", "i", plat_clock_boot());

	if (!db_row(db, q))
		return false;
	snprintf(r->key, sizeof r->key, "%s", db_text(q, 0));
	snprintf(r->kind, sizeof r->kind, "%s", db_text(q, 1));
	snprintf(r->object, sizeof r->object, "%s", db_text(q, 2));
	snprintf(r->rule, sizeof r->rule, "%s", db_text(q, 3));
	snprintf(r->catch_up, sizeof r->catch_up, "%s", db_text(q, 4));
	r->jitter = db_int(q, 5);
	r->last = db_int(q, 6);
	r->last_boot = db_int(q, 7);
	r->next = db_int(q, 8);
	r->next_boot = db_int(q, 9);
	r->task = db_int(q, 10);
	db_end(q);
	return true;
}

static bool open_task(struct db *db, const struct row *r)
{
	return r->task && db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND state IN ('waiting', 'leased'))", "i",
		r->task);
}

static void run_kind(struct db *db, struct row *r)
{
	/* One at a time. */
	if (open_task(db, r))
		return;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].kind, r->kind)) {
			r->task = kinds[i].run(db, r->object);
			return;
		}
	log_warn("schedule: %s: this release does not know it", r->kind);
}

/* Is a cron rule due?  When its wall time has come; or when the clock was set back so far that it would come
 * much later than its period. */
static bool cron_due(const struct row *r)
{
	int64_t length = r->next - r->last, slack = length < HOUR ? length : HOUR;

	return plat_clock_wall() >= r->next || plat_clock_boot() - r->last_boot >= length + slack;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void look_again(struct db *db, struct row *r, int64_t wait)
{
	r->next_boot = plat_clock_boot() + (wait < SCHEDULE_LOOK ? wait : SCHEDULE_LOOK);
	db_run(db, "UPDATE schedule SET next_boot = ? WHERE key = ?", "it", r->next_boot, r->key);
}

/* One missed time after the other, each when the run before has ended; the oldest are left out when there are too many. */
static void catch_up_all(struct db *db, struct row *r)
{
	int64_t first = r->next, at = r->next, wall = plat_clock_wall();

	for (int n = 0; at >= 0 && at <= wall; n++) {
		at = cron_next(r->rule, at);
		if (n >= SCHEDULE_MISSED_MAX)
			first = cron_next(r->rule, first);
	}
	r->next = first;
	if (open_task(db, r)) {
		look_again(db, r, 10 * PLAT_SECOND);
		return;
	}
	run_kind(db, r);
	r->last = r->next;
	r->last_boot = plat_clock_boot();
	plan(db, r, r->last);
}

static void run_cron(struct db *db, struct row *r)
{
	int64_t wall = plat_clock_wall(), minute = 60 * PLAT_SECOND;
	bool missed = wall - r->next >= minute + r->jitter * PLAT_SECOND;

	if (!cron_due(r)) {
		look_again(db, r, r->next - wall);
		return;
	}
	if (missed && !strcmp(r->catch_up, "all")) {
		catch_up_all(db, r);
		return;
	}
	if (!missed || strcmp(r->catch_up, "skip") != 0)
		run_kind(db, r);
	/* After a clock that was set back far its new time is what counts. */
	r->last = r->next > wall && r->next - wall <= 2 * longer(r->next - r->last, HOUR) ? r->next : wall;
	r->last_boot = plat_clock_boot();
	plan(db, r, r->last);
}

static void run_every(struct db *db, struct row *r)
{
	bool missed = plat_clock_boot() - r->last_boot > 2 * period(r->rule) * PLAT_SECOND + r->jitter * PLAT_SECOND;

	if (!missed || strcmp(r->catch_up, "skip") != 0)
		run_kind(db, r);
	r->last = plat_clock_wall();
	r->last_boot = plat_clock_boot();
	plan(db, r, r->last);
}

int schedule_run(struct db *db)
{
	struct row r;
	int n = 0;

	for (; n < SCHEDULE_BATCH && read_due(db, &r) && !db_error(db); n++)
		if (period(r.rule))
			run_every(db, &r);
		else
			run_cron(db, &r);
	return n;
}

int64_t schedule_due(struct db *db)
{
	return db_number(db, 0, "SELECT min(next_boot) FROM schedule", "");
}

#include <stdio.h>
#include <string.h>

#include "plant.h"
#include "instance.h"
#include "machine.h"
#include "provider.h"
#include "rebind.h"
#include "template_task.h"
#include "timers.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

/* A wall clock that was wrong before the boot must not keep a timer for years. */
#define TIMER_MAX (INT64_C(86400) * PLAT_SECOND)

static const struct core_timer_kind kinds[] = {
	{ "instance.lease", instance_timer_lease },
	{ "instance.template", template_timer },
	{ "provider.sync", provider_timer_sync },
	{ "provider.delete", provider_timer_delete },
	{ "machine.quiet", machine_timer_quiet },
	{ "rebind", rebind_timer_look },
	{ "rebind.reconfigure", rebind_timer_reconfigure },
};

void core_timer_add(struct db *db, const char *kind, const char *object, const char *argument, int64_t delay)
{
	db_run(db, "INSERT INTO step(kind, object, argument, due, due_boot) VALUES(?, ?, ?, ?, ?)", "tttii", kind, object,
		argument, plat_clock_wall() + delay, plat_clock_boot() + delay);
}

void core_timer_once(struct db *db, const char *kind, const char *object, const char *argument, int64_t delay)
{
	if (!db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM step WHERE object = ? AND kind = ?)", "tt", object, kind))
		core_timer_add(db, kind, object, argument, delay);
}

void core_timers_drop(struct db *db, const char *object, const char *kind)
{
	db_run(db, "DELETE FROM step WHERE object = ?1 AND (?2 IS NULL OR kind = ?2)", "tt", object, kind);
}

void core_timers_boot(struct db *db, const char *boot)
{
	char before[64];

	/* As if they were only in memory. */
	if (PLANTED("lost-timer")) {
		db_run(db, "DELETE FROM step", "");
		db_run(db, "UPDATE task SET wait_boot = 0, deadline_boot = 0 WHERE state IN ('waiting', 'leased')", "");
	}
	core_meta_get(db, "step_boot_id", before, sizeof before);
	if (!strcmp(before, boot))
		return;
	core_meta_set(db, "step_boot_id", boot);
	db_run(db, "UPDATE step SET due_boot = ? + max(0, min(?, due - ?))", "iii", plat_clock_boot(), TIMER_MAX,
		plat_clock_wall());
}

static void run_kind(struct db *db, const char *kind, const char *object, const char *argument)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].kind, kind)) {
			kinds[i].run(db, object, argument);
			return;
		}
	/* Of a newer release that ran before this one. */
	log_warn("timer: %s of %s: this release does not know it", kind, object);
}

int core_timers_run(struct db *db)
{
	int64_t now = plat_clock_boot(), id;
	char kind[32], object[OBJECT_ID], argument[512];
	sqlite3_stmt *q;
	int n;

	for (n = 0; n < CORE_TIMER_BATCH && !db_error(db); n++) {
		q = db_query(db, "SELECT id, kind, object, argument FROM step WHERE due_boot <= ? ORDER BY due_boot, id LIMIT 1",
			"i", now);
		if (!db_row(db, q))
			break;
		id = db_int(q, 0);
		snprintf(kind, sizeof kind, "%s", db_text(q, 1));
		snprintf(object, sizeof object, "%s", db_text(q, 2));
		snprintf(argument, sizeof argument, "%s", db_text(q, 3));
		db_end(q);
		db_run(db, "DELETE FROM step WHERE id = ?", "i", id);
		run_kind(db, kind, object, argument);
	}
	return n;
}

int64_t core_timers_due(struct db *db)
{
	return db_number(db, 0, "SELECT min(due_boot) FROM step", "");
}

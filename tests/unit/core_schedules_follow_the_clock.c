/* core: recurrent work: rules, one at a time, what was missed, and clocks that are set. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/provider.h"
#include "core/schedule.h"
#include "core/tasks.h"
#include "core/truth.h"
#include "core/turn.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static struct db *db;
/* 2023-11-14 22:13:20 UTC, a Tuesday. */
#define BEGIN (INT64_C(1700000000) * PLAT_SECOND)
#define MINUTE (60 * PLAT_SECOND)
#define HOUR (60 * MINUTE)
static int64_t wall_now = BEGIN, boot_now = 1000 * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static int64_t wall(void)
{
	return wall_now;
}

static int64_t boot(void)
{
	return boot_now;
}

static bool next_is(const char *rule, int64_t after, const char *want)
{
	char text[PLAT_CLOCK_TEXT];
	int64_t at = cron_next(rule, after);

	if (at < 0)
		return !want;
	plat_clock_text(at, text);
	if (want && !strncmp(text, want, 16))
		return true;
	printf("%s: %s, not %s\n", rule, text, want ? want : "an error");
	return false;
}

static void check_rules(void)
{
	CHECK(next_is("* * * * *", BEGIN, "2023-11-14 22:14"));
	CHECK(next_is("0 * * * *", BEGIN, "2023-11-14 23:00"));
	CHECK(next_is("*/15 3 * * *", BEGIN, "2023-11-15 03:00"));
	CHECK(next_is("5,10 0-2 1 * *", BEGIN, "2023-12-01 00:05"));
	CHECK(next_is("0 0 29 2 *", BEGIN, "2024-02-29 00:00"));
	CHECK(next_is("30 6 * * 1-5", BEGIN, "2023-11-15 06:30"));
	CHECK(next_is("0 12 * * 7", BEGIN, "2023-11-19 12:00") && next_is("0 12 * * 0", BEGIN, "2023-11-19 12:00"));
	/* Either day counts when both are given. */
	CHECK(next_is("0 0 20 * 5", BEGIN, "2023-11-17 00:00"));
	CHECK(next_is("0 22 14 11 *", BEGIN, "2024-11-14 22:00"));
	CHECK(next_is("0 0 31 2 *", BEGIN, NULL) && next_is("60 * * * *", BEGIN, NULL) && next_is("* * * *", BEGIN, NULL));
	CHECK(next_is("a * * * *", BEGIN, NULL) && next_is("1-0 * * * *", BEGIN, NULL) && next_is("*/0 * * * *", BEGIN, NULL));
	CHECK(next_is("", BEGIN, NULL) && next_is("* * * * * *", BEGIN, NULL) && next_is("5- * * * *", BEGIN, NULL));
}

/* ---- running ---- */

static int64_t runs(void)
{
	return db_number(db, 0, "SELECT count(*) FROM task WHERE kind = 'provider.sync'", "");
}

static void look(void)
{
	schedule_run(db);
	CHECK(!db_error_take(db));
}

/* Time goes on; looked at when it is due, as the engine does. */
static void pass(int64_t us)
{
	int64_t end = boot_now + us, due;

	while ((due = schedule_due(db)) && due <= end) {
		if (due > boot_now) {
			wall_now += due - boot_now;
			boot_now = due;
		}
		look();
	}
	wall_now += end - boot_now;
	boot_now = end;
}

static void finish(void)
{
	db_run(db, "UPDATE task SET state = 'done' WHERE state IN ('waiting', 'leased')", "");
}

static void make_world(void)
{
	struct object o;

	object_new(&o, OBJECT_PROVIDER, "prov", "http://elasticbox.net/schemas/test/provider");
	object_set(&o, "type", PROVIDER_TEST);
	object_set(&o, "name", "p");
	provider_state(db, &o, "ready");
	object_free(&o);
	core_room_here(db, "demo", 4, NULL, 0);
}

static void check_every(void)
{
	CHECK(schedule_set(db, "k", "provider.sync", "prov", "every 300", SCHEDULE_ONCE, 0));
	CHECK(!schedule_set(db, "bad", "provider.sync", "prov", "sometimes", SCHEDULE_ONCE, 0));
	pass(299 * PLAT_SECOND);
	CHECK(runs() == 0);
	pass(2 * PLAT_SECOND);
	CHECK(runs() == 1);
	/* One at a time. */
	pass(20 * MINUTE);
	CHECK(runs() == 1);
	finish();
	pass(5 * MINUTE);
	CHECK(runs() == 2);
	finish();
	/* The wall clock says nothing about intervals. */
	wall_now += 1000 * HOUR;
	look();
	CHECK(runs() == 2);
	wall_now -= 3000 * HOUR;
	pass(5 * MINUTE);
	CHECK(runs() == 3);
	finish();
	/* The same rule again does not begin anew. */
	pass(4 * MINUTE);
	CHECK(schedule_set(db, "k", "provider.sync", "prov", "every 300", SCHEDULE_ONCE, 0));
	pass(2 * MINUTE);
	CHECK(runs() == 4);
	finish();
	/* Off for a day: made up for once. */
	turn_boot(db, "other");
	core_room_here(db, "demo", 4, NULL, 0);
	wall_now += 24 * HOUR;
	boot_now = 5 * PLAT_SECOND;
	turn_boot(db, "another");
	core_room_here(db, "demo", 4, NULL, 0);
	pass(PLAT_SECOND);
	CHECK(runs() == 5);
	finish();
	schedule_drop(db, "prov");
}

static void again(enum schedule_catch_up catch_up, const char *rule)
{
	schedule_drop(db, "prov");
	db_run(db, "DELETE FROM task", "");
	wall_now = BEGIN;
	CHECK(schedule_set(db, "c", "provider.sync", "prov", rule, catch_up, 0));
}

/* Runs of the next so many hours, each task done at once. */
static int64_t runs_in(int64_t us)
{
	int64_t before = runs();

	for (int64_t i = 0; i < us; i += MINUTE) {
		pass(MINUTE);
		finish();
	}
	return runs() - before;
}

static void check_cron(void)
{
	again(SCHEDULE_ONCE, "0 * * * *");
	CHECK(runs_in(10 * HOUR) == 10);
	/* Set back: not the same hour twice, and nothing waits for longer than its period and an hour. */
	wall_now -= HOUR;
	CHECK(runs_in(2 * HOUR) >= 1 && runs() <= 12);
	wall_now -= 365 * 24 * HOUR;
	CHECK(runs_in(10 * HOUR) >= 8 && runs() <= 23);
	/* Set forward over 5 of them: once. */
	again(SCHEDULE_ONCE, "0 * * * *");
	wall_now += 5 * HOUR;
	CHECK(runs_in(20 * MINUTE) == 1);
	again(SCHEDULE_SKIP, "0 * * * *");
	wall_now += 5 * HOUR + 20 * MINUTE;
	CHECK(runs_in(20 * MINUTE) == 0 && runs_in(60 * MINUTE) == 1);
	/* All: one after the other. */
	again(SCHEDULE_ALL, "0 * * * *");
	wall_now += 5 * HOUR;
	CHECK(runs_in(20 * MINUTE) == 5);
	again(SCHEDULE_ALL, "* * * * *");
	wall_now += 10 * HOUR;
	CHECK(runs_in(1 * MINUTE) <= SCHEDULE_MISSED_MAX + 2);
}

int main(void)
{
	log_open("test");
	db_start();
	plat_clock_replace(wall, boot);
	check_rules();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	turn_boot(db, "first");
	make_world();
	check_every();
	check_cron();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

/* Core: its writer over a disk in memory, its turns, its deaths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/truth.h"
#include "sim.h"
#include "../crash/cutvfs.h"

#define PATH "core.db"

struct db *core_db;
static struct db_writer writer;
static unsigned life, boots;
static unsigned long kills;
static bool kicked, planned;
static int64_t planned_at;

/* How this change ends. */
enum death { LIVES, DIES_BEFORE, DIES_AFTER, POWER_CUT };

static void up(int64_t unused, char *text);

unsigned long core_kills(void)
{
	return kills;
}

void core_kill(bool power)
{
	if (!core_db)
		return;
	kills++;
	sim_say("core: %s", power ? "power cut" : "killed");
	if (power && !cut_happened())
		cut_after(1);
	/* Without power the closing changes nothing on the disk. */
	if (power)
		sqlite3_exec(db_handle(core_db), "BEGIN IMMEDIATE; UPDATE meta SET value = value; COMMIT", NULL, NULL, NULL);
	db_close(core_db);
	core_db = NULL;
	if (power) {
		cut_power_on();
		sim_reboot();
		boots++;
		if (sim_chance(3))
			sim_set_clock(sim_between(-2 * HOUR, 2 * HOUR));
	}
	cut_after(0);
	room_core_is_down();
	sim_at(sim_between(100000, power ? 40 * SECOND : 2 * SECOND), up, 0, NULL);
}

void core_close(void)
{
	if (core_db)
		db_close(core_db);
	core_db = NULL;
}

struct job { struct db_job job; struct sim_job what; };

static int job_run(struct db *db, struct db_job *job)
{
	struct job *j = (struct job *)job;

	if (cut_happened())
		return -1;
	return j->what.run(db, j->what.arg);
}

/* False: the change is not there, or nobody knows. */
static bool commit(int (*run)(struct db *, void *), void *arg, enum death death)
{
	struct job j = { .job = { .run = job_run, .essential = true }, .what = { run, arg } };
	struct db_job *jobs[] = { &j.job };

	if (death == POWER_CUT)
		cut_after(1 + sim_random(30));
	db_writer_run(&writer, jobs, 1);
	if (cut_happened())
		return false;
	cut_after(0);
	if (j.job.failure) {
		sim_violation("a change failed without a reason: %d", (int)j.job.failure);
		return false;
	}
	checks_after();
	return true;
}

static enum death choose(void)
{
	if (!sim_faults || !sim_chance(60))
		return LIVES;
	return (enum death)(1 + sim_random(3));
}

bool core_do(int (*run)(struct db *, void *), void *arg)
{
	enum death death = choose();

	if (!core_db)
		return false;
	if (death == DIES_BEFORE) {
		core_kill(false);
		return false;
	}
	/* What is said before it is kept is gone when core dies in between; the engine never does that. */
	if (PLANTED("send-early") && death == DIES_AFTER) {
		sqlite3_exec(db_handle(core_db), "BEGIN", NULL, NULL, NULL);
		run(core_db, arg);
		sqlite3_exec(db_handle(core_db), "ROLLBACK", NULL, NULL, NULL);
		db_error_take(core_db);
		core_kill(false);
		return true;
	}
	if (!commit(run, arg, death)) {
		core_kill(true);
		return false;
	}
	if (death == DIES_AFTER) {
		core_kill(false);
		return false;
	}
	core_kick();
	return true;
}

/* ---- turns ---- */

static struct turn turn;
static uint8_t key[32] = { 1, 2, 3 };
/* When keyd opens it for this life of core. */
static int64_t keyed_at;

static bool keyed(void)
{
	return sim_now() >= keyed_at;
}

static int turn_run(struct db *db, void *arg)
{
	(void)arg;
	turn.key = keyed() ? key : NULL;
	turn_take(db, &turn);
	return 0;
}

struct unsent { int64_t task, fence; const char *why; };

static int unsent_run(struct db *db, void *arg)
{
	const struct unsent *u = arg;

	core_task_unsent(db, u->task, u->fence, PREPARE_AGAIN, u->why);
	return 0;
}

/* A reader puts the message together: what happened since the turn it may see. */
static void send_task(int64_t id, char *of_life)
{
	struct prepare_facts facts = { .keyed = keyed(), .host = "appliance", .agents_name = "x.agents.internal", .id = "app", .ca = "PEM" };
	enum prepare_result result;
	struct prepared p;
	char *json;

	if (!core_db || (unsigned)atoll(of_life) != life)
		return;
	memcpy(facts.key, key, sizeof key);
	result = prepare_message(core_db, &facts, id, &p);
	if (result == PREPARE_GOOD) {
		json = yyjson_mut_write(p.context.doc, 0, NULL);
		if (p.channel)
			agent_frame_in(p.channel, json, 0);
		else
			room_task(json);
		free(json);
	} else if (result != PREPARE_GONE) {
		core_do(unsent_run, &(struct unsent){ p.task.id, p.task.fence, p.why });
	}
	prepared_free(&p);
	if (core_db)
		db_error_take(core_db);
}

static void send_cancel(const struct turn_cancel *c)
{
	char json[96];

	snprintf(json, sizeof json, "{\"type\":\"abort\",\"task\":%lld,\"fence\":%lld}", (long long)c->task, (long long)c->fence);
	if (c->channel)
		agent_frame_in(c->channel, json, 0);
	else
		room_cancel(c->task, c->fence);
}

static void turn_at(int64_t of_life, char *text)
{
	char this_life[16];

	(void)text;
	if (!core_db || of_life != life || (planned && planned_at > sim_now()))
		return;
	planned = kicked = false;
	if (!core_do(turn_run, NULL) || !core_db)
		return;
	/* The very moment between what is kept and what is said. */
	if (sim_faults && turn.cancel_count && sim_chance(3) && !PLANTED("send-early")) {
		core_kill(false);
		return;
	}
	/* The key may come while the turn is being kept. */
	if (!keyed() && sim_chance(3))
		keyed_at = sim_now();
	snprintf(this_life, sizeof this_life, "%u", life);
	for (unsigned i = 0; i < turn.task_count && core_db; i++)
		sim_at(sim_between(100, sim_chance(8) ? SECOND : 3000), send_task, turn.tasks[i], this_life);
	for (unsigned i = 0; i < turn.cancel_count; i++)
		send_cancel(&turn.cancels[i]);
	kicked = false;
	if (turn.more) {
		core_kick();
	} else if (turn.due) {
		planned = true;
		planned_at = sim_now() + (turn.due - plat_clock_boot() > 10000 ? turn.due - plat_clock_boot() : 10000);
		sim_at(planned_at - sim_now(), turn_at, life, NULL);
	}
}

void core_kick(void)
{
	if (!core_db || kicked)
		return;
	kicked = true;
	planned = false;
	sim_at(1000, turn_at, life, NULL);
}

/* ---- birth ---- */

static int boot_run(struct db *db, void *arg)
{
	turn_boot(db, arg);
	return 0;
}

static void up(int64_t unused, char *text)
{
	char boot_id[24];

	(void)unused;
	(void)text;
	if (core_db)
		return;
	life++;
	kicked = planned = false;
	keyed_at = sim_now() + (sim_faults && sim_chance(3) ? sim_between(0, 5 * SECOND) : 0);
	memset(&writer, 0, sizeof writer);
	writer.db = core_db = db_open(PATH, "cut", DB_WRITER);
	if (!core_db || db_migrate(core_db, core_schema, core_schema_count, "sim")) {
		sim_violation("the database cannot be opened");
		return;
	}
	sqlite3_wal_autocheckpoint(db_handle(core_db), 60);
	snprintf(boot_id, sizeof boot_id, "boot-%u", boots);
	commit(boot_run, boot_id, LIVES);
	sim_say("core: up, life %u", life);
	room_core_is_up();
	agents_core_is_up();
	core_kick();
}

void core_reset(void)
{
	core_db = NULL;
	boots = 0;
	kills = 0;
	up(0, NULL);
}

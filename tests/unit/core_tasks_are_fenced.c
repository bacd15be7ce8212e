/* core: a task is given out with a growing fence; only the present one counts; leases, retries, deadlines, and everybody's turn. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tasks.h"
#include "core/truth.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t now = 1000 * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static int64_t boot(void)
{
	return now;
}

static struct db *db;

static void add(const char *key, int deadline)
{
	core_task_replace(db, "sysd", "hostname", "appliance", key, "{\"hostname\":\"a\"}", deadline);
}

/* Gives out at most one task: its fence, 0 = none; *id is set. */
static int64_t lease(int64_t *id)
{
	struct core_task t;
	int64_t fence;

	if (!core_tasks_lease(db, "sysd", id, 1) || !core_task_read(db, *id, &t))
		return 0;
	CHECK(strstr(t.input, "\"hostname\":\"a\"") && t.state == TASK_LEASED);
	fence = t.fence;
	core_task_free(&t);
	return fence;
}

static bool result(int64_t id, int64_t fence, enum core_outcome outcome)
{
	return core_task_result(db, "sysd", id, fence, outcome, "why", NULL);
}

static int64_t operations(const char *state)
{
	return db_number(db, 0, "SELECT count(*) FROM operation WHERE state = ?", "t", state);
}

static void check_fence(void)
{
	int64_t id = 0, again = 0;

	add("k1", 1000);
	CHECK(lease(&id) == 1 && lease(&again) == 0);
	/* Connected: it keeps the task for as long as it takes. */
	now += 3600 * PLAT_SECOND / 10;
	core_tasks_expire(db);
	CHECK(lease(&again) == 0);
	/* Lost for longer than the lease: given out again; the old result counts no more. */
	core_room_lost(db, "sysd");
	now += (CORE_TASK_LEASE - 1) * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(db_number(db, 0, "SELECT fence FROM task WHERE id = ? AND state = 'leased'", "i", id) == 1);
	now += 2 * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(lease(&again) == 0);
	core_room_here(db, "sysd", 1, NULL, 0);
	CHECK(lease(&again) == 2 && again == id);
	CHECK(!result(id, 1, CORE_OUTCOME_DONE) && operations("done") == 0);
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'task.late'", "") == 1);
	CHECK(result(id, 2, CORE_OUTCOME_DONE) && operations("done") == 1);
	/* The answer was lost: said again, and taken without an effect. */
	CHECK(result(id, 2, CORE_OUTCOME_DONE) && result(id, 2, CORE_OUTCOME_FAILED) && operations("done") == 1);
	CHECK(!result(id, 1, CORE_OUTCOME_DONE) && !result(id, 3, CORE_OUTCOME_DONE));
}

static void check_return(void)
{
	int64_t id = 0, again = 0;
	struct core_running running;

	add("k2", 1000);
	CHECK(lease(&id) == 1);
	core_room_lost(db, "sysd");
	/* Back in time, still running it: same fence. */
	running = (struct core_running){ id, 1 };
	core_room_here(db, "sysd", 1, &running, 1);
	now += 2 * CORE_TASK_LEASE * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(lease(&again) == 0);
	/* Back without it: at once again, with a higher fence. */
	core_room_here(db, "sysd", 1, NULL, 0);
	CHECK(lease(&again) == 2 && again == id);
	CHECK(!result(id, 1, CORE_OUTCOME_DONE) && result(id, 2, CORE_OUTCOME_DONE));
}

static void check_retry(void)
{
	int64_t id = 0, fence, before = operations("failed");

	add("k3", 86000);
	for (int i = 1; i <= CORE_TASK_ATTEMPTS; i++) {
		fence = lease(&id);
		CHECK(fence == i);
		CHECK(result(id, fence, CORE_OUTCOME_FAILED));
		if (i == CORE_TASK_ATTEMPTS)
			break;
		CHECK(lease(&id) == 0);
		CHECK(core_tasks_due(db) > now);
		CHECK(core_tasks_due(db) <= now + 2 * CORE_TASK_BACKOFF * PLAT_SECOND);
		now = core_tasks_due(db);
	}
	CHECK(lease(&id) == 0 && operations("failed") == before + 1);
	CHECK(!core_tasks_due(db));
	CHECK(db_number(db, 0, "SELECT count(*) FROM operation WHERE state = 'failed' AND message = 'why'", "") == before + 1);
	/* What is refused is not tried again. */
	add("k3r", 86000);
	fence = lease(&id);
	CHECK(result(id, fence, CORE_OUTCOME_REFUSED) && operations("failed") == before + 2 && !lease(&id));
}

static void check_deadline(void)
{
	int64_t id = 0, fence, told = 0, late;

	/* Given out: the time the task has, and some slack. */
	add("k4", 100);
	fence = lease(&id);
	now += 3600 * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("unavailable") == 0);
	now += (CORE_TASK_SLACK + 1) * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("unavailable") == 1 && operations("processing") == 0);
	/* Whoever still works on it is told to stop. */
	CHECK(core_tasks_cancels(db, &told, 1) == 1 && told == id && !core_tasks_cancels(db, &told, 1));
	CHECK(!result(id, fence + 1, CORE_OUTCOME_DONE));
	late = db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'task.late'", "");
	CHECK(result(id, fence, CORE_OUTCOME_DONE) && operations("done") == 2);
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'task.late'", "") == late + 1);
	/* Not given out: the time it may wait. */
	core_room_lost(db, "sysd");
	add("k4w", 100);
	now += 101 * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("unavailable") == 2);
	core_room_here(db, "sysd", 1, NULL, 0);
	CHECK(!lease(&id));
}

static void check_replaced(void)
{
	int64_t id = 0, before = operations("cancelled");

	add("k5", 100);
	add("k6", 100);
	CHECK(operations("cancelled") == before + 1);
	CHECK(lease(&id) == 1 && result(id, 1, CORE_OUTCOME_DONE) && lease(&id) == 0);
	/* Another purpose is not replaced: a change of the firewall that is to be confirmed, and what has to be so without it. */
	before = operations("cancelled");
	core_room_here(db, "fwd", 1, NULL, 0);
	core_task_replace(db, "fwd", "firewall", "appliance", "firewall-100", "{}", 100);
	core_task_replace(db, "fwd", "firewall", "appliance", "firewall-change-7", "{}", 100);
	CHECK(operations("cancelled") == before);
	core_task_replace(db, "fwd", "firewall", "appliance", "firewall-101", "{}", 100);
	core_task_replace(db, "fwd", "firewall", "appliance", "firewall-change-8", "{}", 100);
	CHECK(operations("cancelled") == before + 2);
	CHECK(db_number(db, 0, "SELECT count(*) FROM task WHERE worker = 'fwd' AND state = 'waiting' AND key IN ('firewall-101',"
		" 'firewall-change-8')", "") == 2);
	core_room_lost(db, "fwd");
	db_run(db, "DELETE FROM task WHERE worker = 'fwd'", "");
	db_run(db, "DELETE FROM operation WHERE kind = 'firewall'", "");
}

/* What ends its worker each time is not given out for ever; those beside it have time without it. */
static void check_losses(void)
{
	int64_t id = 0, fence, before = operations("failed"), began;
	int losses = 0;

	add("k12", 86000);
	fence = lease(&id);
	CHECK(fence == 1 && result(id, fence, CORE_OUTCOME_FAILED));
	now = core_tasks_due(db);
	began = now;
	for (int i = 0; i < 100 && operations("failed") == before; i++) {
		if (!lease(&id)) {
			now = core_tasks_due(db);
			continue;
		}
		core_room_lost(db, "sysd");
		core_room_here(db, "sysd", 1, NULL, 0);
		losses++;
		CHECK(losses > CORE_TASK_LOSSES_SOON || now == began);
	}
	CHECK(operations("failed") == before + 1 && losses == CORE_TASK_LOSSES && now > began + 60 * PLAT_SECOND && !lease(&id));
	CHECK(db_number(db, 0, "SELECT count(*) FROM operation WHERE message = 'its worker was lost 12 times while it had it: why'", "") == 1);
}

/* Asked to stop: told once, again after it was away; it ends when the worker says so, or no longer knows it. */
static void check_cancel(void)
{
	int64_t id = 0, told[4];
	struct core_running running;

	add("k8", 1000);
	CHECK(lease(&id) == 1 && core_task_cancel(db, id, "stop"));
	CHECK(core_tasks_cancels(db, told, 4) == 1 && told[0] == id && !core_tasks_cancels(db, told, 4));
	core_room_lost(db, "sysd");
	CHECK(!core_tasks_cancels(db, told, 4));
	running = (struct core_running){ id, 1 };
	core_room_here(db, "sysd", 1, &running, 1);
	CHECK(core_tasks_cancels(db, told, 4) == 1);
	CHECK(result(id, 1, CORE_OUTCOME_CANCELLED) && operations("cancelled") == 2);
	add("k9", 1000);
	CHECK(lease(&id) == 1 && core_task_cancel(db, id, "stop"));
	core_room_here(db, "sysd", 1, NULL, 0);
	CHECK(operations("cancelled") == 3 && !lease(&id));
}

/* Another boot: the boot clock begins anew, nothing is stuck. */
static void check_reboot(void)
{
	int64_t id = 0, again = 0;

	add("k7", 5000);
	CHECK(lease(&id) == 1);
	now = 5 * PLAT_SECOND;
	core_tasks_boot(db, "boot-2");
	CHECK(core_tasks_due(db) <= now + CORE_TASK_LEASE * PLAT_SECOND);
	now += (CORE_TASK_LEASE + 1) * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("processing") == 1);
	core_room_here(db, "sysd", 1, NULL, 0);
	CHECK(lease(&again) == 2 && again == id && result(id, 2, CORE_OUTCOME_DONE));
}

/* ---- everybody's turn ---- */

static int64_t add_for(const char *workspace, const char *provider, int n)
{
	char key[64];
	struct core_task_new t = { .worker = "demo", .kind = "none", .key = key, .workspace = workspace, .provider = provider };

	snprintf(key, sizeof key, "%s/%s/%d", workspace, provider, n);
	return core_task_add(db, &t);
}

static int64_t leased(const char *workspace)
{
	return db_number(db, 0, "SELECT count(*) FROM task WHERE worker = 'demo' AND state = 'leased' AND workspace = ?", "t", workspace);
}

static void check_fairness(void)
{
	int64_t ids[CORE_TASK_BATCH], began, took;
	unsigned n;

	core_room_here(db, "demo", 8, NULL, 0);
	sqlite3_exec(db_handle(db), "BEGIN", NULL, NULL, NULL);
	for (int i = 0; i < 10000; i++)
		add_for("greedy", i % 2 ? "p1" : "p2", i);
	sqlite3_exec(db_handle(db), "COMMIT", NULL, NULL, NULL);
	n = core_tasks_lease(db, "demo", ids, CORE_TASK_BATCH);
	/* One workspace never has all places. */
	CHECK(n == 4 && leased("greedy") == 4);
	add_for("modest", "p1", 1);
	plat_clock_replace(NULL, NULL);
	began = plat_clock_boot();
	plat_clock_replace(NULL, boot);
	n = core_tasks_lease(db, "demo", ids, CORE_TASK_BATCH);
	core_tasks_due(db);
	plat_clock_replace(NULL, NULL);
	took = plat_clock_boot() - began;
	plat_clock_replace(NULL, boot);
	CHECK(n == 1 && leased("modest") == 1 && took < PLAT_SECOND);
	printf("among 10000 waiting tasks of another workspace: given out after %lld us\n", (long long)took);
	/* A provider is asked for so much at once and no more. */
	core_room_here(db, "demo", 200, NULL, 0);
	for (int i = 0; i < 40; i++)
		add_for("other", "p3", i);
	for (int i = 0; i < 20; i++)
		core_tasks_lease(db, "demo", ids, CORE_TASK_BATCH);
	CHECK(leased("other") == CORE_PROVIDER_TASKS);
}

int main(void)
{
	log_open("test");
	db_start();
	plat_clock_replace(NULL, boot);
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	core_tasks_boot(db, "boot-1");
	core_room_here(db, "sysd", 1, NULL, 0);
	check_fence();
	check_return();
	check_retry();
	check_deadline();
	check_replaced();
	check_losses();
	check_cancel();
	check_reboot();
	check_fairness();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

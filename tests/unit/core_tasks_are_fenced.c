/* core: a task is given out with a growing fence; only the present one counts; leases, retries, deadlines. */
/* with: core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/truth.c core/tasks.c */
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
	struct core_task t[1] = { { .push = NULL } };

	if (!core_tasks_lease(db, "sysd", t, 1))
		return 0;
	*id = t[0].id;
	CHECK(t[0].push && strstr(t[0].push, "\"input\":{\"hostname\":\"a\"}"));
	free(t[0].push);
	return t[0].fence;
}

static bool result(int64_t id, int64_t fence, bool done)
{
	return core_task_result(db, "sysd", id, fence, done, "why", "{}");
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
	core_tasks_lost(db, "sysd");
	now += (CORE_TASK_LEASE - 1) * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(lease(&again) == 0);
	now += 2 * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(lease(&again) == 2 && again == id);
	CHECK(!result(id, 1, true) && operations("done") == 0);
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'task.late'", "") == 1);
	CHECK(result(id, 2, true) && operations("done") == 1);
	CHECK(!result(id, 2, true));
}

static void check_return(void)
{
	int64_t id = 0, again = 0;
	struct core_running running;

	add("k2", 1000);
	CHECK(lease(&id) == 1);
	core_tasks_lost(db, "sysd");
	/* Back in time, still running it: same fence. */
	running = (struct core_running){ id, 1 };
	core_tasks_return(db, "sysd", &running, 1);
	now += 2 * CORE_TASK_LEASE * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(lease(&again) == 0);
	/* Back without it: at once again, with a higher fence. */
	core_tasks_return(db, "sysd", NULL, 0);
	CHECK(lease(&again) == 2 && again == id);
	CHECK(!result(id, 1, true) && result(id, 2, true));
}

static void check_retry(void)
{
	int64_t id = 0, fence, before = operations("failed");
	const char *const workers[] = { "sysd" };

	add("k3", 86000);
	for (int i = 1; i <= CORE_TASK_ATTEMPTS; i++) {
		fence = lease(&id);
		CHECK(fence == i);
		CHECK(result(id, fence, false));
		if (i == CORE_TASK_ATTEMPTS)
			break;
		CHECK(lease(&id) == 0);
		CHECK(core_tasks_due(db, workers, 1) > now);
		CHECK(core_tasks_due(db, workers, 1) <= now + 2 * CORE_TASK_BACKOFF * PLAT_SECOND);
		now = core_tasks_due(db, workers, 1);
	}
	CHECK(lease(&id) == 0 && operations("failed") == before + 1);
	CHECK(!core_tasks_due(db, workers, 1));
}

static void check_deadline(void)
{
	int64_t id = 0, fence;

	add("k4", 100);
	fence = lease(&id);
	now += 101 * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("unavailable") == 1 && operations("processing") == 0);
	CHECK(!result(id, fence, true));
}

static void check_replaced(void)
{
	int64_t id = 0, before = operations("cancelled");

	add("k5", 100);
	add("k6", 100);
	CHECK(operations("cancelled") == before + 1);
	CHECK(lease(&id) == 1 && result(id, 1, true) && lease(&id) == 0);
}

/* Another boot: the boot clock begins anew, nothing is stuck. */
static void check_reboot(void)
{
	int64_t id = 0, again = 0;
	const char *const workers[] = { "sysd" };

	add("k7", 5000);
	CHECK(lease(&id) == 1);
	now = 5 * PLAT_SECOND;
	core_tasks_boot(db, "boot-2");
	CHECK(core_tasks_due(db, workers, 1) <= now + CORE_TASK_LEASE * PLAT_SECOND);
	now += (CORE_TASK_LEASE + 1) * PLAT_SECOND;
	core_tasks_expire(db);
	CHECK(operations("processing") == 1);
	CHECK(lease(&again) == 2 && again == id && result(id, 2, true));
}

int main(void)
{
	log_open("test");
	db_start();
	plat_clock_replace(NULL, boot);
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	core_tasks_boot(db, "boot-1");
	check_fence();
	check_return();
	check_retry();
	check_deadline();
	check_replaced();
	check_reboot();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

/* Workers come and go: what becomes of their tasks. */
#include <stdio.h>

#include "plant.h"
#include "tasks.h"
#include "truth.h"
#include "plat/clock.h"

#define SECONDS(n) ((int64_t)(n) * PLAT_SECOND)

/* All are taken for lost, then those it knows are given back to it. */
static void give_back(struct db *db, const char *worker, const struct core_running *known, unsigned count, bool journal)
{
	int64_t id;

	db_run(db, "UPDATE task SET lease_boot = -1 WHERE worker = ? AND state = 'leased'", "t", worker);
	for (unsigned i = 0; i < count; i++)
		if (journal)
			/* A machine has one journal: what it says of an earlier fence is the truth. */
			db_run(db, "UPDATE task SET lease_boot = 0, fence = ?2, state = 'leased',"
				" cancel = CASE WHEN ?6 THEN cancel ELSE min(cancel, 1) END,"
				" deadline_boot = CASE WHEN state = 'leased' THEN deadline_boot ELSE ?4 + (run + ?5) * 1000000 END"
				" WHERE id = ?1 AND fence >= ?2 AND worker = ?3 AND state IN ('leased', 'waiting')", "iitiii",
				known[i].task, known[i].fence, worker, plat_clock_boot(), (int64_t)CORE_TASK_SLACK,
				(int64_t)PLANTED("lost-cancel"));
		else
			/* Whether it heard that it is to stop is not known: it is told again. */
			db_run(db, "UPDATE task SET lease_boot = 0, cancel = CASE WHEN ?4 THEN cancel ELSE min(cancel, 1) END"
				" WHERE id = ?1 AND fence = ?2 AND worker = ?3 AND state = 'leased'", "iiti", known[i].task,
				known[i].fence, worker, (int64_t)PLANTED("lost-cancel"));
	/* What is over for core is to be over for the worker. */
	for (unsigned i = 0; i < count && !PLANTED("lost-cancel"); i++)
		db_run(db, "UPDATE task SET cancel = 1 WHERE id = ? AND fence = ? AND worker = ? AND state IN ('expired', 'cancelled')", "iit",
			known[i].task, known[i].fence, worker);
	while ((id = db_number(db, 0, "SELECT id FROM task WHERE worker = ? AND state = 'leased' AND lease_boot = -1 LIMIT 1", "t",
			worker))) {
		/* Ends or waits by the chart, as if its lease had run out just now. */
		db_run(db, "UPDATE task SET lease_boot = ? WHERE id = ?", "ii", plat_clock_boot(), id);
		core_task_lost(db, id);
		if (db_error(db))
			return;
	}
}

void core_room_here(struct db *db, const char *worker, int slots, const struct core_running *running, unsigned count)
{
	db_run(db, "INSERT INTO worker(name, slots, connected, seen) VALUES(?, ?, 1, ?) ON CONFLICT(name) DO UPDATE SET"
		" slots = excluded.slots, connected = 1, seen = excluded.seen", "tii", worker, (int64_t)slots, core_stamp(db));
	give_back(db, worker, running, count, false);
	db_run(db, "UPDATE task SET wait_boot = ? WHERE worker = ? AND state = 'waiting' AND wait = 0", "it",
		plat_clock_boot() + SECONDS(CORE_TASK_QUEUED), worker);
}

void core_room_lost(struct db *db, const char *worker)
{
	db_run(db, "UPDATE worker SET connected = 0 WHERE name = ?", "t", worker);
	db_run(db, "UPDATE task SET lease_boot = ? WHERE worker = ? AND state = 'leased'", "it",
		plat_clock_boot() + SECONDS(CORE_TASK_LEASE), worker);
	db_run(db, "UPDATE task SET wait_boot = ? WHERE worker = ? AND state = 'waiting' AND wait = 0", "it",
		plat_clock_boot() + SECONDS(CORE_TASK_ABSENT), worker);
}

void core_agent_here(struct db *db, const char *machine, const struct core_running *known, unsigned count)
{
	char worker[CORE_WORKER];

	snprintf(worker, sizeof worker, CORE_MACHINE_PREFIX "%s", machine);
	give_back(db, worker, known, count, true);
	db_run(db, "UPDATE task SET due_boot = ? WHERE worker = ? AND state = 'waiting' AND kind = 'script' AND due_boot = ?", "iti",
		plat_clock_boot(), worker, CORE_TASK_NEVER);
}

void core_agent_lost(struct db *db, const char *machine)
{
	char worker[CORE_WORKER];

	snprintf(worker, sizeof worker, CORE_MACHINE_PREFIX "%s", machine);
	db_run(db, "UPDATE task SET due_boot = ? WHERE worker = ? AND state = 'waiting' AND kind = 'script'", "it", CORE_TASK_NEVER,
		worker);
}

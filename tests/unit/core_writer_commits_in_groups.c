/* core: one sync for a whole group; a refused change leaves nothing; when the disk is
 * full the culprit is refused and the others are kept; stamps grow and are kept. */
/* with: tests/crash/cutvfs.c core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/tables_work.c core/tables_providers.c core/truth.c */
#include <stdio.h>
#include <string.h>

#include "../crash/cutvfs.h"
#include "core/truth.h"
#include "db/writer.h"
#include "log/log.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define JOBS 64

struct job {
	struct db_job job;
	int number;
	size_t bytes;		/* of the value it writes */
	bool refuse, wrong;
};

static struct db_writer w;
static unsigned commits;

static void committed(void *arg)
{
	(void)arg;
	commits++;
}

static int run(struct db *db, struct db_job *base)
{
	struct job *j = (struct job *)base;
	static char big[1 << 20];
	char key[16];

	memset(big, 'x', sizeof big);
	snprintf(key, sizeof key, "job-%d", j->number);
	big[j->bytes] = 0;
	core_meta_set(db, key, big);
	big[j->bytes] = 'x';
	if (j->wrong)
		db_run(db, "INSERT INTO meta(key, value) VALUES('stamp', 1)", "");
	return j->refuse ? -1 : 0;
}

static void run_all(struct job *jobs, size_t count)
{
	struct db_job *list[DB_BATCH_MAX];

	for (size_t i = 0; i < count; i++) {
		jobs[i].job.run = run;
		list[i] = &jobs[i].job;
	}
	db_writer_run(&w, list, count);
}

static bool there(int number)
{
	char key[16];

	snprintf(key, sizeof key, "job-%d", number);
	return db_number(w.db, 0, "SELECT count(*) FROM meta WHERE key = ?", "t", key) == 1;
}

static void check_group(void)
{
	struct job jobs[JOBS];
	unsigned long before;

	memset(jobs, 0, sizeof jobs);
	for (int i = 0; i < JOBS; i++)
		jobs[i] = (struct job){ .number = i, .bytes = 10, .refuse = i % 8 == 3, .wrong = i % 8 == 5 };
	commits = 0;
	before = cut_syncs();
	run_all(jobs, JOBS);
	CHECK(commits == 1);
	CHECK(cut_syncs() - before <= 2);
	for (int i = 0; i < JOBS; i++) {
		CHECK(jobs[i].job.failure == (i % 8 == 5 ? DB_WRONG : DB_DONE));
		CHECK(there(i) == (i % 8 != 3 && i % 8 != 5));
	}
}

static void check_full(void)
{
	struct job jobs[5];

	memset(jobs, 0, sizeof jobs);
	for (int i = 0; i < 5; i++)
		jobs[i] = (struct job){ .number = 100 + i, .bytes = i == 2 ? 900000 : 100 };
	cut_capacity(cut_used() + 300000);
	run_all(jobs, 5);
	for (int i = 0; i < 5; i++) {
		CHECK(jobs[i].job.failure == (i == 2 ? DB_FULL : DB_DONE));
		CHECK(there(100 + i) == (i != 2));
	}
	/* No byte left: all are refused, nothing is half there. */
	cut_capacity(1);
	for (int i = 0; i < 5; i++) {
		jobs[i].number = 200 + i;
		/* More than the log has room for already. */
		jobs[i].bytes = 700000;
	}
	run_all(jobs, 5);
	for (int i = 0; i < 5; i++)
		CHECK(jobs[i].job.failure == DB_FULL && !there(200 + i));
	cut_capacity(0);
	run_all(jobs, 5);
	for (int i = 0; i < 5; i++)
		CHECK(jobs[i].job.failure == DB_DONE && there(200 + i));
}

/* Those without a savepoint: one that fails takes none of the others with it, and leaves nothing. */
static void check_steady(void)
{
	struct job jobs[5];

	memset(jobs, 0, sizeof jobs);
	for (int i = 0; i < 5; i++)
		jobs[i] = (struct job){ .job.steady = i != 4, .number = 300 + i, .bytes = 10, .wrong = i == 2 };
	run_all(jobs, 5);
	for (int i = 0; i < 5; i++) {
		CHECK(jobs[i].job.failure == (i == 2 ? DB_WRONG : DB_DONE));
		CHECK(there(300 + i) == (i != 2));
	}
	jobs[2].wrong = false;
	commits = 0;
	run_all(jobs, 5);
	CHECK(commits == 1 && there(302));
}

static int64_t stamped[2];

static int stamp_run(struct db *db, struct db_job *job)
{
	stamped[0] = core_stamp(db);
	stamped[1] = core_stamp(db);
	return job->essential ? -1 : 0;
}

/* Within the writer's transactions they are kept once, at the end, also what a refused job has taken. */
static void check_stamps_of_transactions(void)
{
	struct db_job kept = { .run = stamp_run }, refused = { .run = stamp_run, .essential = true }, *list[] = { &kept, &refused };
	int64_t before = core_stamp(w.db);

	w.begin = core_stamps_begin;
	w.end = core_stamps_end;
	db_writer_run(&w, list, 2);
	CHECK(!kept.failure && !refused.failure && stamped[0] == before + 3 && stamped[1] == before + 4);
	CHECK(db_number(w.db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "") == stamped[1]);
	CHECK(core_stamp(w.db) == stamped[1] + 1);
	w.begin = w.end = NULL;
}

/* Times of changes grow whatever the clock does. */
static void check_stamps(void)
{
	int64_t a, b, c;

	sqlite3_exec(db_handle(w.db), "UPDATE meta SET value = 9000000000000000 WHERE key = 'stamp'", NULL, NULL, NULL);
	a = core_stamp(w.db);
	b = core_stamp(w.db);
	c = core_stamp(w.db);
	CHECK(a == 9000000000000001 && b == a + 1 && c == b + 1);
}

int main(void)
{
	log_open("test");
	db_start();
	cut_register();
	cut_reset(1);
	w.db = db_open("core.db", "cut", DB_WRITER);
	CHECK(w.db && !db_migrate(w.db, core_schema, core_schema_count, "test"));
	w.committed = committed;
	check_group();
	check_full();
	check_steady();
	check_stamps();
	check_stamps_of_transactions();
	CHECK(!db_error_take(w.db));
	db_close(w.db);
	return failed;
}

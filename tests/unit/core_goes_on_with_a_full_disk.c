/* core: on a file system that is full, changes are refused with 507 while signing in,
 * signing out and restarting still work on the reserve; with space again all goes on. */
/* with: core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/tables_work.c core/tables_providers.c core/truth.c core/principal.c */
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/principal.h"
#include "core/truth.h"
#include "db/writer.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t now = 1000 * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define RESERVE_BYTES (4u << 20)

struct job {
	struct db_job job;
	char value[CORE_SESSION_TEXT];
};

static struct db_writer w;

static int64_t boot(void)
{
	return now;
}

static int change_run(struct db *db, struct db_job *job)
{
	static char big[20000];

	(void)job;
	memset(big, 'x', sizeof big - 1);
	db_run(db, "INSERT INTO event(time, kind, object, data) VALUES(?, 'test', '', ?)", "it", core_stamp(db), big);
	return 0;
}

static int sign_in_run(struct db *db, struct db_job *job)
{
	core_credential_new(db, "user", CORE_TOKEN, ((struct job *)job)->value);
	return 0;
}

static int sign_out_run(struct db *db, struct db_job *job)
{
	uint8_t hash[CORE_HASH];

	core_credential_hash(((struct job *)job)->value, hash);
	core_credential_revoke(db, hash);
	return 0;
}

static enum db_failure run(struct job *j, int (*what)(struct db *, struct db_job *), bool essential)
{
	struct db_job *list[] = { &j->job };

	j->job.run = what;
	j->job.essential = essential;
	db_writer_run(&w, list, 1);
	return j->job.failure;
}

static void fill(void)
{
	static char piece[4096];
	int fd = open("ballast", O_WRONLY | O_CREAT | O_APPEND, 0600);

	for (int i = 0; i < 8192 && write(fd, piece, sizeof piece) > 0; i++)
		;
	close(fd);
}

static bool open_database(void)
{
	w.db = db_open("core.db", NULL, DB_WRITER);
	return w.db && !db_migrate(w.db, core_schema, core_schema_count, "test");
}

int main(void)
{
	struct job first, j;
	int refused = 0;
	int64_t events;
	struct stat st;

	if (sodium_init() < 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
			mkdir("disk", 0700) || mount("none", "disk", "tmpfs", 0, "size=24m") || chdir("disk")) {
		perror("a file system of its own");
		return 1;
	}
	log_open("test");
	plat_clock_replace(NULL, boot);
	db_start();
	db_reserve_open(&w.reserve, "reserve", RESERVE_BYTES);
	CHECK(w.reserve.held && open_database());
	memset(&first, 0, sizeof first);
	memset(&j, 0, sizeof j);
	CHECK(run(&first, sign_in_run, true) == DB_DONE);

	fill();
	for (int i = 0; i < 2000 && refused < 3; i++)
		refused += run(&j, change_run, false) == DB_FULL;
	CHECK(refused == 3);
	/* Changes alone never touch the reserve. */
	CHECK(w.reserve.held && !stat("reserve", &st) && st.st_size == RESERVE_BYTES);
	events = db_number(w.db, 0, "SELECT count(*) FROM event", "");

	for (int i = 0; i < 20; i++) {
		CHECK(run(&j, sign_in_run, true) == DB_DONE);
		CHECK(run(&j, sign_out_run, true) == DB_DONE);
	}
	CHECK(run(&first, sign_out_run, true) == DB_DONE);
	CHECK(!db_number(w.db, 1, "SELECT count(*) FROM token", ""));
	CHECK(!w.reserve.held);
	/* The space given up is not for them. */
	now += 2 * PLAT_SECOND;
	CHECK(run(&j, change_run, false) == DB_FULL);

	db_close(w.db);
	CHECK(open_database());
	CHECK(run(&j, sign_in_run, true) == DB_DONE);

	CHECK(!unlink("ballast"));
	CHECK(run(&j, change_run, false) == DB_FULL);	/* looked a moment ago */
	now += 2 * PLAT_SECOND;
	CHECK(run(&j, change_run, false) == DB_DONE && w.reserve.held);
	CHECK(db_number(w.db, 0, "SELECT count(*) FROM event WHERE kind = 'test'", "") > 0);
	CHECK(db_number(w.db, 0, "SELECT count(*) FROM event", "") > events);
	CHECK(!db_error_take(w.db));
	db_close(w.db);
	return failed;
}

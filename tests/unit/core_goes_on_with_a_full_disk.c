/* core: on a file system that is full, changes are refused with 507 while signing in,
 * signing out and restarting still work on the reserve; with space again all goes on.  Once with a short log, once with one that has
 * its room, and once with one for which there was none. */
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

/* One world: its disk, its reserve, and whether there is room for a long log. */
static const struct world { const char *disk; size_t reserve; bool asked, room; } worlds[] = {
	{ "size=24m", 4u << 20, false, false },
	{ "size=80m", DB_LOG_BYTES + (4u << 20), true, true },
	{ "size=24m", 8u << 20, true, false },
};

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

	for (int i = 0; i < 32768 && write(fd, piece, sizeof piece) > 0; i++)
		;
	close(fd);
}

static bool open_database(void)
{
	w.db = db_open("core.db", NULL, DB_WRITER);
	return w.db && !db_migrate(w.db, core_schema, core_schema_count, "test");
}

static int64_t bytes_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (int64_t)st.st_size;
}

/* Of a small disk, such as the image has before it is enlarged, a long log would be too large a part. */
static void check_fits(void)
{
	CHECK(!mount("none", "disk", "tmpfs", 0, "size=280m") && !db_log_fits("disk") && !umount("disk"));
	CHECK(!mount("none", "disk", "tmpfs", 0, "size=300m") && db_log_fits("disk") && !umount("disk"));
	CHECK(!db_log_fits("nowhere"));
}

static void open_world(const struct world *world)
{
	CHECK(!mount("none", "disk", "tmpfs", 0, world->disk) && !chdir("disk"));
	memset(&w, 0, sizeof w);
	db_reserve_open(&w.reserve, "reserve", world->reserve);
	CHECK(w.reserve.held && open_database());
	if (!world->asked)
		return;
	CHECK(db_log_reserve(w.db) == world->room);
	CHECK(world->room ? bytes_of("core.db-wal") == DB_LOG_BYTES : bytes_of("core.db-wal") < (4 << 20));
}

static void check_world(const struct world *world)
{
	struct job first, j;
	int refused = 0;
	int64_t events;

	open_world(world);
	memset(&first, 0, sizeof first);
	memset(&j, 0, sizeof j);
	CHECK(run(&first, sign_in_run, true) == DB_DONE);

	fill();
	for (int i = 0; i < 4000 && refused < 3; i++)
		refused += run(&j, change_run, false) == DB_FULL;
	CHECK(refused == 3);
	/* Changes alone never touch the reserve, and nobody the log's room. */
	CHECK(w.reserve.held && bytes_of("reserve") == (int64_t)world->reserve);
	CHECK(!world->room || bytes_of("core.db-wal") >= DB_LOG_BYTES);
	events = db_number(w.db, 0, "SELECT count(*) FROM event", "");

	for (int i = 0; i < 20 || (i < 4000 && w.reserve.held); i++) {
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
	if (world->asked)
		db_log_reserve(w.db);
	CHECK(run(&j, sign_in_run, true) == DB_DONE);

	CHECK(!unlink("ballast"));
	CHECK(run(&j, change_run, false) == DB_FULL);	/* looked a moment ago */
	now += 2 * PLAT_SECOND;
	CHECK(run(&j, change_run, false) == DB_DONE && w.reserve.held);
	CHECK(db_number(w.db, 0, "SELECT count(*) FROM event WHERE kind = 'test'", "") > 0);
	CHECK(db_number(w.db, 0, "SELECT count(*) FROM event", "") > events);
	CHECK(!db_error_take(w.db));
	db_close(w.db);
	CHECK(!chdir("..") && !umount("disk"));
}

int main(void)
{
	if (sodium_init() < 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mkdir("disk", 0700)) {
		perror("a file system of its own");
		return 1;
	}
	log_open("test");
	plat_clock_replace(NULL, boot);
	db_start();
	check_fits();
	for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
		check_world(&worlds[i]);
	return failed;
}

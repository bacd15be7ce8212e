/*
 * core: the room that owns the truth.  Opens its database, puts up its fence,
 * starts its threads, connects to keyd and hashd, serves.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "activity.h"
#include "agent.h"
#include "core.h"
#include "flow.h"
#include "retention.h"
#include "truth.h"
#include "turn.h"
#include "log/log.h"
#include "plat/heap.h"
#include "room/room.h"

#define RELEASE "/etc/cam/release"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The value of NAME in lines "NAME=value". */
static void release_value(const char *name, char *out, size_t size)
{
	FILE *f = fopen(RELEASE, "re");
	char line[256];
	size_t n = strlen(name);

	out[0] = 0;
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, n) && line[n] == '=')
			snprintf(out, size, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
	if (f)
		fclose(f);
}

static void read_release(struct core *core)
{
	char development[8];

	release_value("VERSION", core->version, sizeof core->version);
	release_value("DEVELOPMENT", development, sizeof development);
	core->development = strcmp(development, "no") != 0;
	if (!core->version[0])
		log_usage("%s: has no VERSION", RELEASE);
}

static void read_boot_id(char *out, size_t size)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (n <= 0)
		log_fatal("%s", BOOT_ID);
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	close(fd);
}

/* ---- what the database says at the start ---- */

struct start_job {
	struct db_job job;
	struct core *core;
	char boot_id[64];
};

static int start_run(struct db *db, struct db_job *job)
{
	struct start_job *s = (struct start_job *)job;
	struct core *core = s->core;
	char *settings = core_settings(db);
	yyjson_doc *doc = settings ? yyjson_read(settings, strlen(settings), 0) : NULL;
	const char *hostname = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "hostname"));

	turn_boot(db, s->boot_id);
	core->setup = core_is_setup(db);
	core_identity_load(core, db);
	snprintf(core->hostname, sizeof core->hostname, "%s", hostname ? hostname : "");
	yyjson_doc_free(doc);
	free(settings);
	return 0;
}

static void transaction_begins(struct db *db, void *arg)
{
	struct core *core = arg;

	/* The one before was not kept. */
	if (core->uncommitted)
		flow_recent_forget();
	core->uncommitted = true;
	core_stamps_begin(db, NULL);
}

static void transaction_kept(void *arg)
{
	((struct core *)arg)->uncommitted = false;
}

static int database_start(struct core *core, struct db *readers[CORE_READERS], const char *boot_id)
{
	struct start_job start = { .job = { .run = start_run, .essential = true }, .core = core };
	struct db_job *jobs[] = { &start.job };

	snprintf(start.boot_id, sizeof start.boot_id, "%s", boot_id);
	core->commit.db = db_open(CORE_DATABASE, NULL, DB_WRITER);
	core->commit.begin = transaction_begins;
	core->commit.end = core_stamps_end;
	core->commit.committed = transaction_kept;
	core->commit.arg = core;
	if (!core->commit.db || db_migrate(core->commit.db, core_schema, core_schema_count, core->version))
		goto failed;
	db_writer_run(&core->commit, jobs, 1);
	if (start.job.failure)
		goto failed;
	if (db_log_fits(CORE_DIRECTORY))
		db_log_reserve(core->commit.db);
	for (int i = 0; i < CORE_READERS; i++) {
		readers[i] = db_open(CORE_DATABASE, NULL, DB_READER);
		if (!readers[i])
			goto failed;
	}
	return 0;
failed:
	for (int i = 0; i < CORE_READERS; i++) {
		db_close(readers[i]);
		readers[i] = NULL;
	}
	db_close(core->commit.db);
	core->commit.db = NULL;
	return -1;
}

/* A full disk must not keep core from starting: then the reserve is given up. */
static void database_open(struct core *core, struct db *readers[CORE_READERS])
{
	char boot_id[64];

	read_boot_id(boot_id, sizeof boot_id);
	db_start();
	db_reserve_open(&core->commit.reserve, CORE_RESERVE, db_log_fits(CORE_DIRECTORY) ? CORE_RESERVE_LONG : CORE_RESERVE_BYTES);
	if (!database_start(core, readers, boot_id))
		return;
	db_reserve_release(&core->commit.reserve);
	if (database_start(core, readers, boot_id))
		log_fatal("%s: cannot be used", CORE_DATABASE);
}

/* ---- the end ---- */

static void end_asked(struct ev_loop *loop, struct ev_signal *s, int events)
{
	(void)s;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(void)
{
	static const struct ipc_client_ops no_ops = { .connected = NULL };
	struct db *readers[CORE_READERS] = { NULL };
	static struct core core;
	struct ev_signal end;

	log_open("core");
	umask(077);
	plat_heap_keep();
	if (sodium_init() < 0)
		log_fatal("sodium");
	core.loop = ev_default_loop(EVFLAG_AUTO);
	if (!core.loop)
		log_fatal("loop");
	core_handlers_check();
	read_release(&core);
	core_throttle_init(&core.throttle);
	core_calls_init(&core);
	database_open(&core, readers);
	core_agents_open(&core);
	core_serve(&core);
	room_fence();
	core_threads_start(&core, readers);
	core_engine_open(&core);
	core_identity_open(&core);
	activity_open(&core);
	retention_open(&core);
	core_output_sweep_open(&core);
	core.hashd = ipc_client_open(core.loop, ROOM_HASHD, &no_ops, NULL);
	core.fwd = ipc_client_open(core.loop, ROOM_FWD, &no_ops, NULL);
	ev_signal_init(&end, end_asked, SIGTERM);
	ev_signal_start(core.loop, &end);
	room_ready();
	log_info("ready: version %s, %s", core.version, core.setup ? "set up" : "not set up");
	ev_run(core.loop, 0);
	return 0;
}

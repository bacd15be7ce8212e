/*
 * The power goes at any change core's database makes to the disk: what was
 * acknowledged is there afterwards, what was not is there whole or not at all,
 * and the database is intact.  The real writer, schema and handlers run over
 * cutvfs.
 *
 * usage: core_cuts [-n CUTS] [-s SEED] [-p]
 * -p plants a fault, synchronous=OFF: then a loss must be found.  Exit 0: nothing
 * was lost; 1: something was; each loss is a line with its seed.
 */
/* with: core/all.c tests/crash/cutvfs.c */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/tasks.h"
#include "core/truth.h"
#include "core/verbs.h"
#include "cutvfs.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"

#define PATH "core.db"
/* Cuts in one world: the database grows and is recovered again and again. */
#define LIVES 5
/* The cut comes within so many changes. */
#define CHANGES 160
#define JOBS 20
#define TOKENS 4096

enum kind { TOKEN, REVOKE, SETTINGS, SETUP, REFUSED, TASK, KINDS };

struct token {
	uint8_t hash[CORE_HASH];
	bool alive;
};

/* What was acknowledged. */
static struct {
	bool setup;
	struct token tokens[TOKENS];
	size_t token_count;
	long settings;			/* number in the host name, 0 = none */
	int64_t stamp, head, task;
} model;

struct job {
	struct db_job job;
	enum kind kind;
	struct core_call call;
	struct token token;		/* TOKEN, REVOKE */
	size_t which;			/* REVOKE: in the model */
	long settings;
	int64_t stamp, head, task;	/* as seen at its end */
	bool refused;
	bool cut;			/* the power was gone when it was tried once more */
};

static struct job batch[JOBS];
static size_t batch_count;
static bool planted;
static uint64_t seed;
static unsigned long losses, batches;
static int64_t fake_wall = 1700000000 * PLAT_SECOND, fake_boot = 1000 * PLAT_SECOND;
static long settings_counter;

static void lost(const char *what)
{
	losses++;
	printf("lost: seed %" PRIu64 ": %s\n", seed, what);
}

/* ---- the world around core ---- */

/* Mostly forward; sometimes the wall clock is set back. */
static int64_t wall(void)
{
	fake_wall += cut_random(64) ? (int64_t)cut_random(2000) : -(int64_t)cut_random(1000000);
	return fake_wall;
}

static int64_t boot(void)
{
	return fake_boot += cut_random(100000);
}

static void chance(void *buf, size_t len)
{
	for (uint8_t *at = buf; len--; at++)
		*at = (uint8_t)cut_random(256);
}

/* ---- jobs ---- */

static struct job *job_of(struct db_job *job)
{
	return (struct job *)job;
}

static int job_token(struct db *db, struct job *j)
{
	char value[CORE_SESSION_TEXT], user[16];

	/* Several users, so that the limit per user is reached, but not by all. */
	snprintf(user, sizeof user, "user-%u", cut_random(200));
	core_credential_new(db, user, CORE_TOKEN, value);
	core_credential_hash(value, j->token.hash);
	return 0;
}

static int job_task(struct db *db, struct job *j)
{
	struct core_task task;
	int64_t id = 0, fence;

	core_room_here(db, "sysd", 1, NULL, 0);
	core_tasks_expire(db);
	if (!core_tasks_lease(db, "sysd", &id, 1) || !core_task_read(db, id, &task))
		return -1;
	fence = task.fence;
	core_task_free(&task);
	j->task = id;
	return core_task_result(db, "sysd", id, fence, CORE_OUTCOME_DONE, "", NULL) ? 0 : -1;
}

static int job_run(struct db *db, struct db_job *base)
{
	struct job *j = job_of(base);
	int result = 0;

	/* Without power nothing runs: what the first attempt did is what counts. */
	if (cut_happened()) {
		j->cut = true;
		return -1;
	}
	core_answer_reset(&j->call.answer);
	switch (j->kind) {
	case TOKEN:
		result = job_token(db, j);
		break;
	case REVOKE:
		memcpy(j->call.principal.hash, j->token.hash, CORE_HASH);
		result = verb_signout_run(db, &j->call);
		break;
	case SETTINGS:
		result = verb_settings_put_run(db, &j->call);
		break;
	case SETUP:
		result = verb_setup_run(db, &j->call);
		break;
	case REFUSED:
		core_meta_set(db, "refused", "1");
		core_event(db, "refused", "", "{}");
		result = -1;
		break;
	default:
		result = job_task(db, j);
	}
	j->refused = result != 0;
	j->stamp = db_number(db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "");
	j->head = db_number(db, 0, "SELECT max(sequence) FROM event", "");
	return result;
}

static void call_make(struct core_call *call, const char *args)
{
	call->request = yyjson_read(args, strlen(args), 0);
	call->args = yyjson_doc_get_root(call->request);
}

static void job_make(struct job *j)
{
	char args[256];

	memset(j, 0, sizeof *j);
	j->job.run = job_run;
	j->job.essential = true;
	j->kind = (enum kind)cut_random(KINDS);
	if (j->kind == REVOKE && !model.token_count)
		j->kind = TOKEN;
	switch (j->kind) {
	case REVOKE:
		j->which = cut_random((uint32_t)model.token_count);
		j->token = model.tokens[j->which];
		return;
	case SETTINGS:
		j->settings = ++settings_counter;
		snprintf(args, sizeof args, "{\"hostname\":\"h%ld.example\",\"note\":\"kept\"}", j->settings);
		call_make(&j->call, args);
		return;
	case SETUP:
		call_make(&j->call, "{\"code\":\"x\",\"email\":\"a@example.com\",\"password\":\"0123456789\",\"session\":true}");
		verb_login_new(&j->call);
		snprintf(((struct verb_login *)j->call.state)->hash, 64, "$argon2id$x");
		return;
	default:
		return;
	}
}

static void job_free(struct job *j)
{
	core_answer_reset(&j->call.answer);
	if (j->call.forget)
		j->call.forget(j->call.state);
	yyjson_doc_free(j->call.request);
}

/* ---- what is there ---- */

static long settings_there(struct db *db)
{
	char *doc = core_settings(db), *at = doc ? strstr(doc, "\"h") : NULL;
	long n = 0;

	while (at && sscanf(at, "\"h%ld.example", &n) != 1)
		at = strstr(at + 1, "\"h");
	free(doc);
	return n;
}

static bool token_there(struct db *db, const struct token *t)
{
	return db_number(db, 0, "SELECT count(*) FROM token WHERE hash = ?", "b", t->hash, (size_t)CORE_HASH) != 0;
}

static bool task_done(struct db *db, int64_t task)
{
	return db_number(db, 0, "SELECT count(*) FROM task WHERE id = ? AND state = 'done'", "i", task) != 0;
}

/* Is the effect of this job of the batch that was cut there?  -1 = it has none
 * that can be seen alone. */
static int effect(struct db *db, const struct job *j)
{
	if (j->refused || !j->head)
		return -1;
	switch (j->kind) {
	case TOKEN:
		return token_there(db, &j->token);
	case SETUP:
		return core_is_setup(db);
	case TASK:
		return task_done(db, j->task);
	default:
		return -1;
	}
}

static void check_intact(struct db *db)
{
	sqlite3_stmt *q = db_query(db, "PRAGMA integrity_check", "");

	if (!db_row(db, q) || strcmp(db_text(q, 0), "ok"))
		lost("the database is damaged");
	db_end(q);
	if (db_number(db, 0, "SELECT count(*) FROM event a JOIN event b ON b.sequence = a.sequence + 1"
			" WHERE b.time <= a.time", ""))
		lost("the time of events does not grow");
	if (db_number(db, 0, "SELECT count(*) <> coalesce(max(sequence), 0) FROM event", ""))
		lost("the event log has a gap");
	if (db_number(db, 0, "SELECT count(*) FROM meta WHERE key = 'refused'", ""))
		lost("a refused change is there");
}

/* Either all of the cut batch is there or nothing. */
static bool check_batch(struct db *db)
{
	bool applied = db_number(db, 0, "SELECT max(sequence) FROM event", "") > model.head;

	for (size_t i = 0; i < batch_count; i++) {
		int there = effect(db, &batch[i]);

		/* A credential may have given way to a later one of the same batch. */
		if (there == 0 && batch[i].kind == TOKEN)
			continue;
		if (there >= 0 && (there != 0) != applied && !(batch[i].kind == SETUP && model.setup))
			lost("a group of changes is there in part");
	}
	return applied;
}

/* Tokens beyond the limit per user are removed by newer ones, so those that are gone
 * must have left the event that says so. */
static void check_tokens(struct db *db)
{
	char text[CORE_HASH_TEXT], data[CORE_HASH_TEXT + 16];

	for (size_t i = 0; i < model.token_count; i++) {
		bool there = token_there(db, &model.tokens[i]);

		core_hash_text(model.tokens[i].hash, text);
		snprintf(data, sizeof data, "{\"hash\":\"%s\"}", text);
		if (there && !model.tokens[i].alive)
			lost("a revoked token is good again");
		if (!there && model.tokens[i].alive &&
				!db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'token.revoked' AND data = ?", "t", data))
			lost("an acknowledged token is gone");
		model.tokens[i].alive = there;
	}
}

static void check(struct db *db)
{
	long settings;

	check_intact(db);
	if (db_number(db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "") < model.stamp)
		lost("the stamp went back");
	if (db_number(db, 0, "SELECT max(sequence) FROM event", "") < model.head)
		lost("acknowledged events are gone");
	if (model.setup && !core_is_setup(db))
		lost("the setup is gone");
	if (model.task && !task_done(db, model.task))
		lost("a task's result is gone");
	check_tokens(db);
	settings = settings_there(db);
	if (settings < model.settings)
		lost("acknowledged settings are gone");
	if (!check_batch(db) && settings != model.settings)
		lost("settings of a batch that is not there");
	model.settings = settings;
	model.setup = core_is_setup(db);
	model.stamp = db_number(db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "");
	model.head = db_number(db, 0, "SELECT max(sequence) FROM event", "");
	if (db_error_take(db))
		lost("the database cannot be read");
}

/* ---- lives ---- */

static void acknowledge(const struct job *j)
{
	if (j->stamp > model.stamp)
		model.stamp = j->stamp;
	if (j->head > model.head)
		model.head = j->head;
	switch (j->kind) {
	case TOKEN:
		if (model.token_count < TOKENS)
			model.tokens[model.token_count++] = (struct token){ .alive = true };
		memcpy(model.tokens[model.token_count - 1].hash, j->token.hash, CORE_HASH);
		return;
	case REVOKE:
		model.tokens[j->which].alive = false;
		return;
	case SETTINGS:
		model.settings = j->settings;
		return;
	case SETUP:
		model.setup = true;
		return;
	case TASK:
		model.task = j->task;
		return;
	default:
		return;
	}
}

static void batch_free(void)
{
	for (size_t i = 0; i < batch_count; i++)
		job_free(&batch[i]);
	batch_count = 0;
}

static void batch_run(struct db_writer *w)
{
	struct db_job *jobs[JOBS];
	bool answered = true;

	batch_free();
	batch_count = 1 + cut_random(JOBS);
	for (size_t i = 0; i < batch_count; i++) {
		job_make(&batch[i]);
		jobs[i] = &batch[i].job;
	}
	batches++;
	db_writer_run(w, jobs, batch_count);
	for (size_t i = 0; i < batch_count; i++) {
		if (batch[i].job.failure && !cut_happened())
			lost("a change failed without a reason");
		answered = answered && !batch[i].job.failure && !batch[i].cut;
	}
	/* A group is answered as one; else it is what the cut hit. */
	if (!answered)
		return;
	for (size_t i = 0; i < batch_count; i++)
		if (!batch[i].refused)
			acknowledge(&batch[i]);
	batch_free();
}

/* Opens the database; NULL when the power went meanwhile. */
static struct db *open_database(void)
{
	struct db *db = db_open(PATH, "cut", DB_WRITER);

	if (db && planted)
		sqlite3_exec(db_handle(db), "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	/* In two worlds of three the log is copied back often, so that cuts meet that too. */
	if (db && seed % 3)
		sqlite3_wal_autocheckpoint(db_handle(db), seed % 3 == 1 ? 8 : 40);
	if (db && db_migrate(db, core_schema, core_schema_count, "test")) {
		db_close(db);
		db = NULL;
	}
	/* In one of eight the log has its room. */
	if (db && seed % 8 == 5 && db_log_reserve(db))
		sqlite3_wal_autocheckpoint(db_handle(db), 200);
	if (!db && !cut_happened())
		lost("the database cannot be opened");
	return db;
}

/* One life from power on to the cut. */
static void life(bool first)
{
	struct db_writer w = { .db = NULL };

	if (first)
		cut_after(1 + cut_random(CHANGES));
	w.db = open_database();
	if (w.db && !first) {
		check(w.db);
		batch_free();
		cut_after(1 + cut_random(CHANGES));
	}
	while (w.db && !cut_happened())
		batch_run(&w);
	/* Closing a database that still works would sync it: the power is off before. */
	if (w.db)
		db_close(w.db);
	cut_power_on();
}

static void world(void)
{
	struct db *db;

	memset(&model, 0, sizeof model);
	settings_counter = 0;
	cut_reset(seed);
	for (int i = 0; i < LIVES; i++)
		life(i == 0);
	/* What the last cut left. */
	cut_after(0);
	db = open_database();
	if (db) {
		check(db);
		db_close(db);
	}
	batch_free();
}

int main(int argc, char **argv)
{
	unsigned long cuts = 150, done = 0;
	int option;

	seed = 1;
	while ((option = getopt(argc, argv, "n:s:p")) >= 0)
		switch (option) {
		case 'n':
			cuts = strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			planted = true;
			break;
		default:
			fprintf(stderr, "usage: core_cuts [-n CUTS] [-s SEED] [-p]\n");
			return 100;
		}
	if (sodium_init() < 0)
		return 111;
	log_open("core_cuts");
	/* Each cut is a line of the log that says what SQLite could not do. */
	if (!getenv("CUTS_LOG") && !freopen("/dev/null", "w", stderr))
		return 111;
	db_start();
	cut_register();
	plat_clock_replace(wall, boot);
	plat_random_replace(chance);
	for (; done < cuts && !(planted && losses); done += LIVES, seed++)
		world();
	printf("%lu cuts, %lu groups of changes, %lu losses\n", done, batches, losses);
	return losses != 0;
}

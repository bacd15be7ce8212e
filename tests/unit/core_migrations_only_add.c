/* core: a database that the next release has extended is opened by this one, which
 * works on it; and the next release goes on with what this one wrote. */
/* with: core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/truth.c core/principal.c core/tasks.c */
#include <sodium.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "core/principal.h"
#include "core/tasks.h"
#include "core/truth.h"
#include "log/log.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define PATH "core.db"

/* A made-up next release: a column with a default, an index, a table, a trigger-free rest. */
static const char next[] =
	"ALTER TABLE user ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE token ADD COLUMN used INTEGER;"
	"CREATE INDEX user_locked ON user(locked);"
	"CREATE TABLE workspace(id TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID;"
	"INSERT INTO workspace VALUES('w', '{}');";

static struct db *open_as(bool next_release)
{
	struct db_migration list[64];
	struct db *db = db_open(PATH, NULL, DB_WRITER);
	size_t n = core_schema_count;

	memcpy(list, core_schema, n * sizeof list[0]);
	list[n] = (struct db_migration){ list[n - 1].version + 1, next };
	if (!db || db_migrate(db, list, n + (next_release ? 1 : 0), next_release ? "2" : "1"))
		return NULL;
	return db;
}

/* Something of everything this release writes. */
static void work(struct db *db, const char *user)
{
	char value[CORE_SESSION_TEXT], text[64];
	struct core_principal p = { .kind = CORE_TOKEN };
	struct core_task task[1];

	sqlite3_exec(db_handle(db), "BEGIN IMMEDIATE", NULL, NULL, NULL);
	db_run(db, "INSERT INTO user(id, email, state, organization, admin, doc, created, updated)"
		" VALUES(?, ?, 'active', 'o', 1, '{}', 1, 1)", "tt", user, user);
	core_credential_new(db, user, CORE_TOKEN, value);
	core_credential_hash(value, p.hash);
	core_principal_resolve(db, &p);
	CHECK(p.known && p.admin && !strcmp(p.user, user));
	core_meta_set(db, "test", user);
	core_meta_get(db, "test", text, sizeof text);
	CHECK(!strcmp(text, user));
	core_tasks_boot(db, "boot");
	core_task_replace(db, "sysd", "hostname", "appliance", user, "{}", 100);
	CHECK(core_tasks_lease(db, "sysd", task, 1) == 1);
	CHECK(core_task_result(db, "sysd", task[0].id, task[0].fence, true, "", "{}"));
	free(task[0].push);
	CHECK(!db_error_take(db));
	CHECK(!sqlite3_exec(db_handle(db), "COMMIT", NULL, NULL, NULL));
}

static void check_broken_step(void)
{
	struct db_migration bad[64];
	struct db *db = db_open(PATH, NULL, DB_WRITER);
	size_t n = core_schema_count;
	int before = db_version(db);

	memcpy(bad, core_schema, n * sizeof bad[0]);
	bad[n] = (struct db_migration){ before + 1, "CREATE TABLE half(x); CREATE TABLE user(x);" };
	CHECK(db_migrate(db, bad, n + 1, "3"));
	CHECK(db_version(db) == before);
	CHECK(!db_number(db, 0, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'", ""));
	db_close(db);
}

int main(void)
{
	struct db *db;

	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	CHECK((db = open_as(false)) != NULL);
	CHECK(db_version(db) == core_schema[core_schema_count - 1].version);
	work(db, "first");
	db_close(db);

	CHECK((db = open_as(true)) != NULL);
	CHECK(db_version(db) == core_schema[core_schema_count - 1].version + 1);
	CHECK(db_number(db, -1, "SELECT locked FROM user WHERE id = 'first'", "") == 0);
	db_close(db);

	/* This release again, on the newer database. */
	CHECK((db = open_as(false)) != NULL);
	CHECK(db_version(db) == core_schema[core_schema_count - 1].version + 1);
	work(db, "second");
	db_close(db);

	CHECK((db = open_as(true)) != NULL);
	CHECK(db_number(db, 0, "SELECT count(*) FROM user WHERE locked = 0", "") == 2);
	CHECK(db_number(db, 0, "SELECT count(*) FROM schema_version", "") == (int64_t)core_schema_count + 1);
	db_close(db);
	check_broken_step();
	return failed;
}

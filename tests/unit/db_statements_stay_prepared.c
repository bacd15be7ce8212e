/* db: a statement is prepared once, whatever is bound to it, also beside partial indexes; those
 * that say an index's condition use it. */
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "log/log.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define PATH "statements.db"

static const char schema[] =
	"CREATE TABLE object(kind INTEGER NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY(kind, id));"
	"CREATE INDEX object_parent ON object(kind, parent) WHERE parent <> '';"
	"CREATE INDEX object_six ON object(id) WHERE kind = 6;";

/* How often what is run between two calls was prepared anew. */
static int prepared_again(struct db *db)
{
	sqlite3_stmt *st = NULL;
	int n = 0;

	while ((st = sqlite3_next_stmt(db_handle(db), st)))
		n += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_REPREPARE, 0);
	return n;
}

static int statements(struct db *db)
{
	sqlite3_stmt *st = NULL;
	int n = 0;

	while ((st = sqlite3_next_stmt(db_handle(db), st)))
		n++;
	return n;
}

static void check_prepared_once(struct db *db)
{
	char id[16];
	int before;

	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof id, "%d", i);
		db_run(db, "INSERT INTO object(kind, id, parent) VALUES(?, ?, ?)", "itt", (int64_t)(i % 8), id, i % 2 ? "p" : "");
	}
	before = statements(db);
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof id, "%d", i);
		CHECK(db_number(db, 0, "SELECT count(*) FROM object WHERE kind = ? AND id = ?", "it", (int64_t)(i % 8), id) == 1);
		db_number(db, 0, "SELECT count(*) FROM object WHERE kind = ? AND parent = ? AND parent <> ''", "it",
			(int64_t)(i % 8), i % 3 ? "p" : "");
	}
	CHECK(prepared_again(db) == 0);
	CHECK(statements(db) == before + 2);
}

static bool plan_uses(struct db *db, const char *sql, const char *index)
{
	sqlite3_stmt *q = db_query(db, sql, "it", (int64_t)1, "p");
	bool found = false;

	while (db_row(db, q))
		found |= strstr(db_text(q, 3), index) != NULL;
	return found;
}

static void check_partial_index(struct db *db)
{
	CHECK(plan_uses(db, "EXPLAIN QUERY PLAN SELECT id FROM object WHERE kind = ? AND parent = ? AND parent <> ''",
		"object_parent"));
}

/* What controls a transaction works with an error pending, and does not make one. */
static void check_control(struct db *db)
{
	CHECK(!db_control(db, "BEGIN"));
	db_run(db, "INSERT INTO object(kind, id, parent) VALUES(?, ?, ?)", "itt", INT64_C(0), "0", "");
	CHECK(db_error(db));
	CHECK(!db_control(db, "ROLLBACK"));
	CHECK(db_error_take(db) && !db_error(db));
	CHECK(db_control(db, "ROLLBACK"));
	CHECK(!db_error(db));
	CHECK(!db_control(db, "BEGIN") && !db_control(db, "ROLLBACK"));
}

int main(void)
{
	struct db *db;

	log_open("test");
	db_start();
	db = db_open(PATH, NULL, DB_WRITER);
	if (!db || sqlite3_exec(db_handle(db), schema, NULL, NULL, NULL)) {
		puts("cannot make the database");
		return 1;
	}
	check_prepared_once(db);
	check_partial_index(db);
	check_control(db);
	db_close(db);
	return failed;
}

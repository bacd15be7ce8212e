/* core: every table of the schema has a row in the table of retention and the reverse, docs/retention.md says the same,
 * and each step removes what is over and nothing else. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/retention.h"
#include "core/truth.h"
#include "plat/clock.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define DAY (86400 * PLAT_SECOND)

static struct db *db;

static int64_t wall(void)
{
	return INT64_C(1700000000) * PLAT_SECOND;
}

static bool listed(const char *table)
{
	for (size_t i = 0; i < core_retention_count; i++)
		if (!strcmp(core_retention[i].table, table))
			return true;
	return false;
}

static void tables_are_listed(void)
{
	sqlite3_stmt *q = db_query(db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", "");
	char name[64];

	while (db_row(db, q))
		if (!listed(db_text(q, 0))) {
			failed = 1;
			printf("%s: the table has no row in src/core/retention.c\n", db_text(q, 0));
		}
	for (size_t i = 0; i < core_retention_count; i++) {
		const char *table = core_retention[i].table;

		if (!strncmp(table, "file: ", 6))
			continue;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(table, ":"), table);
		CHECK(db_number(db, 0, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", "t", name) == 1);
	}
}

/* The table as it stands in the page. */
static void limits(const struct retention *r, char out[96])
{
	char rows[32] = "", days[32] = "";

	if (r->days)
		snprintf(days, sizeof days, "%d day%s", r->days, r->days == 1 ? "" : "s");
	if (r->rows)
		snprintf(rows, sizeof rows, "%lld rows", (long long)r->rows);
	snprintf(out, 96, "%s%s%s", days, days[0] && rows[0] ? " or " : "", rows);
}

static void page_says_the_same(void)
{
	static char page[65536];
	char path[512], line[512], limit[96];
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/docs/retention.md", getenv("CAM_TOP") ? getenv("CAM_TOP") : ".");
	f = fopen(path, "r");
	if (f) {
		len = fread(page, 1, sizeof page - 1, f);
		fclose(f);
	}
	page[len] = 0;
	for (size_t i = 0; i < core_retention_count; i++) {
		const struct retention *r = &core_retention[i];

		limits(r, limit);
		snprintf(line, sizeof line, "| `%s` | %s | %s | %s |\n", r->table, r->what, r->kept, limit);
		if (!strstr(page, line)) {
			failed = 1;
			printf("docs/retention.md: needs the line %s", line);
		}
	}
}

static int step(const char *table)
{
	for (size_t i = 0; i < core_retention_count; i++)
		if (!strcmp(core_retention[i].table, table))
			return retention_step(db, i);
	return -1;
}

static int64_t count(const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	if (!sqlite3_prepare_v2(db_handle(db), sql, -1, &st, NULL) && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void objects_go_by_age(void)
{
	db_run(db, "INSERT INTO object(kind, id, state, created, updated, doc) VALUES(7, 'old', 'done', ?1, ?1, '{}'),"
		" (7, 'running', 'processing', ?1, ?1, '{}'), (7, 'new', 'done', ?2, ?2, '{}'), (5, 'i-1', 'done', ?1, ?1, '{}'),"
		" (9, 'log', '', ?1, ?1, '{}'), (4, 'box', '', ?1, ?1, '{}')", "ii", wall() - 400 * DAY, wall() - DAY);
	CHECK(step("object: operation") == 1);
	CHECK(step("object: provider-log") == 1);
	CHECK(count("SELECT count(*) FROM object WHERE id IN ('running', 'new', 'i-1', 'box')") == 4);
	CHECK(count("SELECT count(*) FROM object") == 4);
}

static void tokens_go_after_their_end(void)
{
	db_run(db, "INSERT INTO token(hash, user, kind, created, expires) VALUES(x'01', 'a', 2, 1, ?1), (x'02', 'a', 2, 1, ?2),"
		" (x'03', 'a', 1, 1, 0)", "ii", wall() - 2 * DAY, wall() + DAY);
	CHECK(step("token") == 1 && count("SELECT count(*) FROM token") == 2);
}

static void steps_are_small(void)
{
	for (int i = 0; i < 1000; i++)
		db_run(db, "INSERT INTO object(kind, id, state, created, updated, doc) VALUES(12, ?1, 'done', 1, 1, '{}')", "i",
			(int64_t)i);
	CHECK(step("object: task") == 200 && count("SELECT count(*) FROM object WHERE kind = 12") == 800);
	CHECK(step("event") == 0 && step("operation") == 0 && step("task") == 0 && step("activity") == 0);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	plat_clock_replace(wall, NULL);
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	tables_are_listed();
	page_says_the_same();
	objects_go_by_age();
	tokens_go_after_their_end();
	steps_are_small();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

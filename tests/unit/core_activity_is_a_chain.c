/* core: each row of the activity names the one before; it is cut only at a checkpoint, which becomes its beginning. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/activity.h"
#include "core/truth.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t now = INT64_C(1700000000) * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static struct db *db;

static int64_t wall(void)
{
	return now;
}

static void add(const char *user, int count)
{
	struct activity_entry e = { user, "192.0.2.1", "box.put", "box", "b\"ö\\1", 200 };

	for (int i = 0; i < count; i++)
		activity_add(db, &e);
}

/* Walks the rows and computes every hash anew; the number of rows, -1 when something does not fit. */
static int walk(void)
{
	struct activity_bounds b;
	char prev[ACTIVITY_HASH], hash[ACTIVITY_HASH], member[ACTIVITY_HASH + 16];
	uint8_t bytes[crypto_hash_sha256_BYTES];
	sqlite3_stmt *q;
	int64_t next;
	int rows = 0;

	activity_bounds(db, &b);
	next = b.first;
	memcpy(prev, b.prev, sizeof prev);
	q = db_query(db, "SELECT sequence, line, hash FROM activity WHERE sequence >= ? ORDER BY sequence", "i", b.first);
	while (db_row(db, q)) {
		const char *line = db_text(q, 1);

		crypto_hash_sha256(bytes, (const uint8_t *)line, strlen(line));
		sodium_bin2hex(hash, sizeof hash, bytes, sizeof bytes);
		snprintf(member, sizeof member, "\"prev\":\"%s\"}", prev);
		if (db_int(q, 0) != next || strcmp(db_text(q, 2), hash) || !strstr(line, member))
			rows = -100000;
		memcpy(prev, hash, sizeof prev);
		next++;
		rows++;
	}
	return !strcmp(prev, b.hash) && next == b.last + 1 ? rows : -1;
}

static void checkpoint(void)
{
	struct activity_bounds b;

	activity_bounds(db, &b);
	db_run(db, "INSERT INTO checkpoint(last, hash, time, statement, signature) VALUES(?, ?, ?, '{}', '')", "iti", b.last,
		b.hash, now);
}

int main(void)
{
	struct activity_bounds b;

	if (sodium_init() < 0)
		return 1;
	plat_clock_replace(wall, NULL);
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	CHECK(walk() == 0);
	add("jane", 10);
	CHECK(walk() == 10);
	/* nothing is signed: nothing goes, however old */
	now += 500 * 86400 * PLAT_SECOND;
	CHECK(activity_cut(db, now, 1, 100) == 0 && walk() == 10);
	checkpoint();
	add("joe", 5);
	/* the checkpoint is not old enough, and there are not too many rows */
	CHECK(activity_cut(db, now - PLAT_SECOND, 5, 100) == 10 && walk() == 5);
	activity_bounds(db, &b);
	CHECK(b.first == 11 && b.last == 15);
	add("joe", 5);
	CHECK(walk() == 10);
	checkpoint();
	now += 10 * PLAT_SECOND;
	add("late", 1);
	/* by age, in small steps: what is cut off is no longer part of the chain at once */
	CHECK(activity_cut(db, now - PLAT_SECOND, 1000, 3) == 3 && walk() == 1);
	CHECK(activity_cut(db, now - PLAT_SECOND, 1000, 100) == 7 && walk() == 1);
	CHECK(db_number(db, 0, "SELECT count(*) FROM activity", "") == 1);
	/* a clock that was set back changes nothing */
	now -= 1000 * 86400 * PLAT_SECOND;
	add("early", 3);
	CHECK(walk() == 4);
	/* the walk itself must find a change */
	db_run(db, "UPDATE activity SET line = replace(line, 'early', 'worse') WHERE sequence = 22", "");
	CHECK(walk() < 0);
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

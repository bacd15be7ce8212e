#include <stdio.h>
#include <string.h>

#include "truth.h"
#include "plat/clock.h"

/* Old events are looked for once in so many. */
#define EVENTS_SWEEP 16

/* The transaction of the writer that is open: its stamps are counted here and kept once, at its end. */
static _Thread_local struct { struct db *db; int64_t last; } stamps;

void core_stamps_begin(struct db *db, void *unused)
{
	(void)unused;
	stamps.db = db;
	stamps.last = 0;
}

void core_stamps_end(struct db *db, void *unused)
{
	(void)unused;
	stamps.db = NULL;
	if (stamps.last)
		db_run(db, "UPDATE meta SET value = ? WHERE key = 'stamp'", "i", stamps.last);
}

int64_t core_stamp(struct db *db)
{
	int64_t now = plat_clock_wall();

	if (stamps.db == db && !sqlite3_get_autocommit(db_handle(db))) {
		if (!stamps.last)
			stamps.last = db_number(db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "");
		stamps.last = stamps.last >= now ? stamps.last + 1 : now;
		return stamps.last;
	}
	return db_number(db, 0, "UPDATE meta SET value = max(value + 1, ?) WHERE key = 'stamp' RETURNING value", "i", now);
}

void core_event(struct db *db, const char *kind, const char *object, const char *data)
{
	int64_t sequence;

	db_run(db, "INSERT INTO event(time, kind, object, data) VALUES(?, ?, ?, ?)", "ittt", core_stamp(db), kind, object, data);
	sequence = db_inserted(db);
	/* The old ones go a few at a time, so no transaction pays for all. */
	if (sequence && sequence % EVENTS_SWEEP == 0)
		db_run(db, "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event WHERE sequence <= ?"
			" ORDER BY sequence LIMIT ?)", "ii", sequence - CORE_EVENTS_KEPT, (int64_t)(4 * EVENTS_SWEEP));
}

void core_meta_set(struct db *db, const char *key, const char *value)
{
	db_run(db, "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
		"tt", key, value);
}

void core_meta_get(struct db *db, const char *key, char *out, size_t size)
{
	sqlite3_stmt *q = db_query(db, "SELECT value FROM meta WHERE key = ?", "t", key);

	out[0] = 0;
	if (db_row(db, q)) {
		snprintf(out, size, "%s", db_text(q, 0));
		db_end(q);
	}
}

bool core_is_setup(struct db *db)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM user WHERE admin = 1)", "") != 0;
}

char *core_settings(struct db *db)
{
	sqlite3_stmt *q = db_query(db, "SELECT doc FROM setting WHERE name = 'appliance'", "");
	char *doc = NULL;

	if (db_row(db, q)) {
		doc = strdup(db_text(q, 0));
		db_end(q);
	}
	return doc;
}

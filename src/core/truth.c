#include <stdio.h>
#include <string.h>

#include "truth.h"
#include "plat/clock.h"

int64_t core_stamp(struct db *db)
{
	return db_number(db, 0, "UPDATE meta SET value = max(value + 1, ?) WHERE key = 'stamp' RETURNING value", "i",
		plat_clock_wall());
}

void core_event(struct db *db, const char *kind, const char *object, const char *data)
{
	int64_t sequence;

	sequence = db_number(db, 0, "INSERT INTO event(time, kind, object, data) VALUES(?, ?, ?, ?) RETURNING sequence",
		"ittt", core_stamp(db), kind, object, data);
	/* The old ones go a few at a time, so no transaction pays for all. */
	db_run(db, "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event WHERE sequence <= ?"
		" ORDER BY sequence LIMIT 4)", "i", sequence - CORE_EVENTS_KEPT);
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

/* The schema grows by numbered steps that only add. */
#include "db/db.h"
#include "log/log.h"
#include "plat/clock.h"

static bool has_versions(struct db *db)
{
	return db_number(db, 0, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'", "") > 0;
}

int db_version(struct db *db)
{
	return has_versions(db) ? (int)db_number(db, 0, "SELECT max(version) FROM schema_version", "") : 0;
}

static int step(struct db *db, const struct db_migration *m, const char *release)
{
	sqlite3 *h = db_handle(db);

	if (sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL) || sqlite3_exec(h, m->sql, NULL, NULL, NULL))
		goto failed;
	if (sqlite3_exec(h, "CREATE TABLE IF NOT EXISTS schema_version"
			"(version INTEGER PRIMARY KEY, applied INTEGER NOT NULL, release TEXT NOT NULL)", NULL, NULL, NULL))
		goto failed;
	db_run(db, "INSERT INTO schema_version(version, applied, release) VALUES(?, ?, ?)", "iit",
		(int64_t)m->version, plat_clock_wall(), release);
	if (db_error(db) || sqlite3_exec(h, "COMMIT", NULL, NULL, NULL))
		goto failed;
	log_info("database: schema is now version %d", m->version);
	return 0;
failed:
	log_warn("database: schema version %d: %s", m->version, sqlite3_errmsg(h));
	sqlite3_exec(h, "ROLLBACK", NULL, NULL, NULL);
	db_error_take(db);
	return -1;
}

int db_migrate(struct db *db, const struct db_migration *list, size_t count, const char *release)
{
	int present = db_version(db);

	if (db_error_take(db))
		return -1;
	if (count && present > list[count - 1].version)
		log_info("database: schema version %d is newer than ours (%d); it only adds to it", present,
			list[count - 1].version);
	for (size_t i = 0; i < count; i++)
		if (list[i].version > present && step(db, &list[i], release))
			return -1;
	return 0;
}

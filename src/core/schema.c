/*
 * The tables.  Steps only add; the release before must be able to go on with a
 * newer database.  Times: `created`, `updated`, `time` are wall microseconds and
 * come from core_stamp; those named *_boot are of the boot clock of the boot in
 * meta.boot_id.
 */
#include "truth.h"

#define TABLES_1 \
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;" \
	"INSERT INTO meta(key, value) VALUES('stamp', 0);" \
	\
	"CREATE TABLE event(sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL," \
	" kind TEXT NOT NULL, object TEXT NOT NULL, data TEXT NOT NULL);" \
	\
	"CREATE TABLE setting(name TEXT PRIMARY KEY, doc TEXT NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID;" \
	\
	"CREATE TABLE organization(id TEXT PRIMARY KEY, doc TEXT NOT NULL, created INTEGER NOT NULL," \
	" updated INTEGER NOT NULL) WITHOUT ROWID;" \
	\
	/* A user and the personal workspace are one object; admin is of the appliance. */ \
	"CREATE TABLE user(id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, state TEXT NOT NULL," \
	" organization TEXT NOT NULL, admin INTEGER NOT NULL, password TEXT, doc TEXT NOT NULL," \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL, last_login INTEGER) WITHOUT ROWID;" \
	\
	/* kind: 1 token, 2 session; expires 0 = never */ \
	"CREATE TABLE token(hash BLOB PRIMARY KEY, user TEXT NOT NULL, kind INTEGER NOT NULL," \
	" description TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, expires INTEGER NOT NULL DEFAULT 0)" \
	" WITHOUT ROWID;" \
	"CREATE INDEX token_user ON token(user, kind, created);" \
	\
	/* sealed by keyd with object and field as associated data */ \
	"CREATE TABLE secret(object TEXT NOT NULL, field TEXT NOT NULL, sealed TEXT NOT NULL," \
	" PRIMARY KEY(object, field)) WITHOUT ROWID;" \
	\
	"CREATE TABLE operation(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object TEXT NOT NULL," \
	" state TEXT NOT NULL, message TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, updated INTEGER NOT NULL," \
	" deadline INTEGER NOT NULL, deadline_boot INTEGER NOT NULL);" \
	"CREATE INDEX operation_open ON operation(deadline_boot) WHERE state = 'processing';" \
	\
	"CREATE TABLE task(id INTEGER PRIMARY KEY AUTOINCREMENT, operation INTEGER NOT NULL, worker TEXT NOT NULL," \
	" kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, input TEXT NOT NULL, state TEXT NOT NULL," \
	" fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0," \
	" due_boot INTEGER NOT NULL DEFAULT 0, lease_boot INTEGER NOT NULL DEFAULT 0," \
	" message TEXT NOT NULL DEFAULT '', output TEXT NOT NULL DEFAULT '{}'," \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL);" \
	"CREATE INDEX task_open ON task(worker, state, due_boot) WHERE state IN ('waiting', 'leased');" \
	"CREATE INDEX task_operation ON task(operation);"

const struct db_migration core_schema[] = {
	{ 1, TABLES_1 },
};
const size_t core_schema_count = sizeof core_schema / sizeof core_schema[0];

/* Tables of what providers have and have no more: steps of the schema. */
#include "truth.h"

/* What is no instance here (unregistered.h). found: SHA-256 of what the sync said, by which a difference is seen; doc: as clients see it. */
const char core_tables_unregistered[] =
	"CREATE TABLE unregistered(number INTEGER PRIMARY KEY, provider TEXT NOT NULL, external_id TEXT NOT NULL, id TEXT NOT NULL, found BLOB NOT NULL,"
	" doc TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE(provider, external_id));"
	"CREATE UNIQUE INDEX unregistered_id ON unregistered(provider, id);";

/* Of machines (vanished.h). How many lists in a row did not have it, and since when it has vanished (wall, 0 = it has not). */
const char core_tables_vanished[] =
	"ALTER TABLE machine ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE machine ADD COLUMN vanished INTEGER NOT NULL DEFAULT 0;";

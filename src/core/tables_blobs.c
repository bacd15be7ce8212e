/* Tables of blobs: a step of the schema. */
#include "truth.h"

const char core_tables_blobs[] = "SELECT 1;";

/* Which objects name which files.  A place in a text is followed by the id and the name. */
#define PLACE "'/services/blobs/download/'"

const char core_tables_blob_use[] =
	"CREATE TABLE blob_use(kind INTEGER NOT NULL, object TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY(kind, object, blob))"
	" WITHOUT ROWID;"
	"CREATE INDEX blob_use_blob ON blob_use(blob, kind, object);"
	"CREATE TRIGGER blob_use_end AFTER DELETE ON object BEGIN"
	" DELETE FROM blob_use WHERE kind = old.kind AND object = old.id; END;"
	"INSERT OR IGNORE INTO blob_use(kind, object, blob) WITH RECURSIVE named(kind, id, rest) AS ("
	"SELECT kind, id, substr(doc, instr(doc, " PLACE ") + length(" PLACE ")) FROM object WHERE kind <> 11 AND instr(doc, " PLACE ")"
	" UNION ALL SELECT kind, id, substr(rest, instr(rest, " PLACE ") + length(" PLACE ")) FROM named WHERE instr(rest, " PLACE "))"
	" SELECT kind, id, substr(rest, 1, 24) FROM named;";

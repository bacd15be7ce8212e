/* Tables of instances and providers: a step of the schema. */
#include "truth.h"

/* What core itself does at a time (steps.h); due is the wall clock's, for the next boot.  The
 * index over services (kind 6) finds those of a provider. */
const char core_tables_instances[] =
	"CREATE TABLE step(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object TEXT NOT NULL,"
	" argument TEXT NOT NULL, due INTEGER NOT NULL, due_boot INTEGER NOT NULL);"
	"CREATE INDEX step_due ON step(due_boot);"
	"CREATE INDEX step_object ON step(object, kind);"
	"CREATE INDEX service_provider ON object(json_extract(doc, '$.provider_id')) WHERE kind = 6;";

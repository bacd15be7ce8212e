/* What a report needs of services that are gone: a step of the schema. */
#include "truth.h"

const char core_tables_reports[] =
	"CREATE TABLE service_past(number INTEGER PRIMARY KEY, organization TEXT NOT NULL, id TEXT NOT NULL,"
	" provider_type TEXT NOT NULL, created INTEGER NOT NULL, ended INTEGER NOT NULL, doc TEXT NOT NULL);"
	"CREATE INDEX service_past_organization ON service_past(organization, number);";

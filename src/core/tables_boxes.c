/* Step 3: the versions of a box, the highest number first. */
#include "truth.h"

const char core_tables_boxes[] =
	"CREATE INDEX object_version ON object(parent, json_extract(doc, '$.version.number.major') DESC,"
	" json_extract(doc, '$.version.number.minor') DESC, json_extract(doc, '$.version.number.patch') DESC)"
	" WHERE kind = 4 AND parent <> '';";

/* Which objects name which files: the rows beside the addresses in their documents. */
#include <stdio.h>
#include <string.h>

#include "blobs.h"

void object_files_index(struct db *db, const struct object *o, const char *text, bool there)
{
	char id[BLOB_ID_LEN + 1];

	if (o->kind == OBJECT_BLOB)
		return;
	if (there)
		db_run(db, "DELETE FROM blob_use WHERE kind = ? AND object = ?", "it", (int64_t)o->kind, o->id);
	while ((text = strstr(text, BLOB_PLACE))) {
		text += sizeof BLOB_PLACE - 1;
		if (strspn(text, "0123456789abcdef") < BLOB_ID_LEN)
			continue;
		snprintf(id, sizeof id, "%.*s", BLOB_ID_LEN, text);
		db_run(db, "INSERT OR IGNORE INTO blob_use(kind, object, blob) VALUES(?, ?, ?)", "itt", (int64_t)o->kind, o->id, id);
	}
}

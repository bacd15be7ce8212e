/*
 * The instances whose scripts follow each other: read and parsed once, not once for each script.  An entry holds for as long as the row
 * has the same time of change; those grow strictly over all that was committed, so what a transaction that failed has read must be
 * forgotten (flow_recent_forget).  One thread, the writer's.
 */
#include <string.h>

#include "flow.h"

/* As many as are seen busy at once; 20 to 40 kB each.  Of those with documents over LARGE bytes there is one place for all. */
#define RECENT 64
#define LARGE 65536

static _Thread_local struct { struct db *db; struct object instance[RECENT + 1]; } recent;

static unsigned place_of(struct db *db, const char *id)
{
	uint32_t h = 2166136261u;			/* FNV-1a */

	if (db_number(db, 0, "SELECT octet_length(doc) FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_INSTANCE, id) > LARGE)
		return RECENT;
	while (*id)
		h = (h ^ (uint8_t)*id++) * 16777619u;
	return h % RECENT;
}

const struct object *flow_recent(struct db *db, const char *id)
{
	struct object *o = &recent.instance[place_of(db, id)], row;

	if (!object_head(db, OBJECT_INSTANCE, id, &row))
		return NULL;
	if (recent.db == db && o->doc && !strcmp(o->id, id) && o->updated == row.updated)
		return o;
	if (recent.db != db)
		flow_recent_forget();
	recent.db = db;
	object_free(o);
	return object_get(db, OBJECT_INSTANCE, id, o) ? o : NULL;
}

void flow_recent_forget(void)
{
	for (unsigned i = 0; i <= RECENT; i++)
		object_free(&recent.instance[i]);
	memset(&recent, 0, sizeof recent);
}

/*
 * The instances whose scripts follow each other: read and parsed once, not once for each script.  An entry holds for as long as the row
 * has the same time of change; those grow strictly over all that was committed, so what a transaction that failed has read must be
 * forgotten (flow_recent_forget).  The writer and each reader have their own.
 */
#include <string.h>

#include "flow.h"

/* More than are seen busy at once as a rule; parsed, each is about four times its text.  Larger texts are kept one at a time. */
#define RECENT 96
#define LARGE 16384

struct entry { struct object instance; uint64_t used; };

static _Thread_local struct { struct db *db; uint64_t uses; struct entry entry[RECENT], large; } recent;

static struct entry *find(const char *id)
{
	for (unsigned i = 0; i < RECENT; i++)
		if (recent.entry[i].instance.doc && !strcmp(recent.entry[i].instance.id, id))
			return &recent.entry[i];
	return recent.large.instance.doc && !strcmp(recent.large.instance.id, id) ? &recent.large : NULL;
}

/* Where it is to be kept: in the place that was used longest ago. */
static struct entry *place_for(struct db *db, const char *id)
{
	struct entry *oldest = &recent.entry[0];

	if (db_number(db, 0, "SELECT octet_length(doc) FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_INSTANCE, id) > LARGE)
		return &recent.large;
	for (unsigned i = 1; i < RECENT; i++)
		if (recent.entry[i].used < oldest->used)
			oldest = &recent.entry[i];
	return oldest;
}

const struct object *flow_recent(struct db *db, const char *id)
{
	struct object row;
	struct entry *e;

	if (!object_head(db, OBJECT_INSTANCE, id, &row))
		return NULL;
	if (recent.db != db)
		flow_recent_forget();
	recent.db = db;
	e = find(id);
	if (!e || e->instance.updated != row.updated) {
		if (e)
			object_free(&e->instance);
		e = place_for(db, id);
		object_free(&e->instance);
		if (!object_get(db, OBJECT_INSTANCE, id, &e->instance))
			return NULL;
	}
	e->used = ++recent.uses;
	return &e->instance;
}

void flow_recent_forget(void)
{
	for (unsigned i = 0; i < RECENT; i++)
		object_free(&recent.entry[i].instance);
	object_free(&recent.large.instance);
	memset(&recent, 0, sizeof recent);
}

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "machine.h"
#include "provider.h"
#include "tasks.h"
#include "truth.h"
#include "unregistered.h"
#include "log/log.h"

struct change { unsigned added, changed, gone; };

static const char *text(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

/* ---- one ---- */

/* As clients know it; what a virtual machine is not part of is null. */
static char *wire(const struct object *p, yyjson_val *found, const char *id, int64_t created, int64_t now, size_t *len)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	yyjson_val *info = yyjson_obj_get(found, "server_info");
	char made[OBJECT_DATE], updated[OBJECT_DATE], *json;

	object_date(created, made);
	object_date(now, updated);
	yyjson_mut_doc_set_root(doc, o);
	yyjson_mut_obj_add_str(doc, o, "schema", SCHEMAS "unregistered-instance");
	yyjson_mut_obj_add_str(doc, o, "id", id);
	yyjson_mut_obj_add_str(doc, o, "name", text(found, "name"));
	yyjson_mut_obj_add_str(doc, o, "type", "Compute");
	yyjson_mut_obj_add_obj(doc, o, "profile");
	yyjson_mut_obj_add_str(doc, o, "provider_id", p->id);
	yyjson_mut_obj_add_str(doc, o, "external_id", text(found, "external_id"));
	yyjson_mut_obj_add_val(doc, o, "server_info", yyjson_is_obj(info) ? yyjson_val_mut_copy(doc, info) : yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, o, "power_state", text(found, "power_state"));
	yyjson_mut_obj_add_null(doc, o, "stack_id");
	yyjson_mut_obj_add_null(doc, o, "autoscaling_group");
	yyjson_mut_obj_add_str(doc, o, "organization", p->organization);
	yyjson_mut_obj_add_str(doc, o, "created", made);
	yyjson_mut_obj_add_str(doc, o, "updated", updated);
	yyjson_mut_obj_add_null(doc, o, "deleted");
	json = yyjson_mut_write(doc, 0, len);
	yyjson_mut_doc_free(doc);
	if (!json)
		log_fatal("unregistered");
	return json;
}

static void digest(yyjson_val *found, uint8_t out[crypto_hash_sha256_BYTES])
{
	size_t len = 0;
	char *json = yyjson_val_write(found, 0, &len);

	if (!json)
		log_fatal("unregistered");
	crypto_hash_sha256(out, (const uint8_t *)json, len);
	free(json);
}

static void put(struct db *db, const struct object *p, yyjson_val *found, struct change *c)
{
	uint8_t now[crypto_hash_sha256_BYTES];
	int64_t stamp, created = 0;
	char id[OBJECT_ID] = "", *json;
	size_t len = 0;
	sqlite3_stmt *q;
	bool same = false, there;

	digest(found, now);
	q = db_query(db, "SELECT id, created, found = ? FROM unregistered WHERE provider = ? AND external_id = ?", "btt",
		(const void *)now, sizeof now, p->id, text(found, "external_id"));
	if (db_row(db, q)) {
		snprintf(id, sizeof id, "%s", db_text(q, 0));
		created = db_int(q, 1);
		same = db_int(q, 2) != 0;
		db_end(q);
	}
	if (same)
		return;
	stamp = core_stamp(db);
	there = id[0] != 0;
	if (!there) {
		created = stamp;
		object_id_guid(id);
	}
	json = wire(p, found, id, created, stamp, &len);
	if (len <= UNREGISTERED_BYTES) {
		c->added += !there;
		c->changed += there;
		db_run(db, "INSERT INTO unregistered(provider, external_id, id, found, doc, created) VALUES(?, ?, ?, ?, ?, ?)"
			" ON CONFLICT(provider, external_id) DO UPDATE SET found = excluded.found, doc = excluded.doc", "tttbti", p->id,
			text(found, "external_id"), id, (const void *)now, sizeof now, json, created);
	}
	free(json);
}

/* ---- all of a sync ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of an import that waits for the agent of what is gone: none will come. Once adoption has begun the key keeps it out of the list. */
static void end_import(struct db *db, const char *provider, const char *external_id)
{
	int64_t task = db_number(db, 0, "SELECT task.id FROM machine JOIN task ON task.machine = machine.id WHERE machine.provider = ?"
		" AND machine.provider <> '' AND machine.external_id = ? AND machine.tried = 0 AND task.machine <> '' AND task.kind = 'hello'"
		" AND task.state = 'waiting' LIMIT 1", "tt", provider, external_id);
	char why[MACHINE_TEXT + 64];

	snprintf(why, sizeof why, "%s " UNREGISTERED_GONE, external_id);
	if (task)
		core_task_cancel(db, task, why);
}

/* Removes rows the sync did not find: ids holds, in order, what it found. */
static void remove_others(struct db *db, const char *provider, const char *const *ids, size_t n, struct change *c)
{
	char (*gone)[MACHINE_TEXT] = calloc(UNREGISTERED_MAX, sizeof *gone);
	const char *one;
	sqlite3_stmt *q;
	size_t count = 0;

	if (!gone)
		log_fatal("unregistered");
	q = db_query(db, "SELECT external_id FROM unregistered WHERE provider = ?", "t", provider);
	while (db_row(db, q)) {
		one = db_text(q, 0);
		if (bsearch(&one, ids, n, sizeof *ids, by_text))
			continue;
		snprintf(gone[count++], sizeof gone[0], "%s", one);
		if (count == UNREGISTERED_MAX) {
			db_end(q);
			break;
		}
	}
	for (size_t i = 0; i < count; i++) {
		db_run(db, "DELETE FROM unregistered WHERE provider = ? AND external_id = ?", "tt", provider, gone[i]);
		end_import(db, provider, gone[i]);
	}
	c->gone = (unsigned)count;
	free(gone);
}

/* Can it be kept? */
static bool named(yyjson_val *found)
{
	const char *id = text(found, "external_id");

	return id[0] && strlen(id) < MACHINE_TEXT;
}

static void tell(struct db *db, const struct object *p, const struct change *c)
{
	char line[160];

	if (!c->added && !c->changed && !c->gone)
		return;
	snprintf(line, sizeof line, "Unregistered resources: %u found anew, %u changed, %u no longer there.", c->added, c->changed,
		c->gone);
	provider_log(db, p, PROVIDER_INFO, "discovery", line);
	object_event(db, p, "unregistered");
}

void unregistered_take(struct db *db, const struct object *p, yyjson_val *found)
{
	const char **ids = yyjson_is_arr(found) ? calloc(UNREGISTERED_MAX, sizeof *ids) : NULL;
	yyjson_arr_iter it = yyjson_arr_iter_with(found);
	struct change c = { .added = 0 };
	yyjson_val *one;
	size_t n = 0;

	if (!ids)
		return;
	while (n < UNREGISTERED_MAX && (one = yyjson_arr_iter_next(&it)))
		if (named(one)) {
			put(db, p, one, &c);
			ids[n++] = text(one, "external_id");
		}
	qsort(ids, n, sizeof *ids, by_text);
	remove_others(db, p->id, ids, n, &c);
	tell(db, p, &c);
	free(ids);
}

bool unregistered_read(struct db *db, const char *id, char provider[OBJECT_ID], char external_id[MACHINE_TEXT])
{
	sqlite3_stmt *q = db_query(db, "SELECT provider, external_id FROM unregistered WHERE id = ?", "t", id);

	if (!db_row(db, q))
		return false;
	snprintf(provider, OBJECT_ID, "%s", db_text(q, 0));
	snprintf(external_id, MACHINE_TEXT, "%s", db_text(q, 1));
	db_end(q);
	return true;
}

void unregistered_taken(struct db *db, const char *provider, const char *external_id)
{
	db_run(db, "DELETE FROM unregistered WHERE provider = ? AND external_id = ?", "tt", provider, external_id);
}

void unregistered_forget(struct db *db, const char *provider)
{
	db_run(db, "DELETE FROM unregistered WHERE provider = ?", "t", provider);
}

void unregistered_list(struct db *db, const char *provider, char cursor[OBJECT_CURSOR], size_t bytes, struct object_text *out)
{
	char after[OBJECT_CURSOR];

	snprintf(after, sizeof after, "%s", cursor);
	object_list_query(db, db_query(db, "SELECT id, doc FROM unregistered WHERE provider = ? AND id > ? ORDER BY id LIMIT ?", "tti",
		provider, after, (int64_t)OBJECT_LIST_ROWS), OBJECT_LIST_ROWS, cursor, bytes, out);
}

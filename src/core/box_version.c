/* Versions: their numbers, their making, and the way back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "log/log.h"
#include "secrets.h"

#define MAJOR "json_extract(doc, '$.version.number.major')"
#define MINOR "json_extract(doc, '$.version.number.minor')"
#define PATCH "json_extract(doc, '$.version.number.patch')"
/* As the index object_version has it. */
#define OF_DRAFT " FROM object WHERE kind = 4 AND parent = ? AND parent <> ''" \
	" ORDER BY " MAJOR " DESC, " MINOR " DESC, " PATCH " DESC"

int box_number_compare(const struct box_number *a, const struct box_number *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return a->patch < b->patch ? -1 : a->patch > b->patch;
}

bool box_number_of(yyjson_mut_val *box, struct box_number *out)
{
	yyjson_mut_val *n = yyjson_mut_obj_get(yyjson_mut_obj_get(box, "version"), "number");

	out->major = yyjson_mut_get_sint(yyjson_mut_obj_get(n, "major"));
	out->minor = yyjson_mut_get_sint(yyjson_mut_obj_get(n, "minor"));
	out->patch = yyjson_mut_get_sint(yyjson_mut_obj_get(n, "patch"));
	return n != NULL;
}

void box_versions_read(struct db *db, const char *draft, struct box_versions *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT id, " MAJOR ", " MINOR ", " PATCH OF_DRAFT, "t", draft);
	unsigned size = 0;

	*out = (struct box_versions){ .count = 0 };
	while (db_row(db, q)) {
		if (out->count == size) {
			size = size ? 2 * size : 16;
			out->list = reallocarray(out->list, size, sizeof *out->list);
			if (!out->list)
				log_fatal("box");
		}
		strncpy(out->list[out->count].id, db_text(q, 0), OBJECT_ID - 1);
		out->list[out->count].id[OBJECT_ID - 1] = 0;
		out->list[out->count++].number = (struct box_number){ db_int(q, 1), db_int(q, 2), db_int(q, 3) };
	}
}

void box_versions_free(struct box_versions *v)
{
	free(v->list);
	*v = (struct box_versions){ .count = 0 };
}

bool box_latest(struct db *db, const char *draft, char id[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT id" OF_DRAFT " LIMIT 1", "t", draft);

	if (!db_row(db, q))
		return false;
	snprintf(id, OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	return true;
}

/* A line is what has the same major and minor: a fix of 1.4 may follow when there is a 2.0. */
int box_number_check(const struct box_versions *v, const struct box_number *n, char message[SCHEMA_MESSAGE])
{
	const struct box_number *has;

	for (unsigned i = 0; i < v->count; i++)
		if (!box_number_compare(&v->list[i].number, n)) {
			snprintf(message, SCHEMA_MESSAGE, "version.number: there is a version %" PRId64 ".%" PRId64 ".%" PRId64
				" already.", n->major, n->minor, n->patch);
			return 409;
		}
	for (unsigned i = 0; i < v->count; i++) {
		has = &v->list[i].number;
		if (has->major != n->major || has->minor != n->minor || has->patch < n->patch)
			continue;
		snprintf(message, SCHEMA_MESSAGE, "version.number: must be greater than %" PRId64 ".%" PRId64 ".%" PRId64
			", the latest of its line.", has->major, has->minor, has->patch);
		return 400;
	}
	if (v->count >= BOX_VERSIONS_MAX) {
		snprintf(message, SCHEMA_MESSAGE, "version: a box has at most %d versions. Delete some first.", BOX_VERSIONS_MAX);
		return 409;
	}
	return 0;
}

void box_version_make(struct db *db, struct object *draft, yyjson_val *version, const char *workspace, const char *id)
{
	struct object v = *draft;
	yyjson_mut_val *member;

	snprintf(v.id, sizeof v.id, "%s", id);
	snprintf(v.parent, sizeof v.parent, "%s", draft->id);
	v.created = 0;
	v.text = NULL;
	v.doc = yyjson_mut_doc_mut_copy(draft->doc, NULL);
	if (!v.doc)
		log_fatal("box");
	yyjson_mut_obj_remove_key(v.doc->root, "draft_from");
	yyjson_mut_obj_remove_key(v.doc->root, "version");
	member = yyjson_val_mut_copy(v.doc, version);
	yyjson_mut_obj_remove_key(member, "box");
	yyjson_mut_obj_remove_key(member, "workspace");
	yyjson_mut_obj_add_strcpy(v.doc, member, "box", draft->id);
	yyjson_mut_obj_add_strcpy(v.doc, member, "workspace", workspace);
	yyjson_mut_obj_add_val(v.doc, v.doc->root, "version", member);
	object_put(db, &v);
	object_free(&v);
	object_set(draft, "draft_from", id);
}

/* What belongs to the box and not to its content: a version that comes back does not
 * change who owns the box or who sees it. */
static const char *const own[] = {
	"id", "uri", "owner", "organization", "members", "visibility", "created", "updated", "deleted", "friendly_id",
	"categories",
};

void box_restore(struct object *draft, const struct object *version)
{
	yyjson_mut_val *root = yyjson_mut_val_mut_copy(draft->doc, version->doc->root), *kept;

	yyjson_mut_obj_remove_key(root, "version");
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		kept = yyjson_mut_val_mut_copy(draft->doc, yyjson_mut_obj_get(draft->doc->root, own[i]));
		if (!kept)
			yyjson_mut_obj_remove_key(root, own[i]);
		else if (!yyjson_mut_obj_replace(root, yyjson_mut_str(draft->doc, own[i]), kept))
			yyjson_mut_obj_add(root, yyjson_mut_str(draft->doc, own[i]), kept);
	}
	yyjson_mut_doc_set_root(draft->doc, root);
	object_set(draft, "draft_from", version->id);
}

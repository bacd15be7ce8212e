/* Who may read a file: who uploaded it, and who sees something that names it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "blobs.h"
#include "box.h"

/* Objects that name one file and are asked whether somebody may see them. */
#define NAMERS_MAX 1024

bool core_blob_named(const char *text, const char *id)
{
	const char *at = text;

	while ((at = strstr(at, BLOB_PLACE))) {
		at += sizeof BLOB_PLACE - 1;
		if (!strncmp(at, id, BLOB_ID_LEN))
			return true;
	}
	return false;
}

/* Who sees only what of a box is published does not see what its draft names. */
static bool sees_name(struct db *db, const struct core_principal *p, const struct object *o, const char *id)
{
	struct object box;
	char *text;
	bool yes;

	if (!access_allowed(db, p, o, ACCESS_SEE))
		return false;
	if (o->kind != OBJECT_BOX || o->parent[0] || box_sees_draft(db, p, o))
		return true;
	if (!object_get(db, OBJECT_BOX, o->id, &box))
		return false;
	box_view(db, p, &box);
	text = yyjson_mut_write(box.doc, 0, NULL);
	yes = text && core_blob_named(text, id);
	free(text);
	object_free(&box);
	return yes;
}

/* Does a thing that the caller may see name it? */
static bool seen_by_name(struct db *db, const struct core_principal *p, const char *id)
{
	/* What decides who may see an object; its document is not needed. */
	sqlite3_stmt *q = db_query(db, "SELECT o.kind, o.id, o.owner, o.organization, o.parent, o.visibility FROM blob_use u"
		" JOIN object o ON o.kind = u.kind AND o.id = u.object WHERE u.blob = ? ORDER BY u.kind, u.object LIMIT ?", "ti", id,
		(int64_t)NAMERS_MAX);
	struct object o;
	bool yes = false;

	while (!yes && db_row(db, q)) {
		memset(&o, 0, sizeof o);
		o.kind = (enum object_kind)db_int(q, 0);
		snprintf(o.id, sizeof o.id, "%s", db_text(q, 1));
		snprintf(o.owner, sizeof o.owner, "%s", db_text(q, 2));
		snprintf(o.organization, sizeof o.organization, "%s", db_text(q, 3));
		snprintf(o.parent, sizeof o.parent, "%s", db_text(q, 4));
		snprintf(o.visibility, sizeof o.visibility, "%s", db_text(q, 5));
		yes = sees_name(db, p, &o, id);
	}
	db_end(q);
	return yes;
}

bool core_blob_readable(struct db *db, const struct core_principal *p, const char *id, char digest[OBJECT_DIGEST])
{
	sqlite3_stmt *q = db_query(db, "SELECT owner, parent FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_BLOB, id);
	char owner[OBJECT_ID];

	if (!db_row(db, q))
		return false;
	snprintf(owner, sizeof owner, "%s", db_text(q, 0));
	if (digest)
		snprintf(digest, OBJECT_DIGEST, "%s", db_text(q, 1));
	db_end(q);
	return p->known && (access_workspace_role(db, p, owner) == ACCESS_ADMINISTRATOR || seen_by_name(db, p, id));
}

bool core_blob_url_readable(struct db *db, const struct core_principal *p, const char *url, char digest[OBJECT_DIGEST])
{
	char id[OBJECT_ID];

	return box_blob_id(url, id) && core_blob_readable(db, p, id, digest);
}

void core_blob_digest(struct db *db, const char *id, char out[OBJECT_DIGEST])
{
	sqlite3_stmt *q = db_query(db, "SELECT parent FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_BLOB, id);

	out[0] = 0;
	if (db_row(db, q)) {
		snprintf(out, OBJECT_DIGEST, "%s", db_text(q, 0));
		db_end(q);
	}
}

/* ---- what a request names ---- */

struct names {
	struct db *db;
	const struct core_principal *principal;
	struct schema_path path;
	char *message;
};

/* A file that is gone, or never was, is for the verb to judge: an object may keep such a name. */
static bool is_kept(struct db *db, const char *id)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND id = ?)", "it", (int64_t)OBJECT_BLOB, id) != 0;
}

static int check_text(struct names *n, const char *text)
{
	char id[BLOB_ID_LEN + 1];

	while ((text = strstr(text, BLOB_PLACE))) {
		text += sizeof BLOB_PLACE - 1;
		if (strspn(text, "0123456789abcdef") < BLOB_ID_LEN)
			continue;
		snprintf(id, sizeof id, "%.*s", BLOB_ID_LEN, text);
		if (is_kept(n->db, id) && !core_blob_readable(n->db, n->principal, id, NULL))
			return schema_refuse(&n->path, n->message, BLOB_MISSING);
	}
	return 0;
}

/* Depth is bounded by verb_check. */
static int check_value(struct names *n, yyjson_val *v)
{
	yyjson_arr_iter ai = yyjson_arr_iter_with(v);
	yyjson_obj_iter oi = yyjson_obj_iter_with(v);
	size_t before = n->path.len;
	yyjson_val *x;

	if (yyjson_is_str(v))
		return check_text(n, yyjson_get_str(v));
	for (size_t i = 0; (x = yyjson_arr_iter_next(&ai)); i++) {
		if (!yyjson_is_str(x) && !yyjson_is_ctn(x))
			continue;
		schema_path_index(&n->path, i);
		if (check_value(n, x))
			return -1;
		schema_path_back(&n->path, before);
	}
	while ((x = yyjson_obj_iter_next(&oi))) {
		if (!yyjson_is_str(yyjson_obj_iter_get_val(x)) && !yyjson_is_ctn(yyjson_obj_iter_get_val(x)))
			continue;
		schema_path_name(&n->path, yyjson_get_str(x));
		if (check_value(n, yyjson_obj_iter_get_val(x)))
			return -1;
		schema_path_back(&n->path, before);
	}
	return 0;
}

int core_blob_names_check(struct db *db, const struct core_call *call, char message[SCHEMA_MESSAGE])
{
	struct names n = { .db = db, .principal = &call->principal, .message = message };

	return check_value(&n, call->args);
}

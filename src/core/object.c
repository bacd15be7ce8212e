/* Objects, one row each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"
#include "plat/text.h"

#define BASE36 "0123456789abcdefghijklmnopqrstuvwxyz"
#define HEX "0123456789abcdef"
/* Letters of an id made from a name. */
#define SLUG_MAX 40
/* Shares named in an event; who has more is told by reading. */
#define EVENT_MEMBERS 64

void object_date(int64_t us, char out[OBJECT_DATE])
{
	plat_clock_text(us, out);
}

/* ---- ids ---- */

static void letters(char *out, size_t n, const char *alphabet)
{
	uint32_t base = (uint32_t)strlen(alphabet);

	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[plat_random_below(base)];
	out[n] = 0;
}

void object_id_guid(char out[OBJECT_ID])
{
	plat_random_uuid_in_order(out);
}

void object_id_instance(char out[OBJECT_ID])
{
	memcpy(out, "i-", 2);
	letters(out + 2, 6, BASE36);
}

void object_id_service(char out[OBJECT_ID])
{
	memcpy(out, "eb-", 3);
	letters(out + 3, 5, BASE36);
}

void object_id_blob(char out[OBJECT_ID])
{
	letters(out, 24, HEX);
}

static void slug(const char *name, char out[SLUG_MAX + 1])
{
	size_t n = 0;
	char c;

	for (; *name && n < SLUG_MAX; name++) {
		c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = 0;
	if (!n)
		strcpy(out, "x");
}

void object_id_slug(struct db *db, const char *name, char out[OBJECT_ID])
{
	char base[SLUG_MAX + 1];

	slug(name, base);
	snprintf(out, OBJECT_ID, "%s", base);
	for (int n = 2; db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind IN (1, 3) AND id = ?)", "t", out); n++)
		snprintf(out, OBJECT_ID, "%s-%d", base, n);
}

/* ---- members of the document ---- */

static void set_value(struct object *o, const char *member, yyjson_mut_val *value)
{
	yyjson_mut_val *there = yyjson_mut_obj_get(o->doc->root, member);

	/* In place: what clients sent keeps its order. */
	if (!there)
		yyjson_mut_obj_add(o->doc->root, yyjson_mut_strcpy(o->doc, member), value);
	else if (yyjson_mut_is_str(value))
		yyjson_mut_set_strn(there, yyjson_mut_get_str(value), yyjson_mut_get_len(value));
	else
		yyjson_mut_set_null(there);
}

void object_set(struct object *o, const char *member, const char *value)
{
	set_value(o, member, value ? yyjson_mut_strcpy(o->doc, value) : yyjson_mut_null(o->doc));
}

const char *object_member(const struct object *o, const char *member)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(o->doc->root, member));

	return s ? s : "";
}

void object_new(struct object *out, enum object_kind kind, const char *id, const char *schema)
{
	memset(out, 0, sizeof *out);
	out->kind = kind;
	plat_text(out->id, sizeof out->id, id);
	out->doc = yyjson_mut_doc_new(NULL);
	if (!out->doc)
		log_fatal("object");
	yyjson_mut_doc_set_root(out->doc, yyjson_mut_obj(out->doc));
	object_set(out, "schema", schema);
}

char *object_take_text(struct object *o)
{
	char *text = o->text;

	o->text = NULL;
	object_free(o);
	return text;
}

void object_free(struct object *o)
{
	yyjson_mut_doc_free(o->doc);
	free(o->text);
	o->doc = NULL;
	o->text = NULL;
}

/* ---- reading ---- */

static char *text_of_column(sqlite3_stmt *q, int column)
{
	size_t len = (size_t)sqlite3_column_bytes(q, column);
	char *text = malloc(len + 1);

	if (!text)
		log_fatal("object");
	memcpy(text, db_text(q, column), len + 1);
	return text;
}

static void head(sqlite3_stmt *q, enum object_kind kind, const char *id, struct object *out)
{
	out->kind = kind;
	plat_text(out->id, sizeof out->id, id);
	db_copy(q, 0, out->owner, sizeof out->owner);
	db_copy(q, 1, out->organization, sizeof out->organization);
	db_copy(q, 2, out->parent, sizeof out->parent);
	db_copy(q, 3, out->state, sizeof out->state);
	db_copy(q, 4, out->visibility, sizeof out->visibility);
	out->created = db_int(q, 5);
	out->updated = db_int(q, 6);
}

bool object_head(struct db *db, enum object_kind kind, const char *id, struct object *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT owner, organization, parent, state, visibility, created, updated"
		" FROM object WHERE kind = ? AND id = ?", "it", (int64_t)kind, id);

	memset(out, 0, sizeof *out);
	if (!db_row(db, q))
		return false;
	head(q, kind, id, out);
	db_end(q);
	return true;
}

bool object_peek(struct db *db, enum object_kind kind, const char *id, struct object *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT owner, organization, parent, state, visibility, created, updated, doc"
		" FROM object WHERE kind = ? AND id = ?", "it", (int64_t)kind, id);

	memset(out, 0, sizeof *out);
	if (!db_row(db, q))
		return false;
	head(q, kind, id, out);
	out->text = text_of_column(q, 7);
	db_end(q);
	return true;
}

bool object_get(struct db *db, enum object_kind kind, const char *id, struct object *out)
{
	yyjson_doc *doc;

	if (!object_peek(db, kind, id, out))
		return false;
	doc = yyjson_read(out->text, strlen(out->text), 0);
	out->doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	free(out->text);
	out->text = NULL;
	if (!out->doc || !yyjson_mut_is_obj(out->doc->root))
		log_fatal("object: %s %s: the document is not JSON", access_kind_name(kind), id);
	return true;
}

/* ---- events ---- */

static void add_members(struct db *db, const struct object *o, yyjson_mut_doc *doc, yyjson_mut_val *data)
{
	sqlite3_stmt *q = db_query(db, "SELECT member FROM share WHERE kind = ? AND id = ? AND type = 'workspace' LIMIT ?",
		"iti", (int64_t)o->kind, o->id, (int64_t)EVENT_MEMBERS);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, data, "members");

	while (db_row(db, q))
		yyjson_mut_arr_add_strcpy(doc, list, db_text(q, 0));
}

static void add_if(yyjson_mut_doc *doc, yyjson_mut_val *data, const char *name, const char *value)
{
	if (value[0])
		yyjson_mut_obj_add_str(doc, data, name, value);
}

void object_event(struct db *db, const struct object *o, const char *what)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *data = yyjson_mut_obj(doc);
	char kind[48], *text;

	yyjson_mut_doc_set_root(doc, data);
	yyjson_mut_obj_add_str(doc, data, "owner", o->owner);
	yyjson_mut_obj_add_str(doc, data, "organization", o->organization);
	add_if(doc, data, "parent", o->parent);
	add_if(doc, data, "state", o->state);
	add_if(doc, data, "visibility", o->visibility);
	if (object_is_shared(o->kind))
		add_members(db, o, doc, data);
	text = yyjson_mut_write(doc, 0, NULL);
	snprintf(kind, sizeof kind, "%s.%s", access_kind_name(o->kind), what);
	core_event(db, kind, o->id, text ? text : "{}");
	free(text);
	yyjson_mut_doc_free(doc);
}

/* ---- writing ---- */

/* The last part of the schema: "http://…/workspaces/team" → "team". */
static const char *type_of(const struct object *o)
{
	const char *slash = strrchr(object_member(o, "schema"), '/');

	return slash ? slash + 1 : "";
}

static void set_uri(struct object *o)
{
	static const char *const places[OBJECT_KINDS] = {
		[OBJECT_ORGANIZATION] = "organizations", [OBJECT_COSTCENTER] = "costcenters",
		[OBJECT_WORKSPACE] = "workspaces", [OBJECT_BOX] = "boxes", [OBJECT_INSTANCE] = "instances",
		[OBJECT_PROVIDER] = "providers", [OBJECT_TASK] = "tasks",
	};
	char uri[OBJECT_ID + 32];

	if (!places[o->kind])
		return;
	snprintf(uri, sizeof uri, "/services/%s/%s", places[o->kind], o->id);
	object_set(o, "uri", uri);
}

static void stamp(struct db *db, struct object *o)
{
	char date[OBJECT_DATE];

	o->updated = core_stamp(db);
	if (!o->created)
		o->created = o->updated;
	object_set(o, "id", o->id);
	set_uri(o);
	object_date(o->created, date);
	object_set(o, "created", date);
	object_date(o->updated, date);
	object_set(o, "updated", date);
	if (!yyjson_mut_obj_get(o->doc->root, "deleted"))
		object_set(o, "deleted", NULL);
}

/* A document too large for its column fails as SQLite's own "too big" would. */
static char *document(struct db *db, const struct object *o)
{
	size_t len = 0;
	char *text = yyjson_mut_write(o->doc, 0, &len);

	if (!text || len > OBJECT_DOC_MAX) {
		log_warn("object: %s %s: the document has %zu bytes", access_kind_name(o->kind), o->id, len);
		db_run(db, "SELECT zeroblob(2147483648)", "");
	}
	return text;
}

/* What most changes are: indexes have nothing of it.  False when it is another change, or the first. */
static bool put_again(struct db *db, const struct object *o, const char *text)
{
	db_run(db, "UPDATE object SET type = ?, state = ?, updated = ?, doc = ? WHERE kind = ? AND id = ? AND owner = ? AND"
		" organization = ? AND parent = ? AND visibility = ?", "ttititt" "ttt", type_of(o), o->state, o->updated, text,
		(int64_t)o->kind, o->id, o->owner, o->organization, o->parent, o->visibility);
	return db_changes(db) > 0;
}

static bool is_there(struct db *db, const struct object *o)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND id = ?)", "it", (int64_t)o->kind, o->id) != 0;
}

static void put(struct db *db, const struct object *o, const char *text)
{
	db_run(db, "INSERT INTO object(kind, id, owner, organization, parent, type, state, visibility, created, updated, doc)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(kind, id) DO UPDATE SET owner = excluded.owner,"
		" organization = excluded.organization, parent = excluded.parent, type = excluded.type,"
		" state = excluded.state, visibility = excluded.visibility, updated = excluded.updated, doc = excluded.doc",
		"itttttttiit", (int64_t)o->kind, o->id, o->owner, o->organization, o->parent, type_of(o), o->state,
		o->visibility, o->created, o->updated, text);
}

void object_put(struct db *db, struct object *o)
{
	bool known = o->created != 0, there;
	char *text;

	stamp(db, o);
	text = document(db, o);
	there = known && put_again(db, o, text);
	if (!there) {
		there = is_there(db, o);
		put(db, o, text);
	}
	if (text)
		object_files_index(db, o, text, there);
	free(text);
	object_members_index(db, o, there);
	object_event(db, o, there ? "changed" : "created");
}

void object_delete(struct db *db, const struct object *o)
{
	object_event(db, o, "deleted");
	db_run(db, "DELETE FROM share WHERE kind = ? AND id = ?", "it", (int64_t)o->kind, o->id);
	db_run(db, "DELETE FROM secret WHERE object = ?", "t", o->id);
	db_run(db, "DELETE FROM object WHERE kind = ? AND id = ?", "it", (int64_t)o->kind, o->id);
}

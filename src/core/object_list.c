/* Lists of objects, a chunk at a time.  A cursor is the last id (by id), "created id" (by time)
 * or the place in ids=. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "log/log.h"

void object_text_add(struct object_text *t, const char *text, size_t len)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *p;

	while (cap < t->len + len + 1)
		cap *= 2;
	if (cap != t->cap) {
		p = realloc(t->p, cap);
		if (!p)
			log_fatal("list");
		t->p = p;
		t->cap = cap;
	}
	memcpy(t->p + t->len, text, len);
	t->len += len;
	t->p[t->len] = 0;
}

void object_text_document(struct object_text *t, const char *text, size_t len)
{
	if (t->len)
		object_text_add(t, ",", 1);
	object_text_add(t, text, len);
}

void object_text_free(struct object_text *t)
{
	free(t->p);
	*t = (struct object_text){ .p = NULL };
}

/* Columns: id, document. */
static void add_row(struct db *db, const struct object_filter *f, struct object_text *out, sqlite3_stmt *q)
{
	struct object o;

	if (!f || !f->each) {
		object_text_document(out, db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1));
		return;
	}
	if (!object_peek(db, f->kind, db_text(q, 0), &o))
		return;
	if (f->each(db, f->arg, &o))
		object_text_document(out, o.text, strlen(o.text));
	object_free(&o);
}

static void list_rows(struct db *db, const struct object_filter *f, sqlite3_stmt *q, int limit,
	char cursor[OBJECT_CURSOR], size_t bytes, struct object_text *out)
{
	int rows = 0;

	while (db_row(db, q)) {
		rows++;
		snprintf(cursor, OBJECT_CURSOR, "%s", db_text(q, 0));
		add_row(db, f, out, q);
		if (out->len >= bytes) {
			db_end(q);
			return;
		}
	}
	if (rows < limit)
		cursor[0] = 0;
}

void object_list_query(struct db *db, sqlite3_stmt *q, int limit, char cursor[OBJECT_CURSOR], size_t bytes,
	struct object_text *out)
{
	list_rows(db, NULL, q, limit, cursor, bytes, out);
}

/* ---- by time, children of a parent ---- */

static void list_newest(struct db *db, const struct object_filter *f, char cursor[OBJECT_CURSOR], size_t bytes,
	struct object_text *out)
{
	int64_t created = cursor[0] ? strtoll(cursor, NULL, 10) : INT64_MAX;
	const char *id = strchr(cursor, ' ');
	sqlite3_stmt *q = db_query(db, "SELECT id, doc, created FROM object WHERE kind = ?1 AND parent = ?2 AND parent <> ''"
		" AND (created, id) < (?3, ?4) ORDER BY created DESC, id DESC LIMIT ?5", "ititi", (int64_t)f->kind, f->parent,
		created, id ? id + 1 : "", (int64_t)OBJECT_LIST_ROWS);
	int rows = 0;

	while (db_row(db, q)) {
		rows++;
		snprintf(cursor, OBJECT_CURSOR, "%" PRId64 " %s", db_int(q, 2), db_text(q, 0));
		add_row(db, f, out, q);
		if (out->len >= bytes) {
			db_end(q);
			return;
		}
	}
	if (rows < OBJECT_LIST_ROWS)
		cursor[0] = 0;
}

/* ---- by ids ---- */

/* Is the object within the filter's place?  (The same conditions as the lists below.) */
static void list_one(struct db *db, const struct object_filter *f, const char *id, struct object_text *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT id, doc FROM object WHERE kind = ?1 AND id = ?2 AND (?3 IS NULL OR owner = ?3"
		" OR EXISTS(SELECT 1 FROM share WHERE share.kind = ?1 AND share.id = ?2 AND member = ?3)"
		" OR (?6 AND (visibility = 'public' OR (visibility = 'organization' AND organization = ?4))))"
		" AND (?3 IS NOT NULL OR ?4 IS NULL OR organization = ?4) AND (?3 IS NOT NULL OR ?4 IS NOT NULL OR NOT ?6 OR"
		" visibility = 'public') AND (?5 IS NULL OR parent = ?5)", "itttti", (int64_t)f->kind, id, f->workspace,
		f->organization, f->parent, (int64_t)f->include_public);

	if (!db_row(db, q))
		return;
	add_row(db, f, out, q);
	db_end(q);
}

static void list_ids(struct db *db, const struct object_filter *f, char cursor[OBJECT_CURSOR], size_t bytes,
	struct object_text *out)
{
	size_t at = (size_t)strtoull(cursor, NULL, 10), total = strlen(f->ids), n;
	char id[OBJECT_ID];

	while (at < total) {
		n = strcspn(f->ids + at, ",");
		if (n && n < sizeof id) {
			memcpy(id, f->ids + at, n);
			id[n] = 0;
			list_one(db, f, id, out);
		}
		at += n + 1;
		if (out->len >= bytes && at < total) {
			snprintf(cursor, OBJECT_CURSOR, "%zu", at);
			return;
		}
	}
	cursor[0] = 0;
}

/* ---- by id ---- */

/* The ids come from several indexes, each in order and merged up to the limit; then (CROSS JOIN: in this order) their
 * documents. */
static sqlite3_stmt *query_workspace(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT o.id, o.doc FROM (SELECT id FROM object WHERE kind = ?1 AND owner = ?2 AND id > ?3"
		" AND (?4 IS NULL OR parent = ?4) UNION SELECT share.id FROM share JOIN object s ON s.kind = share.kind AND"
		" s.id = share.id WHERE member = ?2 AND share.kind = ?1 AND share.id > ?3 AND (?4 IS NULL OR s.parent = ?4)"
		" ORDER BY 1 LIMIT ?5) k CROSS JOIN object o ON o.kind = ?1 AND o.id = k.id ORDER BY k.id", "ittti",
		(int64_t)f->kind, f->workspace, after, f->parent, (int64_t)OBJECT_LIST_ROWS);
}

static sqlite3_stmt *query_visible(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT o.id, o.doc FROM (SELECT id FROM object WHERE kind = ?1 AND owner = ?2 AND id > ?3"
		" AND (?4 IS NULL OR parent = ?4) UNION SELECT share.id FROM share JOIN object s ON s.kind = share.kind AND"
		" s.id = share.id WHERE member = ?2 AND share.kind = ?1 AND share.id > ?3 AND (?4 IS NULL OR s.parent = ?4)"
		" UNION SELECT id FROM object WHERE kind = ?1 AND visibility = 'public' AND id > ?3"
		" AND (?4 IS NULL OR parent = ?4)"
		" UNION SELECT id FROM object WHERE kind = ?1 AND visibility = 'organization' AND id > ?3"
		" AND organization = ?6 AND (?4 IS NULL OR parent = ?4)"
		" ORDER BY 1 LIMIT ?5) k CROSS JOIN object o ON o.kind = ?1 AND o.id = k.id ORDER BY k.id", "itttit",
		(int64_t)f->kind, f->workspace, after, f->parent, (int64_t)OBJECT_LIST_ROWS, f->organization);
}

static sqlite3_stmt *query_children(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT id, doc FROM object WHERE kind = ? AND parent = ? AND parent <> '' AND id > ? ORDER BY id"
		" LIMIT ?", "itti", (int64_t)f->kind, f->parent, after, (int64_t)OBJECT_LIST_ROWS);
}

static sqlite3_stmt *query_organization(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT id, doc FROM object WHERE kind = ? AND organization = ? AND id > ? AND"
		" (?4 IS NULL OR parent = ?4) ORDER BY id LIMIT ?5", "ittti", (int64_t)f->kind, f->organization, after,
		f->parent, (int64_t)OBJECT_LIST_ROWS);
}

static sqlite3_stmt *query_public(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT id, doc FROM object WHERE kind = ? AND visibility = 'public' AND id > ? AND"
		" (?3 IS NULL OR parent = ?3) ORDER BY id LIMIT ?4", "itti", (int64_t)f->kind, after, f->parent,
		(int64_t)OBJECT_LIST_ROWS);
}

static sqlite3_stmt *query_all(struct db *db, const struct object_filter *f, const char *after)
{
	return db_query(db, "SELECT id, doc FROM object WHERE kind = ? AND id > ? AND (?3 IS NULL OR parent = ?3) ORDER BY id"
		" LIMIT ?4", "itti", (int64_t)f->kind, after, f->parent, (int64_t)OBJECT_LIST_ROWS);
}

static sqlite3_stmt *query(struct db *db, const struct object_filter *f, const char *after)
{
	if (f->workspace)
		return f->include_public ? query_visible(db, f, after) : query_workspace(db, f, after);
	if (f->parent && f->parent[0])
		return query_children(db, f, after);
	if (f->organization)
		return query_organization(db, f, after);
	return f->include_public ? query_public(db, f, after) : query_all(db, f, after);
}

void object_list(struct db *db, const struct object_filter *f, char cursor[OBJECT_CURSOR], size_t bytes,
	struct object_text *out)
{
	char after[OBJECT_CURSOR];

	if (f->ids) {
		list_ids(db, f, cursor, bytes, out);
	} else if (f->newest_first && f->parent && f->parent[0]) {
		list_newest(db, f, cursor, bytes, out);
	} else {
		snprintf(after, sizeof after, "%s", cursor);
		list_rows(db, f, query(db, f, after), OBJECT_LIST_ROWS, cursor, bytes, out);
	}
}

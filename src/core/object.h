/*
 * core: objects as clients know them (organizations, cost centers, workspaces,
 * boxes, instances, services, providers, ...): their wire JSON in one column, and
 * beside it what is searched by.  Fields this release does not know survive.
 *
 * All functions run in the writer, or in a reader where they only read; errors
 * stay in the db.  Secret values never come here: see secrets.h.
 */
#ifndef CAM_CORE_OBJECT_H
#define CAM_CORE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "db/db.h"
#include "verb/need.h"

#define OBJECT_ID 65		/* longest id, with its terminating 0 */
#define OBJECT_CURSOR (2 * OBJECT_ID + 32)
#define OBJECT_DIGEST 65	/* SHA-256 in hexadecimal, with its terminating 0 */
/* Longest document, bytes: well below a message between rooms, so that any can be answered. */
#define OBJECT_DOC_MAX (3u << 20)

struct object {
	enum object_kind kind;
	char id[OBJECT_ID];
	char owner[OBJECT_ID];		/* workspace; "" = of the organization */
	char organization[OBJECT_ID];
	char parent[OBJECT_ID];		/* "" = none */
	char state[32];			/* "" = none */
	char visibility[16];		/* workspace, organization, public; "" = workspace */
	int64_t created, updated;	/* wall microseconds; set by object_put */
	yyjson_mut_doc *doc;		/* the wire object without secrets; NULL after object_peek */
	char *text;			/* the same as it is kept; NULL after object_get; both freed by object_free */
};

/* "YYYY-MM-DD HH:MM:SS.ffffff" UTC, 26 characters and 0: dates on the wire. */
#define OBJECT_DATE 27
void object_date(int64_t us, char out[OBJECT_DATE]);

/* New ids in the field's forms. */
void object_id_guid(char out[OBJECT_ID]);		/* xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx */
void object_id_instance(char out[OBJECT_ID]);		/* i-xxxxxx, base 36 */
void object_id_service(char out[OBJECT_ID]);		/* eb-xxxxx, base 36 */
void object_id_blob(char out[OBJECT_ID]);		/* 24 hex */
/* Lower case, [a-z0-9-], at most 40 characters, made from a name; a number is
 * appended until no object has it. */
void object_id_slug(struct db *db, const char *name, char out[OBJECT_ID]);

/* Reads one; false when there is none of that kind. */
bool object_get(struct db *db, enum object_kind kind, const char *id, struct object *out);
/* The same without parsing: text instead of doc. */
bool object_peek(struct db *db, enum object_kind kind, const char *id, struct object *out);
/* The same without the document: neither text nor doc. */
bool object_head(struct db *db, enum object_kind kind, const char *id, struct object *out);
/* A new one with an empty document {"schema":...}; fill owner, organization, parent. */
void object_new(struct object *out, enum object_kind kind, const char *id, const char *schema);
/* Members of its document: sets (in place when it is there); reads, "" when absent. */
void object_set(struct object *o, const char *member, const char *value);
const char *object_member(const struct object *o, const char *member);
/* Writes it (insert or replace by id): stamps `updated` (and `created` when 0) in the
 * columns and in the document, sets its id and uri members (and created, updated, deleted),
 * brings the shares in line with members[], and appends the event "<kind>.created" or
 * "<kind>.changed" with owner, organization and shares for those who follow. A document
 * over OBJECT_DOC_MAX is an error of the db: check before, and answer 400. */
void object_put(struct db *db, struct object *o);
/* Removes it and its secrets and shares (not its children); event "<kind>.deleted". */
void object_delete(struct db *db, const struct object *o);
/* Appends the event "<kind>.<what>" alone, for something beside the document that has changed. */
void object_event(struct db *db, const struct object *o, const char *what);
void object_free(struct object *o);
/* The document's text of a peeked one (free it); o is freed. */
char *object_take_text(struct object *o);

/* ---- sharing: members[] of boxes, instances, providers, workspaces ---- */

/* Can one of this kind be shared?  Entries, operations and files belong to one that can. */
bool object_is_shared(enum object_kind kind);
/* Brings the rows of who has a share in line with the document's members[]; object_put does it;
 * there: it was kept before.  When the roles of a workspace, cost center or organization change: event "access.changed". */
void object_members_index(struct db *db, const struct object *o, bool there);
/* Brings the rows of which files the object names in line with its text; object_put does it. */
void object_files_index(struct db *db, const struct object *o, const char *text, bool there);
/* A workspace or user goes: takes it out of the members[] of everything. */
void object_member_forget(struct db *db, const char *member);

/* ---- lists, in chunks by key: no cursor outlives a chunk ---- */

struct object_filter {
	enum object_kind kind;
	const char *workspace;		/* owned by it or shared with it; NULL = any */
	const char *organization;	/* NULL = any */
	const char *parent;		/* "" = those without a parent (drafts, not versions); NULL = any */
	bool include_public;		/* with a workspace: and public ones, and those of its organization's
					 * visibility (organization must be given); alone: the public ones */
	const char *ids;		/* comma-separated, a trailing comma is fine; NULL = all */
	bool newest_first;		/* with a parent only: by created, else by id */
	/* NULL, or asked for each with o->text (no doc): false leaves it out; may put another
	 * malloc'ed text in its place. */
	bool (*each)(struct db *db, void *arg, struct object *o);
	void *arg;
};

/* Text that grows; zeroed at first. */
struct object_text { char *p; size_t len, cap; };
void object_text_add(struct object_text *t, const char *text, size_t len);
/* Appends one more document after a comma. */
void object_text_document(struct object_text *t, const char *text, size_t len);
void object_text_free(struct object_text *t);

/* Appends wire documents, comma-separated, to out until `bytes` are exceeded or
 * there are no more.  cursor: "" at first; afterwards where to go on, "" = the end. */
void object_list(struct db *db, const struct object_filter *f, char cursor[OBJECT_CURSOR],
	size_t bytes, struct object_text *out);
/* The same from a query of (id, doc) ordered by id whose rows come after the cursor: the
 * cursor becomes the last id, "" after fewer than limit rows. */
void object_list_query(struct db *db, sqlite3_stmt *q, int limit, char cursor[OBJECT_CURSOR], size_t bytes,
	struct object_text *out);
/* Rows a query of a list reads at most: more would be longer than a chunk. */
#define OBJECT_LIST_ROWS 128

#endif

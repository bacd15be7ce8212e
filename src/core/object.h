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

/* Kept in the database: never change a number. */
enum object_kind {
	OBJECT_NONE = 0,
	OBJECT_ORGANIZATION = 1,
	OBJECT_COSTCENTER = 2,
	OBJECT_WORKSPACE = 3,		/* team and personal; the personal one is the user */
	OBJECT_BOX = 4,			/* drafts, and versions with parent = their draft */
	OBJECT_INSTANCE = 5,
	OBJECT_SERVICE = 6,		/* parent = its instance */
	OBJECT_OPERATION = 7,		/* parent = its instance */
	OBJECT_PROVIDER = 8,
	OBJECT_PROVIDER_LOG = 9,	/* parent = its provider */
	OBJECT_ACTIVITY = 10,		/* parent = its instance: entries of the instance's log */
	OBJECT_BLOB = 11,
	OBJECT_TASK = 12		/* tasks clients poll (create-template) */
};

#define OBJECT_ID 65		/* longest id, with its terminating 0 */

struct object {
	enum object_kind kind;
	char id[OBJECT_ID];
	char owner[OBJECT_ID];		/* workspace; "" = of the organization */
	char organization[OBJECT_ID];
	char parent[OBJECT_ID];		/* "" = none */
	char state[32];			/* "" = none */
	char visibility[16];		/* workspace, organization, public; "" = workspace */
	int64_t created, updated;	/* wall microseconds; set by object_put */
	yyjson_mut_doc *doc;		/* the wire object without secrets; freed by object_free */
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
/* Writes it (insert or replace by id): stamps `updated` (and `created` when 0) in the
 * columns and in the document, sets id and uri members, and appends the event
 * "<kind>.created" or "<kind>.changed" with owner and organization for those who follow. */
void object_put(struct db *db, struct object *o);
/* Removes it and its secrets and shares; event "<kind>.deleted". */
void object_delete(struct db *db, const struct object *o);
void object_free(struct object *o);

/* ---- sharing: members[] of boxes, instances, providers, workspaces ---- */

/* Brings the rows of who has a share in line with the document's members[]. */
void object_members_index(struct db *db, const struct object *o);

/* ---- lists, in chunks by key: no cursor outlives a chunk ---- */

struct object_filter {
	enum object_kind kind;
	const char *workspace;		/* owned by it or shared with it; NULL = any */
	const char *organization;	/* NULL = any */
	const char *parent;		/* NULL = any */
	bool include_public;		/* and public ones, and those of the organization's visibility */
	const char *ids;		/* comma-separated, a trailing comma is fine; NULL = all */
	bool newest_first;		/* by created, else by id */
};

/* Appends wire documents, comma-separated, to out until `bytes` are exceeded or
 * there are no more.  cursor: "" at first; afterwards where to go on, "" = the end.
 * change: NULL, or called on each document's text to write something else (masks). */
struct object_text { char *p; size_t len, cap; };
void object_list(struct db *db, const struct object_filter *f, char cursor[2 * OBJECT_ID + 32],
	size_t bytes, struct object_text *out);

#endif

/*
 * core: boxes.  A draft is the record people edit; a version is a record of its
 * own with parent = its draft, and never changes.  A version has its draft's
 * owner, members and visibility at all times.
 *
 * Who has a role in the workspace that owns a box, or an editing share, works with the
 * draft.  Everybody else who may see the box sees the latest version's content
 * under the draft's id.  Of boxes without a version policies (nobody versions them) and public
 * boxes are seen as they are, others show no content.
 */
#ifndef CAM_CORE_BOX_H
#define CAM_CORE_BOX_H

#include "access.h"
#include "core.h"
#include "schema/schema.h"

#define BOX_SCHEMA "http://elasticbox.net/schemas/boxes/"
/* Longest name, characters. */
#define BOX_NAME_MAX 128
/* Versions of one box: bounds what a change of its shares rewrites. */
#define BOX_VERSIONS_MAX 1000
/* Deepest nesting of Box variables, and boxes of one stack: the whole stack is copied into
 * an instance, one document. */
#define BOX_DEPTH_MAX 32
#define BOX_STACK_MAX 200
/* Largest part of a version's number. */
#define BOX_NUMBER_MAX 1000000

enum box_kind { BOX_NONE = 0, BOX_SCRIPT, BOX_POLICY, BOX_APPLICATION, BOX_CLOUDFORMATION, BOX_DOCKER };

/* Of a schema's whole name; BOX_NONE for names that are not of a box. */
enum box_kind box_kind_of(const char *schema);
/* "script". */
const char *box_kind_name(enum box_kind kind);
bool box_has_events(enum box_kind kind);

/* ---- validation: no database (box_schema.c, box_variables.c) ---- */

/* The whole box of a request.  0, or -1 with the sentence for the client. */
int box_check(yyjson_val *box, enum box_kind *kind, char message[SCHEMA_MESSAGE]);
/* variables[] of a box or of a request; path is where the array is. */
int box_check_variables(yyjson_val *variables, struct schema_path *path, char message[SCHEMA_MESSAGE]);
/* "/services/blobs/download/<24 hex>/<name>"; id receives the blob's id, may be NULL. */
bool box_blob_id(const char *url, char id[OBJECT_ID]);

/* ---- templates (box_parameters.c, box_template.c) ---- */

/* Adds a variable for each parameter of the template's bytes that the box (of doc) has none for; a variable that
 * is there stays as it is.  No database.  0, or -1 with a sentence. */
int box_template_variables(yyjson_mut_doc *doc, yyjson_mut_val *box, const char *bytes, size_t len, char message[SCHEMA_MESSAGE]);
/* The bytes of a template's file, malloc; one more than a template may have tells that it has too many. */
char *box_template_read(int fd, size_t *len);
/* In the loop, of a call whose arguments are a checked box: does that with the template they name, if any, then goes on
 * with next.  The call is refused (400, 503) when the template cannot be read. */
void box_template_start(struct core_call *call, enum box_kind kind, void (*next)(struct core_call *call));

/* ---- the document (box_document.c) ---- */

/* Fills box (with its columns set) from a request's checked arguments; before: what is kept now, NULL = a
 * new box.  Members we do not know stay; those that are ours to say are ours. */
void box_document(struct db *db, struct object *box, yyjson_val *args, enum box_kind kind, const struct object *before);
/* After secrets_keep, before object_put: masks without a value become "". */
void box_clear_masks(struct db *db, struct object *box);

/* ---- sharing (box_share.c) ---- */

/* May the caller share, publish, give away as the new document says?  0, or -1 with the answer set. */
int box_check_sharing(struct db *db, struct core_call *call, const struct object *box, const struct object *before);
bool box_sharing_differs(const struct object *box, const struct object *before);
/* Brings the versions in line after object_put of a draft whose sharing differs. */
void box_share_versions(struct db *db, const struct object *draft);

/* ---- references to other objects (box_references.c) ---- */

/* Each box, provider and file the document names and the one before (NULL = none) did not
 * must be there and visible to the caller; a reference that was there may dangle,
 * for what it named may have been deleted. */
int box_check_references(struct db *db, const struct core_principal *p, const yyjson_mut_doc *doc,
	const yyjson_mut_doc *before, char message[SCHEMA_MESSAGE]);

/* ---- numbers of versions (box_version.c) ---- */

struct box_number { int64_t major, minor, patch; };

/* Below 0, 0, above 0, as strcmp. */
int box_number_compare(const struct box_number *a, const struct box_number *b);
/* Of the document of a version: false when it is none. */
bool box_number_of(yyjson_mut_val *box, struct box_number *out);
/* The versions' ids, the highest number first, without the documents. */
struct box_versions {
	unsigned count;
	struct box_version { char id[OBJECT_ID]; struct box_number number; } *list;
};
void box_versions_read(struct db *db, const char *draft, struct box_versions *out);
void box_versions_free(struct box_versions *v);
/* The highest one's id. */
bool box_latest(struct db *db, const char *draft, char id[OBJECT_ID]);
/* May a version of this number be made?  0, or the status of the refusal with its sentence. */
int box_number_check(const struct box_versions *v, const struct box_number *n, char message[SCHEMA_MESSAGE]);
/* Makes a version of the draft with its content; version: the client's member {box, number,
 * description}.  id: of the new record.  Sets the draft's draft_from (the caller puts the draft). */
void box_version_make(struct db *db, struct object *draft, yyjson_val *version, const char *workspace, const char *id);
/* Replaces the draft's content by the version's; the caller puts the draft and its secrets. */
void box_restore(struct object *draft, const struct object *version);

/* ---- what somebody sees (box_view.c) ---- */

/* Does the principal work with the draft itself? */
bool box_sees_draft(struct db *db, const struct core_principal *p, const struct object *draft);
/* Turns a draft the principal may see into what it sees of it. */
void box_view(struct db *db, const struct core_principal *p, struct object *box);
/* Turns a draft into what everybody sees of it. */
void box_published(struct db *db, struct object *box);
/* The box that is deployed or nested when somebody names this id: the version itself; of a draft
 * itself, or its latest version for who does not see the draft.  update: automatic_updates
 * of the reference: a version gives way to the newest of the same line it allows
 * ("major": any, "minor": same major, "patch": same major and minor), "" and "off": none.
 * False when there is nothing to be seen. */
bool box_resolve(struct db *db, const struct core_principal *p, const char *id, const char *update, struct object *out);

/* ---- lists (box_list.c): as object_list, each box as the principal sees it ---- */

/* With ids only those the principal may see. */
void box_list(struct db *db, const struct core_principal *p, const struct object_filter *f, char cursor[OBJECT_CURSOR],
	struct object_text *out);
/* Public boxes of a category (NULL = all), as they are published. */
void box_list_catalogue(struct db *db, const struct core_principal *p, const char *category, char cursor[OBJECT_CURSOR],
	struct object_text *out);

/* ---- stacks (box_stack.c) ---- */

struct box_stack {
	unsigned count;
	struct object *list;		/* element 0 is the box asked for */
};
/* The box and all it reaches through Box variables, each once, in the order of the variables, parents
 * first.  0, or -1 with a sentence (a cycle with its path, a box that is gone or not
 * shared). out is to be freed in either case. */
int box_stack(struct db *db, const struct core_principal *p, const struct object *box, struct box_stack *out,
	char message[SCHEMA_MESSAGE]);
/* Of a policy: its admin boxes, which are its Box variables but for MainBox, with all they reach; without the policy. */
int box_admin_stack(struct db *db, const struct core_principal *p, const struct object *policy, struct box_stack *out,
	char message[SCHEMA_MESSAGE]);
void box_stack_free(struct box_stack *s);
/* Would this document contain itself?  0, or -1 with the path. */
int box_check_cycle(struct db *db, const struct object *draft, char message[SCHEMA_MESSAGE]);

/* ---- differences (box_diff.c) ---- */

/* The digest of what is at an address; false when it is not known. */
typedef bool box_digest_fn(void *arg, const char *url, char digest[OBJECT_DIGEST]);

/* As a member of doc: what changed from previous (NULL = nothing) to now.  Files are compared by their digests
 * (digest NULL, or not known: by their addresses). */
yyjson_mut_val *box_diff(yyjson_mut_doc *doc, yyjson_mut_val *previous, yyjson_mut_val *now, box_digest_fn *digest, void *arg);

#endif

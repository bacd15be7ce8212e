/* box.*: what is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "secrets.h"
#include "verbs_boxes.h"

/* What object_put and a version add to a document, bytes. */
#define BOX_STAMPS 4096

static int refuse(struct core_call *call, int status, const char *sentence)
{
	core_answer_message(&call->answer, status, "%s", sentence);
	return -1;
}

static void write_next(struct core_call *call)
{
	core_call_write(call, call->handler->run, call->handler->after, false);
}

/* ---- common to create and put ---- */

/* What the document names and holds. */
static int check_content(struct db *db, struct core_call *call, const struct object *box, const struct object *before)
{
	char message[SCHEMA_MESSAGE], *text;
	size_t len = 0;

	if (box_check_references(db, &call->principal, box->doc, before ? before->doc : NULL, message))
		return refuse(call, 400, message);
	if (box_check_cycle(db, box, message))
		return refuse(call, 400, message);
	text = yyjson_mut_write(box->doc, 0, &len);
	free(text);
	return text && len < OBJECT_DOC_MAX - BOX_STAMPS ? 0 : refuse(call, 400, "The box is too large.");
}

static void keep(struct db *db, struct core_call *call, struct object *box)
{
	secrets_keep(db, call, box->id);
	/* A whole box without variables has none. */
	if (!yyjson_obj_get(call->args, "variables"))
		db_run(db, "DELETE FROM secret WHERE object = ? AND field LIKE 'variables/%'", "t", box->id);
	box_clear_masks(db, box);
	object_put(db, box);
}

static yyjson_val *version_of(const struct core_call *call)
{
	yyjson_val *v = yyjson_obj_get(call->args, "version");

	return yyjson_is_obj(v) ? v : NULL;
}

/* Is there room for the version the request asks for? */
static int check_version(struct db *db, struct core_call *call, const char *draft)
{
	yyjson_val *version = version_of(call), *n = yyjson_obj_get(version, "number");
	struct box_number number = {
		yyjson_get_sint(yyjson_obj_get(n, "major")), yyjson_get_sint(yyjson_obj_get(n, "minor")),
		yyjson_get_sint(yyjson_obj_get(n, "patch")),
	};
	struct box_versions versions;
	char message[SCHEMA_MESSAGE];
	int status;

	if (!version)
		return 0;
	if (!yyjson_equals_str(yyjson_obj_get(version, "box"), draft))
		return refuse(call, 400, "version.box: must be the id of the box itself.");
	box_versions_read(db, draft, &versions);
	status = box_number_check(&versions, &number, message);
	box_versions_free(&versions);
	return status ? refuse(call, status, message) : 0;
}

static void answer_box(struct core_call *call, struct object *box)
{
	core_answer_doc(&call->answer, 200, box->doc);
}

/* ---- box.create ---- */

static void create_go(struct core_call *call)
{
	secrets_cut(call, call->id, NULL, write_next);
}

void verb_box_create_start(struct core_call *call)
{
	char message[SCHEMA_MESSAGE];
	enum box_kind kind;

	if (box_check(call->args, &kind, message)) {
		core_call_refuse(call, 400, "%s", message);
		return;
	}
	object_id_guid(call->id);
	box_template_start(call, kind, create_go);
}

/* The content of the request under the draft's owner and shares. */
static int fill_version(struct db *db, struct core_call *call, enum box_kind kind, const struct object *draft,
	struct object *out)
{
	struct object content = *draft;

	content.doc = NULL;
	box_document(db, &content, call->args, kind, draft);
	*out = *draft;
	out->doc = yyjson_mut_doc_mut_copy(draft->doc, NULL);
	box_restore(out, &content);
	object_free(&content);
	return check_content(db, call, out, draft);
}

static void store_version(struct db *db, struct core_call *call, struct object *draft, struct object *content)
{
	secrets_copy(db, draft->id, "", call->id, "");
	secrets_keep(db, call, call->id);
	memcpy(content->id, call->id, sizeof content->id);
	box_clear_masks(db, content);
	memcpy(content->id, draft->id, sizeof content->id);
	box_version_make(db, content, version_of(call), call->principal.user, call->id);
	object_set(draft, "draft_from", call->id);
	object_put(db, draft);
}

/* A body with a version is a version of that box, with the content of the body. */
static int create_version(struct db *db, struct core_call *call, enum box_kind kind)
{
	const char *id = yyjson_get_str(yyjson_obj_get(version_of(call), "box"));
	struct object draft, content = { .doc = NULL };
	int result = -1;

	if (!access_object(db, call, OBJECT_BOX, id, ACCESS_EDIT, &draft))
		return -1;
	if (draft.parent[0])
		refuse(call, 400, "version.box: must be a draft; this is a version.");
	else if (kind != box_kind_of(object_member(&draft, "schema")))
		refuse(call, 400, "schema: a version is of the kind its box is of.");
	else if (!check_version(db, call, draft.id))
		result = fill_version(db, call, kind, &draft, &content);
	if (!result)
		store_version(db, call, &draft, &content);
	object_free(&content);
	object_free(&draft);
	if (!result && object_peek(db, OBJECT_BOX, call->id, &content)) {
		core_answer_take(&call->answer, 200, object_take_text(&content));
	}
	return result;
}

static int create_draft(struct db *db, struct core_call *call, enum box_kind kind)
{
	const char *owner = core_call_string(call, "owner");
	struct object box;
	int result = -1;

	object_new(&box, OBJECT_BOX, call->id, core_call_string(call, "schema"));
	snprintf(box.owner, sizeof box.owner, "%s", owner && *owner ? owner : call->principal.user);
	if (access_place(db, call, box.owner, OBJECT_BOX, ACCESS_CREATE, box.organization)) {
		box_document(db, &box, call->args, kind, NULL);
		if (!box_check_sharing(db, call, &box, NULL))
			result = check_content(db, call, &box, NULL);
	}
	if (!result) {
		keep(db, call, &box);
		answer_box(call, &box);
	}
	object_free(&box);
	return result;
}

int verb_box_create_run(struct db *db, struct core_call *call)
{
	enum box_kind kind = box_kind_of(core_call_string(call, "schema"));

	return version_of(call) ? create_version(db, call, kind) : create_draft(db, call, kind);
}

/* ---- box.put ---- */

static void put_go(struct core_call *call)
{
	secrets_cut(call, core_call_string(call, "id"), NULL, write_next);
}

void verb_box_put_start(struct core_call *call)
{
	char message[SCHEMA_MESSAGE];
	enum box_kind kind;

	if (box_check(call->args, &kind, message)) {
		core_call_refuse(call, 400, "%s", message);
		return;
	}
	object_id_guid(call->id);		/* of a version, when the request asks for one */
	box_template_start(call, kind, put_go);
}

/* The draft as the request wants it. */
static int fill_draft(struct db *db, struct core_call *call, const struct object *before, struct object *out)
{
	enum box_kind kind = box_kind_of(core_call_string(call, "schema"));

	*out = *before;
	out->doc = NULL;
	if (before->parent[0])
		return refuse(call, 400, "A version does not change. Change its draft, and make a new version.");
	if (kind != box_kind_of(object_member(before, "schema")))
		return refuse(call, 400, "schema: a box stays of its kind.");
	box_document(db, out, call->args, kind, before);
	if (box_check_sharing(db, call, out, before) || check_content(db, call, out, before))
		return -1;
	return check_version(db, call, before->id);
}

static void put_draft(struct db *db, struct core_call *call, struct object *box, const struct object *before)
{
	if (version_of(call))
		object_set(box, "draft_from", call->id);
	keep(db, call, box);
	if (box_sharing_differs(box, before))
		box_share_versions(db, box);
	if (version_of(call)) {
		secrets_copy(db, box->id, "", call->id, "");
		box_version_make(db, box, version_of(call), call->principal.user, call->id);
	}
}

int verb_box_put_run(struct db *db, struct core_call *call)
{
	struct object before, box;
	int result;

	if (!access_object(db, call, OBJECT_BOX, core_call_string(call, "id"), ACCESS_EDIT, &before))
		return -1;
	result = fill_draft(db, call, &before, &box);
	if (!result) {
		put_draft(db, call, &box, &before);
		answer_box(call, &box);
	}
	object_free(&box);
	object_free(&before);
	return result;
}

/* ---- box.builtin: a box that comes with the appliance, public, under an id that is known ---- */

void verb_box_builtin_start(struct core_call *call)
{
	const char *id = core_call_string(call, "id");

	if (!schema_guid.match(id, strlen(id)))
		core_call_refuse(call, 400, "id: must be %s.", schema_guid.what);
	else
		verb_box_put_start(call);
}

int verb_box_builtin_run(struct db *db, struct core_call *call)
{
	enum box_kind kind = box_kind_of(core_call_string(call, "schema"));
	const char *id = core_call_string(call, "id");
	struct object before = { .doc = NULL }, box;
	bool there = object_get(db, OBJECT_BOX, id, &before);
	int result = -1;

	if (there && before.parent[0]) {
		object_free(&before);
		return refuse(call, 400, "id: is the id of a version.");
	}
	object_new(&box, OBJECT_BOX, id, core_call_string(call, "schema"));
	memcpy(box.owner, there ? before.owner : call->principal.user, sizeof box.owner);
	memcpy(box.organization, there ? before.organization : call->principal.organization, sizeof box.organization);
	box.created = there ? before.created : 0;
	box_document(db, &box, call->args, kind, there ? &before : NULL);
	/* Whose it is and who sees it is not the client's to say here. */
	memcpy(box.owner, there ? before.owner : call->principal.user, sizeof box.owner);
	snprintf(box.visibility, sizeof box.visibility, "public");
	object_set(&box, "owner", box.owner);
	object_set(&box, "visibility", box.visibility);
	if (!check_content(db, call, &box, there ? &before : NULL) && !check_version(db, call, id))
		result = 0;
	if (!result) {
		put_draft(db, call, &box, there ? &before : &box);
		answer_box(call, &box);
	}
	object_free(&box);
	object_free(&before);
	return result;
}

/* ---- box.restore ---- */

int verb_box_restore_run(struct db *db, struct core_call *call)
{
	const char *id = core_call_string(call, "id"), *version = core_call_string(call, "version");
	struct object draft, from;
	int result = -1;

	if (!access_object(db, call, OBJECT_BOX, id, ACCESS_EDIT, &draft))
		return -1;
	if (!object_get(db, OBJECT_BOX, version, &from)) {
		refuse(call, 400, "version: is not a version of this box.");
	} else if (strcmp(from.parent, draft.id)) {
		refuse(call, 400, "version: is not a version of this box.");
	} else {
		box_restore(&draft, &from);
		/* What was named then may be gone by now, as in any draft; but a circle is not let in. */
		result = check_content(db, call, &draft, &from);
	}
	if (!result) {
		db_run(db, "DELETE FROM secret WHERE object = ?", "t", draft.id);
		secrets_copy(db, from.id, "", draft.id, "");
		object_put(db, &draft);
		answer_box(call, &draft);
	}
	object_free(&from);
	object_free(&draft);
	return result;
}

/* ---- box.delete ---- */

static void delete_versions(struct db *db, const char *draft)
{
	struct box_versions versions;
	struct object v;

	box_versions_read(db, draft, &versions);
	for (unsigned i = 0; i < versions.count; i++)
		if (object_peek(db, OBJECT_BOX, versions.list[i].id, &v)) {
			object_delete(db, &v);
			object_free(&v);
		}
	box_versions_free(&versions);
}

/* The draft does not come from a version that is gone. */
static void forget_version(struct db *db, const struct object *version)
{
	struct object draft;

	if (!object_get(db, OBJECT_BOX, version->parent, &draft))
		return;
	if (!strcmp(object_member(&draft, "draft_from"), version->id)) {
		yyjson_mut_obj_remove_key(draft.doc->root, "draft_from");
		object_put(db, &draft);
	}
	object_free(&draft);
}

/* Boxes that name it keep the name; instances have copies. */
int verb_box_delete_run(struct db *db, struct core_call *call)
{
	struct object box;

	if (!access_peek(db, call, OBJECT_BOX, core_call_string(call, "id"), ACCESS_OWN, &box))
		return -1;
	if (box.parent[0])
		forget_version(db, &box);
	else
		delete_versions(db, box.id);
	object_delete(db, &box);
	object_free(&box);
	core_answer_begin(&call->answer, 204);
	return 0;
}

/* box.*: what is read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "box.h"
#include "verbs_boxes.h"
#include "log/log.h"

static int refuse(struct core_call *call, int status, const char *sentence)
{
	core_answer_message(&call->answer, status, "%s", sentence);
	return -1;
}

/* The box of {id} as the caller sees it. */
static bool read_box(struct db *db, struct core_call *call, struct object *out)
{
	if (!access_object(db, call, OBJECT_BOX, core_call_string(call, "id"), ACCESS_SEE, out))
		return false;
	box_view(db, &call->principal, out);
	return true;
}

/* ---- lists ---- */

int verb_box_list_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *ids = core_call_string(call, "ids");
	struct object_filter f = { .kind = OBJECT_BOX, .ids = ids && *ids ? ids : NULL };

	if (!f.ids) {
		f.workspace = call->principal.user;
		f.organization = call->principal.organization;
		f.parent = "";
		f.include_public = true;
	}
	box_list(db, &call->principal, &f, cursor, out);
	return 0;
}

int verb_box_catalogue_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *category = core_call_string(call, "category");

	box_list_catalogue(db, &call->principal, category && *category ? category : NULL, cursor, out);
	return 0;
}

/* Below the number the cursor says: a version made meanwhile does not move the others. */
static bool is_after(const struct box_number *n, const char *cursor)
{
	struct box_number last;

	return sscanf(cursor, "%" SCNd64 ".%" SCNd64 ".%" SCNd64, &last.major, &last.minor, &last.patch) != 3 ||
		box_number_compare(n, &last) < 0;
}

int verb_box_versions_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	struct box_versions versions;
	struct box_version *v = NULL;
	struct object box, one;
	unsigned i;

	if (!access_peek(db, call, OBJECT_BOX, core_call_string(call, "id"), ACCESS_SEE, &box))
		return -1;
	box_versions_read(db, box.parent[0] ? box.parent : box.id, &versions);
	object_free(&box);
	for (i = 0; i < versions.count && out->len < CORE_LIST_CHUNK; i++) {
		v = &versions.list[i];
		if (!is_after(&v->number, cursor) || !object_peek(db, OBJECT_BOX, v->id, &one))
			continue;
		object_text_document(out, one.text, strlen(one.text));
		object_free(&one);
	}
	if (i < versions.count)
		snprintf(cursor, OBJECT_CURSOR, "%" PRId64 ".%" PRId64 ".%" PRId64, v->number.major, v->number.minor,
			v->number.patch);
	else
		cursor[0] = 0;
	box_versions_free(&versions);
	return 0;
}

/* The whole stack is found again for each chunk: its cursor is a place in it. */
int verb_box_stack_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	unsigned i = (unsigned)strtoul(cursor, NULL, 10);
	char message[SCHEMA_MESSAGE], *text;
	struct box_stack stack;
	struct object box;
	int result;

	if (!read_box(db, call, &box))
		return -1;
	result = box_stack(db, &call->principal, &box, &stack, message);
	object_free(&box);
	for (; !result && i < stack.count && out->len < CORE_LIST_CHUNK; i++) {
		text = yyjson_mut_write(stack.list[i].doc, 0, NULL);
		if (!text)
			log_fatal("box");
		object_text_document(out, text, strlen(text));
		free(text);
	}
	if (i < stack.count)
		snprintf(cursor, OBJECT_CURSOR, "%u", i);
	else
		cursor[0] = 0;
	box_stack_free(&stack);
	return result ? refuse(call, 400, message) : 0;
}

/* ---- one box ---- */

int verb_box_get_run(struct db *db, struct core_call *call)
{
	struct object box;

	if (!access_peek(db, call, OBJECT_BOX, core_call_string(call, "id"), ACCESS_SEE, &box))
		return -1;
	if (box.parent[0] || box_sees_draft(db, &call->principal, &box)) {
		core_answer_take(&call->answer, 200, object_take_text(&box));
		return 0;
	}
	object_free(&box);
	if (!read_box(db, call, &box))
		return -1;
	core_answer_doc(&call->answer, 200, box.doc);
	object_free(&box);
	return 0;
}

/* ---- bindings: the boxes its Binding variables ask for ---- */

static const char *icon_of(const struct object *box)
{
	const char *image;

	if (*object_member(box, "icon"))
		return object_member(box, "icon");
	image = yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(box->doc->root, "icon_metadata"), "image"));
	return image ? image : "";
}

static void add_binding(struct db *db, struct core_call *call, yyjson_mut_val *list, const char *id)
{
	yyjson_mut_doc *doc = call->answer.doc;
	struct object box;
	yyjson_mut_val *o;

	if (!object_get(db, OBJECT_BOX, id, &box))
		return;
	if (access_allowed(db, &call->principal, &box, ACCESS_SEE)) {
		o = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_strcpy(doc, o, "id", box.id);
		yyjson_mut_obj_add_strcpy(doc, o, "uri", object_member(&box, "uri"));
		yyjson_mut_obj_add_strcpy(doc, o, "name", object_member(&box, "name"));
		yyjson_mut_obj_add_strcpy(doc, o, "icon", icon_of(&box));
	}
	object_free(&box);
}

/* Was this box named by an earlier variable? */
static bool named_before(yyjson_mut_val *variables, yyjson_mut_val *variable, const char *id)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(variables);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)) && v != variable)
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "type"), "Binding") &&
				yyjson_mut_equals_str(yyjson_mut_obj_get(v, "value"), id))
			return true;
	return false;
}

int verb_box_bindings_run(struct db *db, struct core_call *call)
{
	yyjson_mut_val *variables, *v, *list;
	yyjson_mut_arr_iter it;
	struct object box;
	const char *id;

	if (!read_box(db, call, &box))
		return -1;
	core_answer_begin(&call->answer, 200);
	list = yyjson_mut_obj_add_arr(call->answer.doc, call->answer.doc->root, "body");
	variables = yyjson_mut_obj_get(box.doc->root, "variables");
	it = yyjson_mut_arr_iter_with(variables);
	while ((v = yyjson_mut_arr_iter_next(&it))) {
		id = yyjson_mut_get_str(yyjson_mut_obj_get(v, "value"));
		if (id && *id && yyjson_mut_equals_str(yyjson_mut_obj_get(v, "type"), "Binding") &&
				!named_before(variables, v, id))
			add_binding(db, call, list, id);
	}
	object_free(&box);
	return 0;
}

/* ---- differences ---- */

struct reader {
	struct db *db;
	const struct core_principal *principal;
};

/* Of files the caller may read: what they are is nobody else's business. */
static bool digest_of(void *arg, const char *url, char digest[OBJECT_DIGEST])
{
	struct reader *r = arg;

	return core_blob_url_readable(r->db, r->principal, url, digest);
}

static void answer_diff(struct db *db, struct core_call *call, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	struct reader r = { db, &call->principal };

	core_answer_begin(&call->answer, 200);
	yyjson_mut_obj_add(call->answer.doc->root, yyjson_mut_str(call->answer.doc, "body"),
		box_diff(call->answer.doc, previous, now, digest_of, &r));
}

/* PUT: from the box that is kept to the one of the request. */
int verb_box_diff_run(struct db *db, struct core_call *call)
{
	char message[SCHEMA_MESSAGE];
	struct object box, now;
	enum box_kind kind;

	if (box_check(call->args, &kind, message))
		return refuse(call, 400, message);
	if (!read_box(db, call, &box))
		return -1;
	/* As it would be kept: what the client left out is no difference. */
	now = box;
	now.doc = NULL;
	box_document(db, &now, call->args, kind, &box);
	answer_diff(db, call, box.doc->root, now.doc->root);
	object_free(&now);
	object_free(&box);
	return 0;
}

/* What a box is compared with when nobody says: a draft with the version it is from, else with its
 * latest; a version with the one before. */
static bool previous_of(struct db *db, const struct object *box, char id[OBJECT_ID])
{
	struct box_versions versions;
	bool found = false;

	snprintf(id, OBJECT_ID, "%s", object_member(box, "draft_from"));
	if (*id)
		return true;
	if (!box->parent[0])
		return box_latest(db, box->id, id);
	box_versions_read(db, box->parent, &versions);
	for (unsigned i = 0; i + 1 < versions.count && !found; i++) {
		found = !strcmp(versions.list[i].id, box->id);
		if (found)
			snprintf(id, OBJECT_ID, "%s", versions.list[i + 1].id);
	}
	box_versions_free(&versions);
	return found;
}

/* GET: from another box (its version, by default) to the one that is kept. */
int verb_box_compare_run(struct db *db, struct core_call *call)
{
	const char *with = core_call_string(call, "version");
	struct object box, previous = { .doc = NULL };
	char id[OBJECT_ID] = "";
	bool good = true;

	if (!read_box(db, call, &box))
		return -1;
	if (with && *with)
		good = access_object(db, call, OBJECT_BOX, with, ACCESS_SEE, &previous);
	else if (previous_of(db, &box, id))
		object_get(db, OBJECT_BOX, id, &previous);
	if (good && with && *with)
		box_view(db, &call->principal, &previous);
	if (good)
		answer_diff(db, call, previous.doc ? previous.doc->root : NULL, box.doc->root);
	object_free(&previous);
	object_free(&box);
	return good ? 0 : -1;
}

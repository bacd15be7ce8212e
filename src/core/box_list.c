/* Lists of boxes: each as the caller sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "log/log.h"

/* The columns an object has, from its document: enough to decide who sees it. */
static void head_of(yyjson_val *box, struct object *out)
{
	static const struct { const char *member; size_t offset, size; } texts[] = {
		{ "id", offsetof(struct object, id), sizeof out->id },
		{ "owner", offsetof(struct object, owner), sizeof out->owner },
		{ "organization", offsetof(struct object, organization), sizeof out->organization },
		{ "visibility", offsetof(struct object, visibility), sizeof out->visibility },
	};
	const char *draft = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(box, "version"), "box"));

	memset(out, 0, sizeof *out);
	out->kind = OBJECT_BOX;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *s = yyjson_get_str(yyjson_obj_get(box, texts[i].member));

		snprintf((char *)out + texts[i].offset, texts[i].size, "%s", s ? s : "");
	}
	snprintf(out->parent, sizeof out->parent, "%s", draft ? draft : "");
}

struct view {
	struct db *db;
	const struct core_principal *principal;
	bool ids;			/* asked for by ids: each must be one the caller may see */
	const char *category;		/* of the catalogue, NULL = any */
	bool catalogue;			/* what is published, even to its owner */
	char mine[OBJECT_ID];		/* a workspace the caller has a role in, "" = none known yet */
};

static bool whole(struct view *v, const struct object *box)
{
	if (v->catalogue)
		return false;
	if (box->parent[0] || !strcmp(box->owner, v->mine))
		return true;
	if (!box_sees_draft(v->db, v->principal, box))
		return false;
	if (access_workspace_role(v->db, v->principal, box->owner) != ACCESS_NOBODY)
		snprintf(v->mine, sizeof v->mine, "%s", box->owner);
	return true;
}

static bool in_category(const struct view *v, yyjson_val *box)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(box, "categories"));
	yyjson_val *c;

	if (!v->category)
		return true;
	while ((c = yyjson_arr_iter_next(&it)))
		if (yyjson_equals_str(c, v->category))
			return true;
	return false;
}

static void add(struct object_text *out, char *text)
{
	if (!text)
		log_fatal("box");
	object_text_document(out, text, strlen(text));
	free(text);
}

static void add_view(struct view *v, struct object *head, yyjson_val *box, struct object_text *out)
{
	head->doc = yyjson_mut_doc_new(NULL);
	if (!head->doc)
		log_fatal("box");
	yyjson_mut_doc_set_root(head->doc, yyjson_val_mut_copy(head->doc, box));
	if (v->catalogue)
		box_published(v->db, head);
	else
		box_view(v->db, v->principal, head);
	add(out, yyjson_mut_write(head->doc, 0, NULL));
	object_free(head);
}

static void add_box(struct view *v, yyjson_val *box, struct object_text *out)
{
	struct object head;

	head_of(box, &head);
	if (!in_category(v, box) || (v->ids && !access_allowed(v->db, v->principal, &head, ACCESS_SEE)))
		return;
	if (whole(v, &head))
		add(out, yyjson_val_write(box, 0, NULL));
	else
		add_view(v, &head, box, out);
}

/* The chunk is read as it is kept, and rewritten box by box. */
static void list(struct view *v, const struct object_filter *f, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	struct object_text raw = { .p = NULL }, array = { .p = NULL };
	yyjson_arr_iter it;
	yyjson_doc *doc;
	yyjson_val *box;

	object_list(v->db, f, cursor, CORE_LIST_CHUNK, &raw);
	if (raw.len) {
		object_text_add(&array, "[", 1);
		object_text_add(&array, raw.p, raw.len);
		object_text_add(&array, "]", 1);
		doc = yyjson_read(array.p, array.len, 0);
		it = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
		while ((box = yyjson_arr_iter_next(&it)))
			add_box(v, box, out);
		yyjson_doc_free(doc);
	}
	object_text_free(&array);
	object_text_free(&raw);
}

void box_list(struct db *db, const struct core_principal *p, const struct object_filter *f, char cursor[OBJECT_CURSOR],
	struct object_text *out)
{
	struct view v = { .db = db, .principal = p, .ids = f->ids != NULL };

	list(&v, f, cursor, out);
}

void box_list_catalogue(struct db *db, const struct core_principal *p, const char *category, char cursor[OBJECT_CURSOR],
	struct object_text *out)
{
	struct object_filter f = { .kind = OBJECT_BOX, .include_public = true, .parent = "" };
	struct view v = { .db = db, .principal = p, .category = category, .catalogue = true };

	list(&v, &f, cursor, out);
}

/* What of a box somebody sees: docs/boxes.md. */
#include <string.h>

#include "box.h"

bool box_sees_draft(struct db *db, const struct core_principal *p, const struct object *draft)
{
	return access_workspace_role(db, p, draft->owner) > ACCESS_NOBODY || access_allowed(db, p, draft, ACCESS_EDIT);
}

static enum box_kind kind_of(const struct object *box)
{
	return box_kind_of(object_member(box, "schema"));
}

/* The members that say that there is a box, not what it does. */
static const char *const shell[] = {
	"id", "uri", "schema", "name", "icon", "icon_metadata", "owner", "organization", "members", "visibility", "created",
	"updated", "deleted", "friendly_id", "categories", "automatic_updates", "type",
};

static bool is_shell(yyjson_mut_val *key)
{
	for (size_t i = 0; i < sizeof shell / sizeof shell[0]; i++)
		if (yyjson_mut_equals_str(key, shell[i]))
			return true;
	return false;
}

static void hollow(struct object *box)
{
	yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(box->doc->root);
	yyjson_mut_val *key, *root = box->doc->root;
	enum box_kind kind = kind_of(box);

	while ((key = yyjson_mut_obj_iter_next(&it)))
		if (!is_shell(key))
			yyjson_mut_obj_iter_remove(&it);
	yyjson_mut_obj_add_str(box->doc, root, "description", "");
	yyjson_mut_obj_add_arr(box->doc, root, "variables");
	if (box_has_events(kind))
		yyjson_mut_obj_add_obj(box->doc, root, "events");
	if (kind == BOX_APPLICATION)
		yyjson_mut_obj_add_arr(box->doc, root, "services");
	yyjson_mut_obj_add_arr(box->doc, root, "requirements");
}

/* May a draft that has no version be seen by all who see the box? */
static bool is_open(const struct object *box)
{
	return kind_of(box) == BOX_POLICY || !strcmp(box->visibility, "public");
}

void box_published(struct db *db, struct object *box)
{
	struct object latest;
	char id[OBJECT_ID];

	if (box_latest(db, box->id, id) && object_get(db, OBJECT_BOX, id, &latest)) {
		box_restore(box, &latest);
		object_free(&latest);
	} else if (!is_open(box)) {
		hollow(box);
	}
}

void box_view(struct db *db, const struct core_principal *p, struct object *box)
{
	if (!box->parent[0] && !box_sees_draft(db, p, box))
		box_published(db, box);
}

/* The newest version of the line of `version` that `update` allows; itself when there is none newer. */
static void follow_updates(struct db *db, struct object *version, const char *update)
{
	struct box_number n, *x;
	struct box_versions v;
	struct object newer;

	if (!box_number_of(version->doc->root, &n))
		return;
	box_versions_read(db, version->parent, &v);
	for (unsigned i = 0; i < v.count; i++) {
		x = &v.list[i].number;
		if (box_number_compare(x, &n) <= 0)
			break;
		if ((!strcmp(update, "minor") && x->major != n.major) ||
				(!strcmp(update, "patch") && (x->major != n.major || x->minor != n.minor)))
			continue;
		if (object_get(db, OBJECT_BOX, v.list[i].id, &newer)) {
			object_free(version);
			*version = newer;
		}
		break;
	}
	box_versions_free(&v);
}

bool box_resolve(struct db *db, const struct core_principal *p, const char *id, const char *update, struct object *out)
{
	char latest[OBJECT_ID];

	if (!object_get(db, OBJECT_BOX, id, out))
		return false;
	if (p && !access_allowed(db, p, out, ACCESS_SEE)) {
		object_free(out);
		return false;
	}
	if (out->parent[0]) {
		if (update && update[0] && strcmp(update, "off"))
			follow_updates(db, out, update);
		return true;
	}
	if (!p || box_sees_draft(db, p, out))
		return true;
	if (box_latest(db, id, latest)) {
		object_free(out);
		return object_get(db, OBJECT_BOX, latest, out);
	}
	if (is_open(out))
		return true;
	object_free(out);
	return false;
}

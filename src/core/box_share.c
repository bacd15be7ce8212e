/* Who may share a box with whom, and give it to whom. */
#include <string.h>

#include "box.h"

static int refuse(struct core_call *call, int status, const char *sentence)
{
	core_answer_message(&call->answer, status, "%s", sentence);
	return -1;
}

/* Organization and cost center of a workspace. */
static bool place_of(struct db *db, const char *workspace, char organization[OBJECT_ID], char costcenter[OBJECT_ID])
{
	struct object w;

	if (!object_peek(db, OBJECT_WORKSPACE, workspace, &w))
		return false;
	memcpy(organization, w.organization, OBJECT_ID);
	memcpy(costcenter, w.parent, OBJECT_ID);
	object_free(&w);
	return true;
}

/* A workspace of another organization is as good as none; policies stay within a cost center. */
static int check_place(struct db *db, struct core_call *call, const struct object *box, const char *workspace,
	const struct schema_path *path)
{
	char organization[OBJECT_ID], costcenter[OBJECT_ID], home[OBJECT_ID], message[SCHEMA_MESSAGE];

	if (!place_of(db, workspace, organization, costcenter) || strcmp(organization, box->organization)) {
		schema_refuse(path, message, "there is no workspace %s in the organization.", workspace);
		return refuse(call, 400, message);
	}
	if (box_kind_of(object_member(box, "schema")) == BOX_POLICY &&
			place_of(db, box->owner, organization, home) && strcmp(home, costcenter)) {
		schema_refuse(path, message, "policies are shared within their cost center only; %s is in another.", workspace);
		return refuse(call, 400, message);
	}
	return 0;
}

static int check_members(struct db *db, struct core_call *call, const struct object *box)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "members"));
	struct schema_path path = SCHEMA_PATH_ZERO;
	yyjson_mut_val *m;
	size_t before;

	schema_path_name(&path, "members");
	for (size_t i = 0; (m = yyjson_mut_arr_iter_next(&it)); i++) {
		before = schema_path_index(&path, i);
		schema_path_name(&path, "workspace");
		if (check_place(db, call, box, yyjson_mut_get_str(yyjson_mut_obj_get(m, "workspace")), &path))
			return -1;
		schema_path_back(&path, before);
	}
	return 0;
}

static bool is_member(const struct object *box, const char *workspace)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "members"));
	yyjson_mut_val *m;

	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(m, "workspace"), workspace))
			return true;
	return false;
}

/* Given to a workspace it was shared with, or to one the giver may make boxes in. */
static int check_transfer(struct db *db, struct core_call *call, const struct object *box, const struct object *before)
{
	struct schema_path path = SCHEMA_PATH_ZERO;
	struct object there = *before;

	schema_path_name(&path, "owner");
	there.doc = box->doc;
	if (check_place(db, call, &there, box->owner, &path))
		return -1;
	if (is_member(before, box->owner) ||
			access_permits(OBJECT_BOX, ACCESS_CREATE, access_workspace_role(db, &call->principal, box->owner)))
		return 0;
	return refuse(call, 403, "A box can be given to a workspace it is shared with, or to one you may create boxes in.");
}

bool box_sharing_differs(const struct object *box, const struct object *before)
{
	yyjson_mut_val *a = yyjson_mut_obj_get(box->doc->root, "members");
	yyjson_mut_val *b = yyjson_mut_obj_get(before->doc->root, "members");

	return strcmp(box->owner, before->owner) || strcmp(box->visibility, before->visibility) ||
		(a && b ? !yyjson_mut_equals(a, b) : a != b);
}

int box_check_sharing(struct db *db, struct core_call *call, const struct object *box, const struct object *before)
{
	bool was_public = before && !strcmp(before->visibility, "public");

	if (before && !box_sharing_differs(box, before))
		return 0;
	if (before && !access_allowed(db, &call->principal, before, ACCESS_OWN))
		return refuse(call, 403, "Only the owner may share a box, change its visibility or give it away.");
	if (!strcmp(box->visibility, "public") && !was_public &&
			!access_organization_admin(db, &call->principal, box->organization))
		return refuse(call, 403, "Only an administrator of the organization may make a box public.");
	if (before && strcmp(box->owner, before->owner) && check_transfer(db, call, box, before))
		return -1;
	return check_members(db, call, box);
}

/* Versions have their draft's owner, members and visibility. */
void box_share_versions(struct db *db, const struct object *draft)
{
	yyjson_mut_val *members = yyjson_mut_obj_get(draft->doc->root, "members"), *copy;
	struct box_versions versions;
	struct object v;

	box_versions_read(db, draft->id, &versions);
	for (unsigned i = 0; i < versions.count; i++) {
		if (!object_get(db, OBJECT_BOX, versions.list[i].id, &v))
			continue;
		memcpy(v.owner, draft->owner, sizeof v.owner);
		memcpy(v.visibility, draft->visibility, sizeof v.visibility);
		object_set(&v, "owner", v.owner);
		object_set(&v, "visibility", v.visibility);
		copy = yyjson_mut_val_mut_copy(v.doc, members);
		if (!yyjson_mut_obj_replace(v.doc->root, yyjson_mut_str(v.doc, "members"), copy))
			yyjson_mut_obj_add_val(v.doc, v.doc->root, "members", copy);
		object_put(db, &v);
		object_free(&v);
	}
	box_versions_free(&versions);
}

#include <string.h>

#include "core.h"
#include "share.h"

/* Are the members those of the document that is kept? */
static bool unchanged(const struct object *o, const struct object *kept)
{
	yyjson_doc *doc = yyjson_read(kept->text, strlen(kept->text), 0);
	yyjson_mut_doc *before = yyjson_doc_mut_copy(doc, NULL);
	yyjson_mut_val *a = yyjson_mut_obj_get(o->doc->root, "members");
	yyjson_mut_val *b = yyjson_mut_obj_get(yyjson_mut_doc_get_root(before), "members");
	bool same = a && b ? yyjson_mut_equals(a, b) : !yyjson_mut_arr_size(a) && !yyjson_mut_arr_size(b);

	yyjson_mut_doc_free(before);
	yyjson_doc_free(doc);
	return same;
}

static int check_member(struct db *db, struct core_call *call, const struct object *o, size_t i, yyjson_mut_val *m)
{
	const char *workspace = yyjson_mut_get_str(yyjson_mut_obj_get(m, "workspace"));
	struct object there, home;
	bool same = true;

	if (!workspace)
		workspace = yyjson_mut_get_str(yyjson_mut_obj_get(m, "id"));
	if (!workspace || !object_peek(db, OBJECT_WORKSPACE, workspace, &there)) {
		core_answer_message(&call->answer, 400, "members[%zu].workspace: there is no such workspace in the organization.", i);
		return -1;
	}
	if (o->kind == OBJECT_PROVIDER && object_peek(db, OBJECT_WORKSPACE, o->owner, &home)) {
		same = !strcmp(home.parent, there.parent);
		object_free(&home);
	}
	if (strcmp(there.organization, o->organization))
		core_answer_message(&call->answer, 400, "members[%zu].workspace: there is no such workspace in the organization.", i);
	else if (!same)
		core_answer_message(&call->answer, 400, "members[%zu].workspace: providers are shared within their cost center only.", i);
	else
		workspace = NULL;
	object_free(&there);
	return workspace ? -1 : 0;
}

int share_check(struct db *db, struct core_call *call, const struct object *o)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(o->doc->root, "members"));
	struct object kept;
	yyjson_mut_val *m;
	bool may = true;

	if (object_peek(db, o->kind, o->id, &kept)) {
		if (unchanged(o, &kept)) {
			object_free(&kept);
			return 0;
		}
		may = access_allowed(db, &call->principal, &kept, ACCESS_OWN);
		object_free(&kept);
	}
	if (!may) {
		core_answer_message(&call->answer, 403, "Only an administrator of the workspace that owns it may share it.");
		return -1;
	}
	for (size_t i = 0; (m = yyjson_mut_arr_iter_next(&it)); i++)
		if (check_member(db, call, o, i, m))
			return -1;
	return 0;
}

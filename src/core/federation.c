/*
 * Federation: an organization names others (federated_to) whose users may be members of its team workspaces.  A workspace
 * is shared with one of them by being named in organizations[]; that is taken back only when none of its users is left there.
 */
#include <string.h>

#include "verbs_places.h"

#define MOST 100

static int refuse(struct core_call *call, int status, const char *what, const char *organization, const char *why)
{
	core_answer_message(&call->answer, status, "%s: %s%s", what, organization, why);
	return -1;
}

/* The organization's own list. */
static bool is_federated(struct db *db, const char *organization, const char *to)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object o, json_each(o.doc, '$.federated_to') f WHERE o.kind = 1 AND"
		" o.id = ? AND f.value = ?)", "tt", organization, to) != 0;
}

static bool has_members_of(struct db *db, const struct object *o, const char *organization)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(o->doc->root, "members"));
	yyjson_mut_val *m, *id;
	char theirs[OBJECT_ID];

	while ((m = yyjson_mut_arr_iter_next(&it))) {
		id = yyjson_mut_obj_get(m, "id");
		if (!id)
			id = yyjson_mut_obj_get(m, "workspace");
		if (yyjson_mut_is_str(id) && place_user(db, yyjson_mut_get_str(id), theirs) && !strcmp(theirs, organization))
			return true;
	}
	return false;
}

static int check_added(struct db *db, struct core_call *call, const struct object *o, yyjson_mut_val *before)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(o->doc->root, "organizations"), *v;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	const char *name;

	if (yyjson_mut_arr_size(list) > MOST)
		return refuse(call, 400, "organizations", "", "at most 100 are accepted.");
	while ((v = yyjson_mut_arr_iter_next(&it))) {
		name = yyjson_mut_get_str(v);
		if (!name || !name[0])
			return refuse(call, 400, "organizations", "", "must be names of organizations.");
		if (strcmp(name, o->organization) && !place_listed(before, "organizations", name) &&
				!is_federated(db, o->organization, name))
			return refuse(call, 400, "organizations", name, " is not among those this organization is federated to.");
	}
	return 0;
}

static int check_removed(struct db *db, struct core_call *call, const struct object *o, yyjson_mut_val *before)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(before, "organizations"));
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_is_str(v) && !place_listed(o->doc->root, "organizations", yyjson_mut_get_str(v)) &&
				has_members_of(db, o, yyjson_mut_get_str(v)))
			return refuse(call, 409, "organizations", yyjson_mut_get_str(v),
				" still has members in the workspace: take them out first.");
	return 0;
}

int federation_of_workspace(struct db *db, struct core_call *call, struct object *o, yyjson_mut_val *before)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(o->doc->root, "organizations"), *kept;

	if (!yyjson_mut_is_arr(list)) {
		kept = yyjson_mut_obj_get(before, "organizations");
		list = yyjson_mut_is_arr(kept) ? yyjson_mut_val_mut_copy(o->doc, kept) : yyjson_mut_arr(o->doc);
		yyjson_mut_obj_put(o->doc->root, yyjson_mut_str(o->doc, "organizations"), list);
	}
	/* Its own is always there. */
	if (!place_listed(o->doc->root, "organizations", o->organization))
		yyjson_mut_arr_insert(list, yyjson_mut_strcpy(o->doc, o->organization), 0);
	return check_added(db, call, o, before) || check_removed(db, call, o, before) ? -1 : 0;
}

int federation_of_organization(struct db *db, struct core_call *call, const struct object *o, yyjson_mut_val *before)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(before, "federated_to"));
	yyjson_mut_val *v;
	const char *name;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		name = yyjson_mut_get_str(v);
		if (!name || place_listed(o->doc->root, "federated_to", name))
			continue;
		if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object w, json_each(w.doc, '$.organizations') f WHERE w.kind = 3 AND"
				" w.organization = ? AND w.type = 'team' AND f.value = ?)", "tt", o->id, name))
			return refuse(call, 409, "federated_to", name, " still shares workspaces: take it out of their organizations first.");
	}
	return 0;
}

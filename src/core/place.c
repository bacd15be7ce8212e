/* What organizations, cost centers and workspaces have in common: whole documents, members. */
#include <stdio.h>
#include <string.h>

#include "verbs_places.h"

/* Words for roles on the wire, old ones too. */
static const char *const roles[] = { "visitor", "user", "author", "administrator", "collaborator", "read" };

static bool fixed(const char *name, const char *const read_only[])
{
	static const char *const always[] = { "id", "uri", "created", "updated", "deleted", "schema" };

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		if (!strcmp(always[i], name))
			return true;
	for (; read_only && *read_only; read_only++)
		if (!strcmp(*read_only, name))
			return true;
	return false;
}

void place_merge(struct object *o, yyjson_val *args, const char *const read_only[])
{
	yyjson_obj_iter it = yyjson_obj_iter_with(args);
	yyjson_mut_val *name, *value;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it))) {
		if (fixed(yyjson_get_str(key), read_only))
			continue;
		name = yyjson_mut_strcpy(o->doc, yyjson_get_str(key));
		value = yyjson_val_mut_copy(o->doc, yyjson_obj_iter_get_val(key));
		if (!yyjson_mut_obj_replace(o->doc->root, name, value))
			yyjson_mut_obj_add(o->doc->root, name, value);
	}
}

static int refuse(struct core_call *call, size_t i, const char *what)
{
	core_answer_message(&call->answer, 400, "members[%zu]%s", i, what);
	return -1;
}

static const char *member(yyjson_mut_val *m, const char *name)
{
	return yyjson_mut_get_str(yyjson_mut_obj_get(m, name));
}

static bool role_known(const char *role)
{
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (!strcmp(roles[i], role))
			return true;
	return false;
}

bool place_listed(yyjson_mut_val *object, const char *list, const char *value)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(object, list));
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(v, value))
			return true;
	return false;
}

bool place_user(struct db *db, const char *id, char organization[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT organization FROM object WHERE kind = 3 AND id = ? AND type = 'personal'", "t", id);

	if (!db_row(db, q))
		return false;
	snprintf(organization, OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	return true;
}

/* A user of the organization, or of one the workspace is shared with. */
static bool user_known(struct db *db, const struct object *o, const char *id)
{
	char organization[OBJECT_ID];

	return place_user(db, id, organization) && (!strcmp(organization, o->organization) ||
		(o->kind == OBJECT_WORKSPACE && place_listed(o->doc->root, "organizations", organization)));
}

static void put_if_absent(struct object *o, yyjson_mut_val *m, const char *name, const char *value)
{
	if (!member(m, name))
		yyjson_mut_obj_put(m, yyjson_mut_strcpy(o->doc, name), yyjson_mut_strcpy(o->doc, value));
}

static int check_member(struct db *db, struct core_call *call, struct object *o, size_t i, yyjson_mut_val *m,
	const char *default_role)
{
	const char *id, *type;

	if (!yyjson_mut_is_obj(m))
		return refuse(call, i, ": must be an object.");
	id = member(m, "id") ? member(m, "id") : member(m, "workspace");
	if (!id || !id[0])
		return refuse(call, i, ".id: is missing.");
	put_if_absent(o, m, "id", id);
	put_if_absent(o, m, "type", "workspace");
	put_if_absent(o, m, "role", default_role);
	put_if_absent(o, m, "workspace", member(m, "id"));
	type = member(m, "type");
	if (strcmp(type, "workspace") && strcmp(type, "ldap"))
		return refuse(call, i, ".type: must be workspace or ldap.");
	if (!role_known(member(m, "role")))
		return refuse(call, i, ".role: must be visitor, user, author or administrator.");
	if (o->kind != OBJECT_WORKSPACE && strcmp(member(m, "role"), "administrator"))
		return refuse(call, i, ".role: must be administrator.");
	if (!strcmp(type, "workspace") && !user_known(db, o, member(m, "id")))
		return refuse(call, i, ".id: there is no such user.");
	return 0;
}

int place_members(struct db *db, struct core_call *call, struct object *o, const char *default_role)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(o->doc->root, "members"), *m;
	yyjson_mut_arr_iter it;

	if (!yyjson_mut_is_arr(list)) {
		yyjson_mut_obj_put(o->doc->root, yyjson_mut_str(o->doc, "members"), yyjson_mut_arr(o->doc));
		return 0;
	}
	it = yyjson_mut_arr_iter_with(list);
	for (size_t i = 0; (m = yyjson_mut_arr_iter_next(&it)); i++)
		if (check_member(db, call, o, i, m, default_role))
			return -1;
	return 0;
}

const char *place_ids(const struct core_call *call)
{
	const char *ids = core_call_string(call, "ids");

	return ids && ids[0] ? ids : NULL;
}

/* Who has a share of an object: the rows beside its members[]. */
#include <stdio.h>
#include <string.h>

#include "object.h"
#include "truth.h"
#include "plat/clock.h"

static const char *string(yyjson_mut_val *object, const char *name)
{
	return yyjson_mut_get_str(yyjson_mut_obj_get(object, name));
}

bool object_is_shared(enum object_kind kind)
{
	return kind != OBJECT_OPERATION && kind != OBJECT_PROVIDER_LOG && kind != OBJECT_ACTIVITY && kind != OBJECT_BLOB &&
		kind != OBJECT_TASK;
}

static void member_add(struct db *db, const struct object *o, yyjson_mut_val *m)
{
	/* Boxes, instances and providers are shared with workspaces; workspaces and above have users
	 * (by id; some clients repeat it as "workspace") and groups. */
	const char *id = string(m, "id"), *workspace = string(m, "workspace");
	const char *role = string(m, "role"), *type = string(m, "type");

	if (o->kind != OBJECT_ORGANIZATION && o->kind != OBJECT_COSTCENTER && o->kind != OBJECT_WORKSPACE && workspace)
		id = workspace;
	if (!id)
		id = workspace;
	if (!id || !id[0])
		return;
	db_run(db, "INSERT INTO share(kind, id, member, type, role) VALUES(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
		" role = max(role, excluded.role)", "ittti", (int64_t)o->kind, o->id, id,
		type && !strcmp(type, "ldap") ? "ldap" : "workspace",
		(int64_t)(o->kind == OBJECT_COSTCENTER ? ACCESS_ADMINISTRATOR : access_role_by_name(role ? role : "")));
}

static void groups_index(struct db *db, const struct object *o)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(o->doc->root, "group_dns"));
	yyjson_mut_val *dn;

	db_run(db, "DELETE FROM user_group WHERE user = ?", "t", o->id);
	while ((dn = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_is_str(dn))
			db_run(db, "INSERT OR IGNORE INTO user_group(user, dn) VALUES(?, ?)", "tt", o->id, yyjson_mut_get_str(dn));
}

/* A number that differs when the roles differ. */
static int64_t roles_mark(struct db *db, const struct object *o)
{
	sqlite3_stmt *q = db_query(db, "SELECT member || '/' || type || '/' || role FROM share WHERE kind = ? AND id = ?"
		" ORDER BY member, type", "it", (int64_t)o->kind, o->id);
	uint64_t mark = 14695981039346656037u;		/* FNV-1a */

	while (db_row(db, q))
		for (const char *s = db_text(q, 0);; s++) {
			mark = (mark ^ (unsigned char)*s) * 1099511628211u;
			if (!*s)
				break;
		}
	return (int64_t)mark;
}

static bool decides_access(enum object_kind kind)
{
	return kind == OBJECT_ORGANIZATION || kind == OBJECT_COSTCENTER || kind == OBJECT_WORKSPACE;
}

static void access_event(struct db *db, const struct object *o)
{
	char object[OBJECT_ID + 32], data[OBJECT_ID + 32];

	snprintf(object, sizeof object, "%s/%s", access_kind_name(o->kind), o->id);
	snprintf(data, sizeof data, "{\"organization\":\"%s\"}", o->organization);
	core_event(db, "access.changed", object, data);
}

void object_members_index(struct db *db, const struct object *o, bool there)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(o->doc->root, "members"));
	int64_t before = decides_access(o->kind) ? roles_mark(db, o) : 0;
	yyjson_mut_val *m;

	if (!object_is_shared(o->kind))
		return;
	if (there)
		db_run(db, "DELETE FROM share WHERE kind = ? AND id = ?", "it", (int64_t)o->kind, o->id);
	while ((m = yyjson_mut_arr_iter_next(&it)))
		member_add(db, o, m);
	if (o->kind == OBJECT_WORKSPACE)
		groups_index(db, o);
	if (decides_access(o->kind) && roles_mark(db, o) != before)
		access_event(db, o);
}

static void forget_in(struct object *o, const char *member)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(o->doc->root, "members"), *m;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);

	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(m, "workspace"), member) ||
				yyjson_mut_equals_str(yyjson_mut_obj_get(m, "id"), member))
			yyjson_mut_arr_iter_remove(&it);
}

void object_member_forget(struct db *db, const char *member)
{
	struct object o;
	sqlite3_stmt *q;
	int64_t kind;
	char id[OBJECT_ID];

	/* Each write changes the rows that are read: one at a time. */
	while ((q = db_query(db, "SELECT kind, id FROM share WHERE member = ? AND type = 'workspace' LIMIT 1", "t", member)) &&
			db_row(db, q)) {
		kind = db_int(q, 0);
		snprintf(id, sizeof id, "%s", db_text(q, 1));
		db_end(q);
		if (object_get(db, (enum object_kind)kind, id, &o)) {
			forget_in(&o, member);
			object_put(db, &o);
			object_free(&o);
		}
		db_run(db, "DELETE FROM share WHERE kind = ? AND id = ? AND member = ?", "itt", kind, id, member);
	}
}

/* access.scope: what events somebody may see. */
#include "verbs_places.h"

static void add_workspaces(struct db *db, const struct core_principal *p, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
	/* The same places as access_workspace_role finds, but for administrators of organizations:
	 * they are told the organization. */
	sqlite3_stmt *q = db_query(db, "SELECT id, max(role) FROM (SELECT ?1 AS id, 4 AS role"
		" UNION ALL SELECT id, role FROM share WHERE kind = 3 AND member = ?1 AND type = 'workspace'"
		" UNION ALL SELECT s.id, s.role FROM share s JOIN user_group g ON g.dn = s.member WHERE s.kind = 3 AND"
		" s.type = 'ldap' AND g.user = ?1"
		" UNION ALL SELECT w.id, 4 FROM share s JOIN object w ON w.kind = 3 AND w.parent = s.id WHERE s.kind = 2 AND"
		" s.member = ?1 AND s.type = 'workspace'"
		" UNION ALL SELECT w.id, 4 FROM user_group g JOIN share s ON s.kind = 2 AND s.type = 'ldap' AND s.member = g.dn"
		" JOIN object w ON w.kind = 3 AND w.parent = s.id WHERE g.user = ?1) GROUP BY id ORDER BY id", "t", p->user);
	yyjson_mut_val *w;

	while (db_row(db, q)) {
		w = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_strcpy(doc, w, "id", db_text(q, 0));
		yyjson_mut_obj_add_str(doc, w, "role", access_role_name((enum access_role)db_int(q, 1)));
	}
}

static void add_organizations(struct db *db, const struct core_principal *p, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM object WHERE kind = 1 ORDER BY id", "");

	while (db_row(db, q))
		if (access_organization_admin(db, p, db_text(q, 0)))
			yyjson_mut_arr_add_strcpy(doc, list, db_text(q, 0));
}

int verb_scope_run(struct db *db, struct core_call *call)
{
	const struct core_principal *p = &call->principal;
	yyjson_mut_val *body = core_answer_object(&call->answer, 200);
	yyjson_mut_doc *doc = call->answer.doc;

	yyjson_mut_obj_add_strcpy(doc, body, "user", p->user);
	yyjson_mut_obj_add_strcpy(doc, body, "organization", p->organization);
	yyjson_mut_obj_add_bool(doc, body, "admin", p->admin);
	add_organizations(db, p, doc, yyjson_mut_obj_add_arr(doc, body, "organizations"));
	add_workspaces(db, p, doc, yyjson_mut_obj_add_arr(doc, body, "workspaces"));
	return 0;
}

/* workspace.*: team workspaces are made, shared and deleted; personal ones come and go with
 * their users. */
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "verbs_places.h"

/* The cost center is for ever; addresses and groups come from signing in. */
static const char *const team_read_only[] = { "type", "costcenter", "owner", "organization", NULL };
static const char *const personal_read_only[] = {
	"type", "costcenter", "owner", "organization", "email", "email_validated_at", "last_login", "group_dns", "saml_id",
	"members", "support_user_created", NULL,
};

static bool personal(const struct object *o)
{
	return !strcmp(object_member(o, "type"), "personal");
}

static bool name_taken(struct db *db, const struct object *o)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 3 AND type = 'team' AND organization = ?"
		" AND id <> ? AND json_extract(doc, '$.name') = ?)", "ttt", o->organization, o->id, object_member(o, "name")) != 0;
}

/* ---- create ---- */

/* The cost center asked for, else the organization's default one. */
static bool costcenter_of(struct db *db, struct core_call *call, struct object *out)
{
	const char *asked = core_call_string(call, "costcenter");
	char id[OBJECT_ID] = "";
	sqlite3_stmt *q;

	if (asked) {
		snprintf(id, sizeof id, "%s", asked);
	} else {
		q = db_query(db, "SELECT json_extract(doc, '$.default_costcenter') FROM object WHERE kind = 1 AND id = ?", "t",
			call->principal.organization);
		if (db_row(db, q)) {
			snprintf(id, sizeof id, "%s", db_text(q, 0));
			db_end(q);
		}
		/* It is no secret that there is one. */
		if (!access_costcenter_admin(db, &call->principal, id)) {
			core_answer_message(&call->answer, 403, "Only an administrator of the cost center may make workspaces.");
			return false;
		}
	}
	return access_peek(db, call, OBJECT_COSTCENTER, id, ACCESS_EDIT, out);
}

static void creator_member(struct object *o, const char *user)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(o->doc->root, "members"), *m;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);

	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(m, "id"), user))
			return;
	m = yyjson_mut_arr_add_obj(o->doc, list);
	yyjson_mut_obj_add_strcpy(o->doc, m, "id", user);
	yyjson_mut_obj_add_str(o->doc, m, "type", "workspace");
	yyjson_mut_obj_add_str(o->doc, m, "role", "administrator");
	yyjson_mut_obj_add_strcpy(o->doc, m, "workspace", user);
}

static void fill(struct object *o, const struct object *costcenter, const struct core_call *call)
{
	static const char *const lists[] = { "members", "ldap_groups" };

	snprintf(o->owner, sizeof o->owner, "%s", o->id);
	snprintf(o->organization, sizeof o->organization, "%s", costcenter->organization);
	snprintf(o->parent, sizeof o->parent, "%s", costcenter->id);
	place_merge(o, call->args, team_read_only);
	object_set(o, "type", "team");
	object_set(o, "costcenter", costcenter->id);
	object_set(o, "owner", call->principal.user);
	if (!yyjson_mut_obj_get(o->doc->root, "icon"))
		object_set(o, "icon", "");
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (!yyjson_mut_is_arr(yyjson_mut_obj_get(o->doc->root, lists[i])))
			yyjson_mut_obj_put(o->doc->root, yyjson_mut_str(o->doc, lists[i]), yyjson_mut_arr(o->doc));
}

/* Checks and writes; the answer is the object.  before: as it is kept, NULL = new. */
static int keep(struct db *db, struct core_call *call, struct object *o, const yyjson_mut_doc *before)
{
	if (!personal(o) && federation_of_workspace(db, call, o, before ? before->root : NULL))
		return -1;
	if (place_members(db, call, o, "user"))
		return -1;
	if (!personal(o) && name_taken(db, o)) {
		core_answer_message(&call->answer, 409, "name: another workspace has this name.");
		return -1;
	}
	object_put(db, o);
	core_answer_doc(&call->answer, call->verb->status, o->doc);
	return 0;
}

/* One of the original's clients takes a part of the name of another schema for its version and puts it between. */
static bool is_team(const char *schema)
{
	static const char begin[] = PLACE_SCHEMA, end[] = "workspaces/team";
	size_t n = strlen(schema), m = sizeof end - 1;

	return !strncmp(schema, begin, sizeof begin - 1) && n >= sizeof begin - 1 + m && schema[n - m - 1] == '/' &&
		!strcmp(schema + n - m, end);
}

int verb_workspace_create_run(struct db *db, struct core_call *call)
{
	const char *schema = core_call_string(call, "schema");
	struct object costcenter, o;
	int result;

	if (schema && !is_team(schema)) {
		core_answer_message(&call->answer, 400, "schema: must be " PLACE_SCHEMA "workspaces/team.");
		return -1;
	}
	if (!costcenter_of(db, call, &costcenter))
		return -1;
	object_id_slug(db, core_call_string(call, "name"), call->id);
	object_new(&o, OBJECT_WORKSPACE, call->id, PLACE_SCHEMA "workspaces/team");
	fill(&o, &costcenter, call);
	object_free(&costcenter);
	creator_member(&o, call->principal.user);
	result = keep(db, call, &o, NULL);
	object_free(&o);
	return result;
}

/* ---- one ---- */

int verb_workspace_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_WORKSPACE, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

int verb_workspace_put_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *before;
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_WORKSPACE, core_call_string(call, "id"), ACCESS_EDIT, &o))
		return -1;
	before = yyjson_mut_doc_mut_copy(o.doc, NULL);
	place_merge(&o, call->args, personal(&o) ? personal_read_only : team_read_only);
	result = keep(db, call, &o, before);
	yyjson_mut_doc_free(before);
	object_free(&o);
	return result;
}

/* ---- delete ---- */

static const char *in_use(struct db *db, const struct object *o)
{
	static const struct { enum object_kind kind; const char *why; } contents[] = {
		{ OBJECT_INSTANCE, "The workspace has instances. Terminate and delete them, or give them away, first." },
		{ OBJECT_BOX, "The workspace has boxes. Delete them, or give them away, first." },
		{ OBJECT_PROVIDER, "The workspace has providers. Delete them, or give them away, first." },
	};

	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND owner = ?)", "it",
				(int64_t)contents[i].kind, o->id))
			return contents[i].why;
	return NULL;
}

int verb_workspace_delete_run(struct db *db, struct core_call *call)
{
	const char *why;
	struct object o;

	if (!access_object(db, call, OBJECT_WORKSPACE, core_call_string(call, "id"), ACCESS_OWN, &o))
		return -1;
	why = personal(&o) ? "A personal workspace is deleted with its user." : in_use(db, &o);
	if (why) {
		core_answer_message(&call->answer, 409, "%s", why);
	} else {
		object_member_forget(db, o.id);
		object_delete(db, &o);
		core_answer_begin(&call->answer, 204);
	}
	object_free(&o);
	return why ? -1 : 0;
}

/* ---- lists ---- */

/* The own one, those one is a member of (by name or group), those of the cost centers one
 * administers. */
static void list_mine(struct db *db, const char *user, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	char after[OBJECT_CURSOR];

	snprintf(after, sizeof after, "%s", cursor);
	object_list_query(db, db_query(db, "SELECT o.id, o.doc FROM (SELECT ?1 AS id WHERE ?1 > ?2"
		" UNION SELECT id FROM share WHERE member = ?1 AND kind = 3 AND type = 'workspace' AND id > ?2"
		" UNION SELECT s.id FROM user_group g JOIN share s ON s.member = g.dn AND s.kind = 3 AND s.type = 'ldap'"
		" WHERE g.user = ?1 AND s.id > ?2"
		" UNION SELECT w.id FROM share s JOIN object w ON w.kind = 3 AND w.parent = s.id WHERE s.member = ?1"
		" AND s.kind = 2 AND w.type = 'team' AND w.id > ?2"
		" ORDER BY 1 LIMIT ?3) k CROSS JOIN object o ON o.kind = 3 AND o.id = k.id ORDER BY k.id", "tti", user, after,
		(int64_t)OBJECT_LIST_ROWS), OBJECT_LIST_ROWS, cursor, CORE_LIST_CHUNK, out);
}

/* Asked for by name: every one that may be seen. */
static bool may_see(struct db *db, void *arg, struct object *o)
{
	const struct core_call *call = arg;

	return access_allowed(db, &call->principal, o, ACCESS_SEE);
}

int verb_workspace_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	struct object_filter f = {
		.kind = OBJECT_WORKSPACE, .ids = place_ids(call), .each = may_see, .arg = call,
	};

	if (f.ids)
		object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
	else
		list_mine(db, call->principal.user, cursor, out);
	return 0;
}

/* workspace.boxes, .instances, .providers: the row says of which kind. */
int verb_workspace_contents(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	char organization[OBJECT_ID];
	struct object_filter f = {
		.kind = call->verb->kind, .workspace = core_call_string(call, "id"), .ids = place_ids(call),
	};

	if (!access_place(db, call, f.workspace, f.kind, call->verb->need, organization))
		return -1;
	if (f.kind != OBJECT_BOX) {
		object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
		return 0;
	}
	f.organization = organization;
	f.include_public = true;
	f.parent = f.ids ? NULL : "";
	box_list(db, &call->principal, &f, cursor, out);
	return 0;
}

/* costcenter.*: made and deleted by administrators of the organization, changed by their own. */
#include <stdio.h>
#include <string.h>

#include "verbs_places.h"

static const char *const read_only[] = { "organization", NULL };

static bool name_taken(struct db *db, const struct object *o)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 2 AND organization = ? AND id <> ? AND"
		" json_extract(doc, '$.name') = ?)", "ttt", o->organization, o->id, object_member(o, "name")) != 0;
}

/* Checks and writes; the answer is the object. */
static int keep(struct db *db, struct core_call *call, struct object *o)
{
	if (place_members(db, call, o, "administrator"))
		return -1;
	if (name_taken(db, o)) {
		core_answer_message(&call->answer, 409, "name: another cost center has this name.");
		return -1;
	}
	object_put(db, o);
	core_answer_doc(&call->answer, call->verb->status, o->doc);
	return 0;
}

void verb_costcenter_create_start(struct core_call *call)
{
	const char *schema = core_call_string(call, "schema");

	if (schema && strcmp(schema, PLACE_SCHEMA "costcenter")) {
		core_call_refuse(call, 400, "schema: must be " PLACE_SCHEMA "costcenter.");
		return;
	}
	object_id_guid(call->id);
	core_call_write(call, verb_costcenter_create_run, core_call_finish, false);
}

int verb_costcenter_create_run(struct db *db, struct core_call *call)
{
	const char *organization = core_call_string(call, "organization");
	struct object place, o;
	int result;

	if (!organization)
		organization = call->principal.organization;
	if (!access_peek(db, call, OBJECT_ORGANIZATION, organization, ACCESS_EDIT, &place))
		return -1;
	object_new(&o, OBJECT_COSTCENTER, call->id, PLACE_SCHEMA "costcenter");
	snprintf(o.organization, sizeof o.organization, "%s", place.id);
	object_free(&place);
	place_merge(&o, call->args, read_only);
	object_set(&o, "organization", o.organization);
	result = keep(db, call, &o);
	object_free(&o);
	return result;
}

int verb_costcenter_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_COSTCENTER, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

int verb_costcenter_put_run(struct db *db, struct core_call *call)
{
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_COSTCENTER, core_call_string(call, "id"), ACCESS_EDIT, &o))
		return -1;
	place_merge(&o, call->args, read_only);
	result = keep(db, call, &o);
	object_free(&o);
	return result;
}

static const char *in_use(struct db *db, const struct object *o)
{
	if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 3 AND parent = ? AND parent <> '')", "t", o->id))
		return "The cost center has workspaces.";
	if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 1 AND id = ? AND"
			" json_extract(doc, '$.default_costcenter') = ?)", "tt", o->organization, o->id))
		return "This is the organization's default cost center.";
	return NULL;
}

int verb_costcenter_delete_run(struct db *db, struct core_call *call)
{
	const char *why;
	struct object o;

	if (!access_peek(db, call, OBJECT_COSTCENTER, core_call_string(call, "id"), ACCESS_OWN, &o))
		return -1;
	why = in_use(db, &o);
	if (why) {
		core_answer_message(&call->answer, 409, "%s", why);
	} else {
		object_delete(db, &o);
		core_answer_begin(&call->answer, 204);
	}
	object_free(&o);
	return why ? -1 : 0;
}

/* Those one is a member of; of an organization one administers, all. */
int verb_costcenter_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const struct core_principal *p = &call->principal;
	bool all = access_organization_admin(db, p, p->organization);
	struct object_filter f = {
		.kind = OBJECT_COSTCENTER, .organization = all ? p->organization : NULL,
		.workspace = all ? NULL : p->user, .ids = place_ids(call),
	};

	object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
	return 0;
}

/* organization.*: the settings of an organization are one document, kept whole. */
#include <string.h>

#include "box.h"
#include "secrets.h"
#include "verbs_places.h"
#include "schema/schema.h"

/* At most this many tags, with keys and values of this length: what clouds take. */
#define TAGS_MAX 10
#define TAG_KEY_MAX 125
#define TAG_VALUE_MAX 254
#define WEBHOOK_MAX 512
#define DOMAIN_MAX 253

/* Secrets wherever they are in the settings: LDAP searches, ServiceNow, cloud accounts. */
static const char *const secret_fields[] = {
	"*ldap_search_password", "*password", "*secret", "*client_secret", "*private_key", NULL,
};

static const char *const read_only[] = {
	"name", "setup", "release", "ldap_last_sync_completed", "account_status", "account_type", NULL,
};

static const struct schema_field domain = { .type = SCHEMA_STRING, .min = 1, .max = DOMAIN_MAX };
static const struct schema_field webhook = { .type = SCHEMA_STRING, .min = 1, .max = WEBHOOK_MAX };
static const struct schema_field tag_fields[] = {
	{ .name = "name", .type = SCHEMA_STRING, .flags = SCHEMA_REQUIRED, .min = 1, .max = TAG_KEY_MAX },
	{ .name = "type", .type = SCHEMA_STRING, .max = 64 },
	{ .name = "value", .type = SCHEMA_STRING, .max = TAG_VALUE_MAX },
	{ .type = SCHEMA_END },
};
static const struct schema_field tag = { .type = SCHEMA_OBJECT, .fields = tag_fields };
static const struct schema_field cloud_fields[] = {
	{ .name = "type", .type = SCHEMA_STRING, .flags = SCHEMA_REQUIRED, .min = 1, .max = 64 },
	{ .name = "enabled", .type = SCHEMA_BOOLEAN },
	{ .name = "description", .type = SCHEMA_STRING, .flags = SCHEMA_TEXT, .max = 2048 },
	{ .type = SCHEMA_END },
};
static const struct schema_field cloud = { .type = SCHEMA_OBJECT, .fields = cloud_fields };

static const struct schema_field fields[] = {
	{ .name = "display_name", .type = SCHEMA_STRING, .max = 255 },
	{ .name = "icon", .type = SCHEMA_STRING, .max = 256 },
	{ .name = "theme", .type = SCHEMA_OBJECT },
	{ .name = "features", .type = SCHEMA_OBJECT },
	{ .name = "authentication", .type = SCHEMA_OBJECT },
	{ .name = "itsm", .type = SCHEMA_OBJECT },
	{ .name = "domains", .type = SCHEMA_ARRAY, .max = 1000, .element = &domain },
	{ .name = "members", .type = SCHEMA_ARRAY, .max = 10000 },
	{ .name = "providers", .type = SCHEMA_ARRAY, .max = 100, .element = &cloud },
	{ .name = "tags", .type = SCHEMA_ARRAY, .max = TAGS_MAX, .element = &tag },
	{ .name = "webhooks", .type = SCHEMA_ARRAY, .max = 100, .element = &webhook },
	{ .name = "federated_to", .type = SCHEMA_ARRAY, .max = 1000 },
	{ .name = "ldap_groups", .type = SCHEMA_ARRAY, .max = 100000 },
	{ .name = "default_costcenter", .type = SCHEMA_STRING, .min = 1, .max = 64 },
	{ .type = SCHEMA_END },
};

int verb_organization_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_ORGANIZATION, core_call_string(call, "name"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

static bool has_administrator(const struct object *o)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(o->doc->root, "members"));
	yyjson_mut_val *m;

	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(m, "role"), "administrator"))
			return true;
	return false;
}

static int check(struct db *db, struct core_call *call, struct object *o)
{
	if (place_members(db, call, o, "administrator"))
		return -1;
	if (!has_administrator(o)) {
		core_answer_message(&call->answer, 400, "members: an organization needs an administrator.");
		return -1;
	}
	if (!db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 2 AND id = ? AND organization = ?)", "tt",
			object_member(o, "default_costcenter"), o->id)) {
		core_answer_message(&call->answer, 400, "default_costcenter: there is no such cost center.");
		return -1;
	}
	return 0;
}

int verb_organization_put_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *before;
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_ORGANIZATION, core_call_string(call, "name"), ACCESS_EDIT, &o))
		return -1;
	before = yyjson_mut_doc_mut_copy(o.doc, NULL);
	place_merge(&o, call->args, read_only);
	result = check(db, call, &o) || federation_of_organization(db, call, &o, before ? before->root : NULL) ? -1 : 0;
	yyjson_mut_doc_free(before);
	if (!result) {
		object_put(db, &o);
		secrets_keep(db, call, o.id);
		core_answer_doc(&call->answer, 200, o.doc);
	}
	object_free(&o);
	return result;
}

static void put_go(struct core_call *call)
{
	core_call_write(call, verb_organization_put_run, core_call_finish, false);
}

void verb_organization_put_start(struct core_call *call)
{
	struct schema_path path = SCHEMA_PATH_ZERO;
	char message[SCHEMA_MESSAGE];

	if (schema_check(fields, call->args, &path, message))
		core_call_refuse(call, 400, "%s", message);
	else
		secrets_cut(call, core_call_string(call, "name"), secret_fields, put_go);
}

/* ---- organization.sync_groups ---- */

/* Groups come from an LDAP source; without one there is nothing to ask. */
int verb_organization_groups_run(struct db *db, struct core_call *call)
{
	yyjson_mut_val *ldap;
	struct object o;
	bool source;

	if (!access_object(db, call, OBJECT_ORGANIZATION, core_call_string(call, "name"), ACCESS_EDIT, &o))
		return -1;
	ldap = yyjson_mut_obj_get(yyjson_mut_obj_get(o.doc->root, "authentication"), "ldap_config");
	source = yyjson_mut_arr_size(yyjson_mut_obj_get(ldap, "sources")) != 0;
	object_free(&o);
	if (source)
		core_answer_message(&call->answer, 409, "There is no worker for LDAP: the groups were not synchronized.");
	else
		core_answer_message(&call->answer, 409, "authentication.ldap_config.sources: the organization has no LDAP source to"
			" take groups from.");
	return -1;
}

/* organization.boxes and the like: the last part of the verb's name says of what. */
int verb_organization_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *what = strrchr(call->verb->name, '.') + 1;
	struct object_filter f = { .ids = place_ids(call) };
	struct object o;

	if (!access_peek(db, call, OBJECT_ORGANIZATION, core_call_string(call, "name"), ACCESS_OWN, &o))
		return -1;
	f.kind = *what == 'b' ? OBJECT_BOX : *what == 'i' ? OBJECT_INSTANCE : *what == 'p' ? OBJECT_PROVIDER : OBJECT_WORKSPACE;
	f.organization = o.id;
	f.parent = f.kind == OBJECT_BOX && !f.ids ? "" : NULL;
	if (f.kind == OBJECT_BOX)
		box_list(db, &call->principal, &f, cursor, out);
	else
		object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
	object_free(&o);
	return 0;
}

/* POST /services/instances: what a request may say, and the records that come of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "box.h"
#include "instance.h"
#include "machine.h"
#include "provider.h"
#include "secrets.h"
#include "unregistered.h"
#include "addr/addr.h"
#include "form/form.h"
#include "plat/clock.h"

#define OWNER_MAX 64
#define TEXT_MAX 256
/* Services of one application, and resources of one import. */
#define MANY_MAX 100
/* Policies looked at to find one for a service. */
#define POLICIES_MAX 1000

/* One request, or one service of an application. */
struct making {
	struct db *db;
	struct core_call *call;
	bool dryrun;
	char organization[OBJECT_ID];
	struct instance_plan plan;
	struct object box, policy;
	struct box_stack stack, admin;
	bool has_policy;
	char provider[OBJECT_ID];
	char import_provider[OBJECT_ID], external_id[MACHINE_TEXT];
	unsigned made;
	yyjson_val *element;		/* of several in one request: the one at hand, and its place in front of its members' names */
	char at[48];
	struct object_text *out;
	/* what the copies take their secrets from, beside the boxes: "" = nothing */
	char secrets_from[OBJECT_ID], secrets_box[256], secrets_policy[256];
	char message[SCHEMA_MESSAGE];
};

static int refuse(struct making *m, const char *sentence)
{
	core_answer_message(&m->call->answer, 400, "%s", sentence);
	return -1;
}

static int refuse_at(struct making *m, const char *member, const char *what)
{
	core_answer_message(&m->call->answer, 400, "%s: %s", member, what);
	return -1;
}

/* The same of a member of the request, or of its element at hand. */
static int refuse_in(struct making *m, yyjson_val *from, const char *member, const char *what)
{
	core_answer_message(&m->call->answer, 400, "%s%s: %s", from == m->element ? m->at : "", member, what);
	return -1;
}

static void making_reset(struct making *m)
{
	box_stack_free(&m->stack);
	box_stack_free(&m->admin);
	object_free(&m->box);
	object_free(&m->policy);
	memset(&m->stack, 0, sizeof m->stack);
	memset(&m->admin, 0, sizeof m->admin);
	m->has_policy = false;
	m->provider[0] = 0;
	memset(&m->plan, 0, sizeof m->plan);
}

static const char *mutable_text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

/* ---- members of all requests ---- */

static int check_text(struct making *m, yyjson_val *from, const char *name, size_t min, size_t max, const char **out)
{
	yyjson_val *v = yyjson_obj_get(from, name);
	size_t n;
	char what[96];

	*out = NULL;
	if (!v || yyjson_is_null(v))
		return min ? refuse_in(m, from, name, "is missing.") : 0;
	n = yyjson_is_str(v) ? schema_characters(yyjson_get_str(v), yyjson_get_len(v)) : 0;
	snprintf(what, sizeof what, "must be a string of %zu to %zu characters.", min, max);
	if (!yyjson_is_str(v) || n < min || n > max)
		return refuse_in(m, from, name, what);
	*out = yyjson_get_str(v);
	return 0;
}

static int check_updates(struct making *m, yyjson_val *from, bool required)
{
	static const char *const words[] = { "off", "major", "minor", "patch" };
	yyjson_val *v = yyjson_obj_get(from, "automatic_updates");

	m->plan.updates = "off";
	if (!v && !required)
		return 0;
	if (!v)
		return refuse_at(m, "automatic_updates", "is missing.");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (yyjson_equals_str(v, words[i])) {
			m->plan.updates = words[i];
			return 0;
		}
	return refuse_at(m, "automatic_updates", "must be one of off, major, minor, patch.");
}

/* Where it goes, its name, tags and lease. */
static int check_common(struct making *m, yyjson_val *from)
{
	struct instance_plan *p = &m->plan;
	yyjson_val *args = m->call->args;
	const char *owner;

	if (check_text(m, args, "owner", 0, OWNER_MAX, &owner) || check_text(m, from, "name", 1, INSTANCE_NAME_MAX, &p->name) ||
			check_text(m, from, "description", 0, INSTANCE_DESCRIPTION_MAX, &p->description))
		return -1;
	p->user = m->call->principal.user;
	p->owner = owner && owner[0] ? owner : p->user;
	if (!access_place(m->db, m->call, p->owner, OBJECT_INSTANCE, ACCESS_CREATE, m->organization))
		return -1;
	p->organization = m->organization;
	p->description = p->description ? p->description : "";
	p->tags = yyjson_obj_get(args, "instance_tags");
	p->lease = yyjson_obj_get(from, "lease") ? yyjson_obj_get(from, "lease") : yyjson_obj_get(args, "lease");
	if (instance_tags_check(p->tags, "instance_tags", m->message) ||
			instance_lease_check(p->lease, "", plat_clock_wall(), m->message))
		return refuse(m, m->message);
	return 0;
}

/* ---- boxes ---- */

static int check_variables(struct making *m, yyjson_val *list, const char *where)
{
	struct schema_path path = SCHEMA_PATH_ZERO;

	if (!list || yyjson_is_null(list))
		return 0;
	schema_path_name(&path, where);
	schema_path_name(&path, "variables");
	if (!yyjson_is_arr(list))
		return refuse_at(m, path.text, "must be an array.");
	return box_check_variables(list, &path, m->message) ? refuse(m, m->message) : 0;
}

static yyjson_val *given(yyjson_val *list, const char *name)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	yyjson_val *v;

	while ((v = yyjson_arr_iter_next(&it)))
		if (yyjson_equals_str(yyjson_obj_get(v, "name"), name) && !yyjson_get_len(yyjson_obj_get(v, "scope")))
			return v;
	return NULL;
}

static bool has_value(yyjson_val *variable)
{
	yyjson_val *value = yyjson_obj_get(variable, "value");

	return value && !yyjson_is_null(value) && !(yyjson_is_str(value) && !yyjson_get_len(value));
}

static bool has_value_mut(yyjson_mut_val *variable)
{
	yyjson_mut_val *value = yyjson_mut_obj_get(variable, "value");

	return value && !yyjson_mut_is_null(value) && !(yyjson_mut_is_str(value) && !yyjson_mut_get_len(value));
}

/* Each required variable of the main box has a value. */
static int check_required(struct making *m)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(m->box.doc->root, "variables"), *v;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_val *by;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		if (!yyjson_mut_is_true(yyjson_mut_obj_get(v, "required")))
			continue;
		by = given(m->plan.variables, mutable_text(v, "name"));
		if (by && yyjson_obj_get(by, "value") ? has_value(by) : has_value_mut(v))
			continue;
		core_answer_message(&m->call->answer, 400, "box.variables: %s: a value is required.", mutable_text(v, "name"));
		return -1;
	}
	return 0;
}

static bool claims_cover(const struct object *policy, yyjson_mut_val *requirements)
{
	return instance_tags_cover(yyjson_mut_obj_get(policy->doc->root, "claims"), requirements);
}

static bool claims_cover_given(const struct object *policy, yyjson_val *requirements)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	bool yes = !requirements || claims_cover(policy, yyjson_val_mut_copy(doc, requirements));

	yyjson_mut_doc_free(doc);
	return yes;
}

static bool claims_cover_stack(struct making *m, const struct object *policy)
{
	for (unsigned i = 0; i < m->stack.count; i++)
		if (!claims_cover(policy, yyjson_mut_obj_get(m->stack.list[i].doc->root, "requirements")))
			return false;
	return true;
}

static enum box_kind kind_of(const struct object *box)
{
	return box_kind_of(object_member(box, "schema"));
}

/* The box that is asked for with all it contains. */
static int take_box(struct making *m, const char *id, const char *updates)
{
	if (!box_resolve(m->db, &m->call->principal, id, updates, &m->box))
		return refuse_at(m, "box.id", "there is no such box.");
	if (kind_of(&m->box) == BOX_POLICY)
		return refuse_at(m, "box.id", "is a deployment policy: it belongs into policy_box.");
	if (kind_of(&m->box) == BOX_APPLICATION)
		return refuse_at(m, "box.id", "is an application: the schema for it is " SCHEMAS "deploy/application.");
	if (box_stack(m->db, &m->call->principal, &m->box, &m->stack, m->message))
		return refuse_at(m, "box.id", m->message);
	m->plan.boxes = m->stack.list;
	m->plan.box_count = m->stack.count;
	m->plan.icon = object_member(&m->box, "icon");
	return check_required(m);
}

/* One that is being deleted is as good as gone. */
static bool stays(const struct object *provider)
{
	return strcmp(provider->state, "deleting") != 0;
}

static bool provider_there(struct making *m, const char *id)
{
	struct object p;

	return id[0] && object_head(m->db, OBJECT_PROVIDER, id, &p) && stays(&p);
}

/* May who deploys use it?  A box that names one was saved by somebody who may, as a policy was. */
static bool provider_usable(struct making *m, const char *id)
{
	struct object p;
	bool usable;

	if (!object_peek(m->db, OBJECT_PROVIDER, id, &p))
		return false;
	usable = stays(&p) && access_allowed(m->db, &m->call->principal, &p, ACCESS_USE);
	object_free(&p);
	return usable;
}

/* "Linux Compute" and the like. */
static const char *service_type(const char *profile)
{
	if (strstr(profile, "windows"))
		return "Windows Compute";
	if (strstr(profile, "cloudformation"))
		return "CloudFormation Service";
	return strstr(profile, "/ecs/") ? "Container Service" : "Linux Compute";
}

/* A template of a cloud is its own policy; provider and place are variables. */
static int template_policy(struct making *m)
{
	yyjson_val *v = given(m->plan.policy_variables, "provider_id");
	const char *named = yyjson_get_str(yyjson_obj_get(v, "value")), *type = object_member(&m->box, "type");
	bool own = named && named[0] && strcmp(named, object_member(&m->box, "provider_id")) != 0;

	snprintf(m->provider, sizeof m->provider, "%s", own ? named : object_member(&m->box, "provider_id"));
	if (own ? !provider_usable(m, m->provider) : !provider_there(m, m->provider))
		return refuse_at(m, "policy_box.variables", "provider_id: there is no such provider.");
	m->plan.provider = m->provider;
	m->plan.service_type = type[0] ? type : "CloudFormation Service";
	return 0;
}

static void use_policy(struct making *m)
{
	yyjson_mut_val *profile = yyjson_mut_obj_get(m->policy.doc->root, "profile");

	m->has_policy = true;
	m->plan.policy = &m->policy;
	snprintf(m->provider, sizeof m->provider, "%s", object_member(&m->policy, "provider_id"));
	m->plan.provider = m->provider;
	m->plan.service_type = service_type(mutable_text(profile, "schema"));
}

/* The policy's Box variables, but for the one that stands for the deployed box, are admin boxes: they are copied, too. */
static int take_admin_boxes(struct making *m)
{
	if (box_admin_stack(m->db, &m->call->principal, &m->policy, &m->admin, m->message))
		return refuse_at(m, "policy_box.id", m->message);
	m->plan.admin = m->admin.list;
	m->plan.admin_count = m->admin.count;
	return 0;
}

static int take_policy(struct making *m, const char *id)
{
	if (!box_resolve(m->db, &m->call->principal, id, "", &m->policy))
		return refuse_at(m, "policy_box.id", "there is no such policy box.");
	if (kind_of(&m->policy) != BOX_POLICY)
		return refuse_at(m, "policy_box.id", "is not a deployment policy.");
	if (!claims_cover_stack(m, &m->policy))
		return refuse_at(m, "policy_box.id", "its claims do not have all of the box's requirements.");
	use_policy(m);
	if (!provider_there(m, m->provider))
		return refuse_at(m, "policy_box.id", "its provider is no longer there.");
	return take_admin_boxes(m);
}

/* A box and a policy that a release before had none of: machines somebody else makes. */
static void made_up(struct making *m, struct object *out, const char *schema, const char *name)
{
	char id[OBJECT_ID];

	object_id_guid(id);
	object_new(out, OBJECT_BOX, id, schema);
	snprintf(out->owner, sizeof out->owner, "%s", m->plan.owner);
	object_set(out, "id", id);
	object_set(out, "name", name);
	object_set(out, "owner", m->plan.owner);
	object_set(out, "organization", m->plan.organization);
	object_set(out, "visibility", "workspace");
	object_set(out, "automatic_updates", "off");
}

static void own_machines(struct making *m)
{
	made_up(m, &m->policy, BOX_SCHEMA "policy", "Own machines");
	use_policy(m);
}

/* ---- making the records ---- */

static void free_id(struct making *m, char id[OBJECT_ID])
{
	do
		object_id_instance(id);
	while (db_number(m->db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND id = ?)", "it",
		(int64_t)OBJECT_INSTANCE, id));
}

/* The first has the id its secrets are sealed for. */
static int choose_id(struct making *m, char id[OBJECT_ID])
{
	bool taken = db_number(m->db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND id = ?)", "it",
		(int64_t)OBJECT_INSTANCE, m->call->id) != 0;

	if (m->made) {
		free_id(m, id);
		return 0;
	}
	if (taken) {
		core_answer_message(&m->call->answer, 503, "The instance could not be given an id: nothing was changed. "
			"Please try again.");
		return -1;
	}
	snprintf(id, OBJECT_ID, "%s", m->call->id);
	return 0;
}

static void copy_secrets(struct making *m, const char *id)
{
	char prefix[OBJECT_ID + 16];

	if (m->secrets_from[0] && m->secrets_box[0])
		secrets_copy(m->db, m->secrets_from, m->secrets_box, id, "");
	if (m->secrets_from[0] && m->secrets_policy[0])
		secrets_copy(m->db, m->secrets_from, m->secrets_policy, id, "policy_box/");
	for (unsigned i = 0; i < m->stack.count; i++) {
		snprintf(prefix, sizeof prefix, "boxes/%s/", m->stack.list[i].id);
		secrets_copy(m->db, m->stack.list[i].id, "", id, prefix);
	}
	for (unsigned i = 0; i < m->admin.count; i++) {
		snprintf(prefix, sizeof prefix, "boxes/%s/", m->admin.list[i].id);
		secrets_copy(m->db, m->admin.list[i].id, "", id, prefix);
	}
	if (m->has_policy)
		secrets_copy(m->db, m->policy.id, "", id, "policy_box/");
}

static size_t document_size(const struct object *o)
{
	size_t len = 0;

	free(yyjson_mut_write(o->doc, 0, &len));
	return len;
}

static int make(struct making *m)
{
	struct object instance;
	size_t size = 0, len;
	char id[OBJECT_ID], *text;

	for (size_t i = 0; i < m->plan.box_count; i++)
		size += document_size(&m->plan.boxes[i]);
	for (size_t i = 0; i < m->plan.admin_count; i++)
		size += document_size(&m->plan.admin[i]);
	if (size > OBJECT_DOC_MAX / 2)
		return refuse_at(m, "box.id", "the box with all it contains is too large for an instance.");
	if (m->dryrun) {
		m->made++;
		return 0;
	}
	if (choose_id(m, id))
		return -1;
	instance_create(m->db, id, &m->plan, &instance);
	if (!m->made)
		secrets_keep(m->db, m->call, id);
	copy_secrets(m, id);
	text = yyjson_mut_write(instance.doc, 0, &len);
	if (text)
		object_text_document(m->out, text, len);
	free(text);
	object_free(&instance);
	m->made++;
	return 0;
}

/* ---- deploy-instance-request ---- */

static int deploy(struct making *m)
{
	yyjson_val *args = m->call->args, *box = yyjson_obj_get(args, "box"), *policy = yyjson_obj_get(args, "policy_box");
	const char *id = yyjson_get_str(yyjson_obj_get(box, "id")), *policy_id, *address;
	struct addr parsed;

	if (check_common(m, args) || check_updates(m, args, true) || check_text(m, args, "ipv4_address", 0, TEXT_MAX, &address))
		return -1;
	if (!id)
		return refuse_at(m, "box", "must be an object with an id.");
	policy_id = yyjson_get_str(yyjson_obj_get(policy, "id"));
	if (policy && !yyjson_is_null(policy) && !policy_id)
		return refuse_at(m, "policy_box", "must be an object with an id.");
	m->plan.variables = yyjson_obj_get(box, "variables");
	m->plan.policy_variables = yyjson_obj_get(policy, "variables");
	if (check_variables(m, m->plan.variables, "box") || check_variables(m, m->plan.policy_variables, "policy_box") ||
			take_box(m, id, ""))
		return -1;
	if (kind_of(&m->box) == BOX_CLOUDFORMATION && (!policy_id || !strcmp(policy_id, id))) {
		if (template_policy(m))
			return -1;
	} else if (policy_id) {
		if (take_policy(m, policy_id))
			return -1;
	} else if (address && address[0]) {
		if (addr_parse(&parsed, address) || !addr_is_host(&parsed))
			return refuse_at(m, "ipv4_address", "must be the address of a host.");
		m->plan.address = address;
		own_machines(m);
	} else {
		return refuse_at(m, "policy_box", "is missing.");
	}
	return make(m);
}

/* ---- deploy/application ---- */

/* Does this policy do for the service? Then it is taken. */
static bool try_policy(struct making *m, const char *id, yyjson_val *wanted, yyjson_val *more)
{
	if (!box_resolve(m->db, &m->call->principal, id, "", &m->policy))
		return false;
	if (claims_cover_stack(m, &m->policy) && claims_cover_given(&m->policy, wanted) && claims_cover_given(&m->policy, more) &&
			provider_there(m, object_member(&m->policy, "provider_id"))) {
		use_policy(m);
		return true;
	}
	object_free(&m->policy);
	return false;
}

/* The workspace's own policies come first. */
static bool find_policy(struct making *m, yyjson_val *wanted, yyjson_val *more)
{
	sqlite3_stmt *q = db_query(m->db, "SELECT id FROM object WHERE kind = ? AND organization = ? AND parent = '' AND"
		" type = 'policy' ORDER BY owner <> ?, id LIMIT ?", "itti", (int64_t)OBJECT_BOX, m->organization, m->plan.owner,
		(int64_t)POLICIES_MAX);
	char (*ids)[OBJECT_ID] = calloc(POLICIES_MAX, sizeof *ids);
	size_t n = 0;
	bool found = false;

	while (ids && n < POLICIES_MAX && db_row(m->db, q))
		snprintf(ids[n++], sizeof *ids, "%s", db_text(q, 0));
	db_end(q);
	for (size_t i = 0; i < n && !found; i++)
		found = try_policy(m, ids[i], wanted, more);
	free(ids);
	return found;
}

static int deploy_service(struct making *m, yyjson_val *service, const char *application)
{
	yyjson_val *box = yyjson_obj_get(service, "box"), *policy = yyjson_obj_get(service, "policy");
	const char *id = yyjson_get_str(yyjson_obj_get(box, "id")), *name = yyjson_get_str(yyjson_obj_get(service, "name"));
	char whole[TEXT_MAX];

	making_reset(m);
	if (check_common(m, m->call->args) || check_updates(m, service, false))
		return -1;
	snprintf(whole, sizeof whole, "%s-%s", m->plan.name, name ? name : "service");
	m->plan.name = whole;
	m->plan.variables = yyjson_obj_get(box, "variables");
	m->plan.policy_variables = yyjson_obj_get(policy, "variables");
	m->plan.more_tags = yyjson_obj_get(service, "tags");
	snprintf(m->secrets_from, sizeof m->secrets_from, "%s", application);
	snprintf(m->secrets_box, sizeof m->secrets_box, "services/%s/box/", name ? name : "");
	snprintf(m->secrets_policy, sizeof m->secrets_policy, "services/%s/policy/", name ? name : "");
	if (take_box(m, id ? id : "", yyjson_is_true(yyjson_obj_get(box, "latest")) ? "major" : m->plan.updates))
		return -1;
	if (!find_policy(m, yyjson_obj_get(policy, "requirements"), yyjson_obj_get(m->call->args, "requirements"))) {
		core_answer_message(&m->call->answer, 400, "box.id: no policy has all that the service %s requires.",
			name ? name : "");
		return -1;
	}
	return take_admin_boxes(m) ? -1 : make(m);
}

static int application(struct making *m)
{
	const char *id = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(m->call->args, "box"), "id"));
	yyjson_val *services, *service;
	struct object app;
	yyjson_arr_iter it;
	yyjson_doc *doc;
	int result = 0;

	if (check_common(m, m->call->args))
		return -1;
	if (instance_tags_check(yyjson_obj_get(m->call->args, "requirements"), "requirements", m->message))
		return refuse(m, m->message);
	if (!id || !box_resolve(m->db, &m->call->principal, id, "", &app))
		return refuse_at(m, "box.id", "there is no such box.");
	doc = yyjson_mut_doc_imut_copy(app.doc, NULL);
	services = yyjson_obj_get(yyjson_doc_get_root(doc), "services");
	if (kind_of(&app) != BOX_APPLICATION)
		result = refuse_at(m, "box.id", "is not an application.");
	else if (!yyjson_arr_size(services) || yyjson_arr_size(services) > MANY_MAX)
		result = refuse_at(m, "box.id", "the application has no services, or too many.");
	it = yyjson_arr_iter_with(services);
	while (!result && (service = yyjson_arr_iter_next(&it)))
		result = deploy_service(m, service, app.id);
	making_reset(m);
	yyjson_doc_free(doc);
	object_free(&app);
	return result;
}

/* ---- register-instance-request, bulk-import-request ---- */

/* The resource that is meant; whoever may change its provider may import from it. */
static int take_unregistered(struct making *m)
{
	char owner[OBJECT_ID];
	const struct form *form;
	struct object p;
	bool there;

	if (!unregistered_read(m->db, m->plan.unregistered, m->import_provider, m->external_id))
		return refuse_in(m, m->element, "unregistered_id", "there is no such resource: synchronize its provider and look again.");
	if (!access_object(m->db, m->call, OBJECT_PROVIDER, m->import_provider, ACCESS_EDIT, &p))
		return -1;
	form = form_of(object_member(&p, "type"));
	there = stays(&p);
	object_free(&p);
	if (!there)
		return refuse_in(m, m->element, "unregistered_id", "its provider is being deleted.");
	if (!form || !form->imports)
		return refuse_in(m, m->element, "unregistered_id", "what this type of provider has cannot be imported yet.");
	machine_owner(m->db, m->import_provider, m->external_id, owner);
	if (owner[0])
		return refuse_in(m, m->element, "unregistered_id", "is being imported already.");
	return 0;
}

static int import(struct making *m, yyjson_val *from)
{
	struct instance_plan *p = &m->plan;
	char tags[sizeof m->at + 16];
	const char *unused;

	making_reset(m);
	if (check_common(m, from) || check_updates(m, from, false) || check_text(m, from, "unregistered_id", 1, TEXT_MAX, &p->unregistered) ||
			check_text(m, from, "linux_username", 0, TEXT_MAX, &p->linux_username) ||
			check_text(m, from, "windows_username", 0, TEXT_MAX, &p->windows_username) ||
			check_text(m, from, "private_key", 0, 16384, &unused) ||
			check_text(m, from, "windows_password", 0, 4096, &unused))
		return -1;
	if (!p->linux_username && !p->windows_username)
		return refuse_in(m, from, "linux_username", "is missing (or windows_username).");
	if (p->windows_username)
		return refuse_in(m, from, "windows_username", "this appliance has no agent for Windows: only machines with Linux can be imported.");
	if (take_unregistered(m))
		return -1;
	if (from != m->call->args) {
		p->more_tags = yyjson_obj_get(from, "instance_tags");
		snprintf(tags, sizeof tags, "%sinstance_tags", m->at);
		if (instance_tags_check(p->more_tags, tags, m->message))
			return refuse(m, m->message);
		/* see verb_instances.c: each one's secrets are sealed as variables of the request */
		snprintf(m->secrets_from, sizeof m->secrets_from, "%s", m->call->id);
		snprintf(m->secrets_box, sizeof m->secrets_box, "unregistered_instances/%s/variables/",
			yyjson_get_str(yyjson_obj_get(from, "id")) ? yyjson_get_str(yyjson_obj_get(from, "id")) : "");
	}
	p->icon = "";
	made_up(m, &m->box, BOX_SCHEMA "script", p->name);
	own_machines(m);
	p->provider = m->import_provider;
	p->external_id = m->external_id;
	p->boxes = &m->box;
	p->box_count = 1;
	return make(m);
}

static int bulk_import(struct making *m)
{
	yyjson_val *list = yyjson_obj_get(m->call->args, "unregistered_instances"), *one;
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	unsigned n = 0;
	int result = 0;

	if (!yyjson_arr_size(list) || yyjson_arr_size(list) > MANY_MAX)
		return refuse_at(m, "unregistered_instances", "must be an array of 1 to 100 elements.");
	while (!result && (one = yyjson_arr_iter_next(&it))) {
		m->element = one;
		snprintf(m->at, sizeof m->at, "unregistered_instances[%u].", n++);
		result = yyjson_is_obj(one) ? import(m, one) :
			refuse_at(m, "unregistered_instances", "each element must be an object.");
	}
	return result;
}

/* ---- the answer ---- */

static void answer(struct making *m, bool array)
{
	yyjson_mut_val *body;
	char *text;

	if (m->dryrun) {
		body = core_answer_object(&m->call->answer, 200);
		yyjson_mut_obj_add_bool(m->call->answer.doc, body, "valid", true);
		yyjson_mut_obj_add_uint(m->call->answer.doc, body, "instances", m->made);
		return;
	}
	text = malloc(m->out->len + 3);
	if (!text)
		return;
	snprintf(text, m->out->len + 3, array ? "[%s]" : "%s", m->out->p ? m->out->p : "");
	core_answer_raw(&m->call->answer, 202, text);
	free(text);
}

static int request(struct making *m, const char *name, bool *array)
{
	*array = !strcmp(name, "deploy/application") || !strcmp(name, "bulk-import-request");
	if (!strcmp(name, "deploy-instance-request"))
		return deploy(m);
	if (!strcmp(name, "deploy/application"))
		return application(m);
	if (!strcmp(name, "register-instance-request"))
		return import(m, m->call->args);
	if (!strcmp(name, "bulk-import-request"))
		return bulk_import(m);
	return refuse_at(m, "schema", "must be " SCHEMAS " with deploy-instance-request, deploy/application, "
		"register-instance-request or bulk-import-request.");
}

int instance_request(struct db *db, struct core_call *call, bool dryrun)
{
	struct object_text out = { .p = NULL };
	struct making m = { .db = db, .call = call, .dryrun = dryrun, .out = &out };
	const char *schema = core_call_string(call, "schema");
	bool array = false;
	int result;

	if (schema && !strncmp(schema, SCHEMAS, sizeof SCHEMAS - 1))
		schema += sizeof SCHEMAS - 1;
	result = request(&m, schema ? schema : "", &array);
	if (!result)
		answer(&m, array);
	making_reset(&m);
	object_text_free(&out);
	return result;
}

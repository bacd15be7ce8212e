/* instance.*: lists, new ones, changes, operations. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "agent.h"
#include "box.h"
#include "flow.h"
#include "instance.h"
#include "rebind.h"
#include "secrets.h"
#include "share.h"
#include "verbs_instances.h"
#include "plat/clock.h"

/* Secrets of an import; verb_instance_create_start makes them variables when there are many. */
static const char *const import_secrets[] = { "private_key", "windows_password", NULL };

void verb_kick_after(struct core_call *call)
{
	if (call->answer.status < 400)
		core_engine_kick(call->core);
	core_call_finish(call);
}

/* ---- instance.list, instance.get ---- */

/* By ids: all one may see, wherever they are. */
static void list_ids(struct db *db, struct core_call *call, const char *ids, char cursor[OBJECT_CURSOR],
	struct object_text *out)
{
	size_t at = (size_t)strtoull(cursor, NULL, 10), total = strlen(ids), n;
	struct object o;
	char id[OBJECT_ID];

	cursor[0] = 0;
	for (; at < total; at += n + 1) {
		n = strcspn(ids + at, ",");
		if (out->len >= CORE_LIST_CHUNK) {
			snprintf(cursor, OBJECT_CURSOR, "%zu", at);
			return;
		}
		if (!n || n >= sizeof id)
			continue;
		memcpy(id, ids + at, n);
		id[n] = 0;
		if (!object_peek(db, OBJECT_INSTANCE, id, &o))
			continue;
		if (access_allowed(db, &call->principal, &o, ACCESS_SEE))
			object_text_document(out, o.text, strlen(o.text));
		object_free(&o);
	}
}

int verb_instance_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *ids = core_call_string(call, "ids");
	struct object_filter f = { .kind = OBJECT_INSTANCE, .workspace = call->principal.user };

	if (ids)
		list_ids(db, call, ids, cursor, out);
	else
		object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
	return 0;
}

int verb_instance_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

/* ---- instance.create ---- */

static void wipe(yyjson_val *v)
{
	if (yyjson_is_str(v))
		sodium_memzero((void *)(uintptr_t)yyjson_get_str(v), yyjson_get_len(v));
}

static void as_variable(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_mut_val *from, const char *name)
{
	yyjson_mut_val *value = yyjson_mut_obj_remove_key(from, name), *v;

	if (!yyjson_mut_is_str(value))
		return;
	v = yyjson_mut_arr_add_obj(doc, list);
	yyjson_mut_obj_add_str(doc, v, "name", name);
	yyjson_mut_obj_add_str(doc, v, "type", "Password");
	yyjson_mut_obj_add_val(doc, v, "value", value);
}

/* Of many imports in one request: each one's credentials become Password variables of
 * its element, which secrets_cut finds, and each element a name of its own. */
static void name_imports(struct core_call *call)
{
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(call->request, NULL);
	yyjson_mut_val *args = yyjson_val_mut_copy(doc, call->args), *one, *list;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(args, "unregistered_instances"));
	yyjson_arr_iter plain = yyjson_arr_iter_with(yyjson_obj_get(call->args, "unregistered_instances"));
	yyjson_val *old;
	yyjson_doc *again;
	char name[24];

	for (size_t i = 0; (one = yyjson_mut_arr_iter_next(&it)); i++) {
		if (!yyjson_mut_is_obj(one))
			continue;
		snprintf(name, sizeof name, "n%zu", i);
		yyjson_mut_obj_put(one, yyjson_mut_str(doc, "id"), yyjson_mut_strcpy(doc, name));
		list = yyjson_mut_arr(doc);
		for (size_t s = 0; import_secrets[s]; s++)
			as_variable(doc, list, one, import_secrets[s]);
		yyjson_mut_obj_put(one, yyjson_mut_str(doc, "variables"), list);
	}
	yyjson_mut_doc_set_root(doc, args);
	again = yyjson_mut_doc_imut_copy(doc, NULL);
	while ((old = yyjson_arr_iter_next(&plain)))
		for (size_t s = 0; import_secrets[s]; s++)
			wipe(yyjson_obj_get(old, import_secrets[s]));
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(call->request);
	call->request = again;
	call->args = yyjson_doc_get_root(again);
}

int verb_instance_create_run(struct db *db, struct core_call *call)
{
	if (instance_request(db, call, false))
		return -1;
	/* What belongs to the other imports is theirs now. */
	db_run(db, "DELETE FROM secret WHERE object = ? AND substr(field, 1, 23) = 'unregistered_instances/'", "t", call->id);
	return 0;
}

static void create_go(struct core_call *call)
{
	core_call_write(call, verb_instance_create_run, verb_kick_after, false);
}

void verb_instance_create_start(struct core_call *call)
{
	object_id_instance(call->id);
	if (yyjson_is_arr(yyjson_obj_get(call->args, "unregistered_instances")))
		name_imports(call);
	secrets_cut(call, call->id, import_secrets, create_go);
}

int verb_instance_dryrun_run(struct db *db, struct core_call *call)
{
	return instance_request(db, call, true);
}

/* ---- instance.put ---- */

/* What is ours to say: kept as it is, whatever a client sends back. */
static const char *const fixed[] = {
	"id", "uri", "schema", "owner", "organization", "created", "updated", "deleted", "terminated", "state", "operation",
	"service", "box", "policy_box", "is_deploy_only", "pricing_history", "unregistered_id", "linux_username",
	"windows_username", "admin_boxes",
};

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (!strcmp(fixed[i], name))
			return true;
	return false;
}

static int refuse(struct core_call *call, int status, const char *sentence)
{
	core_answer_message(&call->answer, status, "%s", sentence);
	return -1;
}

static int check_boxes(struct core_call *call, char message[SCHEMA_MESSAGE])
{
	yyjson_val *boxes = yyjson_obj_get(call->args, "boxes"), *box;
	yyjson_arr_iter it = yyjson_arr_iter_with(boxes);

	if (boxes && !yyjson_is_null(boxes) && !yyjson_arr_size(boxes)) {
		snprintf(message, SCHEMA_MESSAGE, "boxes: must have the main box.");
		return -1;
	}
	for (size_t i = 0; (box = yyjson_arr_iter_next(&it)); i++)
		if (!yyjson_is_str(yyjson_obj_get(box, "id")) || !yyjson_is_str(yyjson_obj_get(box, "name")) ||
				!yyjson_is_str(yyjson_obj_get(box, "schema"))) {
			snprintf(message, SCHEMA_MESSAGE, "boxes[%zu]: must be a box with id, name and schema.", i);
			return -1;
		}
	return 0;
}

static int check_updates(yyjson_val *v, char message[SCHEMA_MESSAGE])
{
	if (!v || yyjson_is_null(v) || yyjson_equals_str(v, "off") || yyjson_equals_str(v, "major") || yyjson_equals_str(v, "minor") ||
			yyjson_equals_str(v, "patch"))
		return 0;
	snprintf(message, SCHEMA_MESSAGE, "automatic_updates: must be one of off, major, minor, patch.");
	return -1;
}

static int check_switch(struct core_call *call, const char *name)
{
	yyjson_val *v = yyjson_obj_get(call->args, name);

	if (!v || yyjson_is_bool(v) || yyjson_is_null(v))
		return 0;
	core_answer_message(&call->answer, 400, "%s: must be true or false.", name);
	return -1;
}

static int put_check_switches(struct core_call *call)
{
	yyjson_val *timeout = yyjson_obj_get(call->args, "event_timeout");

	if (check_switch(call, INSTANCE_NO_SHUTDOWN) || check_switch(call, INSTANCE_NO_TERMINATE))
		return -1;
	if (timeout && !yyjson_is_null(timeout) && (!yyjson_is_int(timeout) || yyjson_get_sint(timeout) < 1 ||
			yyjson_get_sint(timeout) > FLOW_TIMEOUT_MAX))
		return refuse(call, 400, "event_timeout: must be 1 to 259200 seconds.");
	return 0;
}

static int put_check(struct core_call *call, const struct object *o)
{
	yyjson_val *args = call->args, *variables = yyjson_obj_get(args, "variables");
	yyjson_val *description = yyjson_obj_get(args, "description"), *icon = yyjson_obj_get(args, "icon");
	yyjson_val *bindings = yyjson_obj_get(args, "bindings");
	const char *before = yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(o->doc->root, "lease"), "expire"));
	struct schema_path path = SCHEMA_PATH_ZERO;
	char message[SCHEMA_MESSAGE];

	schema_path_name(&path, "variables");
	if (check_boxes(call, message) || (yyjson_is_arr(variables) && box_check_variables(variables, &path, message)) ||
			instance_tags_check(yyjson_obj_get(args, "tags"), "tags", message) ||
			instance_members_check(yyjson_obj_get(args, "members"), message) ||
			instance_lease_check(yyjson_obj_get(args, "lease"), before ? before : "", plat_clock_wall(), message) ||
			check_updates(yyjson_obj_get(args, "automatic_updates"), message))
		return refuse(call, 400, message);
	if (put_check_switches(call))
		return -1;
	if (description && !yyjson_is_null(description) && (!yyjson_is_str(description) ||
			schema_characters(yyjson_get_str(description), yyjson_get_len(description)) > INSTANCE_DESCRIPTION_MAX))
		return refuse(call, 400, "description: must be a string of at most 2048 characters.");
	if (icon && !yyjson_is_null(icon) && !yyjson_is_str(icon))
		return refuse(call, 400, "icon: must be a string.");
	if (bindings && !yyjson_is_null(bindings) && !yyjson_is_arr(bindings))
		return refuse(call, 400, "bindings: must be an array.");
	return 0;
}

/* Of what we know, only a lease can be taken away by null; elsewhere it counts as left out. */
static bool is_known(const struct verb *v, const char *name)
{
	for (const struct verb_arg *a = v->args; a->type != VERB_NONE; a++)
		if (!strcmp(a->name, name))
			return true;
	return !strcmp(name, "bindings") || !strcmp(name, "description") || !strcmp(name, "icon");
}

static void merge_one(struct core_call *call, struct object *o, const char *name, yyjson_val *value, bool *boxes)
{
	yyjson_mut_val *before = yyjson_mut_obj_get(o->doc->root, name), *now;

	if (!strcmp(name, "lease") && yyjson_is_null(value)) {
		yyjson_mut_obj_remove_key(o->doc->root, name);
		return;
	}
	if (yyjson_is_null(value) && is_known(call->verb, name))
		return;
	now = yyjson_val_mut_copy(o->doc, value);
	if (!strcmp(name, "boxes") || !strcmp(name, "variables"))
		*boxes |= !before || !yyjson_mut_equals(before, now);
	yyjson_mut_obj_put(o->doc->root, yyjson_mut_strcpy(o->doc, name), now);
}

/* Takes the members over; did boxes or variables change? */
static bool put_merge(struct core_call *call, struct object *o)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(call->args);
	bool boxes = false;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)))
		if (!is_fixed(yyjson_get_str(key)))
			merge_one(call, o, yyjson_get_str(key), yyjson_obj_iter_get_val(key), &boxes);
	return boxes;
}

static bool too_large(const struct object *o)
{
	size_t len = 0;

	free(yyjson_mut_write(o->doc, 0, &len));
	return len + 4096 > OBJECT_DOC_MAX;
}

/* Whether the lease has ended is ours to say, whatever a client sends back with it; at another date it is another one. */
static void put_lease(struct object *o, const char *before, bool released)
{
	yyjson_mut_val *lease = yyjson_mut_obj_get(o->doc->root, "lease");

	yyjson_mut_obj_remove_key(lease, "released");
	if (released && before && yyjson_mut_equals_str(yyjson_mut_obj_get(lease, "expire"), before))
		yyjson_mut_obj_put(lease, yyjson_mut_str(o->doc, "released"), yyjson_mut_true(o->doc));
}

static int put(struct db *db, struct core_call *call, struct object *o)
{
	yyjson_mut_val *lease = yyjson_mut_obj_get(o->doc->root, "lease");
	const char *before = yyjson_mut_get_str(yyjson_mut_obj_get(lease, "expire"));
	bool released = yyjson_mut_is_true(yyjson_mut_obj_get(lease, "released"));
	enum life_state state = instance_state(o);
	enum life_event event = instance_event(o);
	struct life_step step;

	if (put_check(call, o))
		return -1;
	step = life_decide(state, event, put_merge(call, o) ? LIFE_DO_EDIT_BOXES : LIFE_DO_EDIT);
	if (step.verdict == LIFE_REFUSE)
		return refuse(call, 409, step.reason);
	instance_tidy(o);
	put_lease(o, before, released);
	if (share_check(db, call, o))
		return -1;
	if (too_large(o))
		return refuse(call, 400, "The instance is too large.");
	object_put(db, o);
	secrets_keep(db, call, o->id);
	instance_lease_plan(db, o);
	rebind_soon(db);
	core_answer_doc(&call->answer, 200, o->doc);
	return 0;
}

int verb_instance_put_run(struct db *db, struct core_call *call)
{
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), ACCESS_EDIT, &o))
		return -1;
	result = put(db, call, &o);
	object_free(&o);
	return result;
}

static void put_go(struct core_call *call)
{
	core_call_write(call, verb_instance_put_run, verb_kick_after, false);
}

void verb_instance_put_start(struct core_call *call)
{
	secrets_cut(call, core_call_string(call, "id"), NULL, put_go);
}

/* ---- operations ---- */

/* What people do; leases and the engine are not held up. */
static bool protected_from(const struct object *o, enum life_action action)
{
	if (action == LIFE_DO_SHUTDOWN)
		return instance_protected(o, INSTANCE_NO_SHUTDOWN);
	return (action == LIFE_DO_TERMINATE || action == LIFE_DO_FORCE_TERMINATE) && instance_protected(o, INSTANCE_NO_TERMINATE);
}

/* Does what the table says of this action; the answer is without a body. */
static int act(struct db *db, struct core_call *call, struct object *o, enum life_action action, const char *name)
{
	struct life_step step = life_decide(instance_state(o), instance_event(o), action);
	const char *user = call->principal.user;

	if (protected_from(o, action))
		return refuse(call, 409, action == LIFE_DO_SHUTDOWN ? "The instance is protected from being shut down by hand." :
			"The instance is protected from being terminated by hand.");
	switch (step.verdict) {
	case LIFE_START:
		instance_begin(db, o, step.event, user, name);
		break;
	case LIFE_END:
		instance_end(db, o, step.state, user, action == LIFE_DO_ABORT ? "The operation was aborted." :
			"The instance was forced online.");
		break;
	case LIFE_REMOVE:
		instance_remove(db, o);
		break;
	case LIFE_STAY:
		break;
	default:
		return refuse(call, 409, step.reason ? step.reason : "The instance is in no state to do this.");
	}
	core_answer_begin(&call->answer, call->verb->status);
	return 0;
}

int verb_instance_operate_run(struct db *db, struct core_call *call)
{
	static const struct { const char *verb; enum life_action action; const char *name; } actions[] = {
		{ "instance.deploy", LIFE_DO_DEPLOY, NULL },
		{ "instance.poweron", LIFE_DO_POWERON, NULL },
		{ "instance.shutdown", LIFE_DO_SHUTDOWN, NULL },
		{ "instance.reinstall", LIFE_DO_REINSTALL, NULL },
		{ "instance.reconfigure", LIFE_DO_RECONFIGURE, NULL },
		{ "instance.import", LIFE_DO_IMPORT, NULL },
		{ "instance.cancel_import", LIFE_DO_CANCEL_IMPORT, NULL },
		{ "instance.make_managed_os", LIFE_DO_MAKE_MANAGED, "make_managed_os" },
		{ "instance.abort", LIFE_DO_ABORT, NULL },
		{ "instance.force_online", LIFE_DO_FORCE_ONLINE, NULL },
	};
	enum life_action action = LIFE_NO_ACTION;
	const char *name = NULL;
	struct object o;
	int result;

	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (!strcmp(actions[i].verb, call->verb->name)) {
			action = actions[i].action;
			name = actions[i].name;
		}
	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	if (action == LIFE_DO_MAKE_MANAGED && !core_call_bool(call, "accept_terms"))
		result = refuse(call, 400, "accept_terms: must be true.");
	else if ((action == LIFE_DO_IMPORT || action == LIFE_DO_CANCEL_IMPORT) && !object_member(&o, "unregistered_id")[0])
		result = refuse(call, 409, "The instance was not imported.");
	else
		result = act(db, call, &o, action, name);
	object_free(&o);
	return result;
}

int verb_instance_delete_run(struct db *db, struct core_call *call)
{
	const char *operation = core_call_string(call, "operation");
	enum life_action action = !strcmp(operation, "terminate") ? LIFE_DO_TERMINATE :
		!strcmp(operation, "force_terminate") ? LIFE_DO_FORCE_TERMINATE :
		!strcmp(operation, "delete") ? LIFE_DO_DELETE : LIFE_NO_ACTION;
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	if (!action)
		result = refuse(call, 400, "operation: must be one of terminate, force_terminate, delete.");
	/* An editing share is for all but deleting. */
	else if (action == LIFE_DO_DELETE && access_owner_role(db, &call->principal, &o) < ACCESS_USER)
		result = refuse(call, 403, "Your role does not allow this.");
	else
		result = act(db, call, &o, action, NULL);
	object_free(&o);
	return result;
}

void verb_instance_delete_after(struct core_call *call)
{
	const char *operation = core_call_string(call, "operation");

	if (call->answer.status < 400 && operation && !strcmp(operation, "delete"))
		core_output_gone(call->core);
	verb_kick_after(call);
}

/* ---- instance.pull ---- */

/* The box to take: a version of the instance's box, or its draft. */
static bool pull_box(struct db *db, struct core_call *call, const struct object *o, struct object *box)
{
	const char *id = core_call_string(call, "box_id"), *draft = object_member(o, "box");

	if (!box_resolve(db, &call->principal, id ? id : draft, "", box)) {
		refuse(call, 400, "box_id: there is no such box.");
		return false;
	}
	if (strcmp(box->parent[0] ? box->parent : box->id, draft) != 0) {
		refuse(call, 400, "box_id: is not a version of the instance's box.");
		object_free(box);
		return false;
	}
	return true;
}

static int pull(struct db *db, struct core_call *call, struct object *o, struct life_step step)
{
	char message[SCHEMA_MESSAGE], prefix[OBJECT_ID + 16];
	struct box_stack stack = { .count = 0 };
	struct object box;
	int result = -1;

	if (!pull_box(db, call, o, &box))
		return -1;
	if (box_stack(db, &call->principal, &box, &stack, message)) {
		refuse(call, 400, message);
	} else {
		instance_boxes(o, stack.list, stack.count);
		result = too_large(o) ? refuse(call, 400, "The box with all it contains is too large for an instance.") : 0;
	}
	if (!result) {
		instance_begin(db, o, step.event, call->principal.user, NULL);
		db_run(db, "DELETE FROM secret WHERE object = ? AND substr(field, 1, 6) = 'boxes/'", "t", o->id);
		for (unsigned i = 0; i < stack.count; i++) {
			snprintf(prefix, sizeof prefix, "boxes/%s/", stack.list[i].id);
			secrets_copy(db, stack.list[i].id, "", o->id, prefix);
		}
		core_answer_begin(&call->answer, call->verb->status);
	}
	box_stack_free(&stack);
	object_free(&box);
	return result;
}

int verb_instance_pull_run(struct db *db, struct core_call *call)
{
	struct life_step step;
	struct object o;
	int result;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	step = life_decide(instance_state(&o), instance_event(&o), LIFE_DO_PULL);
	result = step.verdict == LIFE_START ? pull(db, call, &o, step) : refuse(call, 409, step.reason);
	object_free(&o);
	return result;
}

/* The record of an instance, its service, and how both are taken away. */
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "instance.h"
#include "machine.h"
#include "rebind.h"
#include "secrets.h"
#include "timers.h"
#include "truth.h"

/* Children removed by one statement. */
#define REMOVE_MAX 64

static yyjson_mut_val *root(const struct object *o)
{
	return o->doc->root;
}

static void set_value(struct object *o, const char *member, yyjson_mut_val *value)
{
	yyjson_mut_obj_put(root(o), yyjson_mut_strcpy(o->doc, member), value);
}

static yyjson_mut_val *copy_or_list(struct object *o, yyjson_val *value)
{
	return yyjson_is_arr(value) ? yyjson_val_mut_copy(o->doc, value) : yyjson_mut_arr(o->doc);
}

void instance_now(struct db *db, char out[OBJECT_DATE])
{
	object_date(core_stamp(db), out);
}

/* ---- what clients read of the copies ---- */

static void need_list(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *member)
{
	if (!yyjson_mut_is_arr(yyjson_mut_obj_get(object, member)))
		yyjson_mut_obj_put(object, yyjson_mut_strcpy(doc, member), yyjson_mut_arr(doc));
}

static void need_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *member, const char *value)
{
	if (!yyjson_mut_is_str(yyjson_mut_obj_get(object, member)))
		yyjson_mut_obj_put(object, yyjson_mut_strcpy(doc, member), yyjson_mut_strcpy(doc, value));
}

static yyjson_mut_val *copy_box(struct object *o, const struct object *box)
{
	yyjson_mut_val *copy = yyjson_mut_val_mut_copy(o->doc, root(box));

	need_text(o->doc, copy, "owner", box->owner);
	need_list(o->doc, copy, "members");
	need_list(o->doc, copy, "variables");
	need_list(o->doc, copy, "requirements");
	return copy;
}

/* What the deployer says about the policy's variables goes into its copy. */
static void override(yyjson_mut_doc *doc, yyjson_mut_val *variables, yyjson_val *by)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(by);
	yyjson_mut_arr_iter there;
	yyjson_mut_val *v, *same;
	yyjson_val *one;

	while ((one = yyjson_arr_iter_next(&it))) {
		there = yyjson_mut_arr_iter_with(variables);
		same = NULL;
		while (!same && (v = yyjson_mut_arr_iter_next(&there)))
			if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "name"), yyjson_get_str(yyjson_obj_get(one, "name"))))
				same = v;
		if (same && yyjson_obj_get(one, "value"))
			yyjson_mut_obj_put(same, yyjson_mut_str(doc, "value"),
				yyjson_val_mut_copy(doc, yyjson_obj_get(one, "value")));
		else if (!same)
			yyjson_mut_arr_append(variables, yyjson_val_mut_copy(doc, one));
	}
}

static void set_policy(struct object *o, const struct instance_plan *p)
{
	yyjson_mut_val *copy = copy_box(o, p->policy ? p->policy : p->boxes), *profile;

	need_list(o->doc, copy, "claims");
	if (p->provider[0] || !yyjson_mut_is_str(yyjson_mut_obj_get(copy, "provider_id")))
		yyjson_mut_obj_put(copy, yyjson_mut_str(o->doc, "provider_id"), yyjson_mut_strcpy(o->doc, p->provider));
	profile = yyjson_mut_obj_get(copy, "profile");
	if (!yyjson_mut_is_obj(profile)) {
		profile = yyjson_mut_obj(o->doc);
		yyjson_mut_obj_put(copy, yyjson_mut_str(o->doc, "profile"), profile);
	}
	need_text(o->doc, profile, "schema", p->policy ? SCHEMAS "byoi/compute/profile" : SCHEMAS "aws/cloudformation/profile");
	override(o->doc, yyjson_mut_obj_get(copy, "variables"), p->policy_variables);
	set_value(o, "policy_box", copy);
}

/* ---- variables ---- */

static void set_variables(struct object *o, yyjson_val *from)
{
	yyjson_mut_val *list = copy_or_list(o, from), *v;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		need_text(o->doc, v, "visibility", "public");
		if (!yyjson_mut_is_bool(yyjson_mut_obj_get(v, "required")))
			yyjson_mut_obj_put(v, yyjson_mut_str(o->doc, "required"), yyjson_mut_false(o->doc));
	}
	set_value(o, "variables", list);
}

static void set_tags(struct object *o, const struct instance_plan *p)
{
	yyjson_mut_val *list = copy_or_list(o, p->tags);
	yyjson_arr_iter it = yyjson_arr_iter_with(p->more_tags);
	yyjson_val *tag;

	while ((tag = yyjson_arr_iter_next(&it)))
		yyjson_mut_arr_append(list, yyjson_val_mut_copy(o->doc, tag));
	set_value(o, "tags", list);
}

/* ---- the record ---- */

static const char *draft_of(const struct object *box)
{
	return box->parent[0] ? box->parent : box->id;
}

static void copy_boxes(struct object *o, const char *member, const struct object *boxes, size_t count)
{
	yyjson_mut_val *list = yyjson_mut_arr(o->doc);

	for (size_t i = 0; i < count; i++)
		yyjson_mut_arr_append(list, copy_box(o, &boxes[i]));
	set_value(o, member, list);
}

void instance_boxes(struct object *o, const struct object *boxes, size_t count)
{
	copy_boxes(o, "boxes", boxes, count);
}

/* Some clients send dates with T and Z; all read them without. */
static void tidy_lease(struct object *o)
{
	yyjson_mut_val *lease = yyjson_mut_obj_get(root(o), "lease");
	const char *expire = yyjson_mut_get_str(yyjson_mut_obj_get(lease, "expire"));
	int64_t at = expire ? instance_date_read(expire) : -1;
	char date[OBJECT_DATE];

	if (at < 0)
		return;
	object_date(at, date);
	yyjson_mut_obj_put(lease, yyjson_mut_str(o->doc, "expire"), yyjson_mut_strcpy(o->doc, date));
}

void instance_tidy(struct object *o)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(root(o), "boxes"));
	yyjson_mut_val *box;

	need_list(o->doc, root(o), "members");
	need_list(o->doc, root(o), "tags");
	need_list(o->doc, root(o), "bindings");
	need_list(o->doc, root(o), "variables");
	need_text(o->doc, root(o), "description", "");
	tidy_lease(o);
	while ((box = yyjson_mut_arr_iter_next(&it))) {
		need_text(o->doc, box, "owner", o->owner);
		need_list(o->doc, box, "members");
		need_list(o->doc, box, "variables");
		need_list(o->doc, box, "requirements");
	}
}

static void fill(struct object *o, const struct instance_plan *p, const char *service)
{
	yyjson_mut_doc *doc = o->doc;
	yyjson_mut_val *v;

	object_set(o, "name", p->name);
	object_set(o, "description", p->description);
	object_set(o, "icon", p->icon);
	object_set(o, "owner", p->owner);
	object_set(o, "organization", p->organization);
	set_value(o, "members", yyjson_mut_arr(doc));
	object_set(o, "box", draft_of(p->boxes));
	instance_boxes(o, p->boxes, p->box_count);
	set_policy(o, p);
	set_variables(o, p->variables);
	set_tags(o, p);
	set_value(o, "bindings", yyjson_mut_arr(doc));
	if (yyjson_is_obj(p->lease))
		set_value(o, "lease", yyjson_val_mut_copy(doc, p->lease));
	yyjson_mut_obj_remove_key(yyjson_mut_obj_get(root(o), "lease"), "released");
	tidy_lease(o);
	object_set(o, "automatic_updates", p->updates);
	set_value(o, "automatic_reconfiguration", yyjson_mut_false(doc));
	set_value(o, INSTANCE_NO_SHUTDOWN, yyjson_mut_false(doc));
	set_value(o, INSTANCE_NO_TERMINATE, yyjson_mut_false(doc));
	if (p->admin_count)
		copy_boxes(o, "admin_boxes", p->admin, p->admin_count);
	set_value(o, "is_deploy_only", yyjson_mut_false(doc));
	set_value(o, "pricing_history", yyjson_mut_arr(doc));
	if (p->unregistered)
		object_set(o, "unregistered_id", p->unregistered);
	if (p->linux_username)
		object_set(o, "linux_username", p->linux_username);
	if (p->address)
		object_set(o, "ipv4_address", p->address);
	if (p->windows_username)
		object_set(o, "windows_username", p->windows_username);
	v = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_strcpy(doc, v, "id", service);
	yyjson_mut_obj_add_strcpy(doc, v, "type", p->service_type);
	yyjson_mut_obj_add_val(doc, v, "machines", yyjson_mut_arr(doc));
	set_value(o, "service", v);
	v = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_str(doc, v, "event", "deploy");
	yyjson_mut_obj_add_strcpy(doc, v, "workspace", p->user);
	yyjson_mut_obj_add_str(doc, v, "created", "");
	set_value(o, "operation", v);
}

/* ---- the service ---- */

static void service_new(struct db *db, const struct object *instance, const struct instance_plan *p, const char *id)
{
	yyjson_mut_val *profile;
	struct object s;

	object_new(&s, OBJECT_SERVICE, id, SCHEMAS "service");
	snprintf(s.owner, sizeof s.owner, "%s", p->owner);
	snprintf(s.organization, sizeof s.organization, "%s", p->organization);
	snprintf(s.parent, sizeof s.parent, "%s", instance->id);
	object_set(&s, "type", p->service_type);
	object_set(&s, "provider_id", p->provider);
	object_set(&s, "organization", p->organization);
	object_set(&s, "instance", instance->id);
	profile = yyjson_mut_val_mut_copy(s.doc,
		yyjson_mut_obj_get(yyjson_mut_obj_get(root(instance), "policy_box"), "profile"));
	if (!yyjson_mut_is_int(yyjson_mut_obj_get(profile, "instances")))
		yyjson_mut_obj_put(profile, yyjson_mut_str(s.doc, "instances"), yyjson_mut_int(s.doc, 1));
	set_value(&s, "profile", profile);
	object_set(&s, "icon", p->icon);
	object_set(&s, "token", SECRET_MASK);
	set_value(&s, "tags", yyjson_mut_arr(s.doc));
	set_value(&s, "variables", yyjson_mut_arr(s.doc));
	set_value(&s, "state_history", yyjson_mut_arr(s.doc));
	set_value(&s, "machines", yyjson_mut_arr(s.doc));
	object_set(&s, "state", "processing");
	object_set(&s, "operation", "deploy");
	snprintf(s.state, sizeof s.state, "processing");
	object_put(db, &s);
	object_free(&s);
}

static void service_id(struct db *db, char out[OBJECT_ID])
{
	do
		object_id_service(out);
	while (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND id = ?)", "it",
		(int64_t)OBJECT_SERVICE, out));
}

void instance_create(struct db *db, const char *id, const struct instance_plan *p, struct object *out)
{
	char service[OBJECT_ID];

	service_id(db, service);
	object_new(out, OBJECT_INSTANCE, id, INSTANCE_SCHEMA);
	snprintf(out->owner, sizeof out->owner, "%s", p->owner);
	snprintf(out->organization, sizeof out->organization, "%s", p->organization);
	fill(out, p, service);
	service_new(db, out, p, service);
	if (p->external_id)
		machine_import(db, out, p->provider, p->external_id);
	instance_begin(db, out, LIFE_DEPLOY, p->user, NULL);
	instance_lease_plan(db, out);
}

/* ---- the words ---- */

enum life_state instance_state(const struct object *o)
{
	return life_state_of(object_member(o, "state"));
}

enum life_event instance_event(const struct object *o)
{
	return life_event_of(yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(root(o), "operation"), "event")));
}

const char *instance_service(const struct object *o)
{
	const char *id = yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(root(o), "service"), "id"));

	return id ? id : "";
}

static void set_operation(struct object *o, enum life_event event, const char *user, const char *date)
{
	yyjson_mut_val *op = yyjson_mut_obj_get(root(o), "operation");

	yyjson_mut_obj_put(op, yyjson_mut_str(o->doc, "event"), yyjson_mut_str(o->doc, life_event_word(event)));
	if (user && user[0])
		yyjson_mut_obj_put(op, yyjson_mut_str(o->doc, "workspace"), yyjson_mut_strcpy(o->doc, user));
	yyjson_mut_obj_put(op, yyjson_mut_str(o->doc, "created"), yyjson_mut_strcpy(o->doc, date));
}

static enum service_event service_event(enum life_state state)
{
	return state == LIFE_PROCESSING ? SERVICE_BEGIN : state == LIFE_DONE ? SERVICE_SUCCEED : SERVICE_FAIL;
}

void instance_words(struct db *db, struct object *o, enum life_state state, enum life_event event, const char *user)
{
	char date[OBJECT_DATE];
	const char *word;
	struct object s;

	instance_now(db, date);
	object_set(o, "state", life_state_word(state));
	snprintf(o->state, sizeof o->state, "%s", life_state_word(state));
	if (state == LIFE_PROCESSING)
		set_operation(o, event, user, date);
	if (life_situation(state, event) == LIFE_TERMINATED)
		object_set(o, "terminated", date);
	if (!object_get(db, OBJECT_SERVICE, instance_service(o), &s))
		return;
	word = chart_word(&chart_service, chart_next(&chart_service, chart_state(&chart_service, s.state), service_event(state)));
	object_set(&s, "state", word);
	object_set(&s, "operation", life_event_word(event));
	snprintf(s.state, sizeof s.state, "%s", word ? word : "");
	instance_history(&s, state, event, date);
	object_put(db, &s);
	object_free(&s);
}

bool instance_protected(const struct object *o, const char *member)
{
	return yyjson_mut_is_true(yyjson_mut_obj_get(root(o), member)) ||
		yyjson_mut_is_true(yyjson_mut_obj_get(yyjson_mut_obj_get(root(o), "policy_box"), member));
}

/* ---- the end of a record ---- */

static void remove_children(struct db *db, enum object_kind kind, const char *parent)
{
	char ids[REMOVE_MAX][OBJECT_ID];
	struct object child;
	sqlite3_stmt *q;
	size_t n;

	do {
		q = db_query(db, "SELECT id FROM object WHERE kind = ? AND parent = ? AND parent <> '' LIMIT ?", "iti",
			(int64_t)kind, parent, (int64_t)REMOVE_MAX);
		for (n = 0; n < REMOVE_MAX && db_row(db, q); n++)
			snprintf(ids[n], sizeof ids[n], "%s", db_text(q, 0));
		db_end(q);
		for (size_t i = 0; i < n; i++)
			if (object_peek(db, kind, ids[i], &child)) {
				object_delete(db, &child);
				object_free(&child);
			}
	} while (n == REMOVE_MAX);
}

void instance_remove(struct db *db, const struct object *o)
{
	static const enum object_kind kinds[] = { OBJECT_SERVICE, OBJECT_OPERATION, OBJECT_ACTIVITY, OBJECT_TASK };

	instance_keep_history(db, o);
	flow_forget(db, o->id);
	machine_forget(db, o->id);
	rebind_forget(db, o->id);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		remove_children(db, kinds[i], o->id);
	core_timers_drop(db, o->id, NULL);
	object_delete(db, o);
}

/* Operations of instances: how they begin, go on and end. */
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "instance.h"
#include "timers.h"
#include "truth.h"
#include "plat/clock.h"

/* A lease that ran out while an operation runs is tried again after this long, µs. */
#define LEASE_AGAIN (60 * PLAT_SECOND)
/* A lease is looked at again after this long at most, for the wall clock may be set, µs. */
#define LEASE_LOOK (INT64_C(3600) * PLAT_SECOND)

/* ---- activity ---- */

static void add_text(struct object *o, const char *member, const char *text)
{
	if (text && text[0])
		object_set(o, member, text);
}

void instance_log(struct db *db, const struct object *instance, const char *operation, const char *event,
	const char *level, const char *user, const char *text)
{
	char id[OBJECT_ID];
	struct object a;

	object_id_guid(id);
	object_new(&a, OBJECT_ACTIVITY, id, SCHEMAS "instance-activity");
	snprintf(a.owner, sizeof a.owner, "%s", instance->owner);
	snprintf(a.organization, sizeof a.organization, "%s", instance->organization);
	snprintf(a.parent, sizeof a.parent, "%s", instance->id);
	object_set(&a, "instance", instance->id);
	object_set(&a, "text", text);
	object_set(&a, "level", level);
	add_text(&a, "event", event);
	add_text(&a, "operation", operation);
	add_text(&a, "request_id", operation);
	add_text(&a, "username", user);
	object_put(db, &a);
	object_free(&a);
}

/* ---- the operation's record ---- */

/* The one that runs; false when none does. */
static bool operation_running(struct db *db, const char *instance, struct object *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM object WHERE kind = ? AND parent = ? AND parent <> ''"
		" AND state = 'processing' ORDER BY created DESC LIMIT 1", "it", (int64_t)OBJECT_OPERATION, instance);
	char id[OBJECT_ID];

	if (!db_row(db, q))
		return false;
	snprintf(id, sizeof id, "%s", db_text(q, 0));
	db_end(q);
	return object_get(db, OBJECT_OPERATION, id, out);
}

static void operation_new(struct db *db, const struct object *instance, const char *name, const char *user,
	char id[OBJECT_ID])
{
	struct object op;

	object_id_guid(id);
	object_new(&op, OBJECT_OPERATION, id, SCHEMAS "instance-operation");
	snprintf(op.owner, sizeof op.owner, "%s", instance->owner);
	snprintf(op.organization, sizeof op.organization, "%s", instance->organization);
	snprintf(op.parent, sizeof op.parent, "%s", instance->id);
	snprintf(op.state, sizeof op.state, "processing");
	object_set(&op, "instance", instance->id);
	object_set(&op, "operation", name);
	object_set(&op, "state", "processing");
	object_set(&op, "instance_state", "processing");
	object_set(&op, "username", user ? user : "");
	object_set(&op, "workspace", instance->owner);
	object_set(&op, "request_id", id);
	object_put(db, &op);
	object_free(&op);
}

static void operation_put(struct db *db, struct object *op, const char *state, const char *instance_state)
{
	object_set(op, "state", state);
	object_set(op, "instance_state", instance_state);
	snprintf(op->state, sizeof op->state, "%s", state);
	object_put(db, op);
}

/* Force has come before its end. */
static void operation_cut(struct db *db, const struct object *instance)
{
	struct object op;

	if (!operation_running(db, instance->id, &op))
		return;
	instance_log(db, instance, op.id, object_member(&op, "operation"), "error", NULL,
		"The operation was cut short by another.");
	operation_put(db, &op, "unavailable", "processing");
	object_free(&op);
}

/* Where its steps are: an import and what managed services do are deployments and reconfigurations to clients only. */
static const char *plan_name(const struct object *instance, enum life_event event, const char *name)
{
	if (name && plan_by_name(name))
		return name;
	if (event == LIFE_DEPLOY && object_member(instance, "unregistered_id")[0])
		return "import";
	return life_event_word(event);
}

void instance_begin(struct db *db, struct object *instance, enum life_event event, const char *user, const char *name)
{
	char id[OBJECT_ID], text[160];

	operation_cut(db, instance);
	flow_stop(db, instance->id, FLOW_CUT, "the operation was cut short by another");
	instance_words(db, instance, LIFE_PROCESSING, event, user);
	object_put(db, instance);
	operation_new(db, instance, name ? name : life_event_word(event), user, id);
	snprintf(text, sizeof text, "%s: started%s%s.", name ? name : life_event_word(event), user ? " by " : "", user ? user : "");
	instance_log(db, instance, id, life_event_word(event), "start", user, text);
	flow_begin(db, instance, id, plan_name(instance, event, name));
}

void instance_end(struct db *db, struct object *instance, enum life_state state, const char *user, const char *why)
{
	enum life_event event = instance_event(instance);
	struct object op;

	flow_stop(db, instance->id, FLOW_ABORT, why);
	instance_words(db, instance, state, event, user);
	object_put(db, instance);
	if (!operation_running(db, instance->id, &op)) {
		instance_log(db, instance, "", life_event_word(event), state == LIFE_DONE ? "success" : "error", user, why);
		return;
	}
	instance_log(db, instance, op.id, life_event_word(event), state == LIFE_DONE ? "success" : "error", user, why);
	operation_put(db, &op, life_state_word(state), life_state_word(state));
	object_free(&op);
}

/* ---- leases ---- */

void instance_lease_plan(struct db *db, const struct object *instance)
{
	yyjson_mut_val *lease = yyjson_mut_obj_get(instance->doc->root, "lease");
	const char *expire = yyjson_mut_get_str(yyjson_mut_obj_get(lease, "expire"));
	int64_t wait;

	core_timers_drop(db, instance->id, "instance.lease");
	if (!expire || yyjson_mut_is_true(yyjson_mut_obj_get(lease, "released")))
		return;
	wait = instance_date_read(expire) - plat_clock_wall();
	core_timer_add(db, "instance.lease", instance->id, "", wait < 0 ? 0 : wait < LEASE_LOOK ? wait : LEASE_LOOK);
}

/* What is down is down, and what is gone is gone. */
static bool lease_met(const struct object *instance)
{
	enum life_situation s = life_situation(instance_state(instance), instance_event(instance));

	return s == LIFE_OFF || s == LIFE_TERMINATED;
}

/* It cannot be now: that is said once, and tried until it can. */
static void lease_held(struct db *db, const struct object *instance, const char *operation, const char *said, const char *reason)
{
	char text[256];

	if (!said[0]) {
		snprintf(text, sizeof text, "The lease has ended: %s is not possible and is tried again each hour. %s", operation, reason);
		instance_log(db, instance, "", NULL, "error", NULL, text);
	}
	core_timer_add(db, "instance.lease", instance->id, "said", LEASE_LOOK);
}

/* said: "" until a person was told that it has to wait. */
static void lease_act(struct db *db, struct object *instance, yyjson_mut_val *lease, const char *said)
{
	bool terminate = yyjson_mut_equals_str(yyjson_mut_obj_get(lease, "operation"), "terminate");
	struct life_step step = life_decide(instance_state(instance), instance_event(instance),
		terminate ? LIFE_DO_TERMINATE : LIFE_DO_SHUTDOWN);

	if (step.verdict == LIFE_REFUSE && instance_state(instance) == LIFE_PROCESSING) {
		core_timer_add(db, "instance.lease", instance->id, said, LEASE_AGAIN);
		return;
	}
	if (step.verdict == LIFE_REFUSE && !lease_met(instance)) {
		lease_held(db, instance, terminate ? "terminate" : "shutdown", said, step.reason);
		return;
	}
	yyjson_mut_obj_put(lease, yyjson_mut_str(instance->doc, "released"), yyjson_mut_true(instance->doc));
	instance_log(db, instance, "", NULL, "info", NULL, terminate ? "The lease has ended: terminate." :
		"The lease has ended: shutdown.");
	if (step.verdict == LIFE_START)
		instance_begin(db, instance, step.event, NULL, NULL);
	else
		object_put(db, instance);
}

void instance_timer_lease(struct db *db, const char *id, const char *said)
{
	yyjson_mut_val *lease;
	struct object instance;
	const char *expire;

	if (!object_get(db, OBJECT_INSTANCE, id, &instance))
		return;
	lease = yyjson_mut_obj_get(instance.doc->root, "lease");
	expire = yyjson_mut_get_str(yyjson_mut_obj_get(lease, "expire"));
	if (expire && instance_date_read(expire) > plat_clock_wall())
		instance_lease_plan(db, &instance);
	else if (expire && !yyjson_mut_is_true(yyjson_mut_obj_get(lease, "released")))
		lease_act(db, &instance, lease, said);
	object_free(&instance);
}

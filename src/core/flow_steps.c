/* What each kind of step begins with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "instance_stack.h"
#include "machine.h"
#include "provider.h"
#include "rebind.h"
#include "truth.h"
#include "unregistered.h"
#include "log/log.h"

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

/* ---- tasks for the provider's worker ---- */

struct order {
	struct flow *f;
	struct object *instance;
	char type[64];			/* of the provider, "" = there is none */
	int count;			/* machines the instance is to have */
};

static bool order_read(struct db *db, struct flow *f, struct object *instance, struct order *o)
{
	yyjson_mut_val *profile = yyjson_mut_obj_get(yyjson_mut_obj_get(instance->doc->root, "policy_box"), "profile");
	int64_t n = yyjson_mut_get_sint(yyjson_mut_obj_get(profile, "instances"));
	struct object p;

	*o = (struct order){ .f = f, .instance = instance, .count = n < 1 ? 1 : n > MACHINE_MAX ? MACHINE_MAX : (int)n };
	if (!f->provider[0])
		return true;
	if (!object_get(db, OBJECT_PROVIDER, f->provider, &p)) {
		snprintf(f->why, sizeof f->why, "no worker for a provider that was deleted");
		return false;
	}
	snprintf(o->type, sizeof o->type, "%s", object_member(&p, "type"));
	object_free(&p);
	return true;
}

static void add_tags(yyjson_mut_doc *doc, yyjson_mut_val *input, const struct object *instance)
{
	yyjson_mut_val *tags = yyjson_mut_obj_add_obj(doc, input, "tags"), *t;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(instance->doc->root, "tags"));

	yyjson_mut_obj_add_strcpy(doc, tags, "Instance ID", instance->id);
	yyjson_mut_obj_add_strcpy(doc, tags, "Service ID", instance_service(instance));
	yyjson_mut_obj_add_strcpy(doc, tags, "Environment", object_member(instance, "name"));
	yyjson_mut_obj_add_strcpy(doc, tags, "Workspace ID", instance->owner);
	while ((t = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_is_str(t) && !yyjson_mut_obj_get(tags, yyjson_mut_get_str(t)))
			yyjson_mut_obj_add(tags, yyjson_mut_strcpy(doc, yyjson_mut_get_str(t)), yyjson_mut_str(doc, ""));
}

/* What does not change; the rest is added when it is sent (prepare.c). */
static char *machine_input(const struct order *o, const struct machine *m, bool create)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *in = yyjson_mut_obj(doc), *profile;
	char *json;

	yyjson_mut_doc_set_root(doc, in);
	yyjson_mut_obj_add_strcpy(doc, in, "provider", m->provider);
	yyjson_mut_obj_add_strcpy(doc, in, "instance", m->instance);
	yyjson_mut_obj_add_strcpy(doc, in, "service", m->service);
	yyjson_mut_obj_add_strcpy(doc, in, "machine", m->id);
	yyjson_mut_obj_add_strcpy(doc, in, "name", m->name);
	yyjson_mut_obj_add_strcpy(doc, in, "key", m->id);
	if (create) {
		yyjson_mut_obj_add_int(doc, in, "index", m->number);
		yyjson_mut_obj_add_int(doc, in, "count", o->count);
		profile = yyjson_mut_obj_get(yyjson_mut_obj_get(o->instance->doc->root, "policy_box"), "profile");
		yyjson_mut_obj_add_val(doc, in, "profile", yyjson_mut_val_mut_copy(doc, profile));
		add_tags(doc, in, o->instance);
	}
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	if (!json)
		log_fatal("flow");
	return json;
}

static void add_machine_task(struct db *db, const struct order *o, const struct machine *m, const char *kind, int run)
{
	char key[CORE_TASK_KEY], *input = machine_input(o, m, !strcmp(kind, "machine.create"));
	struct core_task_new n = {
		.worker = flow_worker(o->type), .kind = kind, .key = key, .input = input, .flow = o->f->operation,
		.instance = o->f->instance, .machine = m->id, .provider = m->provider, .workspace = o->f->workspace,
		.step = o->f->step, .run = run,
	};

	snprintf(key, sizeof key, "%.64s/%d/%.64s", o->f->operation, (int)o->f->step, m->id);
	core_task_add(db, &n);
	free(input);
}

/* ---- machines ---- */

static enum flow_entered provision(struct db *db, struct flow *f, struct object *instance)
{
	enum flow_entered entered = FLOW_PAST;
	char ids[MACHINE_MAX][OBJECT_ID];
	struct machine m;
	struct order o;
	unsigned n;

	if (!order_read(db, f, instance, &o))
		return FLOW_IMPOSSIBLE;
	machine_ensure(db, instance, f->provider, f->provider[0] ? o.count : 1);
	n = machine_list(db, f->instance, ids);
	for (unsigned i = 0; f->provider[0] && i < n; i++)
		if (machine_read(db, ids[i], &m) && (m.state == MACHINE_EXPECTED || m.state == MACHINE_MAKING)) {
			add_machine_task(db, &o, &m, "machine.create", 3600);
			entered = FLOW_OPEN;
		}
	return entered;
}

static void add_hello(struct db *db, const struct flow *f, const struct machine *m)
{
	char key[CORE_TASK_KEY], worker[CORE_WORKER];
	struct core_task_new n = {
		.worker = worker, .kind = "hello", .key = key, .flow = f->operation, .instance = f->instance, .machine = m->id,
		.workspace = f->workspace, .step = f->step, .wait = MACHINE_HELLO_WAIT, .held = true,
	};

	snprintf(key, sizeof key, "%.64s/%d/%.64s", f->operation, (int)f->step, m->id);
	snprintf(worker, sizeof worker, CORE_MACHINE_PREFIX "%.64s", m->id);
	core_task_add(db, &n);
}

static enum flow_entered wait_for_agents(struct db *db, struct flow *f, struct object *instance)
{
	bool import = !strcmp(f->plan, "import");
	char ids[MACHINE_MAX][OBJECT_ID], what[MACHINE_NAME + OBJECT_ID + 128], provider[OBJECT_ID], external_id[MACHINE_TEXT];
	unsigned n = machine_list(db, f->instance, ids);
	enum flow_entered entered = FLOW_PAST;
	struct machine m;

	for (unsigned i = 0; i < n; i++) {
		if (!machine_read(db, ids[i], &m) || m.state == MACHINE_ONLINE)
			continue;
		if (m.provider[0] && !import && (m.state == MACHINE_EXPECTED || m.state == MACHINE_MAKING)) {
			snprintf(f->why, sizeof f->why, "machine %s is not there: deploy it", m.name);
			return FLOW_IMPOSSIBLE;
		}
		if (import && !m.tried && !unregistered_read(db, object_member(instance, "unregistered_id"), provider, external_id)) {
			snprintf(f->why, sizeof f->why, "machine %.100s: %.200s " UNREGISTERED_GONE, m.name, m.external_id);
			return FLOW_IMPOSSIBLE;
		}
		add_hello(db, f, &m);
		entered = FLOW_OPEN;
		if (import)
			snprintf(what, sizeof what, "Waiting for the agent of machine %s: run there  curl -sSL https://THIS-APPLIANCE |"
				" sudo sh -s -- -i %s", m.name, f->instance);
		else
			snprintf(what, sizeof what, m.provider[0] ? "Waiting for the agent of machine %s." :
				"Waiting for the agent of machine %s: install it there.", m.name);
		instance_log(db, instance, f->operation, life_event_word(instance_event(instance)), "waiting", NULL, what);
	}
	return entered;
}

/* Machines of one's own are switched on and off by their owner. */
static enum flow_entered power(struct db *db, struct flow *f, struct object *instance, const char *kind)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, f->instance, ids);
	enum flow_entered entered = FLOW_PAST;
	struct machine m;
	struct order o;

	if (!order_read(db, f, instance, &o))
		return FLOW_IMPOSSIBLE;
	for (unsigned i = 0; i < n; i++)
		if (machine_read(db, ids[i], &m) && m.provider[0] && m.state != MACHINE_EXPECTED && m.state != MACHINE_MAKING) {
			add_machine_task(db, &o, &m, kind, 1800);
			entered = FLOW_OPEN;
		}
	return entered;
}

/* The provider's machines of an import get their keys. */
static enum flow_entered adopt(struct db *db, struct flow *f, struct object *instance)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, f->instance, ids);
	struct machine m;
	struct order o;

	if (!order_read(db, f, instance, &o))
		return FLOW_IMPOSSIBLE;
	if (!n || !o.type[0]) {
		snprintf(f->why, sizeof f->why, "there is nothing to import");
		return FLOW_IMPOSSIBLE;
	}
	for (unsigned i = 0; i < n; i++)
		if (machine_read(db, ids[i], &m))
			add_machine_task(db, &o, &m, "machine.adopt", 1800);
	return FLOW_OPEN;
}

static enum flow_entered destroy(struct db *db, struct flow *f, struct object *instance)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, f->instance, ids);
	enum flow_entered entered = FLOW_PAST;
	struct machine m;
	struct order o;
	bool made = false;

	for (unsigned i = 0; i < n; i++)
		made |= machine_read(db, ids[i], &m) && m.provider[0] && m.tried;
	if (made && !order_read(db, f, instance, &o))
		return FLOW_IMPOSSIBLE;
	for (unsigned i = 0; i < n; i++) {
		if (!machine_read(db, ids[i], &m))
			continue;
		machine_move(db, m.id, MACHINE_DESTROY);
		if (m.provider[0] && m.tried) {
			add_machine_task(db, &o, &m, "machine.destroy", 3600);
			entered = FLOW_OPEN;
		} else {
			made |= m.state != MACHINE_EXPECTED;
			machine_move(db, m.id, MACHINE_DESTROYED);
		}
	}
	if (!made)
		snprintf(f->why, sizeof f->why, "Nothing had been made, so nothing was to be removed.");
	return entered;
}

/* ---- scripts ---- */

/* Which machines take part? What takes down leaves out those without an agent. */
static bool takes_part(const struct machine *m, bool any)
{
	return !any || m->state == MACHINE_ONLINE || m->state == MACHINE_AWAY || m->state == MACHINE_SILENT;
}

static enum flow_entered scripts(struct db *db, struct flow *f, struct object *instance, const struct plan_step *step)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, f->instance, ids);
	enum flow_entered entered = FLOW_PAST;
	struct machine m;

	if (!n && step->kind == PLAN_SCRIPT) {
		snprintf(f->why, sizeof f->why, "the instance has no machine: deploy it");
		return FLOW_IMPOSSIBLE;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!machine_read(db, ids[i], &m) || !takes_part(&m, step->kind == PLAN_SCRIPT_ANY))
			continue;
		if (m.state == MACHINE_EXPECTED || m.state == MACHINE_MAKING) {
			snprintf(f->why, sizeof f->why, "machine %s is not there: deploy it", m.name);
			return FLOW_IMPOSSIBLE;
		}
		if (flow_script_add(db, f, instance, step->event, m.id, 0))
			entered = FLOW_OPEN;
	}
	return entered;
}

static enum flow_entered next_phase(struct db *db, struct flow *f, struct object *instance)
{
	struct life_step step = life_decide(instance_state(instance), instance_event(instance), LIFE_SUCCEEDED);

	if (step.verdict != LIFE_NEXT) {
		snprintf(f->why, sizeof f->why, "the instance is in no state to go on");
		return FLOW_IMPOSSIBLE;
	}
	instance_words(db, instance, LIFE_PROCESSING, step.event, NULL);
	object_put(db, instance);
	instance_log(db, instance, f->operation, life_event_word(step.event), "info", NULL, "The scripts are done.");
	return FLOW_PAST;
}

static enum flow_entered enter(struct db *db, struct flow *f, struct object *instance, const struct plan_step *step)
{
	if (step->kind != PLAN_NEXT && step->kind != PLAN_IMPOSSIBLE && flow_is_stack(db, instance))
		return flow_stack_enter(db, f, step->kind);
	switch (step->kind) {
	case PLAN_PROVISION:
		return provision(db, f, instance);
	case PLAN_HELLO:
		return wait_for_agents(db, f, instance);
	case PLAN_SCRIPT:
	case PLAN_SCRIPT_ANY:
		return scripts(db, f, instance, step);
	case PLAN_BIND:
		rebind_collect(db, instance);
		return FLOW_PAST;
	case PLAN_NEXT:
		return next_phase(db, f, instance);
	case PLAN_START:
		return power(db, f, instance, "machine.start");
	case PLAN_STOP:
		return power(db, f, instance, "machine.stop");
	case PLAN_DESTROY:
		return destroy(db, f, instance);
	case PLAN_ADOPT:
		return adopt(db, f, instance);
	default:
		snprintf(f->why, sizeof f->why, "no worker for %s", step->event ? step->event : text(instance->doc->root, "name"));
		return FLOW_IMPOSSIBLE;
	}
}

enum flow_entered flow_enter(struct db *db, struct flow *f, const struct plan_step *step)
{
	enum flow_entered entered;
	struct object instance;

	/* Each step reads it anew: the one before may have changed it. */
	if (!object_get(db, OBJECT_INSTANCE, f->instance, &instance)) {
		snprintf(f->why, sizeof f->why, "the instance is gone");
		return FLOW_IMPOSSIBLE;
	}
	entered = enter(db, f, &instance, step);
	object_free(&instance);
	return entered;
}

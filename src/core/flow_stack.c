/* Steps of an instance whose box is a template: its provider makes everything of it, as one stack that is known by the instance's id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "flow.h"
#include "provider.h"
#include "log/log.h"

/* Seconds of a stack's task: a little more than the provider gives itself (os_stack.c). */
#define STACK_SECONDS 3600

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

/* A template is its own policy.  The simulator has a machine for it instead. */
bool flow_is_stack(struct db *db, const struct object *instance)
{
	yyjson_mut_val *box = yyjson_mut_arr_get_first(yyjson_mut_obj_get(instance->doc->root, "boxes"));
	yyjson_mut_val *policy = yyjson_mut_obj_get(instance->doc->root, "policy_box");
	char provider[OBJECT_ID];
	struct object p;
	bool simulated = false;

	if (box_kind_of(text(box, "schema")) != BOX_CLOUDFORMATION || strcmp(text(box, "id"), text(policy, "id")) != 0)
		return false;
	flow_provider(instance, provider);
	if (object_get(db, OBJECT_PROVIDER, provider, &p)) {
		simulated = !strcmp(object_member(&p, "type"), PROVIDER_TEST);
		object_free(&p);
	}
	return !simulated;
}

static enum flow_entered add(struct db *db, struct flow *f, const char *kind)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *in = yyjson_mut_obj(doc);
	char key[CORE_TASK_KEY], *input;
	/* no two of one stack are given out at once, as no two of one machine are */
	struct core_task_new n = {
		.worker = "cloud", .kind = kind, .key = key, .flow = f->operation, .instance = f->instance, .machine = f->instance,
		.provider = f->provider, .workspace = f->workspace, .step = f->step, .run = STACK_SECONDS,
	};

	yyjson_mut_doc_set_root(doc, in);
	yyjson_mut_obj_add_strcpy(doc, in, "provider", f->provider);
	yyjson_mut_obj_add_strcpy(doc, in, "instance", f->instance);
	yyjson_mut_obj_add_strcpy(doc, in, "operation", f->operation);
	yyjson_mut_obj_add_strcpy(doc, in, "key", f->instance);
	input = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	if (!input)
		log_fatal("flow");
	n.input = input;
	snprintf(key, sizeof key, "%.64s/%d/stack", f->operation, (int)f->step);
	core_task_add(db, &n);
	free(input);
	return FLOW_OPEN;
}

/* What a deployment, a reinstallation and a reconfiguration begin with makes the stack as its template and variables are now. */
static bool begins(const struct flow *f, enum plan_kind kind)
{
	return !f->step && (kind == PLAN_PROVISION || kind == PLAN_SCRIPT || kind == PLAN_BIND);
}

enum flow_entered flow_stack_enter(struct db *db, struct flow *f, enum plan_kind kind)
{
	struct object p;

	if (kind == PLAN_HELLO || kind == PLAN_SCRIPT_ANY || (kind != PLAN_START && kind != PLAN_STOP && kind != PLAN_DESTROY && !begins(f, kind)))
		return FLOW_PAST;
	if (!f->provider[0] || !object_get(db, OBJECT_PROVIDER, f->provider, &p)) {
		snprintf(f->why, sizeof f->why, "no worker for a provider that was deleted");
		return FLOW_IMPOSSIBLE;
	}
	object_free(&p);
	return add(db, f, kind == PLAN_START ? "stack.start" : kind == PLAN_STOP ? "stack.stop" : kind == PLAN_DESTROY ? "stack.delete" : "stack.put");
}

/* Kinds of tasks: who hears of their end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "instance.h"
#include "lifecycle.h"
#include "machine.h"
#include "provider.h"
#include "tasks.h"
#include "template_task.h"

/* What went wrong with a machine, for the operation: which one, and for want of a worker whose. */
static void say(struct db *db, const struct core_task *t, const char *why, char line[FLOW_WHY])
{
	struct object p;
	struct machine m;

	if (!strcmp(why, "no worker") && object_get(db, OBJECT_PROVIDER, t->provider, &p)) {
		snprintf(line, FLOW_WHY, "no worker for %.100s", object_member(&p, "type"));
		object_free(&p);
		return;
	}
	if (!strncmp(why, "no worker", 9)) {
		snprintf(line, FLOW_WHY, "%.300s", why);
		return;
	}
	if (!strncmp(t->kind, "stack.", 6)) {
		snprintf(line, FLOW_WHY, "%.24s: %.340s", t->kind, why);
		return;
	}
	if (!machine_read(db, t->machine, &m))
		snprintf(m.name, sizeof m.name, "%s", t->machine);
	snprintf(line, FLOW_WHY, "%.24s: machine %.100s: %.240s", t->kind, m.name, why);
}

static void go_on(struct db *db, const struct core_task *t, const char *why)
{
	char line[FLOW_WHY] = "";

	if (t->state != TASK_DONE)
		say(db, t, why, line);
	flow_task_ended(db, t, line);
}

/* Who waits for the operation sees why it takes so long. */
static void tried(struct db *db, const struct core_task *t, const char *why)
{
	char line[FLOW_WHY], text[FLOW_WHY + 64];
	struct object instance;

	if (!t->instance[0] || !object_get(db, OBJECT_INSTANCE, t->instance, &instance))
		return;
	say(db, t, why, line);
	snprintf(text, sizeof text, "%s (attempt %" PRId64 " of %" PRId64 "; it is tried again)", line, t->attempts, t->attempts_max);
	instance_log(db, &instance, t->flow, life_event_word(instance_event(&instance)), "warning", NULL, text);
	object_free(&instance);
}

#define MACHINE_TASK(name) \
	static void name##_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output) \
	{ \
		machine_##name##_ended(db, t, why, output); \
		go_on(db, t, why); \
	}

MACHINE_TASK(create)
MACHINE_TASK(adopt)
MACHINE_TASK(start)
MACHINE_TASK(stop)
MACHINE_TASK(destroy)

static void stack_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	(void)output;
	go_on(db, t, why);
}

static void hello_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	(void)output;
	go_on(db, t, why);
}

static const struct core_task_kind kinds[] = {
	{ "script", flow_script_ended, flow_script_given, NULL },
	{ "hello", hello_ended, NULL, NULL },
	{ "machine.create", create_ended, machine_create_given, tried },
	{ "machine.adopt", adopt_ended, machine_adopt_given, tried },
	{ "machine.start", start_ended, NULL, tried },
	{ "machine.stop", stop_ended, NULL, tried },
	{ "machine.destroy", destroy_ended, NULL, tried },
	{ "machine.template", template_ended, template_given, NULL },
	{ "stack.put", stack_ended, NULL, tried },
	{ "stack.start", stack_ended, NULL, tried },
	{ "stack.stop", stack_ended, NULL, tried },
	{ "stack.delete", stack_ended, NULL, tried },
	{ "machine.list", provider_list_ended, NULL, NULL },
	{ "provider.sync", provider_sync_ended, NULL, NULL },
};

const struct core_task_kind *core_task_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].kind, name))
			return &kinds[i];
	return NULL;
}

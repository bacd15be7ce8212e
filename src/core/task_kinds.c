/* Kinds of tasks: who hears of their end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
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
	{ "script", flow_script_ended, flow_script_given },
	{ "hello", hello_ended, NULL },
	{ "machine.create", create_ended, machine_create_given },
	{ "machine.adopt", adopt_ended, machine_adopt_given },
	{ "machine.start", start_ended, NULL },
	{ "machine.stop", stop_ended, NULL },
	{ "machine.destroy", destroy_ended, NULL },
	{ "machine.template", template_ended, template_given },
	{ "stack.put", stack_ended, NULL },
	{ "stack.start", stack_ended, NULL },
	{ "stack.stop", stack_ended, NULL },
	{ "stack.delete", stack_ended, NULL },
	{ "machine.list", provider_list_ended, NULL },
	{ "provider.sync", provider_sync_ended, NULL },
};

const struct core_task_kind *core_task_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!strcmp(kinds[i].kind, name))
			return &kinds[i];
	return NULL;
}

/* Scripts of boxes as tasks of machines' agents. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "instance_stack.h"
#include "machine.h"
#include "truth.h"
#include "log/log.h"
#include "plat/text.h"

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

static int64_t limited(yyjson_mut_val *v, int64_t otherwise, int64_t min, int64_t max)
{
	int64_t n = yyjson_mut_is_int(v) ? yyjson_mut_get_sint(v) : otherwise;

	return n < min ? min : n > max ? max : n;
}

static int timeout_of(const struct object *instance, const struct stack_script *s)
{
	int64_t own = limited(yyjson_mut_obj_get(instance->doc->root, "event_timeout"), FLOW_TIMEOUT, 1, FLOW_TIMEOUT_MAX);

	return (int)limited(yyjson_mut_obj_get(s->file, "timeout"), own, 1, FLOW_TIMEOUT_MAX);
}

static char *script_input(const struct instance_stack *stack, const struct stack_script *s, const char *event, int timeout)
{
	const struct stack_node *n = &stack->node[s->node];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *in = yyjson_mut_obj(doc), *box;
	char *json;

	yyjson_mut_doc_set_root(doc, in);
	yyjson_mut_obj_add_strcpy(doc, in, "event", event);
	box = yyjson_mut_obj_add_obj(doc, in, "box");
	yyjson_mut_obj_add_strcpy(doc, box, "id", text(n->box, "id"));
	yyjson_mut_obj_add_strcpy(doc, box, "name", text(n->box, "name"));
	yyjson_mut_obj_add_strcpy(doc, box, "path", n->path);
	yyjson_mut_obj_add_strcpy(doc, in, "url", text(s->file, "url"));
	yyjson_mut_obj_add_int(doc, in, "length", limited(yyjson_mut_obj_get(s->file, "length"), 0, 0, INT64_MAX));
	yyjson_mut_obj_add_int(doc, in, "timeout", timeout);
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	if (!json)
		log_fatal("script");
	return json;
}

/* What a machine that has been silent is still waited for, seconds. */
static int wait_for(const struct machine *m)
{
	return m->state == MACHINE_SILENT ? 300 : MACHINE_HELLO_WAIT;
}

static void add_task(struct db *db, const struct flow *f, const struct machine *m, char *input, int timeout, int retry,
	unsigned part)
{
	char key[CORE_TASK_KEY], worker[CORE_WORKER];
	struct core_task_new n = {
		.worker = worker, .kind = "script", .key = key, .input = input, .flow = f->operation, .instance = f->instance,
		.machine = m->id, .workspace = f->workspace, .step = f->step, .part = part, .attempts = 1 + retry,
		.wait = wait_for(m), .run = timeout, .held = !m->channel,
	};

	snprintf(key, sizeof key, "%.64s/%d/%.60s/%u", f->operation, (int)f->step, m->id, part);
	snprintf(worker, sizeof worker, CORE_MACHINE_PREFIX "%.64s", m->id);
	core_task_add(db, &n);
}

bool flow_script_add(struct db *db, const struct flow *f, const struct object *instance, const char *event, const char *machine,
	unsigned part)
{
	struct stack_script *list = calloc(STACK_NODES, sizeof *list);
	struct instance_stack stack;
	struct machine m;
	unsigned n = 0;
	char *input;
	int timeout;

	if (!list)
		log_fatal("script");
	stack_read(db, instance, &stack);
	if (event && machine_read(db, machine, &m))
		n = stack_scripts(&stack, event, list);
	if (part < n) {
		timeout = timeout_of(instance, &list[part]);
		input = script_input(&stack, &list[part], event, timeout);
		add_task(db, f, &m, input, timeout,
			(int)limited(yyjson_mut_obj_get(list[part].file, "retry"), 0, 0, FLOW_RETRY_MAX), part);
		free(input);
	}
	stack_free(&stack);
	free(list);
	return part < n;
}

/* ---- the activity ---- */

/* "pre_install" and "install" are one group for clients. */
static const char *group_of(const char *event)
{
	static const char *const groups[] = { "install", "configure", "start", "stop", "dispose" };

	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (strstr(event, groups[i]))
			return groups[i];
	return "info";
}

struct script_names { yyjson_doc *doc; const char *event, *box, *box_id; };

static void names_read(const struct core_task *t, struct script_names *n)
{
	yyjson_val *in, *box;

	n->doc = yyjson_read(t->input, strlen(t->input), 0);
	in = yyjson_doc_get_root(n->doc);
	box = yyjson_obj_get(in, "box");
	n->event = yyjson_get_str(yyjson_obj_get(in, "event"));
	n->box = yyjson_get_str(yyjson_obj_get(box, "name"));
	n->event = n->event ? n->event : "";
	n->box = n->box ? n->box : "";
}

void flow_script_given(struct db *db, struct core_task *t)
{
	struct object instance, entry;
	struct script_names n;
	struct machine m;
	char id[OBJECT_ID], line[MACHINE_NAME + 256];

	if (t->activity[0] || !machine_read(db, t->machine, &m) || !object_head(db, OBJECT_INSTANCE, t->instance, &instance))
		return;
	names_read(t, &n);
	object_id_guid(id);
	object_new(&entry, OBJECT_ACTIVITY, id, SCHEMAS "instance-activity");
	plat_text(entry.owner, sizeof entry.owner, instance.owner);
	plat_text(entry.organization, sizeof entry.organization, instance.organization);
	plat_text(entry.parent, sizeof entry.parent, instance.id);
	snprintf(line, sizeof line, "Executing %s:%.128s in machine %s.", n.event, n.box, m.name);
	object_set(&entry, "instance", instance.id);
	object_set(&entry, "text", line);
	object_set(&entry, "level", group_of(n.event));
	object_set(&entry, "event", n.event);
	object_set(&entry, "box", n.box);
	object_set(&entry, "machine", m.name);
	object_set(&entry, "operation", t->flow);
	object_set(&entry, "request_id", t->flow);
	yyjson_mut_obj_add_int(entry.doc, entry.doc->root, "task", t->id);
	object_put(db, &entry);
	plat_text(t->activity, sizeof t->activity, id);
	object_free(&entry);
	object_free(&instance);
	yyjson_doc_free(n.doc);
}

static void close_entry(struct db *db, const struct core_task *t, yyjson_val *output)
{
	yyjson_val *code = yyjson_obj_get(output, "exit_code");
	char date[OBJECT_DATE];
	struct object entry;

	if (!t->activity[0] || !object_get(db, OBJECT_ACTIVITY, t->activity, &entry))
		return;
	if (yyjson_is_int(code))
		yyjson_mut_obj_put(entry.doc->root, yyjson_mut_str(entry.doc, "exit_code"),
			yyjson_mut_sint(entry.doc, yyjson_get_sint(code)));
	instance_now(db, date);
	object_set(&entry, "finished", date);
	object_put(db, &entry);
	object_free(&entry);
}

/* A script that was interrupted: another task, for the agent keeps how this one ended, and what it wrote is kept under its number. */
static void run_again(struct db *db, const struct core_task *t, const char *line)
{
	char key[CORE_TASK_KEY], text[FLOW_WHY + 32];
	struct core_task_new n = {
		.worker = t->worker, .kind = t->kind, .key = key, .input = t->input, .flow = t->flow, .instance = t->instance,
		.machine = t->machine, .workspace = t->workspace, .step = t->step, .part = t->part,
		.attempts = (int)(t->attempts_max - t->attempts), .wait = (int)t->wait, .run = (int)t->run,
	};
	struct object instance;

	snprintf(key, sizeof key, "%.64s/%d/%.60s/%u/r%" PRId64, t->flow, (int)t->step, t->machine, (unsigned)t->part, t->id);
	core_task_add(db, &n);
	if (!object_get(db, OBJECT_INSTANCE, t->instance, &instance))
		return;
	snprintf(text, sizeof text, "%s. It is run again.", line);
	instance_log(db, &instance, t->flow, NULL, "info", NULL, text);
	object_free(&instance);
}

void flow_script_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	struct script_names n;
	struct machine m;
	char line[FLOW_WHY];

	close_entry(db, t, output);
	/* What ended well needs no words. */
	if (t->state == TASK_DONE) {
		flow_task_ended(db, t, "");
		return;
	}
	names_read(t, &n);
	if (!machine_read(db, t->machine, &m))
		snprintf(m.name, sizeof m.name, "%s", t->machine);
	snprintf(line, sizeof line, "%s:%.80s in machine %.80s: %.150s", n.event, n.box, m.name, why);
	yyjson_doc_free(n.doc);
	if (t->state == TASK_FAILED && t->again && flow_waits_for(db, t))
		run_again(db, t, line);
	else
		flow_task_ended(db, t, line);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "instance.h"
#include "machine.h"
#include "provider.h"
#include "template_task.h"
#include "log/log.h"

/* Of a task's key: the record's id behind it. */
#define KEY "template/"

/* ---- the record ---- */

static bool record_of(struct db *db, const struct core_task *t, struct object *out)
{
	return !strncmp(t->key, KEY, sizeof KEY - 1) && object_get(db, OBJECT_TASK, t->key + sizeof KEY - 1, out);
}

static void add_line(struct object *record, const char *line)
{
	const char *log = object_member(record, "log");
	char *text = NULL;

	if (strlen(log) + strlen(line) > TEMPLATE_LOG || asprintf(&text, "%s%s%s", log, log[0] ? "\n" : "", line) < 0)
		return;
	object_set(record, "log", text);
	free(text);
}

static void put_state(struct db *db, struct object *record, const char *state)
{
	object_set(record, "state", state);
	snprintf(record->state, sizeof record->state, "%s", state);
	object_put(db, record);
}

/* The instance's log has its beginning and its end. */
static void tell(struct db *db, const struct object *record, const char *level, const char *line)
{
	struct object instance;

	if (!object_get(db, OBJECT_INSTANCE, record->parent, &instance))
		return;
	instance_log(db, &instance, "", "snapshot", level, NULL, line);
	object_free(&instance);
}

static void fail(struct db *db, struct object *record, const char *why)
{
	char line[FLOW_WHY + 200];

	add_line(record, why);
	put_state(db, record, "unsuccessful");
	snprintf(line, sizeof line, "The template %.128s was not made: %.400s", object_member(record, "name"), why);
	tell(db, record, "error", line);
}

/* ---- its task ---- */

/* The first machine the provider has. */
static bool first_machine(struct db *db, const char *instance, struct machine *m)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, instance, ids);

	for (unsigned i = 0; i < n; i++)
		if (machine_read(db, ids[i], m) && m->provider[0] && m->external_id[0] && !m->vanished)
			return true;
	return false;
}

static char *input_of(const struct object *record, const struct machine *m)
{
	static const char *const places[] = { "datacenter", "folder", "datastore" };
	yyjson_mut_val *wanted = yyjson_mut_obj_get(record->doc->root, "input"), *in, *v;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *json;

	in = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, in);
	yyjson_mut_obj_add_strcpy(doc, in, "provider", m->provider);
	yyjson_mut_obj_add_strcpy(doc, in, "instance", m->instance);
	yyjson_mut_obj_add_strcpy(doc, in, "machine", m->id);
	yyjson_mut_obj_add_strcpy(doc, in, "machine_key", m->id);
	yyjson_mut_obj_add_strcpy(doc, in, "template_name", object_member(record, "name"));
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (yyjson_mut_is_str(v = yyjson_mut_obj_get(wanted, places[i])))
			yyjson_mut_obj_add_val(doc, in, places[i], yyjson_mut_val_mut_copy(doc, v));
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	if (!json)
		log_fatal("template");
	return json;
}

static void begin(struct db *db, const struct object *record, const struct machine *m, const char *type)
{
	char key[CORE_TASK_KEY], line[320], *input = input_of(record, m);
	struct core_task_new n = { .worker = flow_worker(type), .kind = "machine.template", .key = key, .input = input,
		.instance = m->instance, .machine = m->id, .provider = m->provider, .workspace = record->owner, .run = TEMPLATE_SECONDS };

	snprintf(key, sizeof key, KEY "%.64s", record->id);
	if (core_task_add(db, &n)) {
		snprintf(line, sizeof line, "The template %.128s is being made of machine %.100s.", object_member(record, "name"), m->name);
		tell(db, record, "info", line);
	}
	free(input);
}

void template_timer(struct db *db, const char *id, const char *unused)
{
	struct object record, p;
	struct machine m;

	(void)unused;
	if (!object_get(db, OBJECT_TASK, id, &record))
		return;
	if (first_machine(db, record.parent, &m) && object_get(db, OBJECT_PROVIDER, m.provider, &p)) {
		begin(db, &record, &m, object_member(&p, "type"));
		object_free(&p);
	} else {
		fail(db, &record, "the instance has no machine at a provider");
	}
	object_free(&record);
}

void template_note(struct db *db, const struct core_task *t, const char *line)
{
	struct object record;

	if (!record_of(db, t, &record))
		return;
	add_line(&record, line);
	object_put(db, &record);
	object_free(&record);
}

void template_given(struct db *db, struct core_task *t)
{
	struct object record;

	if (!record_of(db, t, &record))
		return;
	if (!strcmp(record.state, "submitted"))
		put_state(db, &record, "processing");
	object_free(&record);
}

/* For want of a worker: whose. */
static void say(struct db *db, const struct core_task *t, const char *why, char line[FLOW_WHY])
{
	struct object p;

	snprintf(line, FLOW_WHY, "%.390s", why[0] ? why : "cancelled");
	if (!strcmp(why, "no worker") && object_get(db, OBJECT_PROVIDER, t->provider, &p)) {
		snprintf(line, FLOW_WHY, "no worker for %.100s", object_member(&p, "type"));
		object_free(&p);
	}
}

void template_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	const char *made = yyjson_get_str(yyjson_obj_get(output, "external_id"));
	char line[FLOW_WHY];
	struct object record;

	if (!record_of(db, t, &record))
		return;
	if (t->state == TASK_DONE) {
		snprintf(line, sizeof line, "The template %.128s was made (%.128s).", object_member(&record, "name"), made ? made : "");
		add_line(&record, line);
		put_state(db, &record, "done");
		tell(db, &record, "success", line);
		/* so that policies can name it */
		provider_schedule_sync(db, t->provider);
	} else {
		say(db, t, why, line);
		fail(db, &record, line);
	}
	object_free(&record);
}

/* instance.*: its service, activity, operations, bindings, templates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "instance.h"
#include "timers.h"
#include "verbs_instances.h"
#include "plat/clock.h"

/* Operations that are answered at once, the newest. */
#define OPERATIONS_MAX 200
/* Instances one binding is answered with. */
#define BOUND_MAX 1000
#define TEMPLATE_SCHEMA SCHEMAS "vsphere/tasks/create-template"

/* Does the caller see the instance? */
static bool seen(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), ACCESS_SEE, &o))
		return false;
	object_free(&o);
	return true;
}

static void answer_array(struct core_call *call, struct object_text *all)
{
	struct object_text out = { .p = NULL };

	object_text_add(&out, "[", 1);
	if (all->len)
		object_text_add(&out, all->p, all->len);
	object_text_add(&out, "]", 1);
	core_answer_raw(&call->answer, 200, out.p);
	object_text_free(&out);
	object_text_free(all);
}

/* ---- instance.service ---- */

/* What its agent says of the machine (facts: docs/agent-protocol.md); and while it is connected it is heard of all the time: that is not
 * written down, but said. */
static void add_agent(struct db *db, yyjson_mut_doc *doc, yyjson_mut_val *m, const char *now)
{
	sqlite3_stmt *q = db_query(db, "SELECT channel, facts, boot_id FROM machine WHERE id = ?", "t", yyjson_mut_get_str(yyjson_mut_obj_get(m, "id")));
	yyjson_doc *facts;

	if (!db_row(db, q))
		return;
	if (db_int(q, 0))
		yyjson_mut_obj_put(m, yyjson_mut_str(doc, "last_agent_ping"), yyjson_mut_strcpy(doc, now));
	facts = yyjson_read(db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1), 0);
	if (yyjson_obj_size(yyjson_doc_get_root(facts)))
		yyjson_mut_obj_put(m, yyjson_mut_str(doc, "facts"), yyjson_val_mut_copy(doc, yyjson_doc_get_root(facts)));
	yyjson_doc_free(facts);
	if (db_text(q, 2)[0])
		yyjson_mut_obj_put(m, yyjson_mut_str(doc, "boot_id"), yyjson_mut_strcpy(doc, db_text(q, 2)));
	db_end(q);
}

static void answer_service(struct db *db, struct core_call *call, sqlite3_stmt *q)
{
	yyjson_doc *kept = yyjson_read(db_text(q, 0), (size_t)sqlite3_column_bytes(q, 0), 0);
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(kept, NULL);
	yyjson_mut_arr_iter it;
	yyjson_mut_val *m;
	char date[OBJECT_DATE];

	db_end(q);
	yyjson_doc_free(kept);
	object_date(plat_clock_wall(), date);
	it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(doc->root, "machines"));
	while ((m = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_is_str(yyjson_mut_obj_get(m, "id")))
			add_agent(db, doc, m, date);
	core_answer_doc(&call->answer, 200, doc);
	yyjson_mut_doc_free(doc);
}

int verb_instance_service_run(struct db *db, struct core_call *call)
{
	sqlite3_stmt *q;

	if (!seen(db, call))
		return -1;
	q = db_query(db, "SELECT doc FROM object WHERE kind = ? AND parent = ? AND parent <> ''", "it",
		(int64_t)OBJECT_SERVICE, core_call_string(call, "id"));
	if (!db_row(db, q)) {
		core_answer_missing(&call->answer);
		return -1;
	}
	answer_service(db, call, q);
	return 0;
}

/* ---- instance.activity ---- */

/* The newest entries, the oldest of them first. operation: an id, an event, or NULL. */
static sqlite3_stmt *entries(struct db *db, const char *instance, const char *operation)
{
	return db_query(db, "SELECT doc FROM (SELECT doc, created, id FROM object WHERE kind = ?1 AND parent = ?2 AND parent <> ''"
		" AND (?3 IS NULL OR json_extract(doc, '$.operation') = ?3 OR json_extract(doc, '$.event') = ?3)"
		" ORDER BY created DESC, id DESC LIMIT ?4) ORDER BY created, id", "itti", (int64_t)OBJECT_ACTIVITY, instance,
		operation, (int64_t)INSTANCE_ACTIVITY_MAX);
}

int verb_instance_activity_run(struct db *db, struct core_call *call)
{
	struct object_text all = { .p = NULL };
	sqlite3_stmt *q;

	if (!seen(db, call))
		return -1;
	q = entries(db, core_call_string(call, "id"), core_call_string(call, "operation"));
	while (db_row(db, q))
		object_text_document(&all, db_text(q, 0), (size_t)sqlite3_column_bytes(q, 0));
	answer_array(call, &all);
	return 0;
}

/* ---- instance.operations ---- */

static void add_activity(struct db *db, struct object *op)
{
	yyjson_mut_val *list = yyjson_mut_arr(op->doc);
	sqlite3_stmt *q = entries(db, op->parent, op->id);
	yyjson_doc *entry;

	while (db_row(db, q)) {
		entry = yyjson_read(db_text(q, 0), (size_t)sqlite3_column_bytes(q, 0), 0);
		yyjson_mut_arr_append(list, yyjson_val_mut_copy(op->doc, yyjson_doc_get_root(entry)));
		yyjson_doc_free(entry);
	}
	yyjson_mut_obj_put(op->doc->root, yyjson_mut_str(op->doc, "activity"), list);
}

static void add_operation(struct db *db, const char *id, struct object_text *all)
{
	struct object op;
	size_t len = 0;
	char *text;

	if (!object_get(db, OBJECT_OPERATION, id, &op))
		return;
	add_activity(db, &op);
	text = yyjson_mut_write(op.doc, 0, &len);
	if (text)
		object_text_document(all, text, len);
	free(text);
	object_free(&op);
}

int verb_instance_operations_run(struct db *db, struct core_call *call)
{
	char (*ids)[OBJECT_ID] = calloc(OPERATIONS_MAX, sizeof *ids);
	struct object_text all = { .p = NULL };
	sqlite3_stmt *q;
	size_t n = 0;

	if (!ids || !seen(db, call)) {
		free(ids);
		return -1;
	}
	q = db_query(db, "SELECT id FROM object WHERE kind = ? AND parent = ? AND parent <> '' ORDER BY created DESC, id DESC"
		" LIMIT ?", "iti", (int64_t)OBJECT_OPERATION, core_call_string(call, "id"), (int64_t)OPERATIONS_MAX);
	while (n < OPERATIONS_MAX && db_row(db, q))
		snprintf(ids[n++], sizeof *ids, "%s", db_text(q, 0));
	db_end(q);
	for (size_t i = 0; i < n && all.len < IPC_BODY_MAX / 2; i++)
		add_operation(db, ids[i], &all);
	free(ids);
	answer_array(call, &all);
	return 0;
}

/* ---- instance.bindings ---- */

struct binding_search {
	struct db *db;
	const char *workspace;
	struct object *target;
	yyjson_mut_val *service;
	struct object_text *out;
	unsigned count;
};

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

static void add_match(struct binding_search *s, yyjson_mut_val *variable)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *b = yyjson_mut_obj(doc), *target = s->target->doc->root;
	size_t len = 0;
	char *json;

	yyjson_mut_doc_set_root(doc, b);
	yyjson_mut_obj_add_str(doc, b, "name", text(variable, "name"));
	yyjson_mut_obj_add_str(doc, b, "instance", s->target->id);
	yyjson_mut_obj_add_str(doc, b, "id", s->target->id);
	yyjson_mut_obj_add_str(doc, b, "uri", text(target, "uri"));
	yyjson_mut_obj_add_str(doc, b, "instance_name", text(target, "name"));
	yyjson_mut_obj_add_str(doc, b, "icon", text(target, "icon"));
	yyjson_mut_obj_add_str(doc, b, "state", text(target, "state"));
	json = yyjson_mut_write(doc, 0, &len);
	if (json)
		object_text_document(s->out, json, len);
	free(json);
	yyjson_mut_doc_free(doc);
	s->count++;
}

static void try_variable(yyjson_mut_val *variable, void *arg)
{
	struct binding_search *s = arg;

	if (s->count < BOUND_MAX && binding_matches(s->workspace, variable, s->target->doc->root, s->service))
		add_match(s, variable);
}

static void count_variable(yyjson_mut_val *variable, void *arg)
{
	(void)variable;
	++*(unsigned *)arg;
}

/* Of the candidates only those that have an address are read. */
static void try_targets(struct binding_search *s, const struct object *origin)
{
	sqlite3_stmt *q = db_query(s->db, "SELECT s.parent, s.doc FROM object s JOIN object i ON i.kind = ?1 AND i.id = s.parent"
		" WHERE s.kind = ?2 AND (i.owner = ?3 OR EXISTS(SELECT 1 FROM share WHERE share.kind = ?1 AND share.id = i.id"
		" AND member = ?3)) AND (json_extract(s.doc, '$.address') IS NOT NULL OR"
		" json_array_length(s.doc, '$.machines') > 0) ORDER BY s.parent", "iit", (int64_t)OBJECT_INSTANCE,
		(int64_t)OBJECT_SERVICE, s->workspace);
	struct object target;
	yyjson_doc *service;
	yyjson_mut_doc *doc;

	while (db_row(s->db, q)) {
		if (!object_get(s->db, OBJECT_INSTANCE, db_text(q, 0), &target))
			continue;
		service = yyjson_read(db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1), 0);
		doc = yyjson_doc_mut_copy(service, NULL);
		s->target = &target;
		s->service = doc ? doc->root : NULL;
		binding_variables(origin->doc->root, try_variable, s);
		yyjson_mut_doc_free(doc);
		yyjson_doc_free(service);
		object_free(&target);
	}
}

int verb_instance_bindings_run(struct db *db, struct core_call *call)
{
	struct object_text all = { .p = NULL };
	struct binding_search s = { .db = db, .out = &all };
	unsigned count = 0;
	struct object o;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	s.workspace = o.owner;
	binding_variables(o.doc->root, count_variable, &count);
	if (count)
		try_targets(&s, &o);
	object_free(&o);
	answer_array(call, &all);
	return 0;
}

/* ---- instance.template, task.get ---- */

static void add_input(struct object *task, yyjson_val *args)
{
	static const char *const members[] = { "schema", "name", "instance_id", "datacenter", "folder", "datastore" };
	yyjson_mut_val *input = yyjson_mut_obj(task->doc);
	yyjson_val *v;

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if ((v = yyjson_obj_get(args, members[i])))
			yyjson_mut_obj_add_val(task->doc, input, members[i], yyjson_val_mut_copy(task->doc, v));
	yyjson_mut_obj_put(task->doc->root, yyjson_mut_str(task->doc, "input"), input);
}

static void task_new(struct db *db, struct core_call *call, const struct object *instance, struct object *task)
{
	char id[OBJECT_ID];

	object_id_guid(id);
	object_new(task, OBJECT_TASK, id, TEMPLATE_SCHEMA);
	snprintf(task->owner, sizeof task->owner, "%s", instance->owner);
	snprintf(task->organization, sizeof task->organization, "%s", instance->organization);
	snprintf(task->parent, sizeof task->parent, "%s", instance->id);
	snprintf(task->state, sizeof task->state, "submitted");
	object_set(task, "name", core_call_string(call, "name"));
	object_set(task, "instance_id", instance->id);
	object_set(task, "state", "submitted");
	object_set(task, "log", "");
	add_input(task, call->args);
	object_put(db, task);
	core_timer_add(db, "instance.template", id, "", INSTANCE_STEP);
}

/* May a template be made of it now? */
static bool template_allowed(struct core_call *call, const struct object *o)
{
	struct life_step step = life_decide(instance_state(o), instance_event(o), LIFE_DO_TEMPLATE);

	if (strcmp(core_call_string(call, "schema"), TEMPLATE_SCHEMA) != 0)
		core_answer_message(&call->answer, 400, "schema: must be " TEMPLATE_SCHEMA ".");
	else if (step.verdict != LIFE_STAY)
		core_answer_message(&call->answer, 409, "%s", step.reason);
	else
		return true;
	return false;
}

int verb_instance_template_run(struct db *db, struct core_call *call)
{
	struct object o, task;
	bool allowed;

	if (!access_object(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), call->verb->need, &o))
		return -1;
	allowed = template_allowed(call, &o);
	if (allowed) {
		task_new(db, call, &o, &task);
		core_answer_doc(&call->answer, call->verb->status, task.doc);
		object_free(&task);
	}
	object_free(&o);
	return allowed ? 0 : -1;
}

int verb_task_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_TASK, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

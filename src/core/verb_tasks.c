/* instance.tasks, instance.machine_logs, task.output: how operations are carried out, and what scripts wrote. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "instance.h"
#include "tasks.h"
#include "verbs_instances.h"

/* Tasks that are answered at once, the first ones; scripts of one log, the newest. */
#define TASKS_MAX 2000
#define LOGS_MAX 500

/* ---- instance.tasks ---- */

static void add_date(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *name, int64_t us)
{
	char date[OBJECT_DATE];

	object_date(us, date);
	if (us)
		yyjson_mut_obj_add_strcpy(doc, o, name, date);
	else
		yyjson_mut_obj_add_null(doc, o, name);
}

/* Of a script also which one it is. */
static void add_script(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *input)
{
	yyjson_doc *in = yyjson_read(input, strlen(input), 0);
	yyjson_val *root = yyjson_doc_get_root(in), *box = yyjson_obj_get(root, "box");

	if (yyjson_is_str(yyjson_obj_get(root, "event"))) {
		yyjson_mut_obj_add_strcpy(doc, o, "event", yyjson_get_str(yyjson_obj_get(root, "event")));
		yyjson_mut_obj_add_val(doc, o, "box", yyjson_val_mut_copy(doc, box));
	}
	yyjson_doc_free(in);
}

static void add_task(yyjson_mut_doc *doc, yyjson_mut_val *list, sqlite3_stmt *q)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_sint(doc, o, "task", db_int(q, 0));
	yyjson_mut_obj_add_strcpy(doc, o, "kind", db_text(q, 1));
	yyjson_mut_obj_add_sint(doc, o, "step", db_int(q, 2));
	yyjson_mut_obj_add_strcpy(doc, o, "machine", db_text(q, 3));
	yyjson_mut_obj_add_strcpy(doc, o, "state", db_int(q, 5) && !strcmp(db_text(q, 4), "leased") ? "cancelling" : db_text(q, 4));
	yyjson_mut_obj_add_sint(doc, o, "attempt", db_int(q, 6));
	yyjson_mut_obj_add_strcpy(doc, o, "message", db_text(q, 7));
	add_date(doc, o, "created", db_int(q, 8));
	add_date(doc, o, "started", db_int(q, 9));
	add_date(doc, o, "finished", db_int(q, 10));
	if (sqlite3_column_type(q, 11) == SQLITE_NULL)
		yyjson_mut_obj_add_null(doc, o, "exit_code");
	else
		yyjson_mut_obj_add_sint(doc, o, "exit_code", db_int(q, 11));
	yyjson_mut_obj_add_sint(doc, o, "output_length", db_int(q, 12));
	add_script(doc, o, db_text(q, 13));
}

int verb_instance_tasks_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *doc;
	struct object o;
	sqlite3_stmt *q;

	if (!access_peek(db, call, OBJECT_INSTANCE, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, yyjson_mut_arr(doc));
	q = db_query(db, "SELECT t.id, t.kind, t.step, coalesce(m.name, t.machine), t.state, t.cancel, t.attempts, t.message, t.created,"
		" t.started, t.finished, t.exit_code, t.output_length, t.input FROM task t LEFT JOIN machine m ON m.id = t.machine"
		" WHERE t.flow = ? AND t.flow <> '' AND t.instance = ? ORDER BY t.step, t.id LIMIT ?", "tti",
		core_call_string(call, "operation"), o.id, (int64_t)TASKS_MAX);
	object_free(&o);
	while (db_row(db, q))
		add_task(doc, doc->root, q);
	core_answer_doc(&call->answer, 200, doc);
	yyjson_mut_doc_free(doc);
	return 0;
}

/* ---- output ---- */

static yyjson_mut_val *begin_parts(struct core_call *call)
{
	core_answer_begin(&call->answer, 200);
	return yyjson_mut_obj_add_arr(call->answer.doc, call->answer.doc->root, "parts");
}

static void add_text(struct core_call *call, yyjson_mut_val *parts, const char *text)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(call->answer.doc, parts);

	yyjson_mut_obj_add_strcpy(call->answer.doc, o, "text", text);
}

static void add_segment(struct core_call *call, yyjson_mut_val *parts, int64_t task, int64_t from)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(call->answer.doc, parts);
	char name[32];

	snprintf(name, sizeof name, "out-%" PRId64, task);
	yyjson_mut_obj_add_strcpy(call->answer.doc, o, "segment", name);
	yyjson_mut_obj_add_sint(call->answer.doc, o, "from", from);
}

int verb_task_output_run(struct db *db, struct core_call *call)
{
	const char *from = core_call_string(call, "from");
	int64_t id = strtoll(core_call_string(call, "task"), NULL, 10), at = from ? strtoll(from, NULL, 10) : 0;
	struct core_task t;
	struct object o;
	bool seen = core_task_read(db, id, &t) && t.instance[0];

	core_task_free(&t);
	if (!seen) {
		core_answer_missing(&call->answer);
		return -1;
	}
	if (!access_peek(db, call, OBJECT_INSTANCE, t.instance, ACCESS_SEE, &o))
		return -1;
	object_free(&o);
	add_segment(call, begin_parts(call), id, at < 0 ? 0 : at);
	return 0;
}

/* ---- instance.machine_logs ---- */

static bool wanted(yyjson_val *entry, const char *member, const char *value)
{
	return !value || yyjson_equals_str(yyjson_obj_get(entry, member), value);
}

/* What the script is called in a log: by its event and the instance. */
static void add_script_log(struct core_call *call, yyjson_mut_val *parts, int64_t task, const char *event, const char *state)
{
	const char *id = core_call_string(call, "id");
	char line[OBJECT_ID + 128];

	snprintf(line, sizeof line, "Executing %.32s-%s script\n", event, id);
	add_text(call, parts, line);
	add_segment(call, parts, task, 0);
	if (!strcmp(state, "done"))
		snprintf(line, sizeof line, "%.32s-%s successfully executed.\n", event, id);
	else if (!strcmp(state, "waiting") || !strcmp(state, "leased"))
		return;
	else
		snprintf(line, sizeof line, "%.32s-%s failed.\n", event, id);
	add_text(call, parts, line);
}

static void add_log(struct core_call *call, yyjson_mut_val *parts, sqlite3_stmt *q)
{
	yyjson_doc *in = yyjson_read(db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1), 0);
	yyjson_val *root = yyjson_doc_get_root(in);
	const char *event = yyjson_get_str(yyjson_obj_get(root, "event"));

	if (event && wanted(root, "event", core_call_string(call, "event")) &&
			wanted(yyjson_obj_get(root, "box"), "name", core_call_string(call, "box")))
		add_script_log(call, parts, db_int(q, 0), event, db_text(q, 2));
	yyjson_doc_free(in);
}

int verb_instance_machine_logs_run(struct db *db, struct core_call *call)
{
	const char *id = core_call_string(call, "id"), *machine = core_call_string(call, "machine_name");
	yyjson_mut_val *parts;
	struct object o;
	sqlite3_stmt *q;

	if (!access_peek(db, call, OBJECT_INSTANCE, id, ACCESS_SEE, &o))
		return -1;
	object_free(&o);
	if (machine && !db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM machine WHERE instance = ? AND name = ?)", "tt", id, machine)) {
		core_answer_message(&call->answer, 404, "The instance has no machine of this name.");
		return -1;
	}
	parts = begin_parts(call);
	/* The newest, in the order in which they ran. operation: an id, or an event of operations. */
	q = db_query(db, "SELECT id, input, state FROM (SELECT t.id, t.input, t.state, t.started FROM task t JOIN machine m ON m.id ="
		" t.machine WHERE t.instance = ?1 AND t.instance <> '' AND t.kind = 'script' AND t.started > 0 AND (?2 IS NULL OR"
		" m.name = ?2) AND (?3 IS NULL OR t.flow = ?3 OR t.flow IN (SELECT operation FROM flow WHERE instance = ?1 AND"
		" plan = ?3)) ORDER BY t.id DESC LIMIT ?4) ORDER BY started, id", "ttti", id, machine,
		core_call_string(call, "operation"), (int64_t)LOGS_MAX);
	while (db_row(db, q))
		add_log(call, parts, q);
	return 0;
}

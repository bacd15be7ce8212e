/* firewall.status, firewall.own.*, firewall.confirm: what fwd says, and a change that has to be confirmed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall.h"
#include "tasks.h"
#include "truth.h"
#include "firewall/firewall.h"
#include "ipc/proto.h"

/* fwd answers at once, or is away. */
#define FWD_TIMEOUT 5.0
/* A change that is not told within this time is none, seconds: nobody would confirm it. */
#define CHANGE_DEADLINE 60

static void ask(struct core_call *call, uint16_t type, yyjson_mut_doc *doc, ipc_reply_fn *reply)
{
	ipc_client_call_json(call->core->fwd, type, doc, FWD_TIMEOUT, reply, call);
}

static yyjson_mut_doc *question(int64_t generation)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d);

	yyjson_mut_doc_set_root(d, o);
	if (generation)
		yyjson_mut_obj_add_sint(d, o, "generation", generation);
	return d;
}

static void absent(struct core_call *call)
{
	core_call_refuse(call, 503, "The firewall does not answer at the moment. Please try again.");
}

/* ---- firewall.status ---- */

static void on_status(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;

	if (error || (msg->flags & IPC_ERROR)) {
		absent(call);
		return;
	}
	core_answer_raw(&call->answer, 200, (const char *)msg->body);
	core_call_finish(call);
}

static void ask_status(struct core_call *call)
{
	ask(call, PROTO_FWD_STATUS, question(0), on_status);
}

void verb_firewall_status_start(struct core_call *call)
{
	core_call_permitted(call, ask_status);
}

/* ---- the own table ---- */

static char *setting(struct db *db)
{
	sqlite3_stmt *q = db_query(db, "SELECT doc FROM setting WHERE name = 'firewall'", "");
	char *text = NULL;

	if (db_row(db, q)) {
		text = strdup(db_text(q, 0));
		db_end(q);
	}
	return text;
}

static void keep(struct db *db, yyjson_mut_doc *d)
{
	char *text = yyjson_mut_write(d, 0, NULL);

	if (text)
		db_run(db, "INSERT INTO setting(name, doc, updated) VALUES('firewall', ?, ?) ON CONFLICT(name) DO UPDATE SET"
			" doc = excluded.doc, updated = excluded.updated", "ti", text, core_stamp(db));
	free(text);
}

/* {"own","generation","pending":{"own","generation"}?} as it is, to be changed. */
static yyjson_mut_doc *state(struct db *db)
{
	char *text = setting(db);
	yyjson_doc *kept = text ? yyjson_read(text, strlen(text), 0) : NULL;
	yyjson_mut_doc *d;

	if (kept) {
		d = yyjson_doc_mut_copy(kept, NULL);
	} else {
		d = question(0);
		yyjson_mut_obj_add_str(d, yyjson_mut_doc_get_root(d), "own", "");
		yyjson_mut_obj_add_sint(d, yyjson_mut_doc_get_root(d), "generation", 0);
	}
	yyjson_doc_free(kept);
	free(text);
	return d;
}

static void add_lines(yyjson_mut_doc *d, yyjson_mut_val *o, const char *text)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "lines");

	for (const char *eol; text && (eol = strchr(text, '\n')); text = eol + 1)
		yyjson_mut_arr_add_strncpy(d, list, text, (size_t)(eol - text));
}

/* The lines of a request as one text (malloc), each with its end; NULL when one is no text. */
static char *join_lines(yyjson_val *lines)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(lines);
	size_t len = 1;
	char *text, *p;
	yyjson_val *v;

	while ((v = yyjson_arr_iter_next(&it))) {
		if (!yyjson_is_str(v) || memchr(yyjson_get_str(v), '\n', yyjson_get_len(v)))
			return NULL;
		len += yyjson_get_len(v) + 1;
	}
	text = p = malloc(len);
	it = yyjson_arr_iter_with(lines);
	while (text && (v = yyjson_arr_iter_next(&it))) {
		p = mempcpy(p, yyjson_get_str(v), yyjson_get_len(v));
		*p++ = '\n';
	}
	if (text)
		*p = 0;
	return text;
}

int verb_firewall_own_get_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *d = state(db);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(d), *body = core_answer_object(&call->answer, 200);

	add_lines(call->answer.doc, body, yyjson_mut_get_str(yyjson_mut_obj_get(root, "own")));
	yyjson_mut_obj_add_sint(call->answer.doc, body, "generation", yyjson_mut_get_sint(yyjson_mut_obj_get(root, "generation")));
	yyjson_mut_doc_free(d);
	return 0;
}

static void change_task(struct db *db, const char *own, int64_t generation)
{
	yyjson_mut_doc *d = question(0), *model = firewall_model(db);
	yyjson_mut_val *o = yyjson_mut_doc_get_root(d), *m = yyjson_mut_val_mut_copy(d, yyjson_mut_doc_get_root(model));
	char key[48], *input;

	yyjson_mut_obj_put(m, yyjson_mut_str(d, "own"), yyjson_mut_strcpy(d, own));
	yyjson_mut_obj_put(m, yyjson_mut_str(d, "generation"), yyjson_mut_sint(d, generation));
	yyjson_mut_obj_add_val(d, o, "model", m);
	yyjson_mut_obj_add_bool(d, o, "confirm", true);
	input = yyjson_mut_write(d, 0, NULL);
	snprintf(key, sizeof key, "firewall-change-%" PRId64, generation);
	if (input)
		core_task_replace(db, "fwd", "firewall", "appliance", key, input, CHANGE_DEADLINE);
	free(input);
	yyjson_mut_doc_free(model);
	yyjson_mut_doc_free(d);
}

static int own_put_run(struct db *db, struct core_call *call)
{
	const char *own = call->state;
	yyjson_mut_doc *d = state(db);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(d), *pending = yyjson_mut_obj_get(root, "pending"), *body;
	int64_t generation = yyjson_mut_get_sint(yyjson_mut_obj_get(pending ? pending : root, "generation")) + 1;

	pending = yyjson_mut_obj(d);
	yyjson_mut_obj_add_strcpy(d, pending, "own", own);
	yyjson_mut_obj_add_sint(d, pending, "generation", generation);
	yyjson_mut_obj_put(root, yyjson_mut_str(d, "pending"), pending);
	keep(db, d);
	yyjson_mut_doc_free(d);
	change_task(db, own, generation);
	core_event(db, "appliance.firewall", "appliance", "{\"state\":\"changed\"}");
	body = core_answer_object(&call->answer, 200);
	yyjson_mut_obj_add_sint(call->answer.doc, body, "generation", generation);
	yyjson_mut_obj_add_sint(call->answer.doc, body, "seconds", 30);
	return 0;
}

static void kick(struct core_call *call)
{
	core_engine_kick(call->core);
	core_call_finish(call);
}

void verb_firewall_own_put_start(struct core_call *call)
{
	char *own = join_lines(yyjson_obj_get(call->args, "lines"));
	struct fw_tables *t = fw_tables_new();
	char error[FW_ERROR] = "lines: each must be a text of one line.";
	int rc = own ? fw_parse(t, "own.fw", own, strlen(own), true, error) : -1;

	call->state = own;
	call->forget = free;

	fw_tables_free(t);
	if (rc < 0)
		core_call_refuse(call, 400, "%s", error);
	else if (!ipc_client_connected(call->core->fwd))
		absent(call);
	else
		core_call_write(call, own_put_run, kick, false);
}

/* ---- firewall.confirm ---- */

static int confirmed_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *d = state(db);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(d), *pending = yyjson_mut_obj_get(root, "pending");
	const char *own = yyjson_mut_get_str(yyjson_mut_obj_get(pending, "own"));
	int64_t generation = yyjson_mut_get_sint(yyjson_mut_obj_get(pending, "generation"));

	/* a repetition of what has been confirmed finds nothing to do */
	if (pending && generation == yyjson_get_sint(yyjson_obj_get(call->args, "generation"))) {
		yyjson_mut_obj_put(root, yyjson_mut_str(d, "own"), yyjson_mut_strcpy(d, own ? own : ""));
		yyjson_mut_obj_put(root, yyjson_mut_str(d, "generation"), yyjson_mut_sint(d, generation));
		yyjson_mut_obj_remove_key(root, "pending");
		keep(db, d);
		core_event(db, "appliance.firewall", "appliance", "{\"state\":\"confirmed\"}");
	}
	yyjson_mut_doc_free(d);
	core_answer_begin(&call->answer, 204);
	return 0;
}

static void on_confirmed(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	yyjson_doc *d;
	const char *why;

	if (!error && !(msg->flags & IPC_ERROR)) {
		core_call_write(call, confirmed_run, core_call_finish, false);
		return;
	}
	d = error ? NULL : ipc_msg_json(msg);
	why = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "message"));
	if (why)
		core_call_refuse(call, 409, "%s", why);
	else
		absent(call);
	yyjson_doc_free(d);
}

static void ask_confirm(struct core_call *call)
{
	ask(call, PROTO_FWD_CONFIRM, question(yyjson_get_sint(yyjson_obj_get(call->args, "generation"))), on_confirmed);
}

void verb_firewall_confirm_start(struct core_call *call)
{
	core_call_permitted(call, ask_confirm);
}

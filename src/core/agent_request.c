/* Requests of the `elasticbox` command on a machine: set, notify, context. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "instance.h"
#include "instance_stack.h"
#include "prepare.h"
#include "rebind.h"
#include "unseal.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Longest value that may be set, bytes. */
#define VALUE_MAX 65536
#define SEAL_TIMEOUT 10.

struct request {
	struct core_job work;		/* first */
	struct core *core;
	int64_t channel, number;
	char machine[OBJECT_ID], instance[OBJECT_ID];
	yyjson_doc *doc;		/* its value may be a secret: wiped */
	struct prepare_facts facts;
	struct context context;
	/* set: where it goes */
	bool secret, admin;
	char scope[STACK_PATH], name[STACK_PATH], type[32];
	char *sealed;
	int status, count;
	char message[256];
};

static yyjson_val *message_of(const struct request *r)
{
	return yyjson_obj_get(yyjson_doc_get_root(r->doc), "message");
}

static const char *member(const struct request *r, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(message_of(r), name));

	return s ? s : "";
}

static void request_free(struct request *r)
{
	const char *value = member(r, "value");

	sodium_memzero((void *)(uintptr_t)value, strlen(value));
	unseal_wipe(&r->context);
	context_free(&r->context);
	yyjson_mut_doc_free(r->context.doc);
	yyjson_doc_free(r->doc);
	free(r->sealed);
	sodium_memzero(&r->facts, sizeof r->facts);
	free(r);
}

/* ---- the answer ---- */

/* body is of doc; NULL = {"message":...}. */
static void answer(struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char *json;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "type", "reply");
	yyjson_mut_obj_add_sint(doc, root, "request", r->number);
	yyjson_mut_obj_add_int(doc, root, "status", r->status);
	if (!body) {
		body = yyjson_mut_obj(doc);
		yyjson_mut_obj_add_strcpy(doc, body, "message", r->message);
	}
	yyjson_mut_obj_add_val(doc, root, "body", body);
	json = yyjson_mut_write(doc, 0, NULL);
	if (json) {
		core_agent_send(r->core, r->channel, json, 0);
		sodium_memzero(json, strlen(json));
	}
	free(json);
}

static void finish(struct request *r)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	answer(r, doc, NULL);
	yyjson_mut_doc_free(doc);
	request_free(r);
}

static int refuse(struct request *r, int status, const char *sentence)
{
	r->status = status;
	snprintf(r->message, sizeof r->message, "%s", sentence);
	return -1;
}

static void failed(struct request *r)
{
	refuse(r, 503, "The appliance cannot use its database at the moment. Please try again.");
	finish(r);
}

/* ---- which box, which variable ---- */

static const char *text(yyjson_mut_val *o, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(o, name));

	return s ? s : "";
}

/* By its path; by hand people name the main box, too. */
static int find_node(const struct instance_stack *s, const char *path)
{
	int at = stack_find(s, path);

	return at < 0 && s->count && !strcmp(text(s->node[0].box, "name"), path) ? 0 : at;
}

static yyjson_mut_val *declared(yyjson_mut_val *box, const char *name)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box, "variables"));
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(v, "name"), name) && !text(v, "scope")[0])
			return v;
	return NULL;
}

/* "child.name" of a box is `name` of the box below it. */
static void full_path(const struct request *r, char path[2 * STACK_PATH], char name[STACK_PATH])
{
	const char *box = member(r, "box"), *whole = member(r, "name"), *dot = strrchr(whole, '.');

	snprintf(name, STACK_PATH, "%s", dot ? dot + 1 : whole);
	if (dot)
		snprintf(path, 2 * STACK_PATH, "%.255s%s%.*s", box, box[0] ? "." : "", (int)(dot - whole), whole);
	else
		snprintf(path, 2 * STACK_PATH, "%.255s", box);
}

static int resolve_variable(struct request *r, const struct instance_stack *s)
{
	char path[2 * STACK_PATH], sentence[200];
	yyjson_mut_val *v;
	int at;

	full_path(r, path, r->name);
	at = find_node(s, path);
	v = at < 0 ? NULL : declared(s->node[at].box, r->name);
	if (!v) {
		snprintf(sentence, sizeof sentence, "There is no variable %.80s%s%.80s.", path, path[0] ? "." : "", r->name);
		return refuse(r, 404, sentence);
	}
	snprintf(r->type, sizeof r->type, "%s", text(v, "type"));
	if (!strcmp(r->type, "Box") || !strcmp(r->type, "Binding") || !strcmp(r->type, "File"))
		return refuse(r, 400, "A variable of this type cannot be set.");
	if (strlen(member(r, "value")) > VALUE_MAX)
		return refuse(r, 400, "The value is too long.");
	r->admin = s->node[at].admin;
	r->secret = !strcmp(r->type, "Password");
	snprintf(r->scope, sizeof r->scope, "%s", s->node[at].path + (r->admin ? 1 : 0));
	return 0;
}

/* ---- context ---- */

static int build_context(struct request *r, struct db *db, const struct object *instance, const struct machine *m)
{
	struct instance_stack s;
	yyjson_mut_val *context;
	char path[STACK_PATH] = "";
	int at;

	stack_read(db, instance, &s);
	at = find_node(&s, member(r, "box"));
	if (at >= 0)
		snprintf(path, sizeof path, "%s", s.node[at].path);
	stack_free(&s);
	if (at < 0)
		return refuse(r, 404, "There is no such box.");
	r->context.db = db;
	r->context.doc = yyjson_mut_doc_new(NULL);
	r->context.key = r->facts.keyed ? r->facts.key : NULL;
	r->context.host = r->facts.host;
	context = context_build(&r->context, instance, m, path);
	if (!context)
		return refuse(r, 404, "There is no such box.");
	yyjson_mut_doc_set_root(r->context.doc, context);
	r->status = 200;
	return 0;
}

static int look_run(struct db *db, struct db_job *job)
{
	struct request *r = (struct request *)((char *)job - offsetof(struct core_job, job));
	struct instance_stack s;
	struct object instance;
	struct machine m;

	if (!machine_read(db, r->machine, &m) || m.channel != r->channel || !object_get(db, OBJECT_INSTANCE, m.instance, &instance))
		return refuse(r, 409, "The machine is not known, or is connected anew.");
	snprintf(r->instance, sizeof r->instance, "%s", m.instance);
	r->status = 0;
	if (!strcmp(member(r, "verb"), "context")) {
		build_context(r, db, &instance, &m);
	} else {
		stack_read(db, &instance, &s);
		resolve_variable(r, &s);
		stack_free(&s);
	}
	object_free(&instance);
	return 0;
}

static void context_opened(bool good, void *arg)
{
	struct request *r = arg;

	if (good) {
		answer(r, r->context.doc, r->context.doc->root);
		request_free(r);
		return;
	}
	refuse(r, 503, "The secret values cannot be opened at the moment. Please try again.");
	finish(r);
}

/* ---- set ---- */

static yyjson_mut_val *list_of(const struct request *r, struct object *o)
{
	yyjson_mut_val *in = r->admin ? yyjson_mut_obj_get(o->doc->root, "policy_box") : o->doc->root, *list;

	list = yyjson_mut_obj_get(in, "variables");
	if (!yyjson_mut_is_arr(list)) {
		list = yyjson_mut_arr(o->doc);
		yyjson_mut_obj_put(in, yyjson_mut_str(o->doc, "variables"), list);
	}
	return list;
}

static yyjson_mut_val *entry(const struct request *r, struct object *o)
{
	yyjson_mut_val *list = list_of(r, o), *v;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(v, "name"), r->name) && !strcmp(text(v, "scope"), r->scope))
			return v;
	v = yyjson_mut_arr_add_obj(o->doc, list);
	yyjson_mut_obj_add_strcpy(o->doc, v, "name", r->name);
	yyjson_mut_obj_add_strcpy(o->doc, v, "type", r->type);
	yyjson_mut_obj_add_bool(o->doc, v, "required", false);
	yyjson_mut_obj_add_str(o->doc, v, "visibility", "public");
	if (r->scope[0])
		yyjson_mut_obj_add_strcpy(o->doc, v, "scope", r->scope);
	return v;
}

/* The name its secret has, as secrets_cut gives it. */
static void field_of(const struct request *r, char out[STACK_FIELD + 64])
{
	snprintf(out, STACK_FIELD + 64, "%svariables/%s%s%s", r->admin ? "policy_box/" : "", r->scope, r->scope[0] ? ":" : "",
		r->name);
}

static void keep_secret(struct db *db, const struct request *r)
{
	char field[STACK_FIELD + 64];

	field_of(r, field);
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES(?, ?, ?) ON CONFLICT(object, field) DO UPDATE SET"
		" sealed = excluded.sealed, sealed_object = NULL, sealed_field = NULL", "ttt", r->instance, field, r->sealed);
}

static int set_run(struct db *db, struct db_job *job)
{
	struct request *r = (struct request *)((char *)job - offsetof(struct core_job, job));
	struct object o;
	size_t len = 0;

	if (!object_get(db, OBJECT_INSTANCE, r->instance, &o))
		return refuse(r, 404, "The instance is gone.");
	yyjson_mut_obj_put(entry(r, &o), yyjson_mut_str(o.doc, "value"),
		yyjson_mut_strcpy(o.doc, r->secret ? "********" : member(r, "value")));
	free(yyjson_mut_write(o.doc, 0, &len));
	if (len + 4096 > OBJECT_DOC_MAX) {
		object_free(&o);
		return refuse(r, 400, "The instance would be too large.");
	}
	object_put(db, &o);
	if (r->secret)
		keep_secret(db, r);
	object_free(&o);
	refuse(r, 200, "The variable was set.");
	return 0;
}

static int notify_run(struct db *db, struct db_job *job)
{
	struct request *r = (struct request *)((char *)job - offsetof(struct core_job, job));
	struct machine m;
	char sentence[96];

	if (!machine_read(db, r->machine, &m) || m.channel != r->channel)
		return refuse(r, 409, "The machine is not known, or is connected anew.");
	r->count = rebind_notify(db, m.instance);
	snprintf(sentence, sizeof sentence, "%d bound instance%s will be reconfigured.", r->count, r->count == 1 ? "" : "s");
	refuse(r, 200, sentence);
	return 0;
}

static void write_done(struct core_job *work)
{
	struct request *r = (struct request *)work;

	core_engine_kick(work->core);
	if (work->job.failure)
		failed(r);
	else
		finish(r);
}

static void to_writer(struct request *r, int (*run)(struct db *, struct db_job *))
{
	memset(&r->work, 0, sizeof r->work);
	r->work.job.run = run;
	r->work.done = write_done;
	core_job_write(r->core, &r->work);
}

static void sealed(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = arg;
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	const char *value = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "sealed"));

	r->sealed = value ? strdup(value) : NULL;
	yyjson_doc_free(doc);
	if (r->sealed) {
		to_writer(r, set_run);
		return;
	}
	refuse(r, 503, "Secret values cannot be kept at the moment. Please try again.");
	finish(r);
}

static void seal(struct request *r)
{
	const char *value = member(r, "value");
	size_t len = strlen(value), cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *plain = malloc(cap), field[STACK_FIELD + 64];

	if (!doc || !plain)
		log_fatal("request");
	field_of(r, field);
	sodium_bin2base64(plain, cap, (const unsigned char *)value, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_strcpy(doc, doc->root, "object", r->instance);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "field", field);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "plain", plain);
	sodium_memzero(plain, cap);
	free(plain);
	ipc_client_call_json(r->core->keyd, PROTO_KEYD_SEAL, doc, SEAL_TIMEOUT, sealed, r);
}

/* ---- which way it goes ---- */

static void look_done(struct core_job *work)
{
	struct request *r = (struct request *)work;

	if (work->job.failure)
		failed(r);
	else if (r->status >= 400)
		finish(r);
	else if (!strcmp(member(r, "verb"), "context"))
		unseal(r->core, &r->context, NULL, context_opened, r);
	else if (r->secret)
		seal(r);
	else
		to_writer(r, set_run);
}

void core_agent_request(struct core *core, int64_t channel, const char *machine, yyjson_doc *doc)
{
	struct request *r = calloc(1, sizeof *r);
	const char *verb;

	if (!r)
		log_fatal("request");
	r->core = core;
	r->channel = channel;
	r->doc = doc;
	r->number = yyjson_get_sint(yyjson_obj_get(message_of(r), "request"));
	snprintf(r->machine, sizeof r->machine, "%s", machine);
	core_prepare_facts(core, &r->facts);
	verb = member(r, "verb");
	if (!strcmp(verb, "notify")) {
		to_writer(r, notify_run);
	} else if (!strcmp(verb, "set") || !strcmp(verb, "context")) {
		r->work.job.run = look_run;
		r->work.done = look_done;
		core_job_read(core, &r->work);
	} else {
		refuse(r, 400, "verb: must be set, notify or context.");
		finish(r);
	}
}

/* A task's message on its way: to a reader, to keyd for its secrets, to the worker. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "blobs.h"
#include "box.h"
#include "prepare.h"
#include "unseal.h"
#include "http/text.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"
#include "template/template.h"

/* Waiting for store, seconds. */
#define STORE_TIMEOUT 10.0
/* Two questions to each of some name servers may take this long, seconds. */
#define RESOLVE_TIMEOUT 20.0

struct sending {
	struct core_job work;		/* first */
	struct core *core;
	struct prepare_facts facts;
	char *ca;
	int64_t task;
	int file;			/* while it is read */
	enum prepare_result result;
	struct prepared p;
};

/* What the writer does with a task whose message did not come about. */
struct unsent {
	struct core_job work;
	struct core_task task;
	bool never;
	char why[160];
};

void core_prepare_facts(struct core *core, struct prepare_facts *f)
{
	const uint8_t *key = core_blob_key();

	memset(f, 0, sizeof *f);
	f->keyed = key != NULL;
	if (key)
		memcpy(f->key, key, sizeof f->key);
	core_host(core, f->host, sizeof f->host);
	snprintf(f->agents_name, sizeof f->agents_name, "%s", core->identity.agents_name);
	snprintf(f->id, sizeof f->id, "%s", core->identity.id);
	f->ca = core->identity.ca_pem;
	f->own_count = core->address_count;
	memcpy(f->own, core->addresses, sizeof f->own);
}

static void sending_free(struct sending *s)
{
	unseal_wipe(&s->p.context);
	prepared_free(&s->p);
	sodium_memzero(&s->facts, sizeof s->facts);
	free(s->ca);
	free(s);
}

/* ---- back to the writer ---- */

static int unsent_run(struct db *db, struct db_job *job)
{
	struct unsent *u = (struct unsent *)((char *)job - offsetof(struct core_job, job));

	if (u->never)
		core_task_result(db, u->task.worker, u->task.id, u->task.fence, CORE_OUTCOME_REFUSED, u->why, NULL);
	else
		core_task_unsent(db, u->task.id, u->task.fence, PREPARE_AGAIN, u->why);
	return 0;
}

static void unsent_done(struct core_job *work)
{
	core_engine_kick(work->core);
	free(work);
}

static void give_back(struct sending *s, bool never)
{
	struct unsent *u = calloc(1, sizeof *u);

	if (!u)
		log_fatal("prepare");
	u->task = s->p.task;
	u->task.input = NULL;
	u->never = never;
	snprintf(u->why, sizeof u->why, "%s", s->p.why);
	if (!never)
		log_info("task %lld: %s", (long long)u->task.id, u->why);
	u->work.job.run = unsent_run;
	u->work.job.essential = true;
	u->work.done = unsent_done;
	core_job_write(s->core, &u->work);
	sending_free(s);
}

/* ---- the worker ---- */

static void send_room(struct sending *s, const char *json, size_t len)
{
	struct core_link *link = core_engine_room(s->core, s->p.task.worker);

	/* When it is gone by now its lease runs out, or it returns without the task. */
	if (link && link->conn)
		ipc_send(link->conn, 0, PROTO_CORE_TASK, 0, json, (uint32_t)len, NULL, 0);
}

static void secrets_opened(bool good, void *arg)
{
	struct sending *s = arg;
	size_t len = 0;
	char *json;

	if (!good) {
		snprintf(s->p.why, sizeof s->p.why, "keyd does not open its secret values at the moment");
		give_back(s, false);
		return;
	}
	json = yyjson_mut_write(s->p.context.doc, 0, &len);
	unseal_wipe(&s->p.context);
	if (!json || len > (s->p.channel ? PREPARE_MAX : IPC_BODY_MAX)) {
		snprintf(s->p.why, sizeof s->p.why, "its variables are too large for one message");
		if (json)
			sodium_memzero(json, len);
		free(json);
		give_back(s, true);
		return;
	}
	if (s->p.channel)
		core_agent_send(s->core, s->p.channel, json, 0);
	else
		send_room(s, json, len);
	sodium_memzero(json, len);
	free(json);
	sending_free(s);
}

static void open_secrets(struct sending *s)
{
	unseal(s->core, &s->p.context, s->p.channel ? NULL : s->p.task.worker, secrets_opened, s);
}

/* ---- a file of the task ---- */

static int file_run(struct db *db, struct db_job *job)
{
	struct sending *s = (struct sending *)((char *)job - offsetof(struct core_job, job));
	yyjson_mut_doc *doc = s->p.context.doc;
	size_t len;
	char *bytes = box_template_read(s->file, &len);

	(void)db;
	close(s->file);
	s->file = -1;
	s->result = len <= TEMPLATE_MAX && !memchr(bytes, 0, len) && http_utf8_valid((struct http_slice){ bytes, len }) ? PREPARE_GOOD : PREPARE_NEVER;
	if (s->result == PREPARE_GOOD)
		yyjson_mut_obj_add_strncpy(doc, yyjson_mut_obj_get(doc->root, "input"), "template", bytes, len);
	free(bytes);
	return 0;
}

static void file_done(struct core_job *work)
{
	struct sending *s = (struct sending *)work;

	if (!work->job.failure && s->result == PREPARE_GOOD) {
		open_secrets(s);
		return;
	}
	snprintf(s->p.why, sizeof s->p.why, "its template is not a text, or too large");
	give_back(s, !work->job.failure);
}

static void on_file(struct ipc_msg *msg, int error, void *arg)
{
	struct sending *s = arg;

	s->file = error || (msg->flags & IPC_ERROR) ? -1 : ipc_msg_take_fd(msg, 0);
	if (s->file < 0) {
		snprintf(s->p.why, sizeof s->p.why, "its template cannot be read at the moment");
		give_back(s, false);
		return;
	}
	s->work.job.run = file_run;
	s->work.done = file_done;
	core_job_read(s->core, &s->work);
}

/* Then its secrets. */
static void read_file(struct sending *s)
{
	struct ipc_client *store = core_store();
	yyjson_mut_doc *doc;

	if (!s->p.digest[0]) {
		open_secrets(s);
		return;
	}
	if (!store) {
		on_file(NULL, ENOTCONN, s);
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	if (!doc)
		log_fatal("prepare");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "digest", s->p.digest);
	ipc_client_call_json(store, PROTO_STORE_GET, doc, STORE_TIMEOUT, on_file, s);
}

/* ---- a provider's names ---- */

/* The names that are asked for: that of the record, then those of its endpoints, as far as there is a way to them. f for each, and the
 * endpoint's port (0 = all ports of the peer). */
static unsigned each_name(struct sending *s, void (*f)(yyjson_mut_doc *doc, yyjson_mut_val *of, const char *name, int64_t port), yyjson_mut_doc *doc,
	yyjson_mut_val *of)
{
	yyjson_mut_val *input = yyjson_mut_obj_get(s->p.context.doc->root, "input"), *e;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(input, "endpoints"));
	unsigned n = s->p.name[0] != 0;
	const char *host;
	struct addr a;

	if (n)
		f(doc, of, s->p.name, 0);
	while ((e = yyjson_mut_arr_iter_next(&it))) {
		host = yyjson_mut_get_str(yyjson_mut_obj_get(e, "host"));
		if (yyjson_mut_obj_get(e, "message") || addr_parse(&a, host) == 0)
			continue;
		f(doc, of, host, yyjson_mut_get_sint(yyjson_mut_obj_get(e, "port")));
		n++;
	}
	return n;
}

static void no_address(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *name, int64_t port)
{
	yyjson_mut_val *names = yyjson_mut_obj_get(root, "names"), *one;

	(void)port;
	if (yyjson_mut_obj_get(names, name))
		return;
	one = yyjson_mut_obj(doc);
	yyjson_mut_obj_add(names, yyjson_mut_strcpy(doc, name), one);
	yyjson_mut_obj_add_val(doc, one, "message", yyjson_mut_val_mut_copy(doc, yyjson_mut_obj_get(root, "why")));
}

/* Without an address the worker hears why, and ends the task as if the provider did not answer. */
static void on_resolved(struct ipc_msg *msg, int error, void *arg)
{
	struct sending *s = arg;
	yyjson_mut_doc *doc = s->p.context.doc;
	yyjson_mut_val *input = yyjson_mut_obj_get(doc->root, "input"), *answer = yyjson_mut_obj(doc), *names = NULL;
	yyjson_doc *d = error ? NULL : ipc_msg_json(msg);
	const char *why = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "message"));

	if (d && !(msg->flags & IPC_ERROR))
		names = yyjson_val_mut_copy(doc, yyjson_obj_get(yyjson_doc_get_root(d), "names"));
	yyjson_mut_obj_add_val(doc, answer, "names", names ? names : yyjson_mut_obj(doc));
	yyjson_mut_obj_add_strcpy(doc, answer, "why", why ? why : "its name cannot be looked up at the moment: the firewall does not answer");
	each_name(s, no_address, doc, answer);
	yyjson_mut_obj_add_val(doc, input, "names", yyjson_mut_obj_remove_key(answer, "names"));
	yyjson_doc_free(d);
	read_file(s);
}

static bool has_text(yyjson_mut_val *list, const char *text)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(v, text))
			return true;
	return false;
}

static void want_name(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *name, int64_t port)
{
	yyjson_mut_val *names = yyjson_mut_obj_get(root, "names"), *ports = yyjson_mut_obj_get(root, "ports");

	if (!has_text(names, name))
		yyjson_mut_arr_add_strcpy(doc, names, name);
	if (!port)
		return;
	if (!yyjson_mut_obj_get(ports, name))
		yyjson_mut_obj_add(ports, yyjson_mut_strcpy(doc, name), yyjson_mut_arr(doc));
	yyjson_mut_arr_add_sint(doc, yyjson_mut_obj_get(ports, name), port);
}

static void resolve(struct sending *s)
{
	int64_t left = (s->p.task.deadline_boot - plat_clock_boot()) / PLAT_SECOND;
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);

	if (!root)
		log_fatal("prepare");
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "peer", s->p.peer);
	yyjson_mut_obj_add_arr(d, root, "names");
	yyjson_mut_obj_add_obj(d, root, "ports");
	yyjson_mut_obj_add_sint(d, root, "hold", left < 0 ? 0 : left);
	if (each_name(s, want_name, d, root)) {
		ipc_client_call_json(s->core->fwd, PROTO_FWD_RESOLVE, d, RESOLVE_TIMEOUT, on_resolved, s);
		return;
	}
	yyjson_mut_doc_free(d);
	read_file(s);
}

static int message_run(struct db *db, struct db_job *job)
{
	struct sending *s = (struct sending *)((char *)job - offsetof(struct core_job, job));

	s->result = prepare_message(db, &s->facts, s->task, &s->p);
	return 0;
}

static void message_done(struct core_job *work)
{
	struct sending *s = (struct sending *)work;

	if (work->job.failure) {
		snprintf(s->p.why, sizeof s->p.why, "the database cannot be read at the moment");
		s->result = PREPARE_LATER;
	}
	switch (s->result) {
	case PREPARE_GOOD:
		if (s->p.peer && !strcmp(s->p.task.worker, "cloud"))
			resolve(s);
		else
			read_file(s);
		return;
	case PREPARE_GONE:
		sending_free(s);
		return;
	default:
		give_back(s, s->result == PREPARE_NEVER);
	}
}

void core_prepare(struct core *core, int64_t task)
{
	struct sending *s = calloc(1, sizeof *s);

	if (!s)
		log_fatal("prepare");
	s->core = core;
	s->task = task;
	core_prepare_facts(core, &s->facts);
	/* The identity may change meanwhile. */
	s->ca = strdup(s->facts.ca ? s->facts.ca : "");
	s->facts.ca = s->ca;
	s->work.job.run = message_run;
	s->work.done = message_done;
	core_job_read(core, &s->work);
}

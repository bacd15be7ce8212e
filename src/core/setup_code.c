/*
 * The one-time code of the first visitor.  Made at the first start, kept sealed in
 * the database, shown on the appliance's screen until it has been used.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "truth.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/random.h"

#define OBJECT "appliance"
#define FIELD "setup_code"
/* Pause before keyd is asked again, seconds. */
#define RETRY 2.0
/* Life of the ticket to unseal it, seconds. */
#define TICKET_LIFE 60
#define SEALED_MAX 1024

/* 32 letters and digits that cannot be taken for one another: 5 bits each. */
static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

struct core_setup_code {
	struct core *core;
	bool ready, working;
	char text[CORE_CODE_TEXT];
	char sealed[SEALED_MAX];
	struct ev_timer retry;
};

static void code_make(struct core_setup_code *c);

const char *core_setup_code(const struct core *core)
{
	return core->code && core->code->ready && !core->setup ? core->code->text : NULL;
}

void core_setup_code_forget(struct core *core)
{
	if (!core->code)
		return;
	core->code->ready = false;
	sodium_memzero(core->code->text, sizeof core->code->text);
	sodium_memzero(core->code->sealed, sizeof core->code->sealed);
}

static void code_retry(struct core_setup_code *c, const char *what, int error)
{
	log_warn("setup code: %s: %s", what, error ? strerror(error) : "refused");
	c->working = false;
	ev_timer_stop(c->core->loop, &c->retry);
	ev_timer_set(&c->retry, RETRY, 0.);
	ev_timer_start(c->core->loop, &c->retry);
}

static void code_ready(struct core_setup_code *c)
{
	c->working = false;
	c->ready = true;
	core_console_changed(c->core);
}

static void retry_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct core_setup_code *c = t->data;

	(void)loop;
	(void)events;
	core_setup_code_open(c->core);
}

/* ---- it is there: a ticket, then keyd opens it ---- */

static bool code_plausible(const char *text)
{
	if (strlen(text) != CORE_CODE_TEXT - 1 || text[4] != '-')
		return false;
	for (int i = 0; i < CORE_CODE_TEXT - 1; i++)
		if (i != 4 && !strchr(alphabet, text[i]))
			return false;
	return true;
}

static void unseal_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_setup_code *c = arg;
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	const char *plain = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "plain"));
	size_t len = 0;

	if (error) {
		code_retry(c, "unseal", error);
		return;
	}
	if (plain && !sodium_base642bin((unsigned char *)c->text, sizeof c->text - 1, plain, strlen(plain), NULL, &len,
			NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING)) {
		c->text[len] = 0;
		sodium_memzero((void *)(uintptr_t)plain, strlen(plain));
	}
	yyjson_doc_free(doc);
	if (len && code_plausible(c->text)) {
		code_ready(c);
		return;
	}
	/* Sealed under a master key that is gone: nobody can use it any more. */
	log_warn("setup code: cannot be opened: a new one is made");
	code_make(c);
}

static void ticket_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_setup_code *c = arg;
	yyjson_doc *reply = error ? NULL : ipc_msg_json(msg);
	const char *ticket = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(reply), "ticket"));
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;

	if (!ticket) {
		code_retry(c, "ticket", error);
		yyjson_doc_free(reply);
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "object", OBJECT);
	yyjson_mut_obj_add_str(doc, root, "field", FIELD);
	yyjson_mut_obj_add_strcpy(doc, root, "sealed", c->sealed);
	yyjson_mut_obj_add_strcpy(doc, root, "ticket", ticket);
	yyjson_doc_free(reply);
	ipc_client_call_json(c->core->keyd, PROTO_KEYD_UNSEAL, doc, 10., unseal_replied, c);
}

static void code_unseal(struct core_setup_code *c)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "room", "core");
	yyjson_mut_obj_add_str(doc, root, "object", OBJECT);
	yyjson_mut_obj_add_str(doc, root, "field", FIELD);
	yyjson_mut_obj_add_int(doc, root, "lifetime", TICKET_LIFE);
	ipc_client_call_json(c->core->keyd, PROTO_KEYD_TICKET, doc, 10., ticket_replied, c);
}

/* ---- it is not: made, sealed, written ---- */

struct code_job {
	struct core_job work;
	struct core_setup_code *code;
	char sealed[SEALED_MAX];
};

static struct code_job *code_job_of(struct db_job *job)
{
	return (struct code_job *)((char *)job - offsetof(struct core_job, job));
}

static int keep_run(struct db *db, struct db_job *job)
{
	if (core_is_setup(db))
		return -1;
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES(?, ?, ?)"
		" ON CONFLICT(object, field) DO UPDATE SET sealed = excluded.sealed",
		"ttt", OBJECT, FIELD, code_job_of(job)->sealed);
	return 0;
}

static void keep_done(struct core_job *work)
{
	struct core_setup_code *c = code_job_of(&work->job)->code;

	if (work->job.failure)
		code_retry(c, "cannot be kept", 0);
	else
		code_ready(c);
	free(work);
}

static void seal_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_setup_code *c = arg;
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	const char *sealed = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "sealed"));
	struct code_job *job;

	if (!sealed || strlen(sealed) >= SEALED_MAX) {
		code_retry(c, "seal", error);
		yyjson_doc_free(doc);
		return;
	}
	job = calloc(1, sizeof *job);
	if (!job)
		log_fatal("setup code");
	job->code = c;
	snprintf(job->sealed, sizeof job->sealed, "%s", sealed);
	yyjson_doc_free(doc);
	job->work.job.run = keep_run;
	job->work.job.essential = true;
	job->work.done = keep_done;
	core_job_write(c->core, &job->work);
}

static void code_make(struct core_setup_code *c)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char plain[32];

	for (int i = 0; i < CORE_CODE_TEXT - 1; i++)
		c->text[i] = i == 4 ? '-' : alphabet[plat_random_below(sizeof alphabet - 1)];
	c->text[CORE_CODE_TEXT - 1] = 0;
	sodium_bin2base64(plain, sizeof plain, (unsigned char *)c->text, CORE_CODE_TEXT - 1,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "object", OBJECT);
	yyjson_mut_obj_add_str(doc, root, "field", FIELD);
	yyjson_mut_obj_add_strcpy(doc, root, "plain", plain);
	sodium_memzero(plain, sizeof plain);
	ipc_client_call_json(c->core->keyd, PROTO_KEYD_SEAL, doc, 10., seal_replied, c);
}

/* ---- is it there? ---- */

static int load_run(struct db *db, struct db_job *job)
{
	struct code_job *load = code_job_of(job);
	sqlite3_stmt *q = db_query(db, "SELECT sealed FROM secret WHERE object = ? AND field = ?", "tt", OBJECT, FIELD);

	if (db_row(db, q)) {
		snprintf(load->sealed, sizeof load->sealed, "%s", db_text(q, 0));
		db_end(q);
	}
	return 0;
}

static void load_done(struct core_job *work)
{
	struct code_job *load = code_job_of(&work->job);
	struct core_setup_code *c = load->code;

	memcpy(c->sealed, load->sealed, sizeof c->sealed);
	if (work->job.failure)
		code_retry(c, "cannot be read", 0);
	else if (c->sealed[0])
		code_unseal(c);
	else
		code_make(c);
	free(load);
}

void core_setup_code_open(struct core *core)
{
	struct core_setup_code *c = core->code;
	struct code_job *load;

	if (core->setup)
		return;
	if (!c) {
		c = core->code = calloc(1, sizeof *c);
		if (!c)
			log_fatal("setup code");
		c->core = core;
		ev_timer_init(&c->retry, retry_reached, RETRY, 0.);
		c->retry.data = c;
	}
	if (c->ready || c->working)
		return;
	c->working = true;
	load = calloc(1, sizeof *load);
	if (!load)
		log_fatal("setup code");
	load->code = c;
	load->work.job.run = load_run;
	load->work.done = load_done;
	core_job_read(core, &load->work);
}

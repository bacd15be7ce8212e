/*
 * appliance.ca, appliance.crl, appliance.agents: what others need to trust the appliance's certificate, and to stop.
 * appliance.certificate.*: one of another authority; keyd has the keys and decides, here is who may ask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"
#include "verbs.h"
#include "ipc/proto.h"
#include "log/log.h"

/* keyd answers at once, but for what it writes. */
#define KEYD_TIMEOUT 10.0

static bool identity_known(struct core_call *call)
{
	if (call->core->identity.known)
		return true;
	core_call_refuse(call, 503, "The appliance is starting; please try again.");
	return false;
}

/* The name carries the appliance's id: people keep those of several. */
static void answer_file(struct core_call *call, const char *content_type, const char *ending)
{
	char name[64];

	snprintf(name, sizeof name, "cam-%s%s", call->core->identity.id, ending);
	core_answer_file(&call->answer, content_type, name);
	core_call_finish(call);
}

void verb_ca_start(struct core_call *call)
{
	if (!identity_known(call))
		return;
	core_answer_text(&call->answer, 200, call->core->identity.ca_pem);
	answer_file(call, "application/x-pem-file", "-ca.pem");
}

/* What an agent is installed with. */
void verb_agents_start(struct core_call *call)
{
	const struct core_identity *i = &call->core->identity;
	yyjson_mut_val *body;

	if (!identity_known(call))
		return;
	body = core_answer_object(&call->answer, 200);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "name", i->agents_name);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "ca_pem", i->ca_pem);
	core_call_finish(call);
}

/* RFC 2585 §4.2. */
void verb_crl_start(struct core_call *call)
{
	if (!identity_known(call))
		return;
	core_answer_bytes(&call->answer, 200, call->core->identity.crl);
	answer_file(call, "application/pkix-crl", ".crl");
}

/* ---- appliance.certificate.* ---- */

/* Which verb asks keyd what; `action` NULL = the arguments as they are. */
static const struct question {
	const char *verb;
	uint16_t type;
	const char *action;
	const char *event;		/* what the event log says, NULL = nothing changes */
} questions[] = {
	{ "appliance.certificate.get", PROTO_KEYD_CERTIFICATE, "show", NULL },
	{ "appliance.certificate.pem", PROTO_KEYD_CERTIFICATE, "show", NULL },
	{ "appliance.certificate.put", PROTO_KEYD_UPLOAD, NULL, "uploaded" },
	{ "appliance.certificate.own", PROTO_KEYD_CERTIFICATE, "own", "own" },
	{ "appliance.certificate.confirm", PROTO_KEYD_CERTIFICATE, "confirm", "confirmed" },
	{ "appliance.certificate.back", PROTO_KEYD_CERTIFICATE, "back", "back" },
	{ "appliance.certificate.request", PROTO_KEYD_REQUEST, NULL, "requested" },
	{ "appliance.certificate.forget", PROTO_KEYD_CERTIFICATE, "forget", "forgotten" },
};

static const struct question *question_of(const struct core_call *call)
{
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
		if (!strcmp(questions[i].verb, call->verb->name))
			return &questions[i];
	log_bug("a verb without a question");
}

static bool is_check(const struct core_call *call)
{
	return core_call_bool(call, "check");
}

/* In the writer, when keyd has done it: call->state is its answer. */
static int done_run(struct db *db, struct core_call *call)
{
	char data[64];

	snprintf(data, sizeof data, "{\"state\":\"%s\"}", question_of(call)->event);
	core_event(db, "appliance.certificate", "appliance", data);
	core_answer_raw(&call->answer, 200, call->state);
	return 0;
}

static void answer_request(struct core_call *call)
{
	const char *text = call->state;
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	const char *pem = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "request"), "pem"));

	if (pem) {
		core_answer_text(&call->answer, 200, pem);
		answer_file(call, "application/x-pem-file", ".csr");
	} else {
		core_call_refuse(call, 404, "There is no request for a certificate.");
	}
	yyjson_doc_free(doc);
}

static void refused(struct core_call *call, struct ipc_msg *msg, int error)
{
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *why = yyjson_get_str(yyjson_obj_get(root, "message"));
	int code = (int)yyjson_get_int(yyjson_obj_get(root, "code"));

	if (why && code >= 400)
		core_call_refuse(call, code, "%s", why);
	else
		core_call_refuse(call, 503, "The keeper of the keys does not answer at the moment. Please try again.");
	yyjson_doc_free(doc);
}

static void on_keyd(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	const struct question *q = question_of(call);

	if (error || (msg->flags & IPC_ERROR)) {
		refused(call, msg, error);
		return;
	}
	call->forget = free;
	free(call->state);
	call->state = strndup((const char *)msg->body, msg->len);
	if (!call->state)
		log_fatal("certificate");
	if (q->event && !is_check(call)) {
		core_call_write(call, done_run, core_call_finish, true);
	} else if (!strcmp(call->verb->name, "appliance.certificate.pem")) {
		answer_request(call);
	} else {
		core_answer_raw(&call->answer, 200, call->state);
		core_call_finish(call);
	}
}

static void ask_keyd(struct core_call *call)
{
	const struct question *q = question_of(call);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (q->action) {
		yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
		yyjson_mut_obj_add_str(doc, doc->root, "action", q->action);
	} else {
		yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, call->args));
	}
	ipc_client_call_json(call->core->keyd, q->type, doc, KEYD_TIMEOUT, on_keyd, call);
}

void verb_certificate_start(struct core_call *call)
{
	core_call_permitted(call, ask_keyd);
}

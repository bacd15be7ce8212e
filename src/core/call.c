/* A verb asked, from its frame to its answer. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "blobs.h"
#include "core.h"
#include "secrets.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "schema/schema.h"
#include "plat/clock.h"

static struct core_call *call_of_job(struct db_job *job)
{
	return (struct core_call *)((char *)job - offsetof(struct core_job, job));
}

/* ---- the list of waiting calls and their deadline ---- */

static void waiting_add(struct core_call *call)
{
	struct core *core = call->core;

	call->back = core->calls_last;
	*core->calls_last = call;
	core->calls_last = &call->next;
	core->calls_count++;
	call->deadline = ev_now(core->loop) + CORE_DEADLINE;
	if (!ev_is_active(&core->deadline)) {
		ev_timer_set(&core->deadline, CORE_DEADLINE, 0.);
		ev_timer_start(core->loop, &core->deadline);
	}
}

static void waiting_remove(struct core_call *call)
{
	struct core *core = call->core;

	if (!call->back)
		return;
	*call->back = call->next;
	if (call->next)
		call->next->back = call->back;
	else
		core->calls_last = call->back;
	call->back = NULL;
	call->next = NULL;
	core->calls_count--;
	if (!core->calls)
		ev_timer_stop(core->loop, &core->deadline);
}

/* A finished text goes out behind the line that says what it is: neither we nor api look into it. */
static void send_with_text(struct core_call *call, const struct core_answer *a)
{
	struct ipc_conn *conn = call->link->conn;
	size_t len = 0;
	char *line = yyjson_mut_write(a->doc, YYJSON_WRITE_NEWLINE_AT_END, &len);

	if (!line)
		log_fatal("answer");
	if (a->len > IPC_BODY_MAX - len)
		ipc_refuse(conn, call->type, call->seq, 500, "the answer is too large");
	else
		ipc_send2(conn, IPC_REPLY, call->type, call->seq, line, (uint32_t)len, a->text, (uint32_t)a->len, NULL, 0);
	free(line);
}

static void send_answer(struct core_call *call, struct core_answer *a)
{
	if (call->answered || !call->link->conn) {
		/* nobody waits for it */
	} else if (call->type == PROTO_CORE_LIST) {
		core_list_send(call, a);
	} else if (a->text) {
		send_with_text(call, a);
	} else {
		ipc_send_json(call->link->conn, IPC_REPLY, call->type, call->seq, a->doc);
		a->doc = NULL;
	}
	core_answer_reset(a);
	call->answered = true;
	waiting_remove(call);
}

/* The oldest calls ran out of time.  They are answered; whoever works on them
 * finishes them later. */
static void deadline_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct core *core = t->data;
	struct core_answer late = CORE_ANSWER_ZERO;
	struct core_call *call;

	(void)events;
	while ((call = core->calls) && call->deadline <= ev_now(loop)) {
		log_warn("%s: not answered within %.0f seconds", call->verb->name, CORE_DEADLINE);
		core_answer_message(&late, 503, "The appliance did not get to an answer in time. "
			"Whether the request was carried out is not known; please look before repeating it.");
		send_answer(call, &late);
	}
	if (core->calls) {
		ev_timer_set(t, core->calls->deadline - ev_now(loop), 0.);
		ev_timer_start(loop, t);
	}
}

/* ---- the end of a call ---- */

/* The document is ours and nobody reads it after this. */
static void wipe_secrets(struct core_call *call)
{
	yyjson_val *v;

	for (const struct verb_arg *a = call->verb->args; a->type != VERB_NONE; a++) {
		v = a->type == VERB_SECRET ? yyjson_obj_get(call->args, a->name) : NULL;
		if (yyjson_is_str(v))
			sodium_memzero((void *)(uintptr_t)yyjson_get_str(v), yyjson_get_len(v));
	}
}

static void call_free(struct core_call *call)
{
	waiting_remove(call);
	wipe_secrets(call);
	core_answer_reset(&call->answer);
	if (call->forget)
		call->forget(call->state);
	secrets_forget(call->secrets);
	object_text_free(&call->chunk);
	yyjson_doc_free(call->request);
	core_link_drop(call->link);
	sodium_memzero(call, sizeof *call);
	free(call);
}

void core_call_finish(struct core_call *call)
{
	if (!call->answer.doc)
		log_bug("a call without an answer");
	/* A dead session must not be presented again and again.  (At a public verb 401 is about
	 * something else.) */
	if (call->answer.status == 401 && call->verb->role != VERB_ROLE_PUBLIC &&
			call->principal.kind == CORE_SESSION)
		core_answer_session(&call->answer, "", NULL);
	activity_refused(call->core, call);
	send_answer(call, &call->answer);
	call_free(call);
}

void core_call_refuse(struct core_call *call, int status, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	core_answer_message(&call->answer, status, "%s", text);
	core_call_finish(call);
}

/* ---- in the threads ---- */

/* Is the caller allowed?  Decided in the same transaction as what follows. */
static bool permitted(struct db *db, struct core_call *call)
{
	enum verb_role role = call->verb->role;

	if (role != VERB_ROLE_USER && role != VERB_ROLE_ADMIN)
		return true;
	core_principal_resolve(db, &call->principal);
	if (!call->principal.known) {
		core_answer_message(&call->answer, 401, "Please sign in.");
		return false;
	}
	if (role == VERB_ROLE_ADMIN && !call->principal.admin) {
		core_answer_message(&call->answer, 403, "Only an administrator may do this.");
		return false;
	}
	return true;
}

static int call_run(struct db *db, struct db_job *job)
{
	struct core_call *call = call_of_job(job);
	char unreadable[SCHEMA_MESSAGE] = "";
	int result;

	core_answer_reset(&call->answer);
	if (!permitted(db, call))
		return -1;
	/* Before the change, for it would open what it names; what the verb itself refuses comes first. */
	if (call->writing)
		core_blob_names_check(db, call, unreadable);
	result = call->run(db, call);
	if (!result && unreadable[0]) {
		core_answer_message(&call->answer, 400, "%s", unreadable);
		result = -1;
	}
	if (!result && call->writing && call->verb->writes)
		activity_of_call(db, call);
	return result;
}

static void call_done(struct core_job *job)
{
	struct core_call *call = (struct core_call *)job;

	switch (job->job.failure) {
	case DB_DONE:
		break;
	case DB_FULL:
		core_call_refuse(call, 507, "The disk of the appliance is full: nothing was changed. "
			"Delete something or enlarge the disk.");
		return;
	case DB_BROKEN:
		core_call_refuse(call, 503, "The appliance cannot use its database at the moment: nothing was changed.");
		return;
	default:
		core_call_refuse(call, 500, "The appliance failed at this request: nothing was changed.");
		return;
	}
	if (call->principal.known && call->principal.kind == CORE_TOKEN)
		core_used_note(call->core, call->principal.hash);
	if (call->after)
		call->after(call);
	else
		core_call_finish(call);
}

void core_call_write(struct core_call *call, int (*run)(struct db *, struct core_call *),
	void (*after)(struct core_call *), bool essential)
{
	call->run = run;
	call->after = after;
	call->writing = true;
	call->work.job.run = call_run;
	call->work.job.essential = essential;
	call->work.done = call_done;
	core_job_write(call->core, &call->work);
}

void core_call_read(struct core_call *call, int (*run)(struct db *, struct core_call *),
	void (*after)(struct core_call *))
{
	call->run = run;
	call->after = after;
	call->writing = false;
	call->work.job.run = call_run;
	call->work.done = call_done;
	core_job_read(call->core, &call->work);
}

/* The role was looked at before this. */
static int permitted_run(struct db *db, struct core_call *call)
{
	(void)db;
	core_answer_begin(&call->answer, 204);
	return 0;
}

static void after_permitted(struct core_call *call)
{
	if (call->answer.status != 204) {
		core_call_finish(call);
		return;
	}
	core_answer_reset(&call->answer);
	call->permitted(call);
}

void core_call_permitted(struct core_call *call, void (*next)(struct core_call *))
{
	call->permitted = next;
	core_call_read(call, permitted_run, after_permitted);
}

/* ---- the beginning of a call ---- */

const char *core_call_string(const struct core_call *call, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(call->args, name));
}

bool core_call_bool(const struct core_call *call, const char *name)
{
	return yyjson_get_bool(yyjson_obj_get(call->args, name));
}

/* A token that carries claims must be one we signed; then its row decides, as for any other. */
static void jwt_read(const struct core *core, struct core_principal *p, const char *token)
{
	struct jwt_claims claims;

	if (!core->identity.jwt_known || jwt_check(&claims, token, strlen(token), &core->identity.jwt,
			plat_clock_wall() / PLAT_SECOND) || claims.type != JWT_TYPE_USER ||
			strlen(claims.jti) >= sizeof p->jti || strlen(claims.sub) >= sizeof p->sub) {
		p->forged = true;
		return;
	}
	strcpy(p->jti, claims.jti);
	strcpy(p->sub, claims.sub);
}

static void principal_read(const struct core *core, struct core_principal *p, yyjson_val *from)
{
	const char *token = yyjson_get_str(yyjson_obj_get(from, "token"));
	const char *session = yyjson_get_str(yyjson_obj_get(from, "session"));
	const char *peer = yyjson_get_str(yyjson_obj_get(from, "peer"));

	snprintf(p->peer, sizeof p->peer, "%s", peer ? peer : "");
	core_peer_network(p->peer, p->network);
	if (token) {
		p->kind = CORE_TOKEN;
		core_credential_hash(token, p->hash);
		if (jwt_plausible(token))
			jwt_read(core, p, token);
	} else if (session) {
		p->kind = CORE_SESSION;
		core_credential_hash(session, p->hash);
		core_csrf(session, p->csrf);
	}
}

/* Which room may ask this verb?  People ask through api. */
static bool room_permitted(const struct verb *v, enum room_id from)
{
	switch (v->role) {
	case VERB_ROLE_PUBLIC:
	case VERB_ROLE_USER:
	case VERB_ROLE_ADMIN:
	case VERB_ROLE_API:
		return from == ROOM_API;
	case VERB_ROLE_SYSD:
		return from == ROOM_SYSD;
	case VERB_ROLE_TTY:
		return from == ROOM_TTY;
	case VERB_ROLE_FWD:
		return from == ROOM_FWD;
	case VERB_ROLE_NONE:
		break;
	}
	return false;
}

static struct core_call *call_new(struct core *core, struct core_link *link, const struct ipc_msg *msg)
{
	struct core_call *call = calloc(1, sizeof *call);

	if (!call)
		log_fatal("call");
	call->core = core;
	call->link = core_link_hold(link);
	call->type = msg->type;
	call->seq = msg->seq;
	call->from = ipc_conn_peer(link->conn)->id;
	return call;
}

static void cursor_read(struct core_call *call, yyjson_val *cursor)
{
	const char *s = yyjson_get_str(cursor);

	snprintf(call->cursor, sizeof call->cursor, "%s", s ? s : "");
}

void core_call_take(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *name = yyjson_get_str(yyjson_obj_get(root, "verb"));
	const struct verb *v = name ? verb_by_name(name) : NULL;
	char message[VERB_MESSAGE];
	struct core_call *call;

	if (!v || !room_permitted(v, ipc_conn_peer(link->conn)->id) || core->calls_count >= CORE_CALLS_MAX) {
		if (!v)
			ipc_reply_error(link->conn, msg, 404, "There is no such verb.");
		else if (core->calls_count >= CORE_CALLS_MAX)
			ipc_reply_error(link->conn, msg, 503, "The appliance is busy. Please try again.");
		else
			ipc_reply_error(link->conn, msg, 403, "%s is not for this room.", v->name);
		yyjson_doc_free(doc);
		return;
	}
	call = call_new(core, link, msg);
	call->request = doc;
	call->args = yyjson_obj_get(root, "args");
	call->verb = v;
	call->handler = core_handler_by_verb(v->name);
	if (call->from == ROOM_API)
		principal_read(core, &call->principal, yyjson_obj_get(root, "principal"));
	waiting_add(call);
	if (v->list != (call->type == PROTO_CORE_LIST)) {
		core_call_refuse(call, 500, "%s: %s", v->name, v->list ? "is a list" : "is not a list");
		return;
	}
	cursor_read(call, yyjson_obj_get(root, "cursor"));
	if (verb_check(v, call->args, message))
		core_call_refuse(call, 400, "%s", message);
	else if (v->list && !call->handler->start)
		core_call_read(call, core_list_run, core_call_finish);
	else if (call->handler->start)
		call->handler->start(call);
	else if (v->writes)
		core_call_write(call, call->handler->run, call->handler->after, call->handler->essential);
	else
		core_call_read(call, call->handler->run, call->handler->after);
}

void core_calls_init(struct core *core)
{
	core->calls_last = &core->calls;
	ev_timer_init(&core->deadline, deadline_reached, CORE_DEADLINE, 0.);
	core->deadline.data = core;
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "call.h"
#include "download.h"
#include "events.h"
#include "http/base64.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "limits.h"
#include "list.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"
#include "viewers.h"

static struct ipc_client *core;
static unsigned calls;

static void call_answer(struct ipc_msg *msg, int error, void *arg);

/* ---- asking ---- */

static double patience(void)
{
	return ipc_client_connected(core) ? LIMIT_CALL_SECONDS : LIMIT_AWAY_SECONDS;
}

static yyjson_mut_val *principal(const struct auth *auth, const char *peer, yyjson_mut_doc *doc)
{
	yyjson_mut_val *p = yyjson_mut_obj(doc);

	if (auth->kind == AUTH_TOKEN)
		yyjson_mut_obj_add_strcpy(doc, p, "token", auth->value);
	else if (auth->kind == AUTH_SESSION)
		yyjson_mut_obj_add_strcpy(doc, p, "session", auth->value);
	yyjson_mut_obj_add_strcpy(doc, p, "peer", peer);
	return p;
}

void call_scope(const struct auth *auth, const char *peer, ipc_reply_fn *answer, void *arg)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&arguments_memory);

	if (!doc)
		log_fatal("call");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "verb", VIEWERS_SCOPE_VERB);
	yyjson_mut_obj_add_val(doc, doc->root, "principal", principal(auth, peer, doc));
	yyjson_mut_obj_add_obj(doc, doc->root, "args");
	ipc_client_call_json(core, PROTO_CORE_VERB, doc, patience(), answer, arg);
}

void call_give_up(struct request *r, int status, const char *message)
{
	if (r->streaming)
		conn_cut(r->conn);
	else
		request_refuse(r, status, "%s", message);
}

/* The text of the question, NULL when r has been refused. */
static char *question_text(struct request *r, const struct call_question *q, size_t *len)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&arguments_memory);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *args;
	char *text = NULL;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "verb", q->verb);
	if (doc)
		yyjson_mut_obj_add_val(doc, root, "principal",
			principal(&r->auth, r->conn->peer->address, doc));
	args = q->arguments && doc ? q->arguments(r, doc) : yyjson_mut_obj(doc);
	if (doc && !args) {
		yyjson_mut_doc_free(doc);
		return NULL;
	}
	yyjson_mut_obj_add_val(doc, root, "args", args);
	if (q->cursor)
		yyjson_mut_obj_add_str(doc, root, "cursor", q->cursor);
	if (doc)
		text = yyjson_mut_write_opts(doc, 0, &arguments_memory, len, NULL);
	yyjson_mut_doc_free(doc);
	if (!text)
		call_give_up(r, 503, "The appliance is short of memory; try again.");
	return text;
}

bool call_ask(struct request *r, const struct call_question *q)
{
	char *text;
	size_t len;

	if (calls >= LIMIT_CALLS) {
		call_give_up(r, 503, "The appliance is busy; try again.");
		return false;
	}
	text = question_text(r, q, &len);
	if (!text)
		return false;
	if (len > IPC_BODY_MAX) {
		arguments_memory.free(NULL, text);
		call_give_up(r, 413, "The request is too large.");
		return false;
	}
	calls++;
	r->asked = true;
	conn_want_answer(r->conn);
	ipc_client_call(core, q->type, text, (uint32_t)len, NULL, 0, patience(), q->answer, r);
	arguments_memory.free(NULL, text);
	return true;
}

static void ask_verb(struct request *r)
{
	call_ask(r, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = r->verb->name,
		.arguments = arguments_build, .answer = call_answer });
}

/* ---- core did not answer ---- */

bool call_again(struct request *r, int error, const struct call_question *q)
{
	/* A question can be asked again; core was probably started anew. */
	if (!r->verb->writes && !r->retried && error != ETIMEDOUT) {
		r->retried = true;
		call_ask(r, q);
		return true;
	}
	if (r->verb->writes && error != ENOTCONN)
		call_give_up(r, 503, "The appliance was interrupted; it is not known whether the request took effect.");
	else
		call_give_up(r, 503, "The appliance is starting or busy; try again.");
	return false;
}

/* ---- core's answer ---- */

/* Cookie values are our own base64url text; anything else would break the header. */
static bool cookie_valid(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

	return !s[n] && n <= 256;
}

static void set_cookie(struct request *r, struct reply *reply, yyjson_val *root)
{
	const char *session = yyjson_get_str(yyjson_obj_get(root, "session"));
	yyjson_val *csrf = yyjson_obj_get(root, "csrf");

	if (!session)
		return;
	if (!*session) {
		if (r->auth.kind == AUTH_SESSION)
			auth_forget(r->auth.value);
		reply_header(reply, "Set-Cookie: " AUTH_COOKIE "=; Max-Age=0; HttpOnly; Secure; SameSite=Strict; Path=/");
		return;
	}
	if (!cookie_valid(session)) {
		log_warn("core: %s: session value: not base64url", r->verb->name);
		return;
	}
	reply_header(reply, "Set-Cookie: " AUTH_COOKIE "=%s; HttpOnly; Secure; SameSite=Strict; Path=/", session);
	if (yyjson_is_str(csrf))
		auth_remember(session, yyjson_get_str(csrf), yyjson_get_len(csrf));
}

/* What may stand in a header's value unquoted, or inside quotes without escapes. */
static bool header_valid(const char *s)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/;= ";
	size_t n = strspn(s, set);

	return n && !s[n] && n <= 80;
}

/* What kind of text or octets it is, and the name it is kept under.  The type must live as long as root. */
static void set_kind(struct request *r, struct reply *reply, yyjson_val *root, const char *otherwise)
{
	const char *type = yyjson_get_str(yyjson_obj_get(root, "content_type"));
	const char *file = yyjson_get_str(yyjson_obj_get(root, "file"));

	reply->type = type && header_valid(type) ? type : otherwise;
	if (file && header_valid(file))
		reply_header(reply, "Content-Disposition: attachment; filename=\"%s\"", file);
	if ((type && !header_valid(type)) || (file && !header_valid(file)))
		log_warn("core: %s: content type or file name: not fit for a header", r->verb->name);
}

/* False when there is no memory. */
static bool set_text(struct reply *reply, const char *text, size_t len)
{
	reply->owned = malloc(len);
	if (!reply->owned)
		return false;
	memcpy(reply->owned, text, len);
	reply->len = len;
	return true;
}

static bool set_bytes(struct request *r, struct reply *reply, const char *text, size_t len)
{
	long n;

	reply->owned = malloc(HTTP_BASE64_ROOM(len));
	if (!reply->owned)
		return false;
	n = http_base64url_decode(reply->owned, text, len);
	if (n < 0) {
		log_warn("core: %s: bytes: not base64url", r->verb->name);
		free(reply->owned);
		reply->owned = NULL;
		return false;
	}
	reply->len = (size_t)n;
	return true;
}

/* Puts body, text or bytes into the reply.  False when there is no memory or it makes no sense. */
static bool set_body(struct request *r, struct reply *reply, yyjson_val *root)
{
	yyjson_val *body = yyjson_obj_get(root, "body"), *text = yyjson_obj_get(root, "text");
	yyjson_val *bytes = yyjson_obj_get(root, "bytes");

	if (body) {
		reply->type = "application/json";
		reply->owned = yyjson_val_write(body, 0, &reply->len);
		return reply->owned;
	}
	if (yyjson_is_str(text) && yyjson_get_len(text)) {
		set_kind(r, reply, root, "text/plain; charset=utf-8");
		return set_text(reply, yyjson_get_str(text), yyjson_get_len(text));
	}
	if (yyjson_is_str(bytes) && yyjson_get_len(bytes)) {
		set_kind(r, reply, root, "application/octet-stream");
		return set_bytes(r, reply, yyjson_get_str(bytes), yyjson_get_len(bytes));
	}
	return true;
}

/* text: the body as it came behind root's line, NULL = it is in root. */
static void answer_with(struct request *r, yyjson_val *root, const char *text, size_t len)
{
	struct reply reply = REPLY_ZERO;
	yyjson_val *retry = yyjson_obj_get(root, "retry_after");

	reply.status = yyjson_get_int(yyjson_obj_get(root, "status"));
	reply.service = true;
	if (reply.status < 200 || reply.status > 599) {
		log_warn("core: %s: answer: no status", r->verb->name);
		request_refuse(r, 500, "The appliance gave no answer that makes sense.");
		return;
	}
	if (text) {
		reply.type = "application/json";
		reply.lent = text;
		reply.len = len;
	} else if (!set_body(r, &reply, root)) {
		request_refuse(r, 503, "The appliance could not send its answer; try again.");
		return;
	}
	set_cookie(r, &reply, root);
	/* Refused before its body was read: what follows on the connection is not a request. */
	if (request_unread(r))
		r->conn->closing = true;
	if (yyjson_is_int(retry))
		reply_header(&reply, "Retry-After: %lld", (long long)yyjson_get_sint(retry));
	else if (reply.status == 429 || reply.status == 503)
		reply_header(&reply, "Retry-After: 1");
	if (reply.status == 401)
		reply_header(&reply, "WWW-Authenticate: Bearer");
	reply_send(r->conn, &reply);
}

void call_answer_with(struct request *r, yyjson_val *root)
{
	answer_with(r, root, NULL, 0);
}

/* A refusal of the room itself: {"code","message"}. */
void call_answer_refused(struct request *r, yyjson_val *root)
{
	int code = yyjson_get_int(yyjson_obj_get(root, "code"));
	const char *message = yyjson_get_str(yyjson_obj_get(root, "message"));

	if (code < 400 || code > 599)
		code = 500;
	request_refuse(r, code, "%s", message ? message : "The appliance refused the request.");
}

struct request *call_returned(struct request *r)
{
	calls--;
	r->asked = false;
	if (r->conn)
		return r;
	request_free(r);
	return NULL;
}

static void call_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	const char *text;
	yyjson_doc *doc;
	size_t line;

	if (!r)
		return;
	if (error) {
		call_again(r, error, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = r->verb->name,
			.arguments = arguments_build, .answer = call_answer });
		return;
	}
	text = msg->len ? memchr(msg->body, '\n', msg->len) : NULL;
	line = text ? (size_t)(text++ - (const char *)msg->body) : msg->len;
	doc = yyjson_read((const char *)msg->body, line, 0);
	if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
		log_warn("core: %s: answer: not a JSON object", r->verb->name);
		request_refuse(r, 500, "The appliance gave no answer that makes sense.");
	} else if (msg->flags & IPC_ERROR) {
		call_answer_refused(r, yyjson_doc_get_root(doc));
	} else {
		answer_with(r, yyjson_doc_get_root(doc), text, text ? msg->len - line - 1 : 0);
	}
	yyjson_doc_free(doc);
}

/* ---- who is it? ---- */

/* Core has said who asks, or that it does not know. */
static void who_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	yyjson_val *root, *body, *csrf;
	yyjson_doc *doc;

	if (!r)
		return;
	doc = error ? NULL : ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	if (!doc || (msg->flags & IPC_ERROR)) {
		request_refuse(r, 503, "The appliance is starting or busy; try again.");
	} else if (yyjson_get_int(yyjson_obj_get(root, "status")) != 200) {
		call_answer_with(r, root);
	} else {
		body = yyjson_obj_get(root, "body");
		csrf = yyjson_obj_get(body, "csrf");
		if (r->auth.kind == AUTH_SESSION && yyjson_is_str(csrf))
			auth_remember(r->auth.value, yyjson_get_str(csrf), yyjson_get_len(csrf));
		r->known(r, body);
	}
	yyjson_doc_free(doc);
}

void call_who(struct request *r, void (*known)(struct request *r, yyjson_val *body))
{
	r->known = known;
	call_ask(r, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = CALL_SESSION_VERB, .answer = who_answer });
}

/* The request is whole, and really meant. */
static void carry_out(struct request *r)
{
	if (r->verb->list)
		list_begin(r);
	else if (r->verb->answer == VERB_ANSWER_BYTES)
		download_begin(r);
	else
		ask_verb(r);
}

static void csrf_decided(struct request *r, enum auth_csrf csrf)
{
	if (csrf == AUTH_CSRF_RIGHT)
		carry_out(r);
	else
		request_refuse(r, 403, "X-CSRF-Token is missing or wrong.");
}

static void csrf_known(struct request *r, yyjson_val *body)
{
	(void)body;
	csrf_decided(r, auth_check_csrf(r));
}

void call_begin(struct request *r)
{
	enum auth_csrf csrf;

	if (!auth_needs_csrf(r)) {
		carry_out(r);
		return;
	}
	csrf = auth_check_csrf(r);
	if (csrf == AUTH_CSRF_UNKNOWN)
		call_who(r, csrf_known);
	else
		csrf_decided(r, csrf);
}

void call_open(struct ev_loop *loop)
{
	core = events_follow(loop);
}

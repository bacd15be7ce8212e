/* What setup and sign-in share: hashd, the answer, the limits. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"
#include "verbs.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Waiting for hashd: its queue is short, and a machine that just booted starts it last, so this is long enough. */
#define HASHD_TIMEOUT 12.0
/* What a client is told to wait when hashd's queue is full, seconds. */
#define HASHD_BUSY 2

static void login_forget(void *state)
{
	sodium_memzero(state, sizeof(struct verb_login));
	free(state);
}

struct verb_login *verb_login_new(struct core_call *call)
{
	struct verb_login *l = calloc(1, sizeof *l);
	const char *email = core_call_string(call, "email");

	if (!l)
		log_fatal("login");
	for (size_t i = 0; email[i] && i < sizeof l->email - 1; i++)
		l->email[i] = email[i] >= 'A' && email[i] <= 'Z' ? (char)(email[i] + 32) : email[i];
	call->state = l;
	call->forget = login_forget;
	return l;
}

static void hashd_ask(struct core_call *call, uint16_t type, const char *member, const char *hash, ipc_reply_fn *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "password", core_call_string(call, member));
	if (hash)
		yyjson_mut_obj_add_str(doc, root, "hash", hash);
	ipc_client_call_json(call->core->hashd, type, doc, HASHD_TIMEOUT, reply, call);
}

void verb_hash(struct core_call *call, ipc_reply_fn *reply)
{
	hashd_ask(call, PROTO_HASHD_HASH, "password", NULL, reply);
}

void verb_hash_member(struct core_call *call, const char *member, ipc_reply_fn *reply)
{
	hashd_ask(call, PROTO_HASHD_HASH, member, NULL, reply);
}

int verb_hash_take(const struct ipc_msg *msg, char *out, size_t size)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	const char *hash = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "hash"));
	int result = hash && hash[0] && strlen(hash) < size ? 0 : -1;

	snprintf(out, size, "%s", result ? "" : hash);
	yyjson_doc_free(doc);
	return result;
}

void verb_verify(struct core_call *call, const char *hash, ipc_reply_fn *reply)
{
	hashd_ask(call, PROTO_HASHD_VERIFY, "password", hash, reply);
}

void verb_refuse_wait(struct core_call *call, int seconds)
{
	core_answer_message(&call->answer, 429, "Too many attempts. Please wait %d second%s.", seconds,
		seconds == 1 ? "" : "s");
	core_answer_retry(&call->answer, seconds);
	core_call_finish(call);
}

static int refusal_code(const struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	int code = yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "code"));

	yyjson_doc_free(doc);
	return code;
}

bool verb_hashd_failed(struct core_call *call, const struct ipc_msg *msg, int error)
{
	if (!error && !(msg->flags & IPC_ERROR))
		return false;
	if (!error && refusal_code(msg) == 429) {
		core_answer_message(&call->answer, 429, "Many people are signing in at the moment. Please try again.");
		core_answer_retry(&call->answer, HASHD_BUSY);
		core_call_finish(call);
		return true;
	}
	log_warn("hashd: %s: %s", call->verb->name, error ? strerror(error) : "refused");
	core_call_refuse(call, 503, "Passwords cannot be checked at the moment. Please try again.");
	return true;
}

void verb_signed_in(struct db *db, const char *user)
{
	int64_t now = core_stamp(db);
	char date[OBJECT_DATE];

	object_date(now, date);
	db_run(db, "UPDATE user SET last_login = ? WHERE id = ?", "it", now, user);
	/* No change of the workspace as others know it: no event, and `updated` stays. */
	db_run(db, "UPDATE object SET doc = json_set(doc, '$.last_login', ?) WHERE kind = 3 AND id = ?", "tt", date, user);
}

void verb_answer_user(struct db *db, struct core_call *call, const char *user, const char *session)
{
	sqlite3_stmt *q = db_query(db, "SELECT user.id, user.email, admin, user.organization,"
		" json_extract(object.doc, '$.name') FROM user JOIN object ON object.kind = 3 AND object.id = user.id"
		" WHERE user.id = ?", "t", user);
	yyjson_mut_val *body = core_answer_object(&call->answer, 200), *u;
	yyjson_mut_doc *doc = call->answer.doc;
	char csrf[CORE_CSRF_TEXT];

	u = yyjson_mut_obj_add_obj(doc, body, "user");
	if (db_row(db, q)) {
		yyjson_mut_obj_add_strcpy(doc, u, "id", db_text(q, 0));
		yyjson_mut_obj_add_strcpy(doc, u, "email", db_text(q, 1));
		yyjson_mut_obj_add_strcpy(doc, u, "name", db_text(q, 4));
		yyjson_mut_obj_add_str(doc, u, "role", db_int(q, 2) ? "administrator" : "user");
		yyjson_mut_obj_add_strcpy(doc, u, "organization", db_text(q, 3));
		db_end(q);
	}
	if (!session)
		return;
	core_csrf(session, csrf);
	yyjson_mut_obj_add_strcpy(doc, body, "csrf", csrf);
	core_answer_session(&call->answer, session, csrf);
}

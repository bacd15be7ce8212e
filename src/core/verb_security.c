/* security.*: sign in, sign out, whose credential is this. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "truth.h"
#include "verbs.h"
#include "log/log.h"

#define WRONG "The e-mail address or the password is wrong."

/* ---- security.token ---- */

/* In a reader: the user and the kept hash. */
static int lookup_run(struct db *db, struct core_call *call)
{
	struct verb_login *l = call->state;
	sqlite3_stmt *q = db_query(db, "SELECT id, password FROM user WHERE email = ? AND state = 'active'"
		" AND password IS NOT NULL", "t", l->email);

	if (db_row(db, q)) {
		snprintf(l->user, sizeof l->user, "%s", db_text(q, 0));
		snprintf(l->hash, sizeof l->hash, "%s", db_text(q, 1));
		db_end(q);
	}
	return 0;
}

/* In the writer: the credential, unless the password was changed meanwhile. */
static int token_run(struct db *db, struct core_call *call)
{
	struct verb_login *l = call->state;
	bool session = core_call_bool(call, "session");
	char value[CORE_SESSION_TEXT];

	if (!db_number(db, 0, "SELECT count(*) FROM user WHERE id = ? AND password = ? AND state = 'active'", "tt",
			l->user, l->hash)) {
		core_answer_message(&call->answer, 401, WRONG);
		return -1;
	}
	core_credential_new(db, l->user, session ? CORE_SESSION : CORE_TOKEN, value);
	db_run(db, "UPDATE user SET last_login = ? WHERE id = ?", "it", core_stamp(db), l->user);
	if (session)
		verb_answer_user(db, call, l->user, value);
	else
		core_answer_text(&call->answer, 200, value);
	sodium_memzero(value, sizeof value);
	return 0;
}

static void token_refund(struct core_call *call)
{
	struct verb_login *l = call->state;

	core_throttle_refund(&call->core->throttle, CORE_THROTTLE_ACCOUNT, l->email);
	core_throttle_refund(&call->core->throttle, CORE_THROTTLE_PEER, call->principal.network);
}

/* The password is right. */
static void token_go(struct core_call *call)
{
	struct verb_login *l = call->state;

	core_throttle_forgive(&call->core->throttle, CORE_THROTTLE_ACCOUNT, l->email);
	core_throttle_refund(&call->core->throttle, CORE_THROTTLE_PEER, call->principal.network);
	core_call_write(call, token_run, core_call_finish, true);
}

static void verify_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct verb_login *l = call->state;
	yyjson_doc *doc;
	bool match;

	if (error || (msg->flags & IPC_ERROR)) {
		token_refund(call);
		verb_hashd_failed(call, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	match = yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(doc), "match"));
	yyjson_doc_free(doc);
	if (match && l->user[0]) {
		token_go(call);
		return;
	}
	log_warn("sign-in: %s: wrong address or password", call->principal.peer);
	core_call_refuse(call, 401, WRONG);
}

/* No hash to compare with yet: making one costs the same, and is kept for the next. */
static void dummy_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	yyjson_doc *doc;
	const char *hash;

	if (error || (msg->flags & IPC_ERROR)) {
		token_refund(call);
		verb_hashd_failed(call, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	hash = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "hash"));
	snprintf(call->core->dummy_hash, sizeof call->core->dummy_hash, "%s", hash ? hash : "");
	yyjson_doc_free(doc);
	core_call_refuse(call, 401, WRONG);
}

static void lookup_after(struct core_call *call)
{
	struct verb_login *l = call->state;

	if (l->user[0])
		verb_verify(call, l->hash, verify_replied);
	else if (call->core->dummy_hash[0])
		verb_verify(call, call->core->dummy_hash, verify_replied);
	else
		verb_hash(call, dummy_replied);
}

void verb_token_start(struct core_call *call)
{
	struct core_throttle *t = &call->core->throttle;
	struct verb_login *l = verb_login_new(call);
	int wait = core_throttle_charge(t, CORE_THROTTLE_PEER, call->principal.network);

	if (!wait) {
		wait = core_throttle_charge(t, CORE_THROTTLE_ACCOUNT, l->email);
		if (wait)
			core_throttle_refund(t, CORE_THROTTLE_PEER, call->principal.network);
	}
	if (wait)
		verb_refuse_wait(call, wait);
	else
		core_call_read(call, lookup_run, lookup_after);
}

/* ---- security.signout ---- */

int verb_signout_run(struct db *db, struct core_call *call)
{
	core_credential_revoke(db, call->principal.hash);
	core_answer_begin(&call->answer, 204);
	if (call->principal.kind == CORE_SESSION)
		core_answer_session(&call->answer, "", NULL);
	return 0;
}

/* ---- security.session ---- */

int verb_session_run(struct db *db, struct core_call *call)
{
	verb_answer_user(db, call, call->principal.user, NULL);
	if (call->principal.kind == CORE_SESSION)
		yyjson_mut_obj_add_strcpy(call->answer.doc, yyjson_mut_obj_get(call->answer.doc->root, "body"), "csrf",
			call->principal.csrf);
	return 0;
}

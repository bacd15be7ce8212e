/* users.*: what users do themselves: choose a password by a one-time code, change it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "plat/clock.h"
#include "truth.h"
#include "verbs.h"
#include "verbs_users.h"

#define WRONG_CODE "The code is not right, has been used, or is too old. Ask your administrator for a new link."

struct password_state {
	uint8_t code[CORE_HASH];	/* SHA-256 of the code presented */
	char user[CORE_USER_TEXT];	/* "" = unknown */
	char present[256], chosen[256];	/* hashes */
};

static void password_forget(void *state)
{
	sodium_memzero(state, sizeof(struct password_state));
	free(state);
}

static struct password_state *password_new(struct core_call *call)
{
	struct password_state *s = calloc(1, sizeof *s);

	if (!s)
		log_fatal("password");
	call->state = s;
	call->forget = password_forget;
	return s;
}

/* ---- by code ---- */

static int code_find(struct db *db, struct core_call *call)
{
	struct password_state *s = call->state;
	sqlite3_stmt *q = db_query(db, "SELECT id FROM user WHERE code = ? AND code_expires > ?"
		" AND state IN ('invited', 'active', 'locked')", "bi", s->code, (size_t)CORE_HASH, plat_clock_wall());

	s->user[0] = 0;
	if (db_row(db, q)) {
		snprintf(s->user, sizeof s->user, "%s", db_text(q, 0));
		db_end(q);
	}
	return 0;
}

static int activate_run(struct db *db, struct core_call *call)
{
	struct password_state *s = call->state;
	char session[CORE_SESSION_TEXT];

	code_find(db, call);
	if (!s->user[0]) {
		core_answer_message(&call->answer, 403, WRONG_CODE);
		return -1;
	}
	db_run(db, "UPDATE user SET password = ?, state = 'active', failures = 0, locked_until = 0, code = NULL, updated = ? WHERE id = ?",
		"tit", s->chosen, core_stamp(db), s->user);
	core_credential_revoke_all(db, s->user, CORE_SESSION, NULL);
	core_event(db, "user.changed", s->user, "{}");
	snprintf(call->principal.user, sizeof call->principal.user, "%s", s->user);
	snprintf(call->subject, sizeof call->subject, "%s", s->user);
	if (core_call_bool(call, "session")) {
		verb_signed_in(db, s->user);
		core_credential_new(db, s->user, CORE_SESSION, session);
		verb_answer_user(db, call, s->user, session);
		sodium_memzero(session, sizeof session);
	} else {
		verb_answer_user(db, call, s->user, NULL);
	}
	return 0;
}

static void activate_hashed(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct password_state *s = call->state;

	if (verb_hashd_failed(call, msg, error))
		return;
	if (verb_hash_take(msg, s->chosen, sizeof s->chosen))
		core_call_refuse(call, 503, "The password could not be stored. Please try again.");
	else
		core_call_write(call, activate_run, core_call_finish, true);
}

static void activate_found(struct core_call *call)
{
	struct password_state *s = call->state;

	if (!s->user[0]) {
		log_warn("users: %s: wrong code", call->principal.peer);
		core_call_refuse(call, 403, WRONG_CODE);
		return;
	}
	core_throttle_forgive(&call->core->throttle, CORE_THROTTLE_INVITE, call->principal.network);
	verb_hash(call, activate_hashed);
}

/* Charges for a try; false when the call was answered 429. */
static bool code_begin(struct core_call *call)
{
	int wait = core_throttle_charge(&call->core->throttle, CORE_THROTTLE_INVITE, call->principal.network);

	if (wait) {
		verb_refuse_wait(call, wait);
		return false;
	}
	users_code_hash(core_call_string(call, "code"), password_new(call)->code);
	return true;
}

void verb_users_activate_start(struct core_call *call)
{
	if (!verb_password_long(core_call_string(call, "password"))) {
		core_call_refuse(call, 400, "password: at least %d characters are needed.", VERB_PASSWORD_CHARACTERS);
		return;
	}
	if (code_begin(call))
		core_call_read(call, code_find, activate_found);
}

/* ---- whom a code is for ---- */

static int welcome_run(struct db *db, struct core_call *call)
{
	static const char *const names[] = { "email", "name", "last_name", "organization", "purpose" };
	struct password_state *s = call->state;
	char expires[OBJECT_DATE];
	yyjson_mut_val *body;
	sqlite3_stmt *q;

	code_find(db, call);
	q = db_query(db, "SELECT u.email, w.doc ->> '$.name', w.doc ->> '$.last_name', coalesce(o.doc ->> '$.display_name', u.organization),"
		" iif(u.state = 'invited', 'invitation', 'reset'), u.code_expires FROM user u JOIN object w ON w.kind = 3 AND w.id = u.id"
		" LEFT JOIN object o ON o.kind = 1 AND o.id = u.organization WHERE u.id = ?", "t", s->user);
	if (!db_row(db, q)) {
		core_answer_message(&call->answer, 403, WRONG_CODE);
		return -1;
	}
	body = core_answer_object(&call->answer, call->verb->status);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		yyjson_mut_obj_add_strcpy(call->answer.doc, body, names[i], db_text(q, (int)i));
	object_date(db_int(q, 5), expires);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "expires", expires);
	db_end(q);
	return 0;
}

static void welcomed(struct core_call *call)
{
	if (call->answer.status == 200)
		core_throttle_forgive(&call->core->throttle, CORE_THROTTLE_INVITE, call->principal.network);
	else
		log_warn("users: %s: wrong code", call->principal.peer);
	core_call_finish(call);
}

void verb_users_activation_start(struct core_call *call)
{
	if (code_begin(call))
		core_call_read(call, welcome_run, welcomed);
}

/* ---- one's own ---- */

static int present_run(struct db *db, struct core_call *call)
{
	struct password_state *s = call->state;
	sqlite3_stmt *q = db_query(db, "SELECT password FROM user WHERE id = ? AND password IS NOT NULL", "t", call->principal.user);

	if (!db_row(db, q)) {
		core_answer_message(&call->answer, 409, "This account has no password.");
		return -1;
	}
	snprintf(s->present, sizeof s->present, "%s", db_text(q, 0));
	db_end(q);
	return 0;
}

static int change_run(struct db *db, struct core_call *call)
{
	struct password_state *s = call->state;
	const char *user = call->principal.user;

	db_run(db, "UPDATE user SET password = ?, failures = 0, code = NULL, updated = ? WHERE id = ? AND password = ?", "titt",
		s->chosen, core_stamp(db), user, s->present);
	if (!db_changes(db)) {
		core_answer_message(&call->answer, 409, "The password was changed by somebody else just now.");
		return -1;
	}
	core_credential_revoke_all(db, user, CORE_SESSION, call->principal.hash);
	core_event(db, "user.changed", user, "{}");
	snprintf(call->subject, sizeof call->subject, "%s", user);
	core_answer_begin(&call->answer, 204);
	return 0;
}

static void change_hashed(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct password_state *s = call->state;

	if (verb_hashd_failed(call, msg, error))
		return;
	if (verb_hash_take(msg, s->chosen, sizeof s->chosen))
		core_call_refuse(call, 503, "The password could not be stored. Please try again.");
	else
		core_call_write(call, change_run, core_call_finish, false);
}

static void change_verified(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	yyjson_doc *doc;
	bool match;

	if (error || (msg->flags & IPC_ERROR)) {
		core_throttle_refund(&call->core->throttle, CORE_THROTTLE_ACCOUNT, call->principal.user);
		verb_hashd_failed(call, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	match = yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(doc), "match"));
	yyjson_doc_free(doc);
	if (!match) {
		core_call_refuse(call, 403, "password: the present password is wrong.");
		return;
	}
	core_throttle_forgive(&call->core->throttle, CORE_THROTTLE_ACCOUNT, call->principal.user);
	verb_hash_member(call, "new_password", change_hashed);
}

static void change_found(struct core_call *call)
{
	int wait;

	if (call->answer.doc) {
		core_call_finish(call);
		return;
	}
	/* a stolen session must not become a way to guess the password */
	wait = core_throttle_charge(&call->core->throttle, CORE_THROTTLE_ACCOUNT, call->principal.user);
	if (wait)
		verb_refuse_wait(call, wait);
	else
		verb_verify(call, ((struct password_state *)call->state)->present, change_verified);
}

void verb_users_password_start(struct core_call *call)
{
	if (!verb_password_long(core_call_string(call, "new_password"))) {
		core_call_refuse(call, 400, "new_password: at least %d characters are needed.", VERB_PASSWORD_CHARACTERS);
		return;
	}
	password_new(call);
	core_call_read(call, present_run, change_found);
}

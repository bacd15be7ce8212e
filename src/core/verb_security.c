/* security.*: sign in, sign out, whose credential is this. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "truth.h"
#include "verbs.h"
#include "log/log.h"
#include "plat/clock.h"

#define WRONG "The e-mail address or the password is wrong."

/* ---- security.token ---- */

/* In a reader: the user and the kept hash. */
static int lookup_run(struct db *db, struct core_call *call)
{
	struct verb_login *l = call->state;
	sqlite3_stmt *q = db_query(db, "SELECT id, password FROM user WHERE email = ?1 AND (state = 'active' OR"
		" (state = 'locked' AND locked_until <= ?2)) AND password IS NOT NULL", "ti", l->email, plat_clock_wall());

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

	if (!db_number(db, 0, "SELECT count(*) FROM user WHERE id = ?1 AND password = ?2 AND (state = 'active'"
			" OR (state = 'locked' AND locked_until <= ?3))", "tti", l->user, l->hash, plat_clock_wall())) {
		core_answer_message(&call->answer, 401, WRONG);
		return -1;
	}
	core_credential_new(db, l->user, session ? CORE_SESSION : CORE_TOKEN, value);
	db_run(db, "UPDATE user SET failures = 0, state = 'active' WHERE id = ?", "t", l->user);
	verb_signed_in(db, l->user);
	/* signed in just now: who does this is known */
	snprintf(call->principal.user, sizeof call->principal.user, "%s", l->user);
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

/* ---- wrong passwords of an account ---- */

struct failure_job {
	struct core_job work;
	char user[CORE_USER_TEXT];
};

static int failure_run(struct db *db, struct db_job *job)
{
	struct failure_job *f = (struct failure_job *)((char *)job - offsetof(struct core_job, job));
	struct activity_entry e = { "", "core", "user.locked", "user", f->user, 200 };
	int64_t now = plat_clock_wall();

	/* A lock that is over starts the count again. */
	db_run(db, "UPDATE user SET failures = 0, state = 'active' WHERE id = ? AND state = 'locked' AND locked_until <= ?", "ti",
		f->user, now);
	db_run(db, "UPDATE user SET failures = failures + 1 WHERE id = ? AND state = 'active'", "t", f->user);
	db_run(db, "UPDATE user SET state = 'locked', locked_until = ? WHERE id = ? AND state = 'active' AND failures >= ?", "iti",
		now + VERB_LOCK_LIFE * PLAT_SECOND, f->user, (int64_t)VERB_LOCK_FAILURES);
	if (db_changes(db)) {
		activity_add(db, &e);
		core_event(db, "user.changed", f->user, "{}");
	}
	return 0;
}

static void failure_done(struct core_job *work)
{
	free(work);
}

static void failure_note(struct core *core, const char *user)
{
	struct failure_job *f = calloc(1, sizeof *f);

	if (!f)
		log_fatal("sign-in");
	snprintf(f->user, sizeof f->user, "%s", user);
	f->work.job.run = failure_run;
	f->work.job.essential = true;
	f->work.done = failure_done;
	core_job_write(core, &f->work);
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
	if (l->user[0])
		failure_note(call->core, l->user);
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

	/* for the activity: at whose door this was */
	snprintf(call->subject, sizeof call->subject, "%s", l->user);
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

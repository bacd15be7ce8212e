/* users.*: what administrators of an organization do with its users.  The personal workspace is the user's record,
 * the row in `user` has the state and the credentials. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "log/log.h"
#include "personal.h"
#include "plat/clock.h"
#include "plat/random.h"
#include "truth.h"
#include "verbs.h"
#include "verbs_users.h"

/* Life of the code of an invitation and of a reset, seconds. */
#define INVITE_LIFE (7 * 86400)
#define RESET_LIFE 86400
/* Random bytes of a code: nobody guesses 144 bits. */
#define CODE_BYTES 18
#define CODE_TEXT 25
#define URL_TEXT 320
/* Ids tried for a new user before giving up: so many users have had the same name. */
#define ID_TRIES 1000

#define DATE(us) "CASE coalesce(" us ", 0) WHEN 0 THEN NULL ELSE strftime('%Y-%m-%d %H:%M:%S', " us " / 1000000, 'unixepoch')" \
	" || printf('.%06d', " us " % 1000000) END"
/* A lock that is over is none any more; ?1 = now. */
#define STATE "CASE user.state WHEN 'locked' THEN iif(locked_until > ?1, 'password_locked', 'active') ELSE user.state END"
#define VIEW "json_set(o.doc, '$.state', " STATE ", '$.last_login', " DATE("user.last_login") ", '$.administrator'," \
	" json(iif(user.admin, 'true', 'false')))"

char *users_view(struct db *db, const char *id)
{
	sqlite3_stmt *q = db_query(db, "SELECT " VIEW " FROM user JOIN object o ON o.kind = 3 AND o.id = user.id"
		" WHERE user.id = ?2", "it", plat_clock_wall(), id);
	char *text = NULL;

	if (db_row(db, q)) {
		text = strdup(db_text(q, 0));
		db_end(q);
	}
	return text;
}

void users_code_hash(const char *code, uint8_t hash[CORE_HASH])
{
	crypto_hash_sha256(hash, (const uint8_t *)code, strlen(code));
}

static int answer_view(struct db *db, struct core_call *call, const char *id)
{
	char *text = users_view(db, id);

	if (text)
		core_answer_raw(&call->answer, call->verb->status, text);
	else
		core_answer_missing(&call->answer);
	free(text);
	return text ? 0 : -1;
}

/* ---- who is meant, and may the caller? ---- */

struct target {
	char id[OBJECT_ID], organization[OBJECT_ID], state[32];
	bool admin;			/* of the appliance */
	bool has_password;
};

static bool target_read(struct db *db, const char *id, struct target *t)
{
	sqlite3_stmt *q = db_query(db, "SELECT id, organization, state, admin, password IS NOT NULL FROM user WHERE id = ?"
		" AND state <> 'deleted'", "t", id);

	if (!db_row(db, q))
		return false;
	snprintf(t->id, sizeof t->id, "%s", db_text(q, 0));
	snprintf(t->organization, sizeof t->organization, "%s", db_text(q, 1));
	snprintf(t->state, sizeof t->state, "%s", db_text(q, 2));
	t->admin = db_int(q, 3) != 0;
	t->has_password = db_int(q, 4) != 0;
	db_end(q);
	return true;
}

/* The user of the path, for an administrator of the user's organization; else the answer is set. */
static bool target(struct db *db, struct core_call *call, struct target *t)
{
	const struct core_principal *p = &call->principal;
	bool found = target_read(db, core_call_string(call, "id"), t);

	if (found && access_organization_admin(db, p, t->organization)) {
		if (!t->admin || p->admin)
			return true;
		core_answer_message(&call->answer, 403, "Only an administrator of the appliance may do this to another one.");
	} else if (found && !strcmp(t->id, p->user)) {
		core_answer_message(&call->answer, 403, "Only an administrator may do this.");
	} else {
		core_answer_missing(&call->answer);
	}
	return false;
}

/* Nobody shuts himself out: so there is always an administrator left. */
static bool not_oneself(struct core_call *call, const struct target *t)
{
	if (strcmp(t->id, call->principal.user))
		return true;
	core_answer_message(&call->answer, 409, "You cannot do this to yourself. Ask another administrator.");
	return false;
}

static void changed(struct db *db, const char *id)
{
	core_event(db, "user.changed", id, "{}");
}

/* ---- list, get ---- */

int verb_users_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *organization = core_call_string(call, "organization"), *state = core_call_string(call, "state");

	if (!organization || !organization[0])
		organization = call->principal.organization;
	if (!access_organization_admin(db, &call->principal, organization)) {
		core_answer_message(&call->answer, 403, "Only an administrator of the organization may see its users.");
		return -1;
	}
	object_list_query(db, db_query(db, "SELECT user.id, " VIEW " FROM user JOIN object o ON o.kind = 3 AND o.id = user.id"
		" WHERE user.organization = ?2 AND user.id > ?3 AND user.state <> 'deleted' AND (?4 IS NULL OR " STATE " = ?4)"
		" ORDER BY user.id LIMIT ?5", "ittti", plat_clock_wall(), organization, cursor, state && state[0] ? state : NULL,
		(int64_t)OBJECT_LIST_ROWS), OBJECT_LIST_ROWS, cursor, CORE_LIST_CHUNK, out);
	return 0;
}

int verb_users_get_run(struct db *db, struct core_call *call)
{
	struct target t;

	if (target_read(db, core_call_string(call, "id"), &t) && (!strcmp(t.id, call->principal.user) ||
			access_organization_admin(db, &call->principal, t.organization)))
		return answer_view(db, call, t.id);
	core_answer_missing(&call->answer);
	return -1;
}

/* ---- one-time codes ---- */

struct link_state {
	char code[CODE_TEXT];
	char url[URL_TEXT];		/* of the appliance, as it is called just now */
};

static void link_forget(void *state)
{
	sodium_memzero(state, sizeof(struct link_state));
	free(state);
}

/* In the loop: what the writer needs of it. */
static void link_new(struct core_call *call)
{
	struct link_state *l = calloc(1, sizeof *l);
	uint8_t bytes[CODE_BYTES];

	if (!l)
		log_fatal("users");
	plat_random(bytes, sizeof bytes);
	sodium_bin2base64(l->code, sizeof l->code, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
	core_url(call->core, l->url, sizeof l->url);
	call->state = l;
	call->forget = link_forget;
}

/* Keeps the code and answers the user with it. */
static int link_give(struct db *db, struct core_call *call, const char *id, int64_t life)
{
	struct link_state *l = call->state;
	int64_t expires = plat_clock_wall() + life * PLAT_SECOND;
	char link[URL_TEXT + CODE_TEXT + 32], when[OBJECT_DATE], *text;
	uint8_t hash[CORE_HASH];
	yyjson_mut_doc *doc;
	yyjson_doc *view;

	users_code_hash(l->code, hash);
	db_run(db, "UPDATE user SET code = ?, code_expires = ?, updated = ? WHERE id = ?", "biit", hash, (size_t)CORE_HASH, expires,
		core_stamp(db), id);
	changed(db, id);
	text = users_view(db, id);
	view = text ? yyjson_read(text, strlen(text), 0) : NULL;
	free(text);
	if (!view) {
		core_answer_missing(&call->answer);
		return -1;
	}
	doc = yyjson_doc_mut_copy(view, NULL);
	yyjson_doc_free(view);
	object_date(expires, when);
	snprintf(link, sizeof link, "%s#/activate?code=%s", l->url[0] ? l->url : "/", l->code);
	yyjson_mut_obj_add_str(doc, doc->root, "code", l->code);
	yyjson_mut_obj_add_str(doc, doc->root, "link", link);
	yyjson_mut_obj_add_str(doc, doc->root, "expires", when);
	core_answer_doc(&call->answer, call->verb->status, doc);
	yyjson_mut_doc_free(doc);
	return 0;
}

static int code_run(struct db *db, struct core_call *call)
{
	bool invite = !strcmp(call->verb->name, "users.resend");
	struct target t;

	if (!target(db, call, &t))
		return -1;
	if (invite != !strcmp(t.state, "invited")) {
		core_answer_message(&call->answer, 409, invite ? "This user has been here already: reset the password instead." :
			"This user has not accepted the invitation yet: send it again instead.");
		return -1;
	}
	if (!strcmp(t.state, "deactivated")) {
		core_answer_message(&call->answer, 409, "This user is deactivated. Activate the user first.");
		return -1;
	}
	return link_give(db, call, t.id, invite ? INVITE_LIFE : RESET_LIFE);
}

void verb_users_code_start(struct core_call *call)
{
	link_new(call);
	core_call_write(call, code_run, core_call_finish, false);
}

/* ---- invite ---- */

/* An id that no object has and no user ever had: activity must not mix two people. */
static void new_id(struct db *db, const char *email, char out[OBJECT_ID])
{
	char base[OBJECT_ID];

	personal_id(db, email, out);
	memcpy(base, out, sizeof base);
	for (int i = 2; i < ID_TRIES && db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM user WHERE id = ?1) OR"
			" EXISTS(SELECT 1 FROM object WHERE kind IN (1, 3) AND id = ?1)", "t", out); i++)
		snprintf(out, OBJECT_ID, "%.50s-%d", base, i);
}

static bool email_lower(const char *email, char out[256])
{
	size_t i;

	for (i = 0; email[i] && i < 255; i++)
		out[i] = email[i] >= 'A' && email[i] <= 'Z' ? (char)(email[i] + 32) : email[i];
	out[i] = 0;
	return verb_email_valid(out);
}

static void add_administrator(struct db *db, struct object *organization, const char *user)
{
	yyjson_mut_val *members = yyjson_mut_obj_get(organization->doc->root, "members"), *m;

	if (!yyjson_mut_is_arr(members))
		members = yyjson_mut_obj_add_arr(organization->doc, organization->doc->root, "members");
	m = yyjson_mut_arr_add_obj(organization->doc, members);
	yyjson_mut_obj_add_strcpy(organization->doc, m, "id", user);
	yyjson_mut_obj_add_str(organization->doc, m, "type", "workspace");
	yyjson_mut_obj_add_str(organization->doc, m, "role", "administrator");
	object_put(db, organization);
}

static int invite_into(struct db *db, struct core_call *call, struct object *organization, const char *email)
{
	const char *name = core_call_string(call, "name"), *last = core_call_string(call, "last_name");
	const char *role = core_call_string(call, "role");
	int64_t stamp;

	new_id(db, email, call->id);
	personal_new(db, call->id, email, name && name[0] ? name : call->id, last ? last : "", organization->id,
		object_member(organization, "default_costcenter"));
	stamp = core_stamp(db);
	db_run(db, "INSERT INTO user(id, email, state, organization, admin, doc, created, updated)"
		" VALUES(?, ?, 'invited', ?, 0, '{}', ?, ?)", "tttii", call->id, email, organization->id, stamp, stamp);
	if (role && !strcmp(role, "administrator"))
		add_administrator(db, organization, call->id);
	return link_give(db, call, call->id, INVITE_LIFE);
}

static int invite_run(struct db *db, struct core_call *call)
{
	const char *organization = core_call_string(call, "organization");
	struct object o;
	char email[256];
	int result;

	if (!organization || !organization[0])
		organization = call->principal.organization;
	if (!access_organization_admin(db, &call->principal, organization)) {
		core_answer_message(&call->answer, 403, "Only an administrator of the organization may invite users to it.");
		return -1;
	}
	email_lower(core_call_string(call, "email"), email);
	if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM user WHERE email = ?)", "t", email)) {
		core_answer_message(&call->answer, 409, "email: there is a user with this address already.");
		return -1;
	}
	if (!object_get(db, OBJECT_ORGANIZATION, organization, &o)) {
		core_answer_missing(&call->answer);
		return -1;
	}
	result = invite_into(db, call, &o, email);
	object_free(&o);
	return result;
}

void verb_users_invite_start(struct core_call *call)
{
	const char *role = core_call_string(call, "role");
	char email[256];

	if (!email_lower(core_call_string(call, "email"), email)) {
		core_call_refuse(call, 400, "email: is not an e-mail address.");
		return;
	}
	if (role && role[0] && strcmp(role, "administrator") && strcmp(role, "user")) {
		core_call_refuse(call, 400, "role: must be administrator or user.");
		return;
	}
	link_new(call);
	core_call_write(call, invite_run, core_call_finish, false);
}

/* ---- states ---- */

static void deactivate(struct db *db, const char *id)
{
	db_run(db, "UPDATE user SET state = 'deactivated', code = NULL, updated = ? WHERE id = ?", "it", core_stamp(db), id);
	core_credential_revoke_all(db, id, CORE_ANONYMOUS, NULL);
}

static char *email_of(struct db *db, const char *id)
{
	sqlite3_stmt *q = db_query(db, "SELECT email FROM user WHERE id = ?", "t", id);
	char *email = NULL;

	if (db_row(db, q)) {
		email = strdup(db_text(q, 0));
		db_end(q);
	}
	return email;
}

/* In the loop: whoever is unlocked need not wait for his former tries either. */
void verb_users_unlock_after(struct core_call *call)
{
	if (call->state && call->answer.status == 200)
		core_throttle_forgive(&call->core->throttle, CORE_THROTTLE_ACCOUNT, call->state);
	core_call_finish(call);
}

int verb_users_state_run(struct db *db, struct core_call *call)
{
	const char *what = strchr(call->verb->name, '.') + 1;
	struct target t;

	if (!target(db, call, &t))
		return -1;
	if (!strcmp(what, "deactivate")) {
		if (!not_oneself(call, &t))
			return -1;
		deactivate(db, t.id);
	} else if (!strcmp(what, "reactivate")) {
		/* somebody who never chose a password is where the invitation left him */
		db_run(db, "UPDATE user SET state = iif(password IS NULL, 'invited', 'active'), failures = 0, updated = ? WHERE id = ?"
			" AND state = 'deactivated'", "it", core_stamp(db), t.id);
	} else {
		free(call->state);
		call->state = email_of(db, t.id);
		call->forget = free;
		db_run(db, "UPDATE user SET state = 'active', failures = 0, locked_until = 0, updated = ? WHERE id = ?"
			" AND state = 'locked'", "it", core_stamp(db), t.id);
	}
	changed(db, t.id);
	return answer_view(db, call, t.id);
}

/* ---- delete ---- */

/* Gives one object away. */
static void transfer_one(struct db *db, enum object_kind kind, const char *id, const char *to, const char *organization)
{
	struct object o;

	if (!object_get(db, kind, id, &o))
		return;
	snprintf(o.owner, sizeof o.owner, "%s", to);
	snprintf(o.organization, sizeof o.organization, "%s", organization);
	if (yyjson_mut_obj_get(o.doc->root, "owner"))
		object_set(&o, "owner", to);
	if (yyjson_mut_obj_get(o.doc->root, "organization"))
		object_set(&o, "organization", organization);
	object_put(db, &o);
	object_free(&o);
}

/* Everything the user's workspace owns but itself. */
static void transfer(struct db *db, const char *from, const char *to, const char *organization)
{
	char id[OBJECT_ID];
	sqlite3_stmt *q;
	int64_t kind;

	while (!db_error(db)) {
		q = db_query(db, "SELECT kind, id FROM object WHERE owner = ? AND kind IN (4, 5, 6, 7, 8, 9, 10, 11, 12) AND owner <> ?"
			" LIMIT 1", "tt", from, to);
		if (!db_row(db, q))
			return;
		kind = db_int(q, 0);
		snprintf(id, sizeof id, "%s", db_text(q, 1));
		db_end(q);
		transfer_one(db, (enum object_kind)kind, id, to, organization);
	}
}

/* Where things go: a workspace the caller administers, of somebody who stays. */
static bool receiver(struct db *db, struct core_call *call, const struct target *t, const char *to,
	char organization[OBJECT_ID])
{
	struct object o;

	if (!strcmp(to, t->id)) {
		core_answer_message(&call->answer, 400, "transfer: is the workspace of the user to be deleted.");
		return false;
	}
	if (!access_workspace(db, call, to, ACCESS_ADMINISTRATOR))
		return false;
	if (!object_peek(db, OBJECT_WORKSPACE, to, &o)) {
		core_answer_missing(&call->answer);
		return false;
	}
	snprintf(organization, OBJECT_ID, "%s", o.organization);
	object_free(&o);
	return true;
}

static int64_t owned(struct db *db, const char *user)
{
	return db_number(db, 0, "SELECT count(*) FROM object WHERE owner = ? AND kind IN (4, 5, 8) AND parent = ''", "t", user);
}

static void remove_user(struct db *db, const char *id)
{
	struct object o;

	object_member_forget(db, id);
	core_credential_revoke_all(db, id, CORE_ANONYMOUS, NULL);
	db_run(db, "DELETE FROM user_group WHERE user = ?", "t", id);
	if (object_peek(db, OBJECT_WORKSPACE, id, &o)) {
		object_delete(db, &o);
		object_free(&o);
	}
	db_run(db, "UPDATE user SET state = 'deleted', email = 'deleted:' || id, password = NULL, code = NULL, admin = 0, doc = '{}',"
		" updated = ? WHERE id = ?", "it", core_stamp(db), id);
	core_event(db, "user.deleted", id, "{}");
}

int verb_users_delete_run(struct db *db, struct core_call *call)
{
	const char *to = core_call_string(call, "transfer");
	char organization[OBJECT_ID];
	struct target t;

	if (!target(db, call, &t) || !not_oneself(call, &t))
		return -1;
	if (!to && owned(db, t.id)) {
		core_answer_message(&call->answer, 409, "transfer: this user owns boxes, instances or providers: name the workspace"
			" that is to receive them.");
		return -1;
	}
	if (to) {
		if (!receiver(db, call, &t, to, organization))
			return -1;
		transfer(db, t.id, to, organization);
	}
	remove_user(db, t.id);
	core_answer_begin(&call->answer, 204);
	return 0;
}

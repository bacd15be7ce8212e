/* appliance.setup: the first visitor, by the one-time code. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"
#include "verbs.h"
#include "log/log.h"
#include "plat/clock.h"

#define PASSWORD_CHARACTERS 10
/* Letters of a slug made from a name or address. */
#define SLUG_MAX 40

static bool email_valid(const char *s)
{
	const char *at = strrchr(s, '@');

	return at && at != s && at[1] && !strchr(s, ' ') && strchr(at, '.') != at + 1 && s[strlen(s) - 1] != '.' &&
		!strpbrk(s, "<>\"(),;:\\[]") && strchr(s, '@') == at;
}

/* Characters, not bytes: each UTF-8 sequence counts once. */
static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Is this the code?  Case, spaces and hyphens do not count; time does not tell. */
static bool code_equal(const char *code, const char *presented)
{
	char want[CORE_CODE_TEXT - 2], have[CORE_CODE_TEXT - 2] = { 0 };
	size_t n = 0, letters = 0;
	char c;

	memcpy(want, code, 4);
	memcpy(want + 4, code + 5, 4);
	for (; *presented; presented++) {
		c = *presented;
		if (c == '-' || c == ' ')
			continue;
		if (n < sizeof have)
			have[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
		letters++;
	}
	return !sodium_memcmp(want, have, sizeof want) && letters == sizeof want;
}

/* "Jane.Doe@…" → "jane-doe"; never empty. */
static void slug(const char *from, char out[SLUG_MAX + 1], const char *otherwise)
{
	size_t n = 0;
	char c;

	for (; *from && *from != '@' && n < SLUG_MAX; from++) {
		c = *from >= 'A' && *from <= 'Z' ? (char)(*from + 32) : *from;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = 0;
	if (!n)
		snprintf(out, SLUG_MAX + 1, "%s", otherwise);
}

/* ---- in the writer ---- */

static void insert(struct db *db, const char *sql, const char *id, yyjson_mut_doc *doc, int64_t stamp)
{
	char *text = yyjson_mut_write(doc, 0, NULL);

	db_run(db, sql, "ttii", id, text, stamp, stamp);
	free(text);
	yyjson_mut_doc_free(doc);
}

static void member_of(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *user)
{
	yyjson_mut_val *m = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_strcpy(doc, m, "id", user);
	yyjson_mut_obj_add_str(doc, m, "type", "workspace");
	yyjson_mut_obj_add_str(doc, m, "role", "administrator");
}

static void organization_insert(struct db *db, const char *id, const char *name, const char *user, const char *email)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc), *domains, *authentication;
	int64_t stamp = core_stamp(db);
	char when[PLAT_CLOCK_TEXT];

	plat_clock_text(stamp, when);
	yyjson_mut_doc_set_root(doc, o);
	yyjson_mut_obj_add_str(doc, o, "schema", "http://elasticbox.net/schemas/organization");
	yyjson_mut_obj_add_strcpy(doc, o, "id", id);
	yyjson_mut_obj_add_strcpy(doc, o, "name", id);
	yyjson_mut_obj_add_strcpy(doc, o, "display_name", name);
	yyjson_mut_obj_add_strcpy(doc, o, "created", when);
	yyjson_mut_obj_add_strcpy(doc, o, "updated", when);
	yyjson_mut_obj_add_bool(doc, o, "setup", true);
	domains = yyjson_mut_obj_add_arr(doc, o, "domains");
	yyjson_mut_arr_add_strcpy(doc, domains, strchr(email, '@') + 1);
	member_of(doc, yyjson_mut_obj_add_arr(doc, o, "members"), user);
	authentication = yyjson_mut_obj_add_obj(doc, o, "authentication");
	yyjson_mut_obj_add_bool(doc, authentication, "password", true);
	insert(db, "INSERT INTO organization(id, doc, created, updated) VALUES(?, ?, ?, ?)", id, doc, stamp);
}

static void user_insert(struct db *db, const char *id, const struct verb_login *l, const char *name,
	const char *organization)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *u = yyjson_mut_obj(doc);
	int64_t stamp = core_stamp(db);
	char when[PLAT_CLOCK_TEXT], uri[SLUG_MAX + 32], *text;

	plat_clock_text(stamp, when);
	snprintf(uri, sizeof uri, "/services/workspaces/%s", id);
	yyjson_mut_doc_set_root(doc, u);
	yyjson_mut_obj_add_str(doc, u, "schema", "http://elasticbox.net/schemas/workspaces/personal");
	yyjson_mut_obj_add_strcpy(doc, u, "id", id);
	yyjson_mut_obj_add_str(doc, u, "type", "personal");
	yyjson_mut_obj_add_strcpy(doc, u, "uri", uri);
	yyjson_mut_obj_add_strcpy(doc, u, "name", name);
	yyjson_mut_obj_add_strcpy(doc, u, "email", l->email);
	yyjson_mut_obj_add_strcpy(doc, u, "organization", organization);
	yyjson_mut_obj_add_strcpy(doc, u, "created", when);
	yyjson_mut_obj_add_strcpy(doc, u, "updated", when);
	text = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	db_run(db, "INSERT INTO user(id, email, state, organization, admin, password, doc, created, updated, last_login)"
		" VALUES(?, ?, 'active', ?, 1, ?, ?, ?, ?, ?)", "tttttiii", id, l->email, organization, l->hash, text,
		stamp, stamp, stamp);
	free(text);
}

int verb_setup_run(struct db *db, struct core_call *call)
{
	struct verb_login *l = call->state;
	const char *name = core_call_string(call, "name"), *organization = core_call_string(call, "organization");
	char user[SLUG_MAX + 1], org[SLUG_MAX + 1], session[CORE_SESSION_TEXT];

	if (core_is_setup(db)) {
		core_answer_message(&call->answer, 409, "This appliance has been set up already.");
		return -1;
	}
	slug(l->email, user, "administrator");
	slug(organization ? organization : "", org, "organization");
	organization_insert(db, org, organization && organization[0] ? organization : "Organization", user, l->email);
	user_insert(db, user, l, name && name[0] ? name : user, org);
	db_run(db, "DELETE FROM secret WHERE object = 'appliance' AND field = 'setup_code'", "");
	core_event(db, "appliance.setup", "appliance", "{}");
	core_event(db, "appliance.console", "appliance", "{}");
	if (core_call_bool(call, "session")) {
		core_credential_new(db, user, CORE_SESSION, session);
		verb_answer_user(db, call, user, session);
		sodium_memzero(session, sizeof session);
	} else {
		verb_answer_user(db, call, user, NULL);
	}
	return 0;
}

/* ---- in the loop ---- */

static void setup_after(struct core_call *call)
{
	if (call->answer.status == 200) {
		call->core->setup = true;
		core_setup_code_forget(call->core);
		log_info("appliance: set up");
	}
	core_call_finish(call);
}

static void hash_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct verb_login *l = call->state;
	yyjson_doc *doc;
	const char *hash;

	if (verb_hashd_failed(call, msg, error))
		return;
	doc = ipc_msg_json(msg);
	hash = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "hash"));
	snprintf(l->hash, sizeof l->hash, "%s", hash ? hash : "");
	yyjson_doc_free(doc);
	if (!l->hash[0])
		core_call_refuse(call, 503, "The password could not be stored. Please try again.");
	else
		core_call_write(call, verb_setup_run, setup_after, true);
}

static int code_wait(struct core_call *call)
{
	struct core_throttle *t = &call->core->throttle;
	int wait = core_throttle_charge(t, CORE_THROTTLE_CODE, call->principal.network);

	if (!wait) {
		wait = core_throttle_charge(t, CORE_THROTTLE_CODES, "");
		if (wait)
			core_throttle_refund(t, CORE_THROTTLE_CODE, call->principal.network);
	}
	return wait;
}

static bool code_good(struct core_call *call)
{
	struct core_throttle *t = &call->core->throttle;
	int wait;

	if (!core_setup_code(call->core)) {
		core_call_refuse(call, 503, "The appliance is still starting. Please try again in a moment.");
		return false;
	}
	wait = code_wait(call);
	if (wait) {
		verb_refuse_wait(call, wait);
		return false;
	}
	if (!code_equal(core_setup_code(call->core), core_call_string(call, "code"))) {
		log_warn("setup: %s: wrong code", call->principal.peer);
		core_call_refuse(call, 403, "The setup code is not right. It is shown on the screen of the appliance.");
		return false;
	}
	core_throttle_forgive(t, CORE_THROTTLE_CODE, call->principal.network);
	core_throttle_refund(t, CORE_THROTTLE_CODES, "");
	return true;
}

void verb_setup_start(struct core_call *call)
{
	if (call->core->setup) {
		core_call_refuse(call, 409, "This appliance has been set up already.");
		return;
	}
	if (!email_valid(core_call_string(call, "email"))) {
		core_call_refuse(call, 400, "email: is not an e-mail address.");
		return;
	}
	if (characters(core_call_string(call, "password")) < PASSWORD_CHARACTERS) {
		core_call_refuse(call, 400, "password: at least %d characters are needed.", PASSWORD_CHARACTERS);
		return;
	}
	if (!code_good(call))
		return;
	verb_login_new(call);
	verb_hash(call, hash_replied);
}

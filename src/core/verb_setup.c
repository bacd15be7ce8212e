/* appliance.setup: the first visitor, by the one-time code. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "personal.h"
#include "truth.h"
#include "verbs.h"
#include "log/log.h"
#include "plat/clock.h"

#define SCHEMA "http://elasticbox.net/schemas/"

bool verb_email_valid(const char *s)
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

bool verb_password_long(const char *password)
{
	return characters(password) >= VERB_PASSWORD_CHARACTERS;
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

/* ---- in the writer ---- */

static void costcenter_insert(struct db *db, const char *id, const char *organization)
{
	struct object o;

	object_new(&o, OBJECT_COSTCENTER, id, SCHEMA "costcenter");
	snprintf(o.organization, sizeof o.organization, "%s", organization);
	object_set(&o, "name", "Default");
	object_set(&o, "organization", organization);
	yyjson_mut_obj_add_arr(o.doc, o.doc->root, "members");
	object_put(db, &o);
	object_free(&o);
}

static void organization_fields(struct object *o, const char *name, const char *user, const char *email)
{
	static const char *const lists[] = {
		"providers", "tags", "webhooks", "federated_to", "ldap_groups", "plugins",
	};
	yyjson_mut_val *root = o->doc->root, *m;

	object_set(o, "name", o->id);
	object_set(o, "display_name", name);
	object_set(o, "icon", "");
	yyjson_mut_obj_add_bool(o->doc, root, "setup", true);
	object_set(o, "release", "4.0");
	yyjson_mut_arr_add_strcpy(o->doc, yyjson_mut_obj_add_arr(o->doc, root, "domains"), strchr(email, '@') + 1);
	m = yyjson_mut_arr_add_obj(o->doc, yyjson_mut_obj_add_arr(o->doc, root, "members"));
	yyjson_mut_obj_add_strcpy(o->doc, m, "id", user);
	yyjson_mut_obj_add_str(o->doc, m, "type", "workspace");
	yyjson_mut_obj_add_str(o->doc, m, "role", "administrator");
	yyjson_mut_obj_add_bool(o->doc, yyjson_mut_obj_add_obj(o->doc, root, "authentication"), "password", true);
	yyjson_mut_obj_add_obj(o->doc, root, "theme");
	yyjson_mut_obj_add_bool(o->doc, yyjson_mut_obj_add_obj(o->doc, root, "features"), "alm", true);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		yyjson_mut_obj_add_arr(o->doc, root, lists[i]);
}

static void organization_insert(struct db *db, const char *id, const char *name, const char *user, const char *email,
	const char *costcenter)
{
	struct object o;

	object_new(&o, OBJECT_ORGANIZATION, id, SCHEMA "organization");
	snprintf(o.organization, sizeof o.organization, "%s", id);
	organization_fields(&o, name, user, email);
	object_set(&o, "default_costcenter", costcenter);
	object_put(db, &o);
	object_free(&o);
}

static void user_insert(struct db *db, const char *id, const struct verb_login *l, const char *name,
	const char *organization, const char *costcenter)
{
	int64_t stamp = core_stamp(db);

	personal_new(db, id, l->email, name, "", organization, costcenter);
	db_run(db, "INSERT INTO user(id, email, state, organization, admin, password, doc, created, updated)"
		" VALUES(?, ?, 'active', ?, 1, ?, '{}', ?, ?)", "ttttii", id, l->email, organization, l->hash, stamp, stamp);
	verb_signed_in(db, id);
}

int verb_setup_run(struct db *db, struct core_call *call)
{
	struct verb_login *l = call->state;
	const char *name = core_call_string(call, "name"), *organization = core_call_string(call, "organization");
	char user[OBJECT_ID], org[OBJECT_ID], costcenter[OBJECT_ID], session[CORE_SESSION_TEXT];

	if (core_is_setup(db)) {
		core_answer_message(&call->answer, 409, "This appliance has been set up already.");
		return -1;
	}
	if (!organization || !organization[0])
		organization = "Organization";
	personal_id(db, l->email, user);
	object_id_slug(db, organization, org);
	object_id_guid(costcenter);
	costcenter_insert(db, costcenter, org);
	organization_insert(db, org, organization, user, l->email, costcenter);
	user_insert(db, user, l, name && name[0] ? name : user, org, costcenter);
	db_run(db, "DELETE FROM secret WHERE object = 'appliance' AND field = 'setup_code'", "");
	core_event(db, "appliance.setup", "appliance", "{}");
	snprintf(call->principal.user, sizeof call->principal.user, "%s", user);
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
	if (!verb_email_valid(core_call_string(call, "email"))) {
		core_call_refuse(call, 400, "email: is not an e-mail address.");
		return;
	}
	if (!verb_password_long(core_call_string(call, "password"))) {
		core_call_refuse(call, 400, "password: at least %d characters are needed.", VERB_PASSWORD_CHARACTERS);
		return;
	}
	if (!code_good(call))
		return;
	verb_login_new(call);
	verb_hash(call, hash_replied);
}

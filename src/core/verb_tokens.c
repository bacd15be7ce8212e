/* tokens.*: what programs sign in with. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"
#include "verbs_users.h"

#define KEYD_TIMEOUT 10.
#define MASK "********"

/* ---- list ---- */

/* A date, or null. */
#define DATE(us) "CASE " us " WHEN 0 THEN NULL ELSE strftime('%Y-%m-%d %H:%M:%S', " us " / 1000000, 'unixepoch') ||" \
	" printf('.%06d', " us " % 1000000) END"

int verb_tokens_list_run(struct db *db, struct core_call *call)
{
	sqlite3_stmt *q = db_query(db, "SELECT coalesce(json_group_array(json_object('id', id, 'description', description,"
		" 'type', type, 'value', '" MASK "' || hint, 'created', " DATE("created") ", 'last_used', " DATE("last_used") ","
		" 'expires', " DATE("expires") ", 'uri', '/services/tokens/' || id)), '[]') FROM"
		" (SELECT * FROM token WHERE user = ? AND kind = ? AND (expires = 0 OR expires > ?) ORDER BY made DESC, created)",
		"tii", call->principal.user, (int64_t)CORE_TOKEN, plat_clock_wall());

	if (db_row(db, q)) {
		core_answer_raw(&call->answer, 200, db_text(q, 0));
		db_end(q);
	} else {
		core_answer_message(&call->answer, 503, "The tokens cannot be read at the moment.");
	}
	return 0;
}

/* ---- add ---- */

struct token_state {
	struct jwt_claims claims;
	char value[JWT_TOKEN_MAX + 1];
	int64_t expires;		/* wall microseconds, 0 = never */
};

static void token_forget(void *state)
{
	sodium_memzero(state, sizeof(struct token_state));
	free(state);
}

static const char *type_of(const struct core_call *call)
{
	const char *type = core_call_string(call, "type");

	return type && type[0] ? type : "opaque";
}

static bool room_for_one(struct db *db, struct core_call *call)
{
	if (core_credential_count(db, call->principal.user) < CORE_TOKENS_MAX)
		return true;
	core_answer_message(&call->answer, 409, "You have %d tokens, and more are not possible. Delete one first.",
		CORE_TOKENS_MAX);
	return false;
}

static void add_date(struct core_call *call, yyjson_mut_val *body, const char *name, int64_t when)
{
	char text[OBJECT_DATE];

	if (when)
		object_date(when, text);
	if (when)
		yyjson_mut_obj_add_strcpy(call->answer.doc, body, name, text);
	else
		yyjson_mut_obj_add_null(call->answer.doc, body, name);
}

static int add_run(struct db *db, struct core_call *call)
{
	struct token_state *t = call->state;
	const char *description = core_call_string(call, "description");
	struct core_token token = { .id = call->id, .type = type_of(call), .description = description ? description : "",
		.value = t->value, .expires = t->expires };
	char uri[OBJECT_ID + 32];
	yyjson_mut_val *body;

	if (!room_for_one(db, call))
		return -1;
	core_credential_keep(db, call->principal.user, &token);
	body = core_answer_object(&call->answer, 200);
	snprintf(uri, sizeof uri, "/services/tokens/%s", token.id);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "id", token.id);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "value", token.value);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "description", token.description);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "type", token.type);
	add_date(call, body, "created", db_number(db, 0, "SELECT created FROM token WHERE user = ? AND id = ?", "tt",
		call->principal.user, token.id));
	add_date(call, body, "last_used", 0);
	add_date(call, body, "expires", token.expires);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "uri", uri);
	return 0;
}

static void sign_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct token_state *t = call->state;
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	const char *token = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "token"));

	snprintf(t->value, sizeof t->value, "%s", token ? token : "");
	yyjson_doc_free(doc);
	if (t->value[0])
		core_call_write(call, add_run, core_call_finish, false);
	else
		core_call_refuse(call, 503, "Tokens of this type cannot be signed at the moment. Please try again in a moment.");
}

static void sign_ask(struct core_call *call)
{
	const struct jwt_claims *c = &((struct token_state *)call->state)->claims;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;

	if (call->answer.doc) {
		core_call_finish(call);
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "type", "user");
	yyjson_mut_obj_add_str(doc, root, "sub", c->sub);
	yyjson_mut_obj_add_str(doc, root, "name", c->name);
	yyjson_mut_obj_add_str(doc, root, "organization", c->organization);
	yyjson_mut_obj_add_sint(doc, root, "iat", c->iat);
	if (c->exp)
		yyjson_mut_obj_add_sint(doc, root, "exp", c->exp);
	yyjson_mut_obj_add_str(doc, root, "jti", c->jti);
	ipc_client_call_json(call->core->keyd, PROTO_KEYD_JWT, doc, KEYD_TIMEOUT, sign_replied, call);
}

/* In a reader: what the token will say of its user. */
static int claims_run(struct db *db, struct core_call *call)
{
	struct jwt_claims *c = &((struct token_state *)call->state)->claims;
	sqlite3_stmt *q;

	if (!room_for_one(db, call))
		return -1;
	q = db_query(db, "SELECT json_extract(doc, '$.name'), organization FROM object WHERE kind = ? AND id = ?", "it",
		(int64_t)OBJECT_WORKSPACE, call->principal.user);
	if (db_row(db, q)) {
		snprintf(c->name, sizeof c->name, "%s", db_text(q, 0));
		snprintf(c->organization, sizeof c->organization, "%s", db_text(q, 1));
		db_end(q);
	}
	snprintf(c->sub, sizeof c->sub, "%s", call->principal.user);
	return 0;
}

void verb_tokens_add_start(struct core_call *call)
{
	int64_t life = yyjson_get_sint(yyjson_obj_get(call->args, "expires")), now = plat_clock_wall();
	struct token_state *t = calloc(1, sizeof *t);

	if (!t)
		log_fatal("tokens");
	call->state = t;
	call->forget = token_forget;
	plat_random_uuid(call->id);
	t->expires = life ? now + life * PLAT_SECOND : 0;
	if (!strcmp(type_of(call), "opaque")) {
		plat_random_uuid(t->value);
		core_call_write(call, add_run, core_call_finish, false);
	} else if (!strcmp(type_of(call), "jwt")) {
		t->claims.iat = now / PLAT_SECOND;
		t->claims.exp = life ? t->claims.iat + life : 0;
		snprintf(t->claims.jti, sizeof t->claims.jti, "%s", call->id);
		core_call_read(call, claims_run, sign_ask);
	} else {
		core_call_refuse(call, 400, "type: must be opaque or jwt.");
	}
}

/* ---- delete ---- */

int verb_tokens_delete_run(struct db *db, struct core_call *call)
{
	sqlite3_stmt *q = db_query(db, "SELECT hash FROM token WHERE user = ? AND id = ? AND kind = ?", "tti",
		call->principal.user, core_call_string(call, "id"), (int64_t)CORE_TOKEN);
	uint8_t hash[CORE_HASH];

	if (!db_row(db, q) || sqlite3_column_bytes(q, 0) != CORE_HASH) {
		core_answer_missing(&call->answer);
		return -1;
	}
	memcpy(hash, sqlite3_column_blob(q, 0), CORE_HASH);
	db_end(q);
	core_credential_revoke(db, hash);
	core_answer_begin(&call->answer, 204);
	return 0;
}

/* ---- the key ---- */

void verb_jwks_start(struct core_call *call)
{
	yyjson_mut_val *body = core_answer_object(&call->answer, 200);
	yyjson_mut_val *keys = yyjson_mut_obj_add_arr(call->answer.doc, body, "keys");

	if (call->core->identity.jwt_known)
		yyjson_mut_arr_append(keys, jwt_key_jwk(call->answer.doc, &call->core->identity.jwt));
	core_call_finish(call);
}

/* core: deactivation ends every credential at once, a lock ends none, deletion gives everything away and keeps the id;
 * tokens of signing in never push out those a user asked for; a claim that does not fit its row is nobody. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/personal.h"
#include "core/truth.h"
#include "core/verbs_users.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static struct db *db;
static struct core core;

static int64_t count(const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	if (!sqlite3_prepare_v2(db_handle(db), sql, -1, &st, NULL) && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void user_new(const char *id, const char *email, bool admin)
{
	personal_new(db, id, email, id, "", "acme", "costs");
	db_run(db, "INSERT INTO user(id, email, state, organization, admin, password, doc, created, updated)"
		" VALUES(?, ?, 'active', 'acme', ?, '$argon2id$x', '{}', 1, 1)", "tti", id, email, (int64_t)admin);
}

/* The status of a verb of the administrator; its changes stay when it succeeds. */
static int ask(const char *verb, const char *args, int (*run)(struct db *, struct core_call *))
{
	struct core_call call = { .core = &core, .verb = verb_by_name(verb), .principal = { .known = true, .admin = true,
		.user = "admin", .organization = "acme" } };
	int status;

	call.request = yyjson_read(args, strlen(args), 0);
	call.args = yyjson_doc_get_root(call.request);
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
	if (run(db, &call))
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	status = call.answer.status;
	core_answer_reset(&call.answer);
	if (call.forget)
		call.forget(call.state);
	yyjson_doc_free(call.request);
	return status;
}

static bool known(const char *value, const char *jti, const char *sub)
{
	struct core_principal p = { .kind = CORE_TOKEN };

	core_credential_hash(value, p.hash);
	snprintf(p.jti, sizeof p.jti, "%s", jti);
	snprintf(p.sub, sizeof p.sub, "%s", sub);
	core_principal_resolve(db, &p);
	return p.known;
}

static void credentials(void)
{
	struct core_token token = { .id = "id-1", .type = "jwt", .description = "d", .value = "aaaa.bbbb.cccc" };
	struct core_principal forged = { .kind = CORE_TOKEN, .forged = true };
	char value[CORE_SESSION_TEXT];

	core_credential_keep(db, "jane", &token);
	for (int i = 0; i < CORE_TOKENS_MAX + 5; i++)
		core_credential_new(db, "jane", CORE_TOKEN, value);
	CHECK(core_credential_count(db, "jane") == 1);
	CHECK(count("SELECT count(*) FROM token WHERE user = 'jane'") == CORE_TOKENS_MAX + 1);
	CHECK(known(value, "", "") && known(token.value, "id-1", "jane"));
	CHECK(!known(token.value, "id-1", "admin") && !known(token.value, "id-2", "jane"));
	core_credential_hash(token.value, forged.hash);
	core_principal_resolve(db, &forged);
	CHECK(!forged.known);
	db_run(db, "UPDATE user SET state = 'locked', locked_until = 9000000000000000 WHERE id = 'jane'", "");
	CHECK(known(token.value, "id-1", "jane"));
	CHECK(ask("users.unlock", "{\"id\":\"jane\"}", verb_users_state_run) == 200);
	CHECK(count("SELECT count(*) FROM user WHERE id = 'jane' AND state = 'active'") == 1);
	core_credential_new(db, "jane", CORE_SESSION, value);
	CHECK(ask("users.deactivate", "{\"id\":\"jane\"}", verb_users_state_run) == 200);
	CHECK(!known(token.value, "id-1", "jane") && count("SELECT count(*) FROM token WHERE user = 'jane'") == 0);
	/* each that ended, and the five that gave way, was told to api */
	CHECK(count("SELECT count(*) FROM event WHERE kind = 'token.revoked'") == CORE_TOKENS_MAX + 1 + 1 + 5);
	CHECK(ask("users.reactivate", "{\"id\":\"jane\"}", verb_users_state_run) == 200);
	CHECK(ask("users.deactivate", "{\"id\":\"admin\"}", verb_users_state_run) == 409);
	CHECK(ask("users.deactivate", "{\"id\":\"nobody\"}", verb_users_state_run) == 404);
}

static void deletion(void)
{
	struct object box;

	object_new(&box, OBJECT_BOX, "box-1", "http://elasticbox.net/schemas/boxes/script");
	snprintf(box.owner, sizeof box.owner, "jane");
	snprintf(box.organization, sizeof box.organization, "acme");
	object_set(&box, "owner", "jane");
	object_put(db, &box);
	object_free(&box);
	CHECK(ask("users.delete", "{\"id\":\"jane\"}", verb_users_delete_run) == 409);
	CHECK(ask("users.delete", "{\"id\":\"jane\",\"transfer\":\"jane\"}", verb_users_delete_run) == 400);
	CHECK(ask("users.delete", "{\"id\":\"jane\",\"transfer\":\"nowhere\"}", verb_users_delete_run) == 404);
	CHECK(count("SELECT count(*) FROM object WHERE owner = 'jane'") == 2);
	CHECK(ask("users.delete", "{\"id\":\"jane\",\"transfer\":\"admin\"}", verb_users_delete_run) == 204);
	CHECK(count("SELECT count(*) FROM object WHERE id = 'box-1' AND owner = 'admin' AND json_extract(doc, '$.owner') = 'admin'") == 1);
	CHECK(count("SELECT count(*) FROM object WHERE owner = 'jane' OR id = 'jane'") == 0);
	CHECK(count("SELECT count(*) FROM user WHERE id = 'jane' AND state = 'deleted' AND password IS NULL") == 1);
	CHECK(ask("users.get", "{\"id\":\"jane\"}", verb_users_get_run) == 404);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	user_new("admin", "admin@example.com", true);
	user_new("jane", "jane@example.com", false);
	credentials();
	deletion();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

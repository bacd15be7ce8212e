/* core: setup happens once, settings are kept whole, credentials are bounded and end. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/truth.h"
#include "core/verbs.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t offset;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static struct db *db;
static struct core core;

static int64_t wall(void)
{
	return 1700000000 * PLAT_SECOND + offset;
}

static void begin(struct core_call *call, const char *verb, const char *args)
{
	memset(call, 0, sizeof *call);
	call->core = &core;
	call->verb = verb_by_name(verb);
	call->request = yyjson_read(args, strlen(args), 0);
	call->args = yyjson_doc_get_root(call->request);
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
}

static void end(struct core_call *call, bool keep)
{
	if (!keep)
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	core_answer_reset(&call->answer);
	if (call->forget)
		call->forget(call->state);
	yyjson_doc_free(call->request);
	CHECK(!db_error_take(db));
}

static const char *text(struct core_call *call, const char *pointer)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_doc_ptr_get(call->answer.doc, pointer));

	return s ? s : "";
}

static int64_t count(const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	if (sqlite3_prepare_v2(db_handle(db), sql, -1, &st, NULL))
		return -1;
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* Sets the appliance up; the session's value is copied out. */
static int set_up(char session[64])
{
	struct core_call call;
	int result;

	begin(&call, "appliance.setup", "{\"code\":\"x\",\"email\":\"Jane.Doe@Example.com\",\"password\":\"0123456789\","
		"\"organization\":\"Acme & Söhne\",\"session\":true}");
	snprintf(verb_login_new(&call)->hash, 64, "$argon2id$x");
	result = verb_setup_run(db, &call);
	if (!result) {
		CHECK(!strcmp(text(&call, "/body/user/id"), "jane-doe"));
		CHECK(!strcmp(text(&call, "/body/user/email"), "jane.doe@example.com"));
		CHECK(!strcmp(text(&call, "/body/user/role"), "administrator"));
		CHECK(!strcmp(text(&call, "/body/csrf"), text(&call, "/csrf")) && *text(&call, "/csrf"));
		CHECK(strlen(text(&call, "/session")) == CORE_SESSION_TEXT - 1);
		snprintf(session, 64, "%s", text(&call, "/session"));
	} else {
		CHECK(call.answer.status == 409);
	}
	end(&call, !result);
	return result;
}

static void check_setup(char session[64])
{
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES('appliance', 'setup_code', 'x')", "");
	CHECK(!core_is_setup(db) && !set_up(session) && core_is_setup(db));
	CHECK(count("SELECT count(*) FROM secret") == 0);
	CHECK(count("SELECT count(*) FROM object WHERE kind = 1 AND id = 'acme-s-hne'") == 1);
	CHECK(set_up(session) == -1);
	CHECK(count("SELECT count(*) FROM user") == 1);
	/* What must not be in the database in any form. */
	CHECK(count("SELECT count(*) FROM event WHERE data LIKE '%0123456789%'") == 0);
}

static bool known(enum core_credential kind, const char *value)
{
	struct core_principal p = { .kind = kind };

	core_credential_hash(value, p.hash);
	core_principal_resolve(db, &p);
	return p.known;
}

static void check_credentials(const char *session)
{
	char first[CORE_SESSION_TEXT], value[CORE_SESSION_TEXT];
	struct core_call call;

	CHECK(known(CORE_SESSION, session) && !known(CORE_TOKEN, session) && !known(CORE_SESSION, "x"));
	core_credential_new(db, "jane-doe", CORE_TOKEN, first);
	CHECK(strlen(first) == 36 && first[14] == '4' && known(CORE_TOKEN, first) && !known(CORE_SESSION, first));
	for (int i = 1; i < CORE_TOKENS_MAX; i++)
		core_credential_new(db, "jane-doe", CORE_TOKEN, value);
	CHECK(known(CORE_TOKEN, first) && known(CORE_TOKEN, value));
	/* One more: the oldest gives way, and api hears of it. */
	core_credential_new(db, "jane-doe", CORE_TOKEN, value);
	CHECK(!known(CORE_TOKEN, first) && known(CORE_TOKEN, value));
	CHECK(count("SELECT count(*) FROM event WHERE kind = 'token.revoked'") == 1);

	begin(&call, "security.signout", "{}");
	call.principal.kind = CORE_TOKEN;
	core_credential_hash(value, call.principal.hash);
	CHECK(!verb_signout_run(db, &call) && call.answer.status == 204);
	end(&call, true);
	CHECK(!known(CORE_TOKEN, value));
	CHECK(count("SELECT count(*) FROM event WHERE kind = 'token.revoked'") == 2);

	/* A session ends by itself; a token does not. */
	core_credential_new(db, "jane-doe", CORE_TOKEN, value);
	offset += (CORE_SESSION_LIFE - 60) * PLAT_SECOND;
	CHECK(known(CORE_SESSION, session));
	offset += 61 * PLAT_SECOND;
	CHECK(!known(CORE_SESSION, session) && known(CORE_TOKEN, value));

	db_run(db, "UPDATE user SET state = 'deactivated'", "");
	CHECK(!known(CORE_TOKEN, value));
	db_run(db, "UPDATE user SET state = 'active'", "");
}

static void put(const char *args)
{
	struct core_call call;

	begin(&call, "appliance.settings.put", args);
	CHECK(!verb_settings_put_run(db, &call));
	end(&call, true);
}

static void check_settings(void)
{
	char *doc;

	put("{\"hostname\":\"cam.example.com\",\"email\":{\"server\":\"m\"},\"version\":\"forged\",\"updated\":\"never\"}");
	doc = core_settings(db);
	CHECK(doc && strstr(doc, "\"email\":{\"server\":\"m\"}") && strstr(doc, "\"hostname\":\"cam.example.com\""));
	CHECK(doc && !strstr(doc, "forged") && !strstr(doc, "never"));
	free(doc);
	CHECK(count("SELECT count(*) FROM task WHERE kind = 'hostname' AND state = 'waiting'") == 1);
	/* The same name again is no task; an address is none for the machine. */
	put("{\"hostname\":\"cam.example.com\"}");
	CHECK(count("SELECT count(*) FROM task") == 1);
	put("{\"hostname\":\"10.0.0.5\"}");
	CHECK(count("SELECT count(*) FROM task") == 1);
	/* What is not named stays as it is, the switch of the Test Provider too; null is a value like any other. */
	put("{\"demo\":true,\"ntp\":[\"ntp.example.com\"]}");
	CHECK(count("SELECT count(*) FROM task WHERE kind = 'ntp' AND state = 'waiting'") == 1);
	put("{\"note\":\"no name\",\"email\":null}");
	doc = core_settings(db);
	CHECK(doc && strstr(doc, "\"hostname\":\"10.0.0.5\"") && strstr(doc, "\"demo\":true") && strstr(doc, "\"note\":\"no name\""));
	CHECK(doc && strstr(doc, "\"email\":null") && strstr(doc, "[\"ntp.example.com\"]"));
	free(doc);
	CHECK(count("SELECT count(*) FROM task") == 2);
	put("{\"hostname\":null,\"ntp\":null,\"demo\":false}");
	doc = core_settings(db);
	CHECK(doc && strstr(doc, "\"hostname\":\"\"") && strstr(doc, "\"ntp\":[]") && strstr(doc, "\"demo\":false") && strstr(doc, "\"note\""));
	CHECK(doc && !strstr(strstr(doc, "\"demo\"") + 1, "\"demo\"") && !strstr(strstr(doc, "\"updated\"") + 1, "\"updated\""));
	free(doc);
	CHECK(count("SELECT count(*) FROM event WHERE kind = 'appliance.settings'") == 6);
}

static bool network(const char *peer, const char *want)
{
	char out[CORE_PEER_TEXT];

	core_peer_network(peer, out);
	return !strcmp(out, want);
}

static void check_networks(void)
{
	CHECK(network("10.1.2.3", "10.1.2.3") && network("", "") && network("x", "x"));
	CHECK(network("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"));
	CHECK(network("::ffff:10.1.2.3", "::ffff:10.1.2.3"));
}

int main(void)
{
	char session[64] = "";

	if (sodium_init() < 0)
		return 111;
	log_open("test");
	plat_clock_replace(wall, NULL);
	core_handlers_check();
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	check_setup(session);
	check_credentials(session);
	check_settings();
	check_networks();
	CHECK(count("SELECT count(*) FROM event a JOIN event b ON b.sequence = a.sequence + 1 WHERE b.time <= a.time") == 0);
	db_close(db);
	return failed;
}

/* core: secret values leave the arguments before anything is written, are known by names and not by
 * places, stay when the mask comes back, and go with copies. */
/* with: core/secrets.c core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/tables_work.c core/tables_providers.c core/truth.c core/answer.c core/object_list.c core/object.c core/object_members.c core/object_files.c */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secrets.h"
#include "core/truth.h"
#include "log/log.h"

static int failed;
static struct db *db;
static struct core core;
static int sealed, refused;
static bool keyd_fails;
static char args[8192];

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n   %s\n", __FILE__, __LINE__, #what, args); } } while (0)

/* ---- keyd and the call, as far as secrets.c sees them ---- */

void core_call_refuse(struct core_call *call, int code, const char *fmt, ...)
{
	(void)call;
	(void)fmt;
	refused = code;
}

bool ipc_client_connected(const struct ipc_client *cl)
{
	(void)cl;
	return true;
}

static const char *member(yyjson_mut_doc *doc, const char *name)
{
	return yyjson_mut_get_str(yyjson_mut_obj_get(doc->root, name));
}

void ipc_client_call_json(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc, double timeout, ipc_reply_fn *reply,
	void *arg)
{
	char text[2048];
	struct ipc_msg msg = { .type = type, .flags = IPC_REPLY, .body = (const uint8_t *)text };

	(void)cl;
	(void)timeout;
	snprintf(text, sizeof text, "{\"sealed\":\"%s|%s|%s\"}", member(doc, "object"), member(doc, "field"), member(doc, "plain"));
	msg.len = (uint32_t)strlen(text);
	yyjson_mut_doc_free(doc);
	sealed++;
	if (keyd_fails)
		reply(NULL, 110, arg);
	else
		reply(&msg, 0, arg);
}

static void go_on(struct core_call *call)
{
	char *text = yyjson_val_write(call->args, 0, NULL);

	snprintf(args, sizeof args, "%s", text ? text : "");
	free(text);
	secrets_keep(db, call, "o");
}

/* One call; args is what the handler would see. */
static void call_with(const char *json, const char *const fields[])
{
	struct core_call call = { .core = &core, .request = yyjson_read(json, strlen(json), 0) };

	call.args = yyjson_doc_get_root(call.request);
	sealed = refused = 0;
	args[0] = 0;
	secrets_cut(&call, "o", fields, go_on);
	secrets_forget(call.secrets);
	yyjson_doc_free(call.request);
	CHECK(!db_error_take(db));
}

/* The value kept for a field, as keyd's answer above; "" = none. */
static const char *kept(const char *object, const char *field)
{
	static char value[2048];
	sqlite3_stmt *q = db_query(db, "SELECT sealed FROM secret WHERE object = ? AND field = ?", "tt", object, field);

	value[0] = 0;
	if (db_row(db, q)) {
		snprintf(value, sizeof value, "%s", db_text(q, 0));
		db_end(q);
	}
	return value;
}

static void check_variables(void)
{
	call_with("{\"variables\":[{\"type\":\"Password\",\"name\":\"A\",\"value\":\"one\",\"x\":1},{\"type\":\"Text\",\"name\":\"T\",\"value\":\"open\"},"
		"{\"type\":\"Password\",\"scope\":\"c.d\",\"name\":\"A\",\"value\":\"two\"},{\"type\":\"Password\",\"name\":\"E\",\"value\":\"\"},"
		"{\"type\":\"Password\",\"name\":\"N\",\"value\":4711}]}", NULL);
	CHECK(sealed == 3 && !strstr(args, "one") && !strstr(args, "two") && !strstr(args, "4711") && strstr(args, "open"));
	CHECK(strstr(args, "{\"type\":\"Password\",\"name\":\"A\",\"value\":\"" SECRET_MASK "\",\"x\":1}"));
	CHECK(strstr(args, "\"name\":\"E\",\"value\":\"\""));
	CHECK(!strcmp(kept("o", "variables/A"), "o|variables/A|b25l") && !strcmp(kept("o", "variables/c.d:A"), "o|variables/c.d:A|dHdv"));
	CHECK(*kept("o", "variables/N") && !*kept("o", "variables/E"));
	/* Sent back in another order: nothing is sealed again; one is gone, one is emptied. */
	call_with("{\"variables\":[{\"type\":\"Password\",\"scope\":\"c.d\",\"name\":\"A\",\"value\":\"" SECRET_MASK "\"},"
		"{\"type\":\"Password\",\"name\":\"A\",\"value\":\"\"}]}", NULL);
	CHECK(!sealed && *kept("o", "variables/c.d:A") && !*kept("o", "variables/A") && !*kept("o", "variables/N"));
	/* A request that does not speak of variables leaves them. */
	call_with("{\"name\":\"n\"}", NULL);
	CHECK(*kept("o", "variables/c.d:A"));
	call_with("{\"variables\":[]}", NULL);
	CHECK(!*kept("o", "variables/c.d:A"));
}

static void check_nested(void)
{
	call_with("{\"box\":{\"id\":\"b\",\"variables\":[{\"type\":\"Password\",\"name\":\"P\",\"value\":\"q1\"}]},"
		"\"policy_box\":{\"variables\":[{\"type\":\"Password\",\"name\":\"P\",\"value\":\"q2\"}]},"
		"\"boxes\":[{\"id\":\"b7\",\"variables\":[{\"type\":\"Password\",\"name\":\"P\",\"value\":\"q3\"}]}]}", NULL);
	CHECK(sealed == 3 && !strstr(args, "q1") && !strstr(args, "q2") && !strstr(args, "q3"));
	CHECK(*kept("o", "variables/P") && *kept("o", "policy_box/variables/P") && *kept("o", "boxes/b7/variables/P"));
}

static void check_fields(void)
{
	static const char *const top[] = { "secret", "credentials", NULL }, *const any[] = { "*password", NULL };

	call_with("{\"secret\":\"s1\",\"credentials\":{\"key\":\"s2\"},\"nested\":{\"secret\":\"plain\"}}", top);
	CHECK(sealed == 2 && !strstr(args, "s1") && !strstr(args, "s2") && strstr(args, "{\"secret\":\"plain\"}"));
	CHECK(strstr(args, "\"credentials\":\"" SECRET_MASK "\"") && *kept("o", "credentials"));
	/* Left out of the next request: it stays. */
	call_with("{\"secret\":null}", top);
	CHECK(!*kept("o", "secret") && *kept("o", "credentials"));
	call_with("{\"password\":true,\"sources\":[{\"host\":\"h\",\"password\":\"s3\"}]}", any);
	CHECK(sealed == 1 && strstr(args, "{\"password\":true") && !strstr(args, "s3") && *kept("o", "sources/h/password"));
}

static void check_copies(void)
{
	call_with("{\"variables\":[{\"type\":\"Password\",\"name\":\"P\",\"value\":\"q1\"}]}", NULL);
	secrets_copy(db, "o", "", "i-1", "boxes/o/");
	secrets_copy(db, "i-1", "boxes/o/", "i-2", "");
	CHECK(!strcmp(kept("i-2", "variables/P"), kept("o", "variables/P")) && *kept("i-1", "boxes/o/variables/P"));
	/* It opens under the names it was sealed with. */
	CHECK(db_number(db, 0, "SELECT count(*) FROM secret WHERE object = 'i-2' AND field = 'variables/P' AND sealed_object = 'o'"
		" AND sealed_field = 'variables/P'", "") == 1);
	secrets_copy(db, "o", "policy_box/", "i-3", "");
	CHECK(db_number(db, 0, "SELECT count(*) FROM secret WHERE object = 'i-3'", "") == 1);
	CHECK(!strcmp(kept("i-3", "variables/P"), "o|policy_box/variables/P|cTI"));
}

static void check_limits(void)
{
	static char json[1 << 17];
	size_t n = (size_t)sprintf(json, "{\"variables\":[");

	for (int i = 0; i < 600; i++)
		n += (size_t)sprintf(json + n, "%s{\"type\":\"Password\",\"name\":\"P%d\",\"value\":\"v\"}", i ? "," : "", i);
	sprintf(json + n, "]}");
	call_with(json, NULL);
	CHECK(refused == 400 && !sealed && !args[0]);
	keyd_fails = true;
	call_with("{\"variables\":[{\"type\":\"Password\",\"name\":\"P\",\"value\":\"v\"},{\"type\":\"Password\",\"name\":\"Q\",\"value\":\"v\"}]}", NULL);
	CHECK(refused == 503 && sealed == 2 && !args[0]);
	keyd_fails = false;
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	check_variables();
	check_nested();
	check_fields();
	check_copies();
	check_limits();
	db_close(db);
	return failed;
}

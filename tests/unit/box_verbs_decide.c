/* boxes: documents are kept whole, versions are in order, a version comes back, shares show what they should, stacks
 * have no circles, differences are told. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/box.h"
#include "core/personal.h"
#include "core/truth.h"
#include "core/verbs_boxes.h"
#include "log/log.h"

static int failed;
static struct db *db;
static struct core core;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define SCHEMA "http://elasticbox.net/schemas/"
#define SCRIPT "\"schema\":\"" SCHEMA "boxes/script\""
#define BLOB "/services/blobs/download/554237a3da3116443909eb9d/install"

/* What a call said, kept until the next one. */
static int status;
static yyjson_doc *reply;

static yyjson_val *at(const char *pointer)
{
	return yyjson_doc_ptr_get(reply, pointer);
}

static const char *text(const char *pointer)
{
	const char *s = yyjson_get_str(at(pointer));

	return s ? s : "";
}

static bool said(const char *begin)
{
	if (!strncmp(text("/message"), begin, strlen(begin)))
		return true;
	printf("  said: %d %s\n", status, text("/message"));
	return false;
}

static void take_answer(struct core_call *call, const struct object_text *chunk)
{
	char *json = NULL;

	yyjson_doc_free(reply);
	reply = NULL;
	status = call->answer.status;
	if (chunk && status < 400) {
		json = malloc(chunk->len + 3);
		sprintf(json, "[%s]", chunk->len ? chunk->p : "");
	} else {
		json = core_answer_body(&call->answer);
	}
	if (json)
		reply = yyjson_read(json, strlen(json), 0);
	CHECK(!json || reply);
	free(json);
}

static void principal(struct core_call *call, const char *user)
{
	call->principal = (struct core_principal){ .kind = CORE_TOKEN, .known = true, .admin = !strcmp(user, "boss") };
	snprintf(call->principal.user, sizeof call->principal.user, "%s", user);
	snprintf(call->principal.organization, sizeof call->principal.organization, "acme");
}

static int list(struct core_call *call)
{
	struct object_text all = { .p = NULL }, chunk;
	char cursor[OBJECT_CURSOR] = "";
	int result;

	do {
		chunk = (struct object_text){ .p = NULL };
		result = call->handler->chunk(db, call, cursor, &chunk);
		if (chunk.len)
			object_text_document(&all, chunk.p, chunk.len);
		object_text_free(&chunk);
	} while (!result && cursor[0]);
	if (!result)
		core_answer_begin(&call->answer, 200);
	take_answer(call, &all);
	object_text_free(&all);
	return result;
}

/* One verb as this user, from its arguments to its answer; what it refuses leaves no rows. */
static int ask(const char *user, const char *verb, const char *args)
{
	struct core_call call = { .core = &core, .verb = verb_by_name(verb), .handler = core_handler_by_verb(verb) };
	char message[VERB_MESSAGE], why[SCHEMA_MESSAGE];
	enum box_kind kind;
	int result;

	call.request = yyjson_read(args, strlen(args), 0);
	call.args = yyjson_doc_get_root(call.request);
	if (!call.args || verb_check(call.verb, call.args, message)) {
		printf("%s %s: %s\n", verb, args, call.args ? message : "not JSON");
		failed = 1;
		return 0;
	}
	principal(&call, user);
	object_id_guid(call.id);
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
	if (call.handler->start && box_check(call.args, &kind, why)) {
		core_answer_message(&call.answer, 400, "%s", why);
		result = -1;
		take_answer(&call, NULL);
	} else if (call.handler->chunk) {
		result = list(&call);
	} else {
		result = call.handler->run(db, &call);
		take_answer(&call, NULL);
	}
	if (result)
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	CHECK((status >= 400) == (result != 0));
	core_answer_reset(&call.answer);
	yyjson_doc_free(call.request);
	CHECK(!db_error_take(db));
	return status;
}

static int askf(const char *user, const char *verb, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int askf(const char *user, const char *verb, const char *fmt, ...)
{
	char args[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(args, sizeof args, fmt, ap);
	va_end(ap);
	return ask(user, verb, args);
}

static int64_t count(const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	if (!sqlite3_prepare_v2(db_handle(db), sql, -1, &st, NULL) && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* ---- the world: acme with cost centers cc and cc2, the workspace team ---- */

static void put(enum object_kind kind, const char *id, const char *parent, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct object o = { .kind = kind };

	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.owner, sizeof o.owner, "%s", kind == OBJECT_WORKSPACE ? id : kind == OBJECT_PROVIDER || kind == OBJECT_BLOB ? "team" : "");
	snprintf(o.organization, sizeof o.organization, "acme");
	snprintf(o.parent, sizeof o.parent, "%s", parent);
	object_put(db, &o);
	object_free(&o);
}

#define PROVIDER "26fd7fac-ff2a-4e24-a01d-708bff07fb9a"

static void make_world(void)
{
	static const char *const users[] = { "ann", "ben", "eve", "boss" };

	put(OBJECT_ORGANIZATION, "acme", "", "{\"schema\":\"" SCHEMA "organization\",\"members\":[{\"id\":\"boss\",\"role\":\"administrator\"}]}");
	put(OBJECT_COSTCENTER, "cc", "", "{\"schema\":\"" SCHEMA "costcenter\"}");
	put(OBJECT_COSTCENTER, "cc2", "", "{\"schema\":\"" SCHEMA "costcenter\"}");
	for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
		personal_new(db, users[i], "x@example.com", users[i], "", "acme", i == 2 ? "cc2" : "cc");
	put(OBJECT_WORKSPACE, "team", "cc", "{\"schema\":\"" SCHEMA "workspaces/team\",\"members\":[{\"id\":\"ann\",\"role\":\"administrator\"}]}");
	put(OBJECT_BLOB, "554237a3da3116443909eb9d", "", "{\"schema\":\"" SCHEMA "blob\"}");
	put(OBJECT_PROVIDER, PROVIDER, "", "{\"schema\":\"" SCHEMA "test/provider\"}");
}

/* ---- documents ---- */

static char box[OBJECT_ID];

static void check_create(void)
{
	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"A\",\"owner\":\"team\",\"future\":{\"x\":[1,null]},\"deleted\":\"x\","
		"\"created\":\"never\",\"variables\":[{\"name\":\"PORT\",\"type\":\"Port\",\"value\":80},{\"name\":\"T\",\"type\":\"Text\"}]}") == 200);
	CHECK(!strcmp(text("/variables/0/value"), "80") && yyjson_is_str(at("/variables/1/value")));
	snprintf(box, sizeof box, "%s", text("/id"));
	CHECK(strlen(box) == 36 && !strcmp(text("/owner"), "team") && !strcmp(text("/organization"), "acme"));
	CHECK(!strcmp(text("/automatic_updates"), "off") && !strcmp(text("/visibility"), "workspace"));
	CHECK(yyjson_is_arr(at("/members")) && yyjson_is_obj(at("/events")) && yyjson_is_arr(at("/requirements")));
	CHECK(yyjson_is_null(at("/deleted")) && strlen(text("/created")) == 26 && yyjson_is_null(at("/future/x/1")));
	CHECK(!strncmp(text("/uri"), "/services/boxes/", 16) && !strcmp(text("/uri") + 16, box));
	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"P\"}") == 200 && !strcmp(text("/owner"), "ann"));
	CHECK(ask("ben", "box.create", "{" SCRIPT ",\"name\":\"A\",\"owner\":\"team\"}") == 404);
	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"A\",\"variables\":[{\"name\":\"x\"}]}") == 400 &&
		said("variables[0].type: "));
	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"A\",\"events\":{\"install\":{\"url\":\"/services/blobs/download/"
		"000000000000000000000000/x\"}}}") == 400 && said("events.install.url: there is no such file"));
	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"A\",\"visibility\":\"public\"}") == 403);
	CHECK(ask("ann", "box.create", "{\"schema\":\"" SCHEMA "boxes/policy\",\"name\":\"P\",\"owner\":\"team\",\"provider_id\":\"" PROVIDER
		"\",\"profile\":{\"schema\":\"" SCHEMA "test/compute/profile\"}}") == 200 && yyjson_is_arr(at("/claims")));
	CHECK(ask("ann", "box.create", "{\"schema\":\"" SCHEMA "boxes/policy\",\"name\":\"P\",\"provider_id\":"
		"\"00000000-ff2a-4e24-a01d-708bff07fb9a\",\"profile\":{\"schema\":\"x\"}}") == 400 && said("provider_id: the provider"));
	CHECK(ask("ann", "box.create", "{\"schema\":\"" SCHEMA "boxes/cloudformation\",\"name\":\"C\"}") == 200 &&
		!strcmp(text("/type"), "CloudFormation Service"));
}

static void check_put(void)
{
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"A\",\"owner\":\"team\",\"more\":7,\"variables\":["
		"{\"name\":\"PORT\",\"type\":\"Port\",\"value\":\"80\",\"odd\":true}],\"events\":{\"install\":{\"url\":\"" BLOB "\"}}}", box) == 200);
	CHECK(yyjson_get_int(at("/more")) == 7 && !at("/future") && yyjson_get_bool(at("/variables/0/odd")));
	CHECK(askf("ann", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/events/install/url"), BLOB));
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\",\"schema\":\"" SCHEMA "boxes/docker\",\"name\":\"A\"}", box) == 400 && said("schema: "));
	CHECK(askf("ben", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"A\"}", box) == 404);
	CHECK(ask("ann", "box.put", "{\"id\":\"nothing\"," SCRIPT ",\"name\":\"A\"}") == 404);
}

/* ---- secrets: masks ---- */

static void check_masks(void)
{
	char id[OBJECT_ID];

	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"S\",\"variables\":[{\"name\":\"PW\",\"type\":\"Password\",\"value\":\"********\"}]}") == 200);
	CHECK(!strcmp(text("/variables/0/value"), ""));
	snprintf(id, sizeof id, "%s", text("/id"));
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES(?, 'variables/PW', 'sealed')", "t", id);
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"S\",\"variables\":[{\"name\":\"PW\",\"type\":\"Password\",\"value\":"
		"\"********\"}],\"version\":{\"box\":\"%s\",\"number\":{\"major\":1,\"minor\":0,\"patch\":0},\"description\":\"\"}}", id, id) == 200);
	CHECK(!strcmp(text("/variables/0/value"), "********"));
	/* The version has the value, sealed under the draft's name. */
	CHECK(db_number(db, 0, "SELECT count(*) FROM secret JOIN object ON object.id = secret.object WHERE object.parent = ?"
		" AND field = 'variables/PW' AND sealed_object = object.parent", "t", id) == 1);
	CHECK(askf("ann", "box.delete", "{\"id\":\"%s\"}", id) == 204 && count("SELECT count(*) FROM secret") == 0);
}

/* ---- versions ---- */

static int version(const char *user, const char *name, int major, int minor, int patch)
{
	return askf(user, "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"%s\",\"version\":{\"box\":\"%s\",\"number\":{\"major\":%d,"
		"\"minor\":%d,\"patch\":%d},\"description\":\"of %s\"},\"variables\":[{\"name\":\"V\",\"type\":\"Text\",\"value\":\"%s\"}]}",
		box, name, box, major, minor, patch, name, name);
}

static void check_versions(void)
{
	char first[OBJECT_ID], third[OBJECT_ID];

	CHECK(askf("ann", "box.versions", "{\"id\":\"%s\"}", box) == 200 && yyjson_arr_size(reply->root) == 0);
	CHECK(version("ann", "one", 1, 0, 0) == 200 && !at("/version") && strlen(text("/draft_from")) == 36);
	snprintf(first, sizeof first, "%s", text("/draft_from"));
	CHECK(version("ann", "two", 2, 0, 0) == 200);
	CHECK(version("ann", "dup", 2, 0, 0) == 409 && said("version.number: there is a version 2.0.0"));
	CHECK(version("ann", "fix", 1, 0, 7) == 200);
	CHECK(version("ann", "old", 1, 0, 6) == 400 && said("version.number: must be greater than 1.0.7"));
	CHECK(askf("ann", "box.versions", "{\"id\":\"%s\"}", box) == 200 && yyjson_arr_size(reply->root) == 3);
	CHECK(!strcmp(text("/0/name"), "two") && !strcmp(text("/1/name"), "fix") && !strcmp(text("/2/name"), "one"));
	CHECK(!strcmp(text("/2/id"), first) && !strcmp(text("/2/version/box"), box) && !strcmp(text("/2/version/workspace"), "ann"));
	CHECK(!strcmp(text("/2/version/description"), "of one") && !at("/2/draft_from"));
	snprintf(third, sizeof third, "%s", text("/1/id"));
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"X\"}", first) == 400 && said("A version does not change."));
	CHECK(askf("ann", "box.restore", "{\"id\":\"%s\",\"version\":\"%s\"}", box, first) == 200);
	CHECK(!strcmp(text("/name"), "one") && !strcmp(text("/id"), box) && !strcmp(text("/draft_from"), first) && !at("/version"));
	CHECK(askf("ann", "box.restore", "{\"id\":\"%s\",\"version\":\"%s\"}", box, box) == 400);
	/* A body with a version, posted, is a version. */
	CHECK(askf("ann", "box.create", "{" SCRIPT ",\"name\":\"posted\",\"version\":{\"box\":\"%s\",\"number\":{\"major\":3,\"minor\":0,"
		"\"patch\":0},\"description\":\"d\"}}", box) == 200 && !strcmp(text("/version/box"), box) && !strcmp(text("/owner"), "team"));
	CHECK(askf("ann", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/name"), "one"));
	CHECK(askf("ben", "box.create", "{" SCRIPT ",\"name\":\"posted\",\"version\":{\"box\":\"%s\",\"number\":{\"major\":4,\"minor\":0,"
		"\"patch\":0},\"description\":\"d\"}}", box) == 404);
	CHECK(askf("ann", "box.delete", "{\"id\":\"%s\"}", third) == 204);
	CHECK(askf("ann", "box.versions", "{\"id\":\"%s\"}", box) == 200 && yyjson_arr_size(reply->root) == 3);
	CHECK(askf("ann", "box.versions", "{\"id\":\"%s\"}", third) == 404);
}

/* ---- sharing ---- */

static int share(const char *user, const char *members, const char *more)
{
	return askf(user, "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"draft\",\"members\":[%s]%s}", box, members, more);
}

static void check_sharing(void)
{
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", box) == 404);
	CHECK(share("ann", "{\"workspace\":\"ben\",\"role\":\"read\"}", "") == 200);
	/* Ben sees the latest version in the draft's place, and may not change it. */
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/name"), "posted") && !strcmp(text("/id"), box));
	CHECK(ask("ben", "box.list", "{}") == 200 && yyjson_arr_size(reply->root) == 1 && !strcmp(text("/0/name"), "posted"));
	CHECK(askf("ben", "box.versions", "{\"id\":\"%s\"}", box) == 200 && yyjson_arr_size(reply->root) == 3);
	CHECK(!strcmp(text("/0/members/0/workspace"), "ben") && askf("ben", "box.get", "{\"id\":\"%s\"}", text("/0/id")) == 200);
	CHECK(share("ben", "", "") == 403 && askf("ben", "box.delete", "{\"id\":\"%s\"}", box) == 403);
	CHECK(askf("ann", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/name"), "draft"));
	/* An editor has the draft, and may not share or delete it. */
	CHECK(share("ann", "{\"workspace\":\"ben\",\"role\":\"collaborator\"}", "") == 200);
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/name"), "draft"));
	CHECK(share("ben", "{\"workspace\":\"ben\",\"role\":\"collaborator\"}", ",\"requirements\":[\"linux\"]") == 200);
	CHECK(share("ben", "{\"workspace\":\"ben\",\"role\":\"collaborator\"},{\"workspace\":\"eve\",\"role\":\"read\"}", "") == 403);
	CHECK(askf("ben", "box.delete", "{\"id\":\"%s\"}", box) == 403);
	CHECK(share("ann", "{\"workspace\":\"nobody\",\"role\":\"read\"}", "") == 400 && said("members[0].workspace: there is no workspace nobody"));
	/* Given away to who has a share, with all versions; others get nothing. */
	CHECK(share("ann", "{\"workspace\":\"ben\",\"role\":\"read\"}", ",\"owner\":\"eve\"") == 403);
	CHECK(share("ben", "{\"workspace\":\"ben\",\"role\":\"collaborator\"}", ",\"owner\":\"ben\"") == 403);
	CHECK(share("ann", "", ",\"owner\":\"ben\"") == 200 && !strcmp(text("/owner"), "ben"));
	CHECK(askf("ann", "box.get", "{\"id\":\"%s\"}", box) == 404);
	CHECK(askf("ben", "box.versions", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/2/owner"), "ben"));
	CHECK(share("ben", "", ",\"visibility\":\"organization\"") == 200);
	CHECK(askf("eve", "box.get", "{\"id\":\"%s\"}", box) == 200 && !strcmp(text("/name"), "posted"));
	CHECK(share("ben", "", ",\"visibility\":\"public\"") == 403);
	CHECK(share("boss", "", ",\"visibility\":\"public\",\"categories\":[\"Databases\"]") == 200);
	CHECK(ask("eve", "catalog.list", "{\"category\":\"Databases\"}") == 200 && yyjson_arr_size(reply->root) == 1);
	CHECK(!strcmp(text("/0/name"), "posted") && ask("eve", "catalog.list", "{\"category\":\"Web\"}") == 200 && !yyjson_arr_size(reply->root));
}

static void check_unversioned(void)
{
	char id[OBJECT_ID];

	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"N\",\"members\":[{\"workspace\":\"ben\",\"role\":\"read\"}],\"variables\":"
		"[{\"name\":\"V\",\"type\":\"Text\",\"value\":\"hidden\"}]}") == 200);
	snprintf(id, sizeof id, "%s", text("/id"));
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", id) == 200 && yyjson_arr_size(at("/variables")) == 0 && yyjson_is_obj(at("/events")));
	/* A policy stays within its cost center, and needs no version to be seen. */
	CHECK(ask("ann", "box.create", "{\"schema\":\"" SCHEMA "boxes/policy\",\"name\":\"P\",\"owner\":\"team\",\"claims\":[\"linux\"],\"provider_id\":\""
		PROVIDER "\",\"profile\":{\"schema\":\"x\"},\"members\":[{\"workspace\":\"ben\",\"role\":\"read\"}]}") == 200);
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", text("/id")) == 200 && !strcmp(text("/claims/0"), "linux"));
	CHECK(ask("ann", "box.create", "{\"schema\":\"" SCHEMA "boxes/policy\",\"name\":\"P\",\"owner\":\"team\",\"provider_id\":\"" PROVIDER
		"\",\"profile\":{\"schema\":\"x\"},\"members\":[{\"workspace\":\"eve\",\"role\":\"read\"}]}") == 400 && said("members[0].workspace: policies"));
}

/* ---- stacks ---- */

static void make(const char *user, const char *name, const char *child, char id[OBJECT_ID])
{
	CHECK(askf(user, "box.create", "{" SCRIPT ",\"name\":\"%s\",\"variables\":[{\"name\":\"child\",\"type\":\"Box\",\"value\":\"%s\"}]}", name, child) == 200);
	snprintf(id, OBJECT_ID, "%s", text("/id"));
}

static void check_stacks(void)
{
	char a[OBJECT_ID], b[OBJECT_ID], c[OBJECT_ID];

	make("ann", "C", "", c);
	make("ann", "B", c, b);
	make("ann", "A", b, a);
	CHECK(askf("ann", "box.stack", "{\"id\":\"%s\"}", a) == 200 && yyjson_arr_size(reply->root) == 3);
	CHECK(!strcmp(text("/0/id"), a) && !strcmp(text("/1/id"), b) && !strcmp(text("/2/id"), c));
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"C\",\"variables\":[{\"name\":\"x\",\"type\":\"Box\",\"value\":\"%s\"}]}", c, a) == 400);
	CHECK(said("variables[0].value: the box would contain itself: C > A > B > C.") || said("variables[0].value: the box would contain"));
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"C\",\"variables\":[{\"name\":\"x\",\"type\":\"Box\",\"value\":\"%s\"}]}", c, c) == 400);
	CHECK(askf("ben", "box.create", "{" SCRIPT ",\"name\":\"N\",\"variables\":[{\"name\":\"x\",\"type\":\"Box\",\"value\":\"%s\"}]}", c) == 400 &&
		said("variables[0].value: the box "));
	/* The box that is gone may stay named; the stack says so. */
	CHECK(askf("ann", "box.delete", "{\"id\":\"%s\"}", c) == 204);
	CHECK(askf("ann", "box.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"B2\",\"variables\":[{\"name\":\"child\",\"type\":\"Box\",\"value\":\"%s\"}]}", b, c) == 200);
	CHECK(askf("ann", "box.stack", "{\"id\":\"%s\"}", a) == 400 && said("variables[0].value (child of B2): the box "));
	CHECK(askf("ann", "box.create", "{" SCRIPT ",\"name\":\"D\",\"variables\":[{\"name\":\"db\",\"type\":\"Binding\",\"value\":\"%s\"},"
		"{\"name\":\"any\",\"type\":\"Binding\",\"value\":\"AnyBox\"},{\"name\":\"db2\",\"type\":\"Binding\",\"value\":\"%s\"}]}", a, a) == 200);
	CHECK(askf("ann", "box.bindings", "{\"id\":\"%s\"}", text("/id")) == 200 && yyjson_arr_size(reply->root) == 1);
	CHECK(!strcmp(text("/0/id"), a) && !strcmp(text("/0/name"), "A") && yyjson_is_str(at("/0/icon")) && *text("/0/uri"));
}

/* ---- differences: the published example ---- */

static void check_diff(void)
{
	char id[OBJECT_ID];

	CHECK(ask("ann", "box.create", "{" SCRIPT ",\"name\":\"Wordpress Starter Box\",\"description\":\"Wordpress Started box\",\"requirements\":"
		"[\"linux\"],\"variables\":[{\"required\":false,\"type\":\"Text\",\"name\":\"Text_var\",\"value\":\"Default value\"},"
		"{\"required\":true,\"type\":\"Port\",\"name\":\"Port_variable\",\"value\":\"80\"},"
		"{\"type\":\"Password\",\"name\":\"PW\",\"value\":\"********\"}]}") == 200);
	snprintf(id, sizeof id, "%s", text("/id"));
	CHECK(askf("ann", "box.diff", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"Wordpress Starter Box\",\"description\":\"Wordpress Started box proposal\","
		"\"requirements\":[\"linux\",\"new_requirement\"],\"events\":{\"install\":{\"url\":\"" BLOB "\"}},\"variables\":["
		"{\"required\":false,\"type\":\"Text\",\"name\":\"Text_var\",\"value\":\"Other\"},"
		"{\"required\":true,\"type\":\"Port\",\"name\":\"Port_variable_renamed\",\"value\":\"80\"},"
		"{\"type\":\"Password\",\"name\":\"PW\",\"value\":\"hunter2\"}]}", id) == 200);
	CHECK(yyjson_get_bool(at("/changed")) && !strcmp(text("/box_details/title"), "Modified Box Details"));
	CHECK(yyjson_arr_size(at("/box_details/changed")) == 2 && !strcmp(text("/box_details/changed/0/name"), "Description"));
	CHECK(!strcmp(text("/box_details/changed/0/previous"), "Wordpress Started box"));
	CHECK(!strcmp(text("/box_details/changed/1/new"), "linux, new_requirement") && !strcmp(text("/box_details/changed/1/previous"), "linux"));
	CHECK(yyjson_arr_size(at("/box_variables/added")) == 1 && !strcmp(text("/box_variables/added/0/name"), "Port_variable_renamed"));
	CHECK(yyjson_arr_size(at("/box_variables/removed")) == 1 && !strcmp(text("/box_variables/removed/0/name"), "Port_variable"));
	CHECK(!strcmp(text("/box_variables/changed/0/name"), "Text_var") && !strcmp(text("/box_variables/changed/0/new"), "Other"));
	CHECK(yyjson_is_arr(at("/box_variables/files_diff")) && yyjson_is_arr(at("/box_readme")) && yyjson_is_obj(at("/box_profile_properties")));
	CHECK(!strcmp(text("/box_events/0/title"), "install") && !strcmp(text("/box_events/0/added/0/new"), BLOB));
	/* No secret comes back, whoever sent it. */
	CHECK(!strcmp(text("/box_variables/changed/1/new"), "********"));
	CHECK(askf("ann", "box.compare", "{\"id\":\"%s\"}", id) == 200 && yyjson_get_bool(at("/changed")));
	CHECK(askf("ann", "box.compare", "{\"id\":\"%s\",\"version\":\"%s\"}", id, id) == 200 && !yyjson_get_bool(at("/changed")));
	CHECK(askf("ben", "box.compare", "{\"id\":\"%s\"}", id) == 404);
}

#define FILES "/services/blobs/download/"

/* An unchanged file that was uploaded again is none that changed; what the caller may not read is not compared. */
static void check_diff_files(void)
{
	static const char digest[] = "1111111111111111111111111111111111111111111111111111111111111111";
	static const char other[] = "2222222222222222222222222222222222222222222222222222222222222222";
	char id[OBJECT_ID];

	put(OBJECT_BLOB, "aaaaaaaaaaaaaaaaaaaaaaa1", digest, "{\"schema\":\"" SCHEMA "blob\"}");
	put(OBJECT_BLOB, "aaaaaaaaaaaaaaaaaaaaaaa2", digest, "{\"schema\":\"" SCHEMA "blob\"}");
	put(OBJECT_BLOB, "aaaaaaaaaaaaaaaaaaaaaaa3", other, "{\"schema\":\"" SCHEMA "blob\"}");
	db_run(db, "UPDATE object SET owner = 'eve' WHERE kind = 11 AND id = 'aaaaaaaaaaaaaaaaaaaaaaa3'", "");
	db_run(db, "UPDATE object SET owner = 'eve' WHERE kind = 11 AND id = 'aaaaaaaaaaaaaaaaaaaaaaa2'", "");
#define BOX(n, name) "{" SCRIPT ",\"name\":\"Files\",\"events\":{\"install\":{\"url\":\"" FILES "aaaaaaaaaaaaaaaaaaaaaaa" n "/install\"}}," \
	"\"readme\":{\"url\":\"" FILES "aaaaaaaaaaaaaaaaaaaaaaa" n "/readme.MD\"}," \
	"\"variables\":[{\"type\":\"File\",\"name\":\"CONF\",\"value\":\"" FILES "aaaaaaaaaaaaaaaaaaaaaaa" n "/" name "\"}]"
	CHECK(ask("ann", "box.create", BOX("1", "conf") "}") == 200);
	snprintf(id, sizeof id, "%s", text("/id"));
	CHECK(askf("ann", "box.diff", BOX("1", "conf") ",\"id\":\"%s\"}", id) == 200 && !yyjson_get_bool(at("/changed")));
	/* Eve's, which ann does not see: by its address. */
	CHECK(askf("ann", "box.diff", BOX("2", "conf") ",\"id\":\"%s\"}", id) == 200 && yyjson_get_bool(at("/changed")));
	db_run(db, "UPDATE object SET owner = 'ann' WHERE kind = 11 AND id LIKE 'aaaa%'", "");
	CHECK(askf("ann", "box.diff", BOX("2", "conf") ",\"id\":\"%s\"}", id) == 200 && !yyjson_get_bool(at("/changed")));
	CHECK(!yyjson_arr_size(at("/box_events")) && !yyjson_arr_size(at("/box_readme")) && !yyjson_arr_size(at("/box_variables/files_diff")));
	CHECK(askf("ann", "box.diff", BOX("2", "other") ",\"id\":\"%s\"}", id) == 200 && yyjson_arr_size(at("/box_variables/files_diff")) == 1);
	CHECK(askf("ann", "box.diff", BOX("3", "conf") ",\"id\":\"%s\"}", id) == 200 && yyjson_arr_size(at("/box_events")) == 1);
	CHECK(yyjson_arr_size(at("/box_readme")) == 1 && !strcmp(text("/box_variables/files_diff/0/name"), "CONF"));
	CHECK(!strcmp(text("/box_variables/files_diff/0/previous_digest"), digest) && !strcmp(text("/box_variables/files_diff/0/new_digest"), other));
#undef BOX
}

/* ---- the end of a box ---- */

static void check_delete(void)
{
	CHECK(askf("ben", "box.delete", "{\"id\":\"%s\"}", box) == 204 && !reply);
	CHECK(askf("ben", "box.get", "{\"id\":\"%s\"}", box) == 404 && askf("ben", "box.delete", "{\"id\":\"%s\"}", box) == 404);
	CHECK(db_number(db, -1, "SELECT count(*) FROM object WHERE kind = 4 AND parent = ?", "t", box) == 0);
	CHECK(db_number(db, -1, "SELECT count(*) FROM event WHERE kind = 'box.deleted' AND object = ?", "t", box) == 1);
}

static void check_ids(void)
{
	char args[512], one[OBJECT_ID], two[OBJECT_ID];

	make("ann", "one", "", one);
	make("ben", "two", "", two);
	snprintf(args, sizeof args, "{\"ids\":\"%s,%s,nothing,\"}", one, two);
	CHECK(ask("ann", "box.list", args) == 200 && yyjson_arr_size(reply->root) == 1 && !strcmp(text("/0/id"), one));
	CHECK(ask("ben", "box.list", args) == 200 && yyjson_arr_size(reply->root) == 1 && !strcmp(text("/0/id"), two));
}

static void check_builtin(void)
{
	const char *id = "11111111-2222-4333-8444-555555555555";

	CHECK(askf("boss", "box.builtin.add", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"Built in\",\"owner\":\"public\"}", id) == 200);
	CHECK(!strcmp(text("/id"), id) && !strcmp(text("/visibility"), "public") && !strcmp(text("/owner"), "boss"));
	CHECK(askf("boss", "box.builtin.put", "{\"id\":\"%s\"," SCRIPT ",\"name\":\"Built in 2\"}", id) == 200);
	CHECK(askf("eve", "box.get", "{\"id\":\"%s\"}", id) == 200 && !strcmp(text("/name"), "Built in 2"));
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	make_world();
	check_create();
	check_put();
	check_masks();
	check_versions();
	check_sharing();
	check_unversioned();
	check_stacks();
	check_diff();
	check_diff_files();
	check_delete();
	check_ids();
	check_builtin();
	yyjson_doc_free(reply);
	db_close(db);
	return failed;
}

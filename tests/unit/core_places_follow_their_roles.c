/* core: organizations, cost centers and workspaces: who may, what is kept, what is refused, and
 * what their secrets become. */
/* with: core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/tables_work.c core/tables_providers.c core/truth.c core/object.c core/object_list.c core/object_members.c core/object_files.c core/access.c core/answer.c core/personal.c core/place.c core/verb_scope.c core/verb_costcenter.c core/verb_organization.c core/verb_report.c core/federation.c core/instance_check.c core/verb_workspace.c core/handlers_places.c core/secrets.c core/box_list.c core/box_view.c core/box_version.c core/box_document.c core/box_references.c core/blob_access.c core/box_schema.c core/box_share.c core/box_stack.c core/box_variables.c core/box_diff.c */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/personal.h"
#include "core/secrets.h"
#include "core/truth.h"
#include "core/verbs_places.h"
#include "log/log.h"

static int failed;
static struct db *db;
static struct core core;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n   %d %s\n", __FILE__, __LINE__, #what, status, body); } } while (0)

/* The last answer. */
static int status;
static char body[1 << 18];
static int sealed;

/* ---- the parts of core around the handlers: one thread, a keyd that turns texts around ---- */

const char *core_call_string(const struct core_call *call, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(call->args, name));
}

void core_call_finish(struct core_call *call)
{
	(void)call;
}

void core_call_refuse(struct core_call *call, int code, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	core_answer_message(&call->answer, code, "%s", text);
}

void core_call_write(struct core_call *call, int (*run)(struct db *, struct core_call *),
	void (*after)(struct core_call *), bool essential)
{
	(void)essential;
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
	/* Twice, as the writer may: the first time is taken back. */
	run(db, call);
	sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	core_answer_reset(&call->answer);
	if (run(db, call))
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	if (after)
		after(call);
}

bool ipc_client_connected(const struct ipc_client *cl)
{
	(void)cl;
	return true;
}

void ipc_client_call_json(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc, double timeout, ipc_reply_fn *reply,
	void *arg)
{
	char text[512];
	struct ipc_msg msg = { .type = type, .flags = IPC_REPLY, .body = (const uint8_t *)text };

	(void)cl;
	(void)timeout;
	snprintf(text, sizeof text, "{\"sealed\":\"sealed %s %s %s\"}", yyjson_mut_get_str(yyjson_mut_obj_get(doc->root, "object")),
		yyjson_mut_get_str(yyjson_mut_obj_get(doc->root, "field")), yyjson_mut_get_str(yyjson_mut_obj_get(doc->root, "plain")));
	msg.len = (uint32_t)strlen(text);
	yyjson_mut_doc_free(doc);
	sealed++;
	reply(&msg, 0, arg);
}

/* ---- asking ---- */

static const struct core_handler *handler_of(const char *verb)
{
	for (const struct core_handler *h = core_handlers_places; h->verb; h++)
		if (!strcmp(h->verb, verb))
			return h;
	printf("%s: no handler\n", verb);
	exit(1);
}

static void take_list(struct core_call *call)
{
	struct object_text all = { .p = NULL }, chunk = { .p = NULL };
	char cursor[OBJECT_CURSOR] = "";

	do {
		chunk.len = 0;
		if (call->handler->chunk(db, call, cursor, &chunk))
			break;
		if (chunk.len && call->verb->answer == VERB_ANSWER_LINES)
			object_text_add(&all, chunk.p, chunk.len);
		else if (chunk.len)
			object_text_document(&all, chunk.p, chunk.len);
	} while (cursor[0]);
	if (!call->answer.status) {
		status = 200;
		snprintf(body, sizeof body, call->verb->answer == VERB_ANSWER_LINES ? "%s" : "[%s]", all.p ? all.p : "");
	}
	object_text_free(&all);
	object_text_free(&chunk);
}

static int ask(const char *user, const char *verb, const char *args)
{
	struct core_call call = { .core = &core, .verb = verb_by_name(verb), .handler = handler_of(verb) };
	char message[VERB_MESSAGE], *text;

	status = 0;
	body[0] = 0;
	call.request = yyjson_read(args, strlen(args), 0);
	call.args = yyjson_doc_get_root(call.request);
	call.principal = (struct core_principal){ .kind = CORE_TOKEN, .known = true };
	snprintf(call.principal.user, sizeof call.principal.user, "%s", user);
	snprintf(call.principal.organization, sizeof call.principal.organization, "%s", strcmp(user, "foreigner") ? "acme" : "else");
	if (verb_check(call.verb, call.args, message))
		core_call_refuse(&call, 400, "%s", message);
	else if (call.handler->chunk)
		take_list(&call);
	else if (call.handler->start)
		call.handler->start(&call);
	else
		core_call_write(&call, call.handler->run, NULL, false);
	if (call.answer.status) {
		status = call.answer.status;
		text = core_answer_body(&call.answer);
		snprintf(body, sizeof body, "%s", text ? text : "");
		free(text);
	}
	core_answer_reset(&call.answer);
	secrets_forget(call.secrets);
	yyjson_doc_free(call.request);
	if (db_error_take(db)) {
		failed = 1;
		printf("%s %s: the database failed\n", verb, args);
	}
	return status;
}

static bool has(const char *text)
{
	return strstr(body, text) != NULL;
}

/* The id of the object answered, from its uri. */
static void answered_id(char out[OBJECT_ID])
{
	const char *at = strstr(body, "\"uri\":\"/services/");

	at = at ? strchr(at + 17, '/') : NULL;
	snprintf(out, OBJECT_ID, "%.*s", at ? (int)strcspn(at + 1, "\"") : 0, at ? at + 1 : "");
}

/* ---- the world: boss administers acme, everybody else is a user ---- */

static char default_cc[OBJECT_ID];

static void put_organization(const char *id, const char *admin, const char *costcenter)
{
	struct object o;
	yyjson_mut_val *m;

	object_new(&o, OBJECT_ORGANIZATION, id, PLACE_SCHEMA "organization");
	snprintf(o.organization, sizeof o.organization, "%s", id);
	m = yyjson_mut_arr_add_obj(o.doc, yyjson_mut_obj_add_arr(o.doc, o.doc->root, "members"));
	yyjson_mut_obj_add_str(o.doc, m, "id", admin);
	yyjson_mut_obj_add_str(o.doc, m, "role", "administrator");
	object_set(&o, "name", id);
	object_set(&o, "default_costcenter", costcenter);
	object_put(db, &o);
	object_free(&o);
}

static void make_world(void)
{
	static const char *const users[] = { "boss", "chief", "lead", "worker", "stranger" };
	struct object o;

	object_id_guid(default_cc);
	object_new(&o, OBJECT_COSTCENTER, default_cc, PLACE_SCHEMA "costcenter");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_set(&o, "name", "Default");
	object_put(db, &o);
	object_free(&o);
	put_organization("acme", "boss", default_cc);
	put_organization("else", "foreigner", default_cc);
	for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
		personal_new(db, users[i], "x@example.com", users[i], "", "acme", default_cc);
	personal_new(db, "foreigner", "f@example.com", "foreigner", "", "else", "");
}

static void check_costcenters(char cc[OBJECT_ID])
{
	char args[512], id[128];

	CHECK(ask("worker", "costcenter.create", "{\"name\":\"R&D\"}") == 403);
	CHECK(ask("foreigner", "costcenter.create", "{\"name\":\"R&D\",\"organization\":\"acme\"}") == 404);
	CHECK(ask("boss", "costcenter.create", "{\"name\":\"R&D\",\"schema\":\"x\"}") == 400);
	CHECK(ask("boss", "costcenter.create", "{\"name\":\"R&D\",\"members\":[{\"id\":\"nobody\"}]}") == 400 && has("members[0].id"));
	CHECK(ask("boss", "costcenter.create", "{\"name\":\"R&D\",\"members\":[{\"id\":\"chief\",\"role\":\"user\"}]}") == 400);
	CHECK(ask("boss", "costcenter.create", "{\"name\":\"R&D\",\"note\":[1],\"schema\":\"" PLACE_SCHEMA "costcenter\","
		"\"organization\":\"acme\",\"members\":[{\"id\":\"chief\"}]}") == 201);
	CHECK(has("\"note\":[1]") && has("\"role\":\"administrator\"") && has("\"organization\":\"acme\"") && has("\"uri\":\"/services/costcenters/"));
	answered_id(cc);
	CHECK(strlen(cc) == 36);
	CHECK(ask("boss", "costcenter.create", "{\"name\":\"R&D\"}") == 409);
	snprintf(args, sizeof args, "{\"id\":\"%s\",\"name\":\"Research\",\"organization\":\"else\"}", cc);
	snprintf(id, sizeof id, "{\"id\":\"%s\"}", cc);
	CHECK(ask("worker", "costcenter.get", id) == 404 && ask("chief", "costcenter.get", id) == 200);
	CHECK(ask("worker", "costcenter.put", args) == 404 && ask("chief", "costcenter.put", args) == 200);
	CHECK(has("\"name\":\"Research\"") && has("\"note\":[1]") && has("\"organization\":\"acme\"") && has("\"id\":\"chief\""));
	CHECK(ask("chief", "costcenter.delete", id) == 403 && ask("worker", "costcenter.delete", id) == 404);
	CHECK(ask("chief", "costcenter.list", "{}") == 200 && has("Research") && !has("Default"));
	CHECK(ask("boss", "costcenter.list", "{}") == 200 && has("Research") && has("Default"));
	CHECK(ask("worker", "costcenter.list", "{}") == 200 && !strcmp(body, "[]"));
}

static void check_workspaces(const char *cc)
{
	char args[1024], missing[400], id[OBJECT_ID];

	CHECK(ask("worker", "workspace.create", "{\"name\":\"Ops Team\"}") == 403);
	snprintf(args, sizeof args, "{\"name\":\"Ops Team\",\"schema\":\"" PLACE_SCHEMA "workspaces/team\",\"costcenter\":\"%s\","
		"\"members\":[{\"id\":\"lead\",\"role\":\"administrator\"},{\"workspace\":\"worker\"}],\"extra\":{\"a\":null}}", cc);
	CHECK(ask("worker", "workspace.create", args) == 404);
	CHECK(ask("boss", "workspace.create", "{\"name\":\"x\",\"schema\":\"" PLACE_SCHEMA "workspaces/personal\"}") == 400);
	CHECK(ask("boss", "workspace.create", "{\"name\":\"x\",\"members\":[{\"id\":\"worker\",\"role\":\"king\"}]}") == 400);
	CHECK(ask("chief", "workspace.create", args) == 201);
	answered_id(id);
	CHECK(!strcmp(id, "ops-team") && has("\"organizations\":[\"acme\"]") && has("\"type\":\"team\"") && has("\"extra\":{\"a\":null}"));
	CHECK(has("{\"workspace\":\"worker\",\"id\":\"worker\",\"type\":\"workspace\",\"role\":\"user\"}"));
	CHECK(has("\"id\":\"chief\",\"type\":\"workspace\",\"role\":\"administrator\""));
	CHECK(ask("chief", "workspace.create", args) == 409);

	CHECK(ask("worker", "workspace.get", "{\"id\":\"ops-team\"}") == 200);
	CHECK(ask("stranger", "workspace.get", "{\"id\":\"nowhere\"}") == 404);
	snprintf(missing, sizeof missing, "%.399s", body);
	CHECK(ask("stranger", "workspace.get", "{\"id\":\"ops-team\"}") == 404 && !strcmp(body, missing));
	CHECK(ask("stranger", "workspace.put", "{\"id\":\"ops-team\"}") == 404 && !strcmp(body, missing));
	CHECK(ask("stranger", "workspace.delete", "{\"id\":\"ops-team\"}") == 404 && !strcmp(body, missing));
	CHECK(ask("stranger", "workspace.boxes", "{\"id\":\"ops-team\"}") == 404 && !strcmp(body, missing));
	CHECK(ask("worker", "workspace.put", "{\"id\":\"ops-team\",\"name\":\"Mine\"}") == 403);
	CHECK(ask("worker", "workspace.providers", "{\"id\":\"ops-team\"}") == 403);
	CHECK(ask("worker", "workspace.instances", "{\"id\":\"ops-team\"}") == 200 && !strcmp(body, "[]"));
	CHECK(ask("lead", "workspace.put", "{\"id\":\"ops-team\",\"name\":\"Ops\",\"costcenter\":\"x\",\"type\":\"personal\",\"owner\":\"worker\"}") == 200);
	CHECK(has("\"name\":\"Ops\"") && has(cc) && has("\"type\":\"team\"") && has("\"id\":\"worker\"") && has("\"owner\":\"chief\""));

	CHECK(ask("worker", "workspace.list", "{}") == 200 && has("\"id\":\"ops-team\"") && has("\"id\":\"worker\"") && !has("\"id\":\"stranger\""));
	CHECK(ask("stranger", "workspace.list", "{\"ids\":\"ops-team,stranger,\"}") == 200 && !has("ops-team") && has("\"id\":\"stranger\""));
	CHECK(ask("chief", "workspace.list", "{}") == 200 && has("\"id\":\"ops-team\""));
	CHECK(ask("boss", "organization.workspaces", "{\"name\":\"acme\"}") == 200 && has("\"id\":\"ops-team\"") && has("\"id\":\"stranger\""));
	CHECK(ask("worker", "organization.workspaces", "{\"name\":\"acme\"}") == 403);
	CHECK(ask("foreigner", "organization.boxes", "{\"name\":\"acme\"}") == 404);

	snprintf(args, sizeof args, "{\"id\":\"%s\"}", cc);
	CHECK(ask("boss", "costcenter.delete", args) == 409);
	snprintf(args, sizeof args, "{\"id\":\"%s\"}", default_cc);
	CHECK(ask("boss", "costcenter.delete", args) == 409);
}

/* The personal workspace is the user: what signing in says cannot be written. */
static void check_personal(void)
{
	CHECK(ask("worker", "workspace.put", "{\"id\":\"worker\",\"name\":\"Will\",\"favorites\":[{\"type\":\"box\",\"id\":\"1\"}],"
		"\"email\":\"evil@example.com\",\"group_dns\":[\"cn=admins\"],\"members\":[{\"id\":\"stranger\"}],\"take_tour\":true}") == 200);
	CHECK(has("\"name\":\"Will\"") && has("x@example.com") && !has("evil") && !has("cn=admins") && !has("stranger") && has("\"take_tour\":true"));
	CHECK(ask("worker", "workspace.delete", "{\"id\":\"worker\"}") == 409);
	CHECK(ask("stranger", "workspace.get", "{\"id\":\"worker\"}") == 404);
}

static void check_scope(void)
{
	CHECK(ask("chief", "access.scope", "{}") == 200 && has("{\"id\":\"ops-team\",\"role\":\"administrator\"}") && has("\"organizations\":[]"));
	CHECK(ask("worker", "access.scope", "{}") == 200 && has("{\"id\":\"ops-team\",\"role\":\"user\"}"));
	CHECK(ask("boss", "access.scope", "{}") == 200 && has("\"organizations\":[\"acme\"]"));
}

static void check_delete(const char *cc)
{
	struct object o;
	char args[128];

	object_new(&o, OBJECT_BOX, "b", PLACE_SCHEMA "boxes/script");
	snprintf(o.owner, sizeof o.owner, "ops-team");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_put(db, &o);
	CHECK(ask("worker", "workspace.boxes", "{\"id\":\"ops-team\"}") == 200 && has("\"id\":\"b\""));
	CHECK(ask("boss", "organization.boxes", "{\"name\":\"acme\"}") == 200 && has("\"id\":\"b\""));
	CHECK(ask("worker", "workspace.delete", "{\"id\":\"ops-team\"}") == 403);
	CHECK(ask("lead", "workspace.delete", "{\"id\":\"ops-team\"}") == 409 && has("boxes"));
	object_delete(db, &o);
	object_free(&o);
	object_new(&o, OBJECT_BOX, "shared", PLACE_SCHEMA "boxes/script");
	snprintf(o.owner, sizeof o.owner, "boss");
	yyjson_mut_obj_add_str(o.doc, yyjson_mut_arr_add_obj(o.doc, yyjson_mut_obj_add_arr(o.doc, o.doc->root, "members")),
		"workspace", "ops-team");
	object_put(db, &o);
	object_free(&o);
	CHECK(ask("lead", "workspace.delete", "{\"id\":\"ops-team\"}") == 204 && !body[0]);
	CHECK(ask("lead", "workspace.get", "{\"id\":\"ops-team\"}") == 404);
	CHECK(object_peek(db, OBJECT_BOX, "shared", &o) && !strstr(o.text, "ops-team"));
	object_free(&o);
	snprintf(args, sizeof args, "{\"id\":\"%s\"}", cc);
	CHECK(ask("boss", "costcenter.delete", args) == 204 && ask("boss", "costcenter.get", args) == 404);
}

static int64_t secrets(const char *sql)
{
	return db_number(db, -1, sql, "");
}

static void check_organization(void)
{
	char missing[400];

	CHECK(ask("foreigner", "organization.get", "{\"name\":\"nowhere\"}") == 404);
	snprintf(missing, sizeof missing, "%.399s", body);
	CHECK(ask("foreigner", "organization.get", "{\"name\":\"acme\"}") == 404 && !strcmp(body, missing));
	CHECK(ask("worker", "organization.get", "{\"name\":\"acme\"}") == 200);
	CHECK(ask("worker", "organization.put", "{\"name\":\"acme\",\"display_name\":\"W\"}") == 403);
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"members\":[]}") == 400);
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"default_costcenter\":\"none\"}") == 400 && has("default_costcenter"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"webhooks\":[\"a\",\"\"]}") == 400 && has("webhooks[1]"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"tags\":[{\"value\":\"v\"}]}") == 400 && has("tags[0].name"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"display_name\":\"Acme\",\"theme\":{\"logo\":\"/l\",\"css\":\"a{}\"},"
		"\"webhooks\":[\"https://h\"],\"tags\":[{\"name\":\"k\",\"type\":\"custom\",\"value\":\"v\"}],\"future\":{\"x\":[{}]},"
		"\"release\":\"9\",\"id\":\"other\",\"setup\":false,\"authentication\":{\"password\":true,\"ldap_config\":{\"sources\":["
		"{\"host\":\"ldap://a\",\"ldap_search_password\":\"s3cret\"},{\"host\":\"ldap://b\",\"ldap_search_password\":\"other\"}]}}}") == 200);
	CHECK(has("\"future\":{\"x\":[{}]}") && has("\"css\":\"a{}\"") && !has("\"release\":\"9\"") && has("\"id\":\"acme\""));
	CHECK(!has("s3cret") && has("\"ldap_search_password\":\"" SECRET_MASK "\"") && has("\"password\":true") && sealed == 2);
	CHECK(secrets("SELECT count(*) FROM secret WHERE object = 'acme' AND field LIKE"
		" 'authentication/ldap_config/sources/ldap://%/ldap_search_password'") == 2);
	CHECK(!secrets("SELECT count(*) FROM object WHERE doc LIKE '%s3cret%'") && !secrets("SELECT count(*) FROM event WHERE data LIKE '%s3cret%'"));
	/* The mask back, in another order; one source gone. */
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"authentication\":{\"password\":true,\"ldap_config\":{\"sources\":["
		"{\"host\":\"ldap://b\",\"ldap_search_password\":\"" SECRET_MASK "\"}]}}}") == 200 && sealed == 2);
	CHECK(secrets("SELECT count(*) FROM secret WHERE object = 'acme' AND sealed LIKE 'sealed acme %ldap://b/%'") == 1);
	CHECK(secrets("SELECT count(*) FROM secret WHERE object = 'acme'") == 1 && has("\"display_name\":\"Acme\""));
	/* A change that does not speak of it. */
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"display_name\":\"A\"}") == 200);
	CHECK(secrets("SELECT count(*) FROM secret WHERE object = 'acme'") == 1 && has("ldap://b"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"authentication\":{\"password\":true}}") == 200);
	CHECK(secrets("SELECT count(*) FROM secret WHERE object = 'acme'") == 0);
}

/* Users of another organization come in, and it goes only when they are out. */
static void check_federation(void)
{
	char id[OBJECT_ID], args[512];

	CHECK(ask("boss", "workspace.create", "{\"name\":\"Shared\",\"organizations\":[\"acme\",\"else\"]}") == 400 && has("organizations: else"));
	CHECK(ask("boss", "workspace.create", "{\"name\":\"Shared\"}") == 201 && has("\"organizations\":[\"acme\"]"));
	answered_id(id);
#define PUT(rest) (snprintf(args, sizeof args, "{\"id\":\"%s\"," rest "}", id), ask("boss", "workspace.put", args))
	CHECK(PUT("\"members\":[{\"id\":\"boss\",\"role\":\"administrator\"},{\"id\":\"foreigner\"}]") == 400 && has("members[1].id"));
	CHECK(PUT("\"organizations\":[\"else\"]") == 400 && has("not among those this organization is federated to"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"federated_to\":[\"else\",\"third\"]}") == 200);
	/* Federated is not shared yet. */
	CHECK(PUT("\"members\":[{\"id\":\"boss\",\"role\":\"administrator\"},{\"id\":\"foreigner\"}]") == 400);
	CHECK(PUT("\"organizations\":[\"else\"],\"members\":[{\"id\":\"boss\",\"role\":\"administrator\"},{\"id\":\"foreigner\"}]") == 200);
	CHECK(has("\"organizations\":[\"acme\",\"else\"]"));
	snprintf(args, sizeof args, "{\"id\":\"%s\"}", id);
	CHECK(ask("foreigner", "workspace.get", args) == 200);
	CHECK(PUT("\"organizations\":[\"acme\"]") == 409 && has("else still has members"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"federated_to\":[\"third\"]}") == 409 && has("else still shares workspaces"));
	CHECK(PUT("\"organizations\":[\"acme\"],\"members\":[{\"id\":\"boss\",\"role\":\"administrator\"}]") == 200);
	snprintf(args, sizeof args, "{\"id\":\"%s\"}", id);
	CHECK(ask("foreigner", "workspace.get", args) == 404);
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"federated_to\":[]}") == 200);
	/* Left out is left alone. */
	CHECK(PUT("\"name\":\"Shared 2\"") == 200 && has("\"organizations\":[\"acme\"]"));
	CHECK(PUT("\"organizations\":[7]") == 400 && PUT("\"organizations\":null") == 200 && has("\"organizations\":[\"acme\"]"));
#undef PUT
}

static void check_groups(void)
{
	CHECK(ask("worker", "organization.sync_groups", "{\"name\":\"acme\"}") == 403);
	CHECK(ask("foreigner", "organization.sync_groups", "{\"name\":\"acme\"}") == 404);
	CHECK(ask("boss", "organization.sync_groups", "{\"name\":\"acme\"}") == 409 && has("no LDAP source"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"authentication\":{\"ldap_config\":{\"sources\":[{\"host\":\"ldap://a\"}]}}}") == 200);
	CHECK(ask("boss", "organization.sync_groups", "{\"name\":\"acme\"}") == 409 && has("no worker for LDAP"));
}

/* ---- reports ---- */

static void put_service(const char *id, const char *flavor, const char *history)
{
	char text[1024];
	struct object o = { .kind = OBJECT_SERVICE };
	yyjson_doc *doc;

	snprintf(text, sizeof text, "{\"schema\":\"" PLACE_SCHEMA "service\",\"type\":\"Linux Compute\",\"provider_id\":\"prov\",\"profile\":"
		"{\"schema\":\"s\",\"flavor\":\"%s\",\"location\":\"here, there\",\"instances\":2},\"state_history\":%s}", flavor, history);
	doc = yyjson_read(text, strlen(text), 0);
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.organization, sizeof o.organization, "acme");
	o.created = INT64_C(1767225600000000);		/* 2026-01-01 */
	object_put(db, &o);
	object_free(&o);
}

#define REPORT(verb, start, end) ask("boss", "organization." verb, "{\"name\":\"acme\",\"start\":\"" start "\",\"end\":\"" end "\"}")

static void check_report(void)
{
	yyjson_doc *doc;
	struct object o;

	object_new(&o, OBJECT_PROVIDER, "prov", PLACE_SCHEMA "test/provider");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_set(&o, "type", "Test Provider");
	object_put(db, &o);
	object_free(&o);
	CHECK(REPORT("report", "2026-01-01", "2026-01-02") == 200 && !strcmp(body, "{\"cost\":[]}"));
	CHECK(ask("boss", "organization.put", "{\"name\":\"acme\",\"providers\":[{\"type\":\"Test Provider\",\"enabled\":true,\"pricing\":["
		"{\"flavor\":\"large\",\"price\":10},{\"price\":2.5}]}]}") == 200);
	/* 6 hours of one day, all of the next, none of the third. */
	put_service("eb-00001", "small", "[{\"state\":\"up\",\"started\":\"2026-01-02 18:00:00.000000\",\"completed\":\"2026-01-04 00:00:00.000000\"},"
		"{\"state\":\"down\",\"started\":\"2026-01-04 00:00:00.000000\",\"completed\":null}]");
	put_service("eb-00002", "large", "[{\"state\":\"up\",\"started\":\"2026-01-01T12:00:00Z\",\"completed\":\"2026-01-01 13:00:00.5\"}]");
	CHECK(REPORT("report", "2026-01-02", "2026-01-04") == 200);
	CHECK(has("{\"cost\":[3000,12000,0],\"service\":{") && has("\"id\":\"eb-00001\"") && has("{\"cost\":[0,0,0],\"service\":{"));
	CHECK(REPORT("report", "2026-01-01", "2026-01-01") == 200 && has("{\"cost\":[2000],") && has("{\"cost\":[0],"));
	CHECK(!strcmp(body + strlen(body) - 3, "}]}"));
	CHECK(REPORT("csv", "2026-01-02", "2026-01-03") == 200 && !strncmp(body, "SERVICE_ID,DAY (in Date Range),SIZE,", 36));
	CHECK(has("\r\neb-00001,2026-01-02,small,\"here, there\",Test Provider,prov,s,2026-01-01 00:00:00.000000,Linux Compute,30.00,,2,"));
	CHECK(has("\r\neb-00001,2026-01-03,small,") && has(",120.00,,2,") && !has("2026-01-04"));
	CHECK(REPORT("report", "2025-12-01", "2025-12-31") == 200 && !strcmp(body, "{\"cost\":[]}"));
	CHECK(REPORT("report", "2026-01-02", "2026-01-01") == 400 && has("end: is before start."));
	CHECK(REPORT("report", "2026-02-30", "2026-03-01") == 400 && has("start: must be a day"));
	CHECK(REPORT("csv", "2026-01-01", "tomorrow") == 400 && has("end: must be a day"));
	CHECK(REPORT("csv", "2026-01-01", "2027-01-02") == 400 && has("at most 366 days"));
	CHECK(ask("worker", "organization.report", "{\"name\":\"acme\",\"start\":\"2026-01-01\",\"end\":\"2026-01-01\"}") == 403);
	CHECK(ask("foreigner", "organization.csv", "{\"name\":\"acme\",\"start\":\"2026-01-01\",\"end\":\"2026-01-01\"}") == 404);
	/* One that is gone, and many: more than one chunk, and no comma is lost between them. */
	db_run(db, "INSERT INTO service_past(organization, id, provider_type, created, ended, doc) SELECT organization, id, 'Test Provider',"
		" created, created + 10 * 86400000000, doc FROM object WHERE kind = 6 AND id = 'eb-00001'", "");
	for (unsigned i = 0; i < 300; i++) {
		char id[16];

		snprintf(id, sizeof id, "eb-1%04u", i);
		put_service(id, "small", "[]");
	}
	CHECK(REPORT("report", "2026-01-02", "2026-01-02") == 200);
	doc = yyjson_read(body, strlen(body), 0);
	CHECK(yyjson_arr_size(yyjson_obj_get(yyjson_doc_get_root(doc), "cost")) == 303);
	yyjson_doc_free(doc);
}

int main(void)
{
	char cc[OBJECT_ID];

	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	sqlite3_exec(db_handle(db), "BEGIN", NULL, NULL, NULL);
	make_world();
	check_costcenters(cc);
	check_workspaces(cc);
	check_personal();
	check_scope();
	check_delete(cc);
	check_organization();
	check_federation();
	check_groups();
	check_report();
	db_close(db);
	return failed;
}

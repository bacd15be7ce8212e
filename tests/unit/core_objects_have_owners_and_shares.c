/* core: objects keep what they are given, lists find them in chunks, and nobody gets more
 * than a role, a share or the visibility gives. */
/* with: core/schema.c core/tables_boxes.c core/tables_instances.c core/tables_users.c core/tables_blobs.c core/tables_reports.c core/tables_work.c core/tables_providers.c core/truth.c core/object.c core/object_list.c core/object_members.c core/object_files.c core/access.c core/answer.c core/personal.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/access.h"
#include "core/core.h"
#include "core/personal.h"
#include "core/truth.h"
#include "log/log.h"

static int failed;
static struct db *db;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define SCHEMA "http://elasticbox.net/schemas/"

static void put(enum object_kind kind, const char *id, const char *owner, const char *organization, const char *parent,
	const char *visibility, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct object o = { .kind = kind };

	CHECK(doc != NULL);
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.owner, sizeof o.owner, "%s", owner);
	snprintf(o.organization, sizeof o.organization, "%s", organization);
	snprintf(o.parent, sizeof o.parent, "%s", parent);
	snprintf(o.visibility, sizeof o.visibility, "%s", visibility);
	object_put(db, &o);
	CHECK(o.created && o.updated >= o.created);
	object_free(&o);
}

static struct core_principal who(const char *user, const char *organization)
{
	struct core_principal p = { .kind = CORE_TOKEN, .known = true };

	snprintf(p.user, sizeof p.user, "%s", user);
	snprintf(p.organization, sizeof p.organization, "%s", organization);
	return p;
}

static void check_documents(void)
{
	struct object o;
	int64_t updated;

	put(OBJECT_BOX, "b1", "team", "acme", "", "", "{\"z\":1,\"schema\":\"" SCHEMA "boxes/script\",\"unknown\":{\"deep\":[1,2]},\"name\":\"B\"}");
	CHECK(object_peek(db, OBJECT_BOX, "b1", &o) && !o.doc);
	CHECK(o.text && strstr(o.text, "{\"z\":1,\"schema\"") == o.text && strstr(o.text, "\"unknown\":{\"deep\":[1,2]}"));
	CHECK(o.text && strstr(o.text, "\"uri\":\"/services/boxes/b1\"") && strstr(o.text, "\"deleted\":null"));
	object_free(&o);
	CHECK(object_get(db, OBJECT_BOX, "b1", &o) && !o.text);
	updated = o.updated;
	CHECK(!strcmp(object_member(&o, "name"), "B") && !strcmp(object_member(&o, "nothing"), ""));
	CHECK(strlen(object_member(&o, "updated")) == OBJECT_DATE - 1);
	object_put(db, &o);
	CHECK(o.updated > updated);
	object_free(&o);
	CHECK(!object_get(db, OBJECT_INSTANCE, "b1", &o) && !object_peek(db, OBJECT_BOX, "b0", &o));
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'box.created' AND object = 'b1'", "") == 1);
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'box.changed' AND object = 'b1'"
		" AND json_extract(data, '$.owner') = 'team' AND json_extract(data, '$.organization') = 'acme'", "") == 1);
	CHECK(db_number(db, 0, "SELECT type = 'script' FROM object WHERE id = 'b1'", "") == 1);
}

static void check_ids(void)
{
	char id[OBJECT_ID];

	object_id_guid(id);
	CHECK(strlen(id) == 36);
	object_id_instance(id);
	CHECK(strlen(id) == 8 && !strncmp(id, "i-", 2));
	object_id_service(id);
	CHECK(strlen(id) == 8 && !strncmp(id, "eb-", 3));
	object_id_blob(id);
	CHECK(strlen(id) == 24 && strspn(id, "0123456789abcdef") == 24);
	object_id_slug(db, "Team", id);
	CHECK(!strcmp(id, "team-2"));
	object_id_slug(db, "  Ünï & Co. ", id);
	CHECK(!strcmp(id, "n-co"));
	object_id_slug(db, "", id);
	CHECK(!strcmp(id, "x"));
	personal_id(db, "Jane.Doe@example.com", id);
	CHECK(!strcmp(id, "jane-doe"));
}

/* acme: cost center cc; workspaces team (in cc) and other (in cc2); the users' own. */
static void make_world(void)
{
	static const char *const users[] = { "visitor", "user", "author", "admin", "boss", "chief", "grouped", "stranger" };

	put(OBJECT_ORGANIZATION, "acme", "", "acme", "", "", "{\"schema\":\"" SCHEMA "organization\",\"members\":"
		"[{\"id\":\"boss\",\"type\":\"workspace\",\"role\":\"administrator\"}]}");
	put(OBJECT_COSTCENTER, "cc", "", "acme", "", "", "{\"schema\":\"" SCHEMA "costcenter\",\"members\":"
		"[{\"id\":\"chief\",\"type\":\"workspace\",\"role\":\"administrator\"}]}");
	put(OBJECT_COSTCENTER, "cc2", "", "acme", "", "", "{\"schema\":\"" SCHEMA "costcenter\"}");
	put(OBJECT_WORKSPACE, "team", "team", "acme", "cc", "", "{\"schema\":\"" SCHEMA "workspaces/team\",\"members\":["
		"{\"id\":\"visitor\",\"role\":\"visitor\"},{\"id\":\"user\",\"role\":\"user\"},"
		"{\"id\":\"author\",\"role\":\"collaborator\"},{\"id\":\"admin\",\"type\":\"workspace\",\"role\":\"administrator\"},"
		"{\"id\":\"cn=devs\",\"type\":\"ldap\",\"role\":\"user\"}]}");
	put(OBJECT_WORKSPACE, "other", "other", "acme", "cc2", "", "{\"schema\":\"" SCHEMA "workspaces/team\",\"members\":["
		"{\"id\":\"author\",\"role\":\"author\"},{\"id\":\"user\",\"role\":\"user\"}]}");
	for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
		personal_new(db, users[i], "x@example.com", users[i], "", "acme", "cc2");
	put(OBJECT_WORKSPACE, "grouped", "grouped", "acme", "cc2", "", "{\"schema\":\"" SCHEMA "workspaces/personal\","
		"\"group_dns\":[\"cn=devs\"]}");
}

static enum access_role role(const char *user, const char *workspace)
{
	struct core_principal p = who(user, "acme");

	return access_workspace_role(db, &p, workspace);
}

static void check_roles(void)
{
	struct core_principal nobody = { .known = false }, owner = { .known = true, .admin = true };

	CHECK(role("visitor", "team") == ACCESS_VISITOR && role("user", "team") == ACCESS_USER);
	CHECK(role("author", "team") == ACCESS_AUTHOR && role("admin", "team") == ACCESS_ADMINISTRATOR);
	CHECK(role("grouped", "team") == ACCESS_USER && role("stranger", "team") == ACCESS_NOBODY);
	CHECK(role("boss", "team") == ACCESS_ADMINISTRATOR && role("boss", "other") == ACCESS_ADMINISTRATOR);
	CHECK(role("chief", "team") == ACCESS_ADMINISTRATOR && role("chief", "other") == ACCESS_NOBODY);
	CHECK(role("stranger", "stranger") == ACCESS_ADMINISTRATOR && role("stranger", "user") == ACCESS_NOBODY);
	CHECK(role("boss", "nowhere") == ACCESS_NOBODY);
	CHECK(access_workspace_role(db, &nobody, "team") == ACCESS_NOBODY);
	CHECK(access_workspace_role(db, &owner, "other") == ACCESS_ADMINISTRATOR);
}

static bool may(const char *user, enum object_kind kind, const char *id, enum access_need need)
{
	struct core_principal p = who(user, "acme");
	struct object o;
	bool yes;

	CHECK(object_peek(db, kind, id, &o));
	yes = access_allowed(db, &p, &o, need);
	object_free(&o);
	return yes;
}

static void check_objects(void)
{
	put(OBJECT_PROVIDER, "p1", "team", "acme", "", "", "{\"schema\":\"" SCHEMA "provider\"}");
	put(OBJECT_INSTANCE, "i-1", "team", "acme", "", "", "{\"schema\":\"" SCHEMA "instance\"}");
	put(OBJECT_SERVICE, "eb-1", "team", "acme", "i-1", "", "{\"schema\":\"" SCHEMA "service\"}");
	CHECK(may("visitor", OBJECT_BOX, "b1", ACCESS_SEE) && !may("visitor", OBJECT_BOX, "b1", ACCESS_USE));
	CHECK(may("user", OBJECT_BOX, "b1", ACCESS_USE) && !may("user", OBJECT_BOX, "b1", ACCESS_EDIT));
	CHECK(may("author", OBJECT_BOX, "b1", ACCESS_EDIT) && !may("author", OBJECT_BOX, "b1", ACCESS_OWN));
	CHECK(may("admin", OBJECT_BOX, "b1", ACCESS_OWN) && !may("stranger", OBJECT_BOX, "b1", ACCESS_SEE));
	CHECK(may("user", OBJECT_INSTANCE, "i-1", ACCESS_EDIT) && !may("visitor", OBJECT_INSTANCE, "i-1", ACCESS_EDIT));
	CHECK(may("visitor", OBJECT_SERVICE, "eb-1", ACCESS_SEE) && !may("stranger", OBJECT_SERVICE, "eb-1", ACCESS_SEE));
	CHECK(may("visitor", OBJECT_PROVIDER, "p1", ACCESS_SEE) && !may("user", OBJECT_PROVIDER, "p1", ACCESS_SEE));
	CHECK(may("author", OBJECT_PROVIDER, "p1", ACCESS_SEE) && !may("author", OBJECT_PROVIDER, "p1", ACCESS_EDIT));
	CHECK(!may("stranger", OBJECT_WORKSPACE, "team", ACCESS_SEE) && may("visitor", OBJECT_WORKSPACE, "team", ACCESS_SEE));
	CHECK(!may("author", OBJECT_WORKSPACE, "team", ACCESS_EDIT) && may("chief", OBJECT_WORKSPACE, "team", ACCESS_EDIT));
	CHECK(may("stranger", OBJECT_ORGANIZATION, "acme", ACCESS_SEE) && !may("chief", OBJECT_ORGANIZATION, "acme", ACCESS_EDIT));
	CHECK(may("chief", OBJECT_COSTCENTER, "cc", ACCESS_EDIT) && !may("chief", OBJECT_COSTCENTER, "cc2", ACCESS_SEE));
}

static void check_shares(void)
{
	put(OBJECT_BOX, "b2", "boss", "acme", "", "", "{\"schema\":\"" SCHEMA "boxes/script\",\"members\":"
		"[{\"workspace\":\"other\",\"role\":\"collaborator\"},{\"workspace\":\"stranger\",\"role\":\"read\"}]}");
	put(OBJECT_BOX, "v2", "boss", "acme", "b2", "", "{\"schema\":\"" SCHEMA "boxes/script\"}");
	CHECK(may("author", OBJECT_BOX, "b2", ACCESS_EDIT) && !may("author", OBJECT_BOX, "b2", ACCESS_OWN));
	/* Shared for editing with a workspace in which one is a user only. */
	CHECK(may("user", OBJECT_BOX, "b2", ACCESS_USE) && !may("user", OBJECT_BOX, "b2", ACCESS_EDIT));
	CHECK(may("stranger", OBJECT_BOX, "b2", ACCESS_USE) && !may("stranger", OBJECT_BOX, "b2", ACCESS_EDIT));
	CHECK(may("stranger", OBJECT_BOX, "v2", ACCESS_SEE) && !may("visitor", OBJECT_BOX, "v2", ACCESS_SEE));
	CHECK(!may("visitor", OBJECT_BOX, "b2", ACCESS_SEE));
	put(OBJECT_BOX, "b3", "boss", "acme", "", "organization", "{\"schema\":\"" SCHEMA "boxes/script\"}");
	CHECK(may("visitor", OBJECT_BOX, "b3", ACCESS_USE) && !may("visitor", OBJECT_BOX, "b3", ACCESS_EDIT));
	/* The visibility of a provider means nothing. */
	put(OBJECT_PROVIDER, "p2", "boss", "acme", "", "public", "{\"schema\":\"" SCHEMA "provider\"}");
	CHECK(!may("visitor", OBJECT_PROVIDER, "p2", ACCESS_SEE));
	put(OBJECT_PROVIDER, "p2", "boss", "acme", "", "", "{\"schema\":\"" SCHEMA "provider\",\"members\":"
		"[{\"workspace\":\"team\",\"role\":\"read\"}]}");
	CHECK(may("author", OBJECT_PROVIDER, "p2", ACCESS_SEE) && !may("admin", OBJECT_PROVIDER, "p2", ACCESS_EDIT));
	CHECK(!may("user", OBJECT_PROVIDER, "p2", ACCESS_SEE));
}

/* Roles that change are told; other changes of a workspace are not. */
static void check_access_events(void)
{
	static const char count[] = "SELECT count(*) FROM event WHERE kind = 'access.changed' AND object = 'workspace/team'";
	int64_t before = db_number(db, 0, count, "");
	struct object o;

	CHECK(object_get(db, OBJECT_WORKSPACE, "team", &o));
	object_set(&o, "name", "Another name");
	object_put(db, &o);
	CHECK(db_number(db, 0, count, "") == before);
	yyjson_mut_arr_remove_first(yyjson_mut_obj_get(o.doc->root, "members"));
	object_put(db, &o);
	CHECK(db_number(db, 0, count, "") == before + 1);
	CHECK(role("visitor", "team") == ACCESS_NOBODY);
	object_free(&o);
}

/* ---- lists ---- */

struct listed { int chunks, objects; char last[16384]; };

static struct listed list(const struct object_filter *f, size_t bytes)
{
	char cursor[OBJECT_CURSOR] = "", whole[32];
	struct object_text text = { .p = NULL }, all = { .p = NULL };
	struct listed l = { 0 };
	yyjson_doc *doc;

	do {
		text.len = 0;
		object_list(db, f, cursor, bytes, &text);
		if (text.len)
			object_text_document(&all, text.p, text.len);
		l.chunks++;
	} while (cursor[0] && l.chunks < 10000);
	object_text_free(&text);
	snprintf(whole, sizeof whole, "[");
	object_text_add(&text, whole, 1);
	if (all.len)
		object_text_add(&text, all.p, all.len);
	object_text_add(&text, "]", 1);
	doc = yyjson_read(text.p, text.len, 0);
	CHECK(doc != NULL);
	l.objects = (int)yyjson_arr_size(yyjson_doc_get_root(doc));
	for (size_t i = 0; i < yyjson_arr_size(yyjson_doc_get_root(doc)) && i < 100; i++) {
		strcat(l.last, yyjson_get_str(yyjson_obj_get(yyjson_arr_get(yyjson_doc_get_root(doc), i), "id")));
		strcat(l.last, " ");
	}
	yyjson_doc_free(doc);
	object_text_free(&text);
	object_text_free(&all);
	CHECK(!db_error(db));
	return l;
}

static void check_lists(void)
{
	struct object_filter f = { .kind = OBJECT_BOX, .workspace = "other", .parent = "" };
	struct listed l;
	char id[32];

	l = list(&f, 1);
	CHECK(l.objects == 1 && !strcmp(l.last, "b2 "));
	f.workspace = "boss";
	CHECK(list(&f, 1).objects == 2);
	f.parent = NULL;
	l = list(&f, 1);
	CHECK(l.objects == 3 && !strcmp(l.last, "b2 b3 v2 ") && l.chunks >= 3);
	f = (struct object_filter){ .kind = OBJECT_BOX, .workspace = "visitor", .organization = "acme", .include_public = true };
	l = list(&f, 1 << 20);
	CHECK(l.objects == 1 && !strcmp(l.last, "b3 "));
	f = (struct object_filter){ .kind = OBJECT_BOX, .workspace = "other", .ids = "b1,b2,nothing,,b3," };
	l = list(&f, 1);
	CHECK(l.objects == 1 && !strcmp(l.last, "b2 "));
	f = (struct object_filter){ .kind = OBJECT_BOX, .organization = "acme", .ids = "b3,b1,b2," };
	l = list(&f, 1);
	CHECK(l.objects == 3 && !strcmp(l.last, "b3 b1 b2 "));
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "i-%03d", i);
		put(OBJECT_INSTANCE, id, "other", "acme", "", "", "{\"schema\":\"" SCHEMA "instance\"}");
		snprintf(id, sizeof id, "o-%03d", i);
		put(OBJECT_OPERATION, id, "other", "acme", "i-000", "", "{\"schema\":\"" SCHEMA "instance-operation\"}");
	}
	f = (struct object_filter){ .kind = OBJECT_INSTANCE, .workspace = "other" };
	CHECK(list(&f, 1 << 20).objects == 300 && list(&f, 1).objects == 300 && list(&f, 1).chunks >= 300);
	f = (struct object_filter){ .kind = OBJECT_INSTANCE, .organization = "acme" };
	CHECK(list(&f, 4096).objects == 301);
	f = (struct object_filter){ .kind = OBJECT_OPERATION, .parent = "i-000", .newest_first = true };
	l = list(&f, 5000);
	CHECK(l.objects == 300 && !strncmp(l.last, "o-299 o-298 ", 12));
	f = (struct object_filter){ .kind = OBJECT_OPERATION, .parent = "i-000" };
	l = list(&f, 5000);
	CHECK(l.objects == 300 && !strncmp(l.last, "o-000 o-001 ", 12));
}

static void check_delete(void)
{
	struct object o;

	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES('b2', 'variables/PW', 'x')", "");
	CHECK(object_get(db, OBJECT_BOX, "b2", &o));
	object_delete(db, &o);
	object_free(&o);
	CHECK(!object_peek(db, OBJECT_BOX, "b2", &o));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM share WHERE id = 'b2'", ""));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM secret WHERE object = 'b2'", ""));
	CHECK(db_number(db, 0, "SELECT count(*) FROM event WHERE kind = 'box.deleted' AND object = 'b2'"
		" AND json_array_length(data, '$.members') = 2", "") == 1);
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	sqlite3_exec(db_handle(db), "BEGIN", NULL, NULL, NULL);
	make_world();
	check_documents();
	check_ids();
	check_roles();
	check_objects();
	check_shares();
	check_access_events();
	check_lists();
	check_delete();
	CHECK(!db_error_take(db));
	db_close(db);
	return failed;
}

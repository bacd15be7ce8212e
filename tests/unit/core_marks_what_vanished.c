/* core: what a provider has no more is marked, with the instances that were made with it, and the mark goes when it is back. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "core/provider.h"
#include "core/tasks.h"
#include "core/truth.h"
#include "core/vanished.h"
#include "log/log.h"
#include "plat/clock.h"

#define SCHEMA "http://elasticbox.net/schemas/"

static int failed;
static struct db *db;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static void put(enum object_kind kind, const char *id, const char *parent, const char *state, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct object o;

	object_new(&o, kind, id, SCHEMA "x");
	yyjson_mut_doc_free(o.doc);
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	snprintf(o.parent, sizeof o.parent, "%s", parent);
	snprintf(o.state, sizeof o.state, "%s", state);
	object_put(db, &o);
	object_free(&o);
	yyjson_doc_free(doc);
	CHECK(!db_error_take(db));
}

static void synced(const char *services)
{
	struct core_task t = { .state = TASK_DONE, .kind = "provider.sync", .provider = "prov", .input = "{\"quiet\":true}" };
	struct object_text out = { .p = NULL };
	yyjson_doc *doc;

	object_text_add(&out, "{\"services\":", 12);
	object_text_add(&out, services, strlen(services));
	object_text_add(&out, "}", 1);
	doc = yyjson_read(out.p, out.len, 0);
	CHECK(doc != NULL);
	provider_sync_ended(db, &t, "", yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	object_text_free(&out);
	CHECK(!db_error_take(db));
}

/* Does the log have a line that begins so? */
static bool said(const char *line)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind IN (9, 10) AND substr(json_extract(doc, '$.text'), 1,"
		" length(?1)) = ?1)", "t", line) != 0;
}

static int64_t marks(void)
{
	return db_number(db, -1, "SELECT coalesce(json_array_length(doc, '$.vanished'), 0) FROM object WHERE kind = 8 AND id = 'prov'", "");
}

/* The mark of this type and name, with so many instances. */
static bool marked(const char *type, const char *name, int instances)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object, json_each(object.doc, '$.vanished') v WHERE kind = 8 AND object.id = 'prov'"
		" AND json_extract(v.value, '$.type') = ? AND json_extract(v.value, '$.name') = ? AND json_array_length(v.value,"
		" '$.instances') = ? AND json_extract(v.value, '$.since') <> '')", "tti", type, name, (int64_t)instances) != 0;
}

#define DC(templates, networks) "{\"name\":\"DC0\",\"mor\":\"datacenter-2\",\"templates\":[" templates "],\"networks\":[" networks "]}"
#define SERVICES(dc, flavors) "[{\"name\":\"Linux Compute\",\"datacenters\":[" dc "],\"flavors\":[" flavors "]}," \
	"{\"name\":\"Windows Compute\",\"datacenters\":[" DC("", "") "],\"flavors\":[" flavors "]}]"
#define T1 "{\"name\":\"debian\",\"mor\":\"vm-1\"}"
#define T2 "{\"name\":\"old\",\"mor\":\"vm-2\"}"
#define N1 "{\"name\":\"VM Network\",\"mor\":\"network-7\"}"
#define F1 "{\"name\":\"Small\"}"

static void check_objects(void)
{
	int64_t events;

	synced(SERVICES(DC(T1 "," T2, N1), F1));
	CHECK(marks() == 0);
	/* One that an instance was made with, one that none was. */
	synced(SERVICES(DC("", N1), F1));
	CHECK(marks() == 2 && marked("template", "debian", 1) && marked("template", "old", 0));
	CHECK(said("The template debian of DC0 is no longer there. Instances that were made with it: web (i-web1)"));
	CHECK(said("1 more object is no longer there."));
	events = db_number(db, 0, "SELECT count(*) FROM event", "");
	synced(SERVICES(DC("", N1), F1));
	CHECK(marks() == 2 && db_number(db, 0, "SELECT count(*) FROM event", "") == events);
	/* By its reference, and a flavor, which is of no datacenter. */
	synced(SERVICES(DC("", ""), ""));
	CHECK(marks() == 4 && marked("network", "VM Network", 1) && marked("flavor", "Small", 1));
	/* The instance is terminated: none is concerned any more. */
	put(OBJECT_SERVICE, "eb-web1", "i-web1", "done", "{\"provider_id\":\"prov\",\"operation\":\"terminate_service\",\"machines\":[]}");
	synced(SERVICES(DC("", ""), ""));
	CHECK(marks() == 4 && marked("network", "VM Network", 0) && marked("template", "debian", 0));
	synced(SERVICES(DC(T1, N1), F1));
	CHECK(marks() == 1 && marked("template", "old", 0) && said("The template debian is there again."));
	/* Somewhere else of the same name is not the same. */
	synced("[{\"name\":\"Linux Compute\",\"datacenters\":[{\"name\":\"DC1\",\"templates\":[" T1 "]}]}]");
	CHECK(marked("template", "debian", 0));
	/* What is no list, and things without names. */
	synced("[7,null,{\"flavors\":{\"name\":\"x\"},\"datacenters\":[1,{\"templates\":[3,{},{\"name\":4}]}]}]");
	CHECK(marks() > 1);
}

/* ---- machines ---- */

static void list(const char *machines, int64_t id)
{
	struct core_task t = { .id = id, .state = TASK_DONE, .kind = "machine.list", .provider = "prov", .input = "{}" };
	struct object_text out = { .p = NULL };
	yyjson_doc *doc;

	db_run(db, "INSERT INTO task(id, operation, worker, kind, key, input, state, created, updated, started) VALUES(?1, 0, 'cloud',"
		" 'machine.list', ?1, '{}', 'done', 0, 0, ?2)", "ii", id, core_stamp(db));
	object_text_add(&out, "{\"machines\":[", 13);
	object_text_add(&out, machines, strlen(machines));
	object_text_add(&out, "]}", 2);
	doc = yyjson_read(out.p, out.len, 0);
	CHECK(doc != NULL);
	provider_list_ended(db, &t, "", yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	object_text_free(&out);
	CHECK(!db_error_take(db));
}

static bool shown(const char *machine, const char *state, bool vanished)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object, json_each(object.doc, '$.machines') m WHERE kind = 6 AND object.id = 'eb-web1'"
		" AND json_extract(m.value, '$.id') = ? AND json_extract(m.value, '$.state') = ? AND (json_extract(m.value, '$.vanished')"
		" IS NOT NULL) = ?)", "tti", machine, state, (int64_t)vanished) != 0;
}

static void machine(const char *id, const char *external, const char *state)
{
	db_run(db, "INSERT INTO machine(id, instance, service, provider, number, name, state, tried, external_id, created, updated)"
		" VALUES(?1, 'i-web1', 'eb-web1', 'prov', 1, ?1, ?2, 1, ?3, 0, ?4)", "ttti", id, state, external, core_stamp(db));
}

#define M1 "{\"key\":\"m-1\",\"external_id\":\"vm-11\"}"
#define M2 "{\"key\":\"m-2\",\"external_id\":\"vm-12\"}"
#define STACK(key) "{\"key\":\"" key "\",\"external_id\":\"s-" key "\",\"stack\":true}"
#define BESIDE(key) "{\"key\":\"" key "\",\"external_id\":\"v-" key "\",\"beside\":true}"

static void check_machines(void)
{
	int64_t began;

	put(OBJECT_SERVICE, "eb-web1", "i-web1", "done", "{\"provider_id\":\"prov\",\"operation\":\"deploy\",\"machines\":[]}");
	machine("m-1", "vm-11", "online");
	machine("m-2", "vm-12", "off");
	machine("m-3", "", "making");
	list(M1 "," M2, 1001);
	list(M1, 1002);
	CHECK(!said("Machine m-2 (vm-12)"));
	list(M1, 1003);
	CHECK(shown("m-2", "unavailable", true) && shown("m-1", "done", false));
	CHECK(said("Machine m-2 (vm-12) is no longer there: the provider vc") && said("Machine m-2 (vm-12) of the instance web (i-web1) is no"));
	began = db_number(db, 0, "SELECT count(*) FROM event", "");
	list(M1, 1004);
	CHECK(db_number(db, 0, "SELECT count(*) FROM event", "") == began);
	list(M2 "," M1, 1005);
	CHECK(shown("m-2", "done", false) && said("Machine m-2 (vm-12) is there again"));
	/* What has its reference now is another machine. */
	list(M1 "," "{\"key\":\"m-9\",\"external_id\":\"vm-12\"}", 1040);
	list(M1 "," "{\"key\":\"m-9\",\"external_id\":\"vm-12\"}", 1041);
	CHECK(shown("m-2", "unavailable", true));
	list(M2 "," M1, 1042);
	CHECK(shown("m-2", "done", false));
	/* Missed once, there again, missed once: not in a row. */
	list(M1, 1006);
	list(M2 "," M1, 1007);
	list(M1, 1008);
	CHECK(shown("m-2", "done", false));
	/* What was made beside a machine is not the machine; it is no stray either while the machine has its row. */
	list(M1 "," BESIDE("m-2") "," BESIDE("m-9"), 1020);
	list(M1 "," BESIDE("m-2") "," BESIDE("m-9"), 1021);
	CHECK(shown("m-2", "unavailable", true));
	CHECK(db_number(db, 0, "SELECT count(*) FROM stray WHERE key = 'm-2'", "") == 0 && db_number(db, 0, "SELECT count(*) FROM stray"
		" WHERE key = 'm-9' AND external_id = 'v-m-9'", "") == 1);
	/* One that was made or moved after the list was begun is not judged by it. */
	list(M1 "," M2, 1009);
	db_run(db, "UPDATE machine SET updated = ? WHERE id = 'm-2'", "i", plat_clock_wall() + 3600 * PLAT_SECOND);
	list(M1, 1010);
	list(M1, 1011);
	CHECK(shown("m-2", "done", false));
}

/* Stacks of instances: one of an instance that is not there (any more) goes after a while, by its own kind of task. */
static void check_stacks(void)
{
	list(M1 "," STACK("i-web1") "," STACK("i-gone1"), 1030);
	CHECK(db_number(db, 0, "SELECT count(*) FROM stray WHERE key = 'i-web1'", "") == 0 && db_number(db, 0, "SELECT count(*) FROM stray"
		" WHERE key = 'i-gone1'", "") == 1);
	db_run(db, "UPDATE stray SET since_boot = since_boot - ?", "i", PROVIDER_SETTLE + PLAT_SECOND);
	list(M1 "," STACK("i-web1") "," STACK("i-gone1"), 1031);
	CHECK(db_number(db, 0, "SELECT count(*) FROM task WHERE kind = 'stack.delete' AND json_extract(input, '$.key') = 'i-gone1'", "") == 1);
	CHECK(db_number(db, 1, "SELECT count(*) FROM task WHERE kind = 'stack.delete' AND json_extract(input, '$.key') = 'i-web1'", "") == 0);
	CHECK(said("Stack s-i-gone1 belongs to no instance"));
}

int main(void)
{
	log_open("core");
	db_start();
	db = db_open("core_marks_what_vanished.db", NULL, DB_WRITER);
	if (!db || db_migrate(db, core_schema, core_schema_count, "0.0"))
		return 1;
	put(OBJECT_PROVIDER, "prov", "", "ready", "{\"name\":\"vc\",\"type\":\"VMware vSphere\",\"services\":[]}");
	put(OBJECT_INSTANCE, "i-web1", "", "done", "{\"name\":\"web\",\"state\":\"done\",\"operation\":{\"event\":\"deploy\"},\"service\":{\"id\":"
		"\"eb-web1\",\"machines\":[]},\"policy_box\":{\"provider_id\":\"prov\",\"profile\":{\"datacenter\":\"DC0\",\"template\":\"debian\","
		"\"flavor\":\"Small\",\"network\":\"other\",\"network_mor\":\"network-7\"}}}");
	put(OBJECT_SERVICE, "eb-web1", "i-web1", "done", "{\"provider_id\":\"prov\",\"operation\":\"deploy\",\"machines\":[]}");
	check_objects();
	check_machines();
	check_stacks();
	db_close(db);
	return failed;
}

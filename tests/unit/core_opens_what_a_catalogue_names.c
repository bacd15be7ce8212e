/* core: what an OpenStack's catalogue names at other hosts comes into the record, the firewall's model and the next try of the task that
 * found it; and goes when the catalogue names it no more. */
/* with: core/all.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoints.h"
#include "core/firewall.h"
#include "core/prepare.h"
#include "core/provider.h"
#include "core/tasks.h"
#include "core/truth.h"
#include "log/log.h"
#include "plat/clock.h"

#define SCHEMA "http://elasticbox.net/schemas/"

static int failed;
static struct db *db;
static int64_t now = 1000 * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static int64_t boot(void)
{
	return now;
}

static void put(const char *id, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct object o;

	object_new(&o, OBJECT_PROVIDER, id, SCHEMA "x");
	yyjson_mut_doc_free(o.doc);
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	snprintf(o.state, sizeof o.state, "ready");
	object_put(db, &o);
	object_free(&o);
	yyjson_doc_free(doc);
}

static int64_t task(const char *kind)
{
	static int number;
	char key[32];
	struct core_task_new n = { .worker = "cloud", .kind = kind, .key = key, .input = "{\"provider\":\"os\",\"quiet\":true}", .provider = "os",
		.workspace = "w", .run = 900, .attempts = 3 };

	snprintf(key, sizeof key, "key-%d", ++number);
	return core_task_add(db, &n);
}

/* Gives the one task that is due out: its fence, 0 = none is due. */
static int64_t given(int64_t id)
{
	int64_t got = 0;

	return core_tasks_lease(db, "cloud", &got, 1) && got == id ? db_number(db, 0, "SELECT fence FROM task WHERE id = ?", "i", id) : 0;
}

static bool result(int64_t id, int64_t fence, enum core_outcome outcome, const char *output)
{
	yyjson_doc *doc = yyjson_read(output, strlen(output), 0);
	bool taken;

	CHECK(doc != NULL);
	taken = core_task_result(db, "cloud", id, fence, outcome, "the catalogue names Nova at n:1, which was not known yet", yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	CHECK(!db_error_take(db));
	return taken;
}

static bool in_state(int64_t id, const char *state, int attempts)
{
	return db_number(db, 0, "SELECT state = ? AND attempts = ? FROM task WHERE id = ?", "tii", state, (int64_t)attempts, id) != 0;
}

/* Is this the value, as JSON, of hosts in the model? */
static bool hosts(const char *want)
{
	yyjson_mut_doc *d = firewall_model(db);
	char *text = yyjson_mut_val_write(yyjson_mut_obj_get(yyjson_mut_doc_get_root(d), "hosts"), 0, NULL);
	bool same = text && !strcmp(text, want);

	if (!same)
		printf("hosts: %s\n", text ? text : "none");
	free(text);
	yyjson_mut_doc_free(d);
	return same;
}

/* The model that fwd was told last has them. */
static bool told(const char *part)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE worker = 'fwd' AND state = 'waiting' AND instr(input, ?))", "t", part) != 0;
}

static bool said(const char *line)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 9 AND json_extract(doc, '$.text') = ?)", "t", line) != 0;
}

#define NOVA "{\"service\":\"Nova\",\"host\":\"Nova.cam.test\",\"port\":8774}"
#define GLANCE "{\"service\":\"Glance\",\"host\":\"10.0.0.7\",\"port\":9292}"

/* What the next try is told of the endpoints, as JSON. */
static bool input(int64_t id, const char *peer, const char *want)
{
	struct prepare_facts facts = { .keyed = true, .own_count = 1, .own = { "10.0.0.2" } };
	struct prepared p;
	char *text;
	bool same = prepare_message(db, &facts, id, &p) == PREPARE_GOOD;
	yyjson_mut_val *in = yyjson_mut_obj_get(p.context.doc->root, "input");

	text = yyjson_mut_val_write(yyjson_mut_obj_get(in, "endpoints"), 0, NULL);
	same = same && text && !strcmp(text, want) && p.peer && !strcmp(p.peer, peer) && !yyjson_mut_obj_get(yyjson_mut_obj_get(in, "config"), "endpoints");
	if (!same)
		printf("endpoints: %s\n", text ? text : "none");
	free(text);
	prepared_free(&p);
	return same;
}

static void check_again(void)
{
	int64_t id = task("machine.list"), fence = given(id);

	CHECK(fence == 1 && hosts("{}"));
	CHECK(result(id, fence, CORE_OUTCOME_AGAIN, "{\"endpoints\":[" NOVA "," GLANCE "]}"));
	CHECK(in_state(id, "waiting", 0) && hosts("{\"openstack\":[{\"host\":\"nova.cam.test\",\"ports\":[8774]},{\"host\":\"10.0.0.7\",\"ports\":[9292]}]}"));
	CHECK(told("nova.cam.test") && said("The catalogue names Nova at nova.cam.test:8774, Glance at 10.0.0.7:9292"));
	/* after what fwd has to do */
	CHECK(given(id) == 0);
	now += (CORE_TASK_AGAIN + 1) * PLAT_SECOND;
	fence = given(id);
	CHECK(fence == 2 && in_state(id, "leased", 1));
	CHECK(input(id, "openstack", "[{\"service\":\"Nova\",\"host\":\"nova.cam.test\",\"port\":8774},{\"service\":\"Glance\",\"host\":\"10.0.0.7\",\"port\":9292}]"));
	/* an old fence changes nothing */
	CHECK(!result(id, 1, CORE_OUTCOME_AGAIN, "{\"endpoints\":[]}") && told("nova.cam.test"));
	CHECK(result(id, fence, CORE_OUTCOME_DONE, "{\"machines\":[]}"));
}

/* One whose hosts are others each time is an attempt that failed, at some time, and comes to its end. */
static void check_bound(void)
{
	int64_t id = task("machine.list"), fence;
	char output[160];
	int tries = 0;

	while (db_number(db, 0, "SELECT state IN ('waiting', 'leased') FROM task WHERE id = ?", "i", id) && tries < 100) {
		now += 3600 * PLAT_SECOND / 10;
		fence = given(id);
		if (!fence)
			continue;
		snprintf(output, sizeof output, "{\"endpoints\":[{\"service\":\"Nova\",\"host\":\"n%d.cam.test\",\"port\":8774}]}", tries++);
		CHECK(result(id, fence, CORE_OUTCOME_AGAIN, output));
	}
	CHECK(tries == CORE_TASK_AGAINS + 3 && in_state(id, "failed", 3));
	CHECK(hosts("{\"openstack\":[{\"host\":\"n10.cam.test\",\"ports\":[8774]}]}"));
}

static void synced(const char *output)
{
	int64_t id = task("provider.sync"), fence;

	now += PLAT_SECOND;
	fence = given(id);
	CHECK(fence == 1 && result(id, fence, CORE_OUTCOME_DONE, output));
}

/* What is no host or port is left out; what leads nowhere is told with a reason, and opens nothing. */
static void check_values(void)
{
	int64_t id;

	synced("{\"services\":[],\"endpoints\":[7,null,{\"service\":\"\",\"host\":\"a.test\",\"port\":1},{\"service\":\"Nova\",\"host\":\"a b\",\"port\":1},"
		"{\"service\":\"Nova\",\"host\":\"a.test\",\"port\":0},{\"service\":\"Nova\",\"host\":\"a.test\",\"port\":65536},{\"service\":\"Nova\",\"host\":5,\"port\":1}]}");
	CHECK(hosts("{}"));
	CHECK(said("The catalogue names no other host."));
	synced("{\"services\":[],\"endpoints\":[{\"service\":\"Nova\",\"host\":\"127.0.0.1\",\"port\":8774},{\"service\":\"Glance\",\"host\":\"169.254.77.3\",\"port\":9292},"
		"{\"service\":\"Neutron\",\"host\":\"10.0.0.2\",\"port\":9696},{\"service\":\"Cinder\",\"host\":\"v.test\",\"port\":18776},"
		"{\"service\":\"Cinder\",\"host\":\"v.test\",\"port\":8776},{\"service\":\"Cinder\",\"host\":\"v.test\",\"port\":8776}]}");
	CHECK(hosts("{\"openstack\":[{\"host\":\"10.0.0.2\",\"ports\":[9696]},{\"host\":\"v.test\",\"ports\":[18776,8776]}]}"));
	id = task("machine.list");
	CHECK(given(id));
	CHECK(input(id, "openstack", "[{\"service\":\"Nova\",\"host\":\"127.0.0.1\",\"port\":8774,\"message\":\"this is no address of another machine\"},"
		"{\"service\":\"Glance\",\"host\":\"169.254.77.3\",\"port\":9292,\"message\":\"this is no address of another machine\"},"
		"{\"service\":\"Neutron\",\"host\":\"10.0.0.2\",\"port\":9696,\"message\":\"this is the appliance's own address\"},"
		"{\"service\":\"Cinder\",\"host\":\"v.test\",\"port\":18776,\"message\":\"no line of the firewall opens this port to an OpenStack;"
		" an own line can (openstack, room cloud)\"},{\"service\":\"Cinder\",\"host\":\"v.test\",\"port\":8776}]"));
	CHECK(result(id, 1, CORE_OUTCOME_DONE, "{\"machines\":[]}"));
}

static void check_end(void)
{
	int64_t events;

	synced("{\"services\":[],\"endpoints\":[" NOVA "]}");
	CHECK(hosts("{\"openstack\":[{\"host\":\"nova.cam.test\",\"ports\":[8774]}]}"));
	events = db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 9", "");
	synced("{\"services\":[],\"endpoints\":[" NOVA "]}");
	synced("{\"services\":[]}");
	CHECK(hosts("{\"openstack\":[{\"host\":\"nova.cam.test\",\"ports\":[8774]}]}") && events == db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 9", ""));
	synced("{\"services\":[],\"endpoints\":[]}");
	CHECK(!told("nova.cam.test"));
	/* a provider of another type has none */
	put("os", "{\"name\":\"vc\",\"type\":\"VMware vSphere\",\"endpoint\":\"https://vc.test\",\"services\":[]}");
	synced("{\"services\":[],\"endpoints\":[" NOVA "]}");
	CHECK(hosts("{}"));
}

int main(void)
{
	log_open("core");
	db_start();
	plat_clock_replace(NULL, boot);
	db = db_open("core_opens_what_a_catalogue_names.db", NULL, DB_WRITER);
	if (!db || db_migrate(db, core_schema, core_schema_count, "0.0"))
		return 1;
	put("os", "{\"name\":\"os\",\"type\":\"Openstack\",\"identity_url\":\"https://10.0.0.5:5000\",\"services\":[]}");
	core_room_here(db, "cloud", 8, NULL, 0);
	check_again();
	check_bound();
	check_values();
	check_end();
	db_close(db);
	return failed;
}

/* core: an operation from its beginning to its end, at the seam to workers and agents: the order of scripts over three
 * levels and an admin box, what they see, bindings, copies, restarts, failures, aborts, protection. */
/* with: core/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent.h"
#include "core/flow.h"
#include "core/instance_stack.h"
#include "core/prepare.h"
#include "core/provider.h"
#include "core/truth.h"
#include "core/turn.h"
#include "core/verbs_instances.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t wall_now = INT64_C(1700000000) * PLAT_SECOND, boot_now = 1000 * PLAT_SECOND;
static struct db *db;
static struct core core;
static const uint8_t key[32] = { 9 };
static char body[1 << 18];
/* What agents were told, in order: "event:path@machine number". */
static char told[4096], last_step[1 << 18];
static int64_t last_task, last_fence;
static char created[4096];
static int exit_code;
static const struct core_upgrade *upgrade;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n  told: %s\n", __FILE__, __LINE__, #what, told); } } while (0)
#define MACHINES 4
static struct { char id[OBJECT_ID], token[48]; int64_t channel; } machines[MACHINES];
static unsigned machine_count;

static int64_t wall(void)
{
	return wall_now;
}

static int64_t boot(void)
{
	return boot_now;
}

static int ask(const char *verb, int (*run)(struct db *, struct core_call *), const char *args, const char *id)
{
	struct core_call call = { .core = &core, .verb = verb_by_name(verb) };
	char *text;
	int status;

	call.request = yyjson_read(args, strlen(args), 0);
	call.args = yyjson_doc_get_root(call.request);
	call.principal = (struct core_principal){ .kind = CORE_TOKEN, .known = true };
	snprintf(call.principal.user, sizeof call.principal.user, "ann");
	snprintf(call.principal.organization, sizeof call.principal.organization, "acme");
	snprintf(call.id, sizeof call.id, "%s", id ? id : "");
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
	if (run(db, &call))
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	status = call.answer.status;
	text = yyjson_mut_val_write(call.answer.doc->root, 0, NULL);
	snprintf(body, sizeof body, "%s", text ? text : "");
	free(text);
	core_answer_reset(&call.answer);
	yyjson_doc_free(call.request);
	CHECK(!db_error_take(db));
	return status;
}

static int operate(const char *verb, const char *id)
{
	char args[128];

	snprintf(args, sizeof args, "{\"id\":\"%s\"}", id);
	return ask(verb, verb_instance_operate_run, args, NULL);
}

static int end_it(const char *operation, const char *id)
{
	char args[128];

	snprintf(args, sizeof args, "{\"id\":\"%s\",\"operation\":\"%s\"}", id, operation);
	return ask("instance.delete", verb_instance_delete_run, args, NULL);
}

static bool is(const char *id, const char *words)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 5 AND id = ? AND state || '/' || json_extract(doc,"
		" '$.operation.event') = ?)", "tt", id, words) != 0;
}

static bool logged(const char *like)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 10 AND json_extract(doc, '$.text') LIKE ?)", "t", like) != 0;
}

/* ---- the world's other side ---- */

static unsigned number_of(const char *machine)
{
	unsigned i = 0;

	while (i < machine_count && strcmp(machines[i].id, machine) != 0)
		i++;
	return i;
}

static void say(unsigned m, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct agent_out out = { .upgrade = upgrade };

	agent_message(db, machines[m].channel, machines[m].id, yyjson_doc_get_root(doc), &out);
	snprintf(last_step, sizeof last_step, "%s", out.first && out.first->message ? out.first->message : "");
	agent_out_reset(&out);
	yyjson_doc_free(doc);
	CHECK(!db_error_take(db));
}

static const char *machine_word(unsigned m)
{
	struct machine row;

	return machine_read(db, machines[m].id, &row) ? chart_machine.states[row.state] : "none";
}

static void hello(unsigned m, const char *fingerprint, const char *boot_id, const char *running)
{
	char json[512];

	snprintf(json, sizeof json, "{\"type\":\"hello\",\"version\":\"1.0\",\"fingerprint\":\"%s\",\"boot_id\":\"%s\",\"facts\":{\"hostname\":"
		"\"h%u\",\"addresses\":[\"10.9.9.%u\"]},\"running\":[%s],\"finished\":[]}", fingerprint, boot_id, m, m, running);
	say(m, json);
}

/* A stack's task is kept as it is told; "" = it is done, else why it is refused. */
static const char *stack_why = "";

static void answer_stack(struct prepared *p)
{
	size_t n = strlen(told);
	char *json = yyjson_mut_write(p->context.doc, 0, NULL);

	CHECK(!strcmp(p->task.worker, "cloud") && !strcmp(p->digest, !strcmp(p->task.kind, "stack.put") ? "d1" : ""));
	snprintf(told + n, sizeof told - n, "%s%s", n ? " " : "", p->task.kind);
	snprintf(created, sizeof created, "%s", json);
	free(json);
	CHECK(core_task_result(db, "cloud", p->task.id, p->task.fence, stack_why[0] ? CORE_OUTCOME_REFUSED : CORE_OUTCOME_DONE, stack_why, NULL));
}

static void answer_room(struct prepared *p)
{
	yyjson_val *in;
	yyjson_doc *doc;
	char *json = yyjson_mut_write(p->context.doc, 0, NULL), out[256];
	const char *conf, *token;
	unsigned m;

	doc = yyjson_read(json, strlen(json), 0);
	in = yyjson_obj_get(yyjson_doc_get_root(doc), "input");
	if (!strcmp(p->task.kind, "machine.create")) {
		snprintf(created, sizeof created, "%s", json);
		m = number_of(p->task.machine);
		if (m == machine_count && machine_count < MACHINES)
			snprintf(machines[machine_count++].id, OBJECT_ID, "%s", p->task.machine);
		conf = yyjson_get_str(yyjson_obj_get(in, "conf"));
		token = conf ? strstr(conf, "token=") : NULL;
		snprintf(machines[m].token, sizeof machines[m].token, "%.36s", token ? token + 6 : "");
	}
	snprintf(out, sizeof out, "{\"external_id\":\"x-%s\",\"addresses\":{\"public\":\"\",\"private\":\"10.0.0.%u\"},\"hostname\":\"h\"}",
		p->task.machine, number_of(p->task.machine) + 1);
	yyjson_doc_free(doc);
	doc = yyjson_read(out, strlen(out), 0);
	CHECK(core_task_result(db, "demo", p->task.id, p->task.fence, CORE_OUTCOME_DONE, "", yyjson_doc_get_root(doc)));
	yyjson_doc_free(doc);
	free(json);
}

static void answer_step(struct prepared *p, bool leave)
{
	yyjson_doc *doc = yyjson_mut_doc_imut_copy(p->context.doc, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	char *json = yyjson_mut_write(p->context.doc, 0, NULL), result[256], kept[sizeof last_step];
	unsigned m = number_of(p->task.machine);
	size_t n = strlen(told);

	snprintf(kept, sizeof kept, "%s", json);
	snprintf(told + n, sizeof told - n, "%s%s:%s@%u", n ? " " : "", yyjson_get_str(yyjson_obj_get(root, "event")),
		yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "box"), "path")), m);
	last_task = p->task.id;
	last_fence = p->task.fence;
	snprintf(result, sizeof result, "{\"type\":\"result\",\"task\":%lld,\"fence\":%lld,\"outcome\":\"exited\",\"exit_code\":%d,"
		"\"output_length\":7}", (long long)p->task.id, (long long)p->task.fence, exit_code);
	if (!leave)
		say(m, result);
	snprintf(last_step, sizeof last_step, "%s", kept);
	free(json);
	yyjson_doc_free(doc);
}

/* Turns until nothing happens; leave: the first script is not answered. */
static void run(int seconds, bool leave)
{
	struct prepare_facts facts = { .keyed = true, .host = "cam.example", .agents_name = "id.agents.internal", .id = "id", .ca = "PEM\n" };
	static struct turn turn;
	struct prepared p;

	memcpy(facts.key, key, sizeof key);
	for (int i = 0; i < seconds * 4; i++) {
		wall_now += PLAT_SECOND / 4;
		boot_now += PLAT_SECOND / 4;
		do {
			turn.key = key;
			turn_take(db, &turn);
			for (unsigned t = 0; t < turn.task_count; t++) {
				if (prepare_message(db, &facts, turn.tasks[t], &p) == PREPARE_GOOD) {
					if (p.channel)
						answer_step(&p, leave);
					else if (!strncmp(p.task.kind, "stack.", 6))
						answer_stack(&p);
					else
						answer_room(&p);
				}
				prepared_free(&p);
			}
		} while (turn.more || turn.task_count);
	}
	CHECK(!db_error_take(db));
}

static void connect_all(void)
{
	char machine[OBJECT_ID], instance[OBJECT_ID];
	uint8_t hash[CORE_HASH];

	for (unsigned i = 0; i < machine_count; i++) {
		crypto_hash_sha256(hash, (const uint8_t *)machines[i].token, strlen(machines[i].token));
		CHECK(agent_open(db, hash, machine, instance) && !strcmp(machine, machines[i].id));
		machines[i].channel = 100 + i;
		hello(i, machines[i].id, "b1", "");
		CHECK(strstr(last_step, "\"type\":\"welcome\""));
	}
}

/* ---- boxes ---- */

static void put_box(const char *id, const char *schema, const char *members)
{
	char text[4096];
	yyjson_doc *doc;
	struct object o;

	snprintf(text, sizeof text, "{\"schema\":\"" SCHEMAS "boxes/%s\",\"name\":\"box %s\",\"owner\":\"ann\",\"visibility\":\"workspace\","
		"\"members\":[]%s}", schema, id, members);
	doc = yyjson_read(text, strlen(text), 0);
	memset(&o, 0, sizeof o);
	o.kind = OBJECT_BOX;
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.organization, sizeof o.organization, "acme");
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	object_put(db, &o);
	object_free(&o);
}

#define URL "/services/blobs/download/0123456789abcdef01234567/s.sh"
#define EVENT(name) "\"" name "\":{\"url\":\"" URL "\",\"length\":5}"
#define ALL "\"requirements\":[],\"events\":{" EVENT("pre_install") "," EVENT("install") "," EVENT("configure") "," EVENT("stop") "," \
	EVENT("dispose") "}"

static void make_world(void)
{
	struct object o;

	db_run(db, "INSERT INTO setting(name, doc, updated) VALUES('appliance', '{\"demo\":true}', 1)", "");
	object_new(&o, OBJECT_WORKSPACE, "ann", SCHEMAS "workspaces/personal");
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_put(db, &o);
	object_free(&o);
	object_new(&o, OBJECT_PROVIDER, "prov", SCHEMAS "test/provider");
	snprintf(o.owner, sizeof o.owner, "ann");
	object_set(&o, "type", PROVIDER_TEST);
	object_set(&o, "name", "p");
	provider_state(db, &o, "ready");
	object_free(&o);
	put_box("leaf", "script", "," ALL ",\"variables\":[{\"name\":\"PORT\",\"type\":\"Port\",\"value\":\"1\",\"visibility\":\"public\"},"
		"{\"name\":\"PW\",\"type\":\"Password\",\"value\":\"********\",\"visibility\":\"private\"}]");
	put_box("mid", "script", "," ALL ",\"variables\":[{\"name\":\"L1\",\"type\":\"Box\",\"value\":\"leaf\"},"
		"{\"name\":\"PORT\",\"type\":\"Port\",\"value\":\"2\",\"scope\":\"L1\"}]");
	put_box("top", "script", "," ALL ",\"variables\":[{\"name\":\"A\",\"type\":\"Box\",\"value\":\"mid\"},"
		"{\"name\":\"B\",\"type\":\"Box\",\"value\":\"leaf\"},{\"name\":\"NAME\",\"type\":\"Text\",\"value\":\"x\"},"
		"{\"name\":\"DATA\",\"type\":\"File\",\"value\":\"" URL "\"},"
		"{\"name\":\"DB\",\"type\":\"Binding\",\"value\":\"AnyBox\",\"tags\":[\"db\"]}]");
	put_box("admin", "script", ",\"requirements\":[],\"variables\":[],\"events\":{" EVENT("install") "}");
	put_box("two", "policy", ",\"claims\":[],\"provider_id\":\"prov\",\"variables\":[{\"name\":\"ADM\",\"type\":\"Box\",\"value\":\"admin\"},"
		"{\"name\":\"MainBox\",\"type\":\"Box\",\"value\":\"gone\"}],\"profile\":{\"schema\":\"" SCHEMAS "test/compute/profile\",\"instances\":1}");
	put_box("db", "script", ",\"requirements\":[],\"variables\":[{\"name\":\"USER\",\"type\":\"Text\",\"value\":\"sa\",\"visibility\":\"public\"},"
		"{\"name\":\"HID\",\"type\":\"Text\",\"value\":\"no\",\"visibility\":\"private\"}],\"events\":{" EVENT("install") "}");
	put_box("plain", "policy", ",\"claims\":[],\"provider_id\":\"prov\",\"variables\":[],\"profile\":{\"schema\":\"" SCHEMAS
		"test/compute/profile\",\"instances\":1}");
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES('leaf', 'variables/PW', 'sealed-pw')", "");
	core_room_here(db, "demo", 4, NULL, 0);
}

static void create(const char *id, const char *box, const char *policy, const char *tags)
{
	char args[512];

	snprintf(args, sizeof args, "{\"schema\":\"" SCHEMAS "deploy-instance-request\",\"name\":\"My App\",\"automatic_updates\":\"off\","
		"\"instance_tags\":[%s],\"box\":{\"id\":\"%s\"},\"policy_box\":{\"id\":\"%s\"}}", tags, box, policy);
	CHECK(ask("instance.create", verb_instance_create_run, args, id) == 202);
	told[0] = 0;
}

/* ---- what happens ---- */

static void check_deploy(void)
{
	create("i-db0001", "db", "plain", "\"db\"");
	run(1, false);
	CHECK(is("i-db0001", "processing/deploy") && machine_count == 1 && strstr(created, "\"key\":\"m-"));
	CHECK(strstr(created, "#cloud-config") && strstr(created, "host=id.agents.internal") && strstr(created, "address=cam.example"));
	CHECK(!db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE input LIKE '%token=%')", ""));
	connect_all();
	run(1, false);
	CHECK(is("i-db0001", "done/deploy") && !strcmp(told, "install:@0"));
	CHECK(logged("Executing install:box db in machine my-app-eb-%-1."));
	create("i-app001", "top", "two", "");
	run(1, false);
	connect_all();
	run(1, false);
	CHECK(is("i-app001", "done/deploy"));
	/* Parents prepare before children; children install before parents, in the order of the variables; the admin box first. */
	CHECK(!strcmp(told, "pre_install:@1 pre_install:A@1 pre_install:A.L1@1 pre_install:B@1 install:@ADM@1 install:A.L1@1 install:A@1"
		" install:B@1 install:@1 configure:A.L1@1 configure:A@1 configure:B@1 configure:@1"));
}

/* The context of the last configure script, which is the main box's. */
static void check_context(void)
{
	yyjson_doc *doc = yyjson_read(last_step, strlen(last_step), 0);
	yyjson_val *c = yyjson_obj_get(yyjson_doc_get_root(doc), "context"), *bound = yyjson_arr_get(yyjson_obj_get(c, "DB"), 0);

	CHECK(yyjson_equals_str(yyjson_obj_get(c, "NAME"), "x") && yyjson_equals_str(yyjson_obj_get(c, "instance"), "i-app001"));
	/* The parent's override of a child's variable; the child's own elsewhere. */
	CHECK(yyjson_equals_str(yyjson_ptr_get(c, "/A/L1/PORT"), "2") && yyjson_equals_str(yyjson_ptr_get(c, "/B/PORT"), "1"));
	CHECK(yyjson_get_str(yyjson_obj_get(c, "DATA")) && !strncmp(yyjson_get_str(yyjson_obj_get(c, "DATA")),
		"https://cam.example/services/blobs/download/0123456789abcdef01234567/s.sh?credential=i-app001.", 90));
	CHECK(yyjson_arr_size(yyjson_obj_get(c, "DB")) == 1 && yyjson_equals_str(yyjson_obj_get(bound, "USER"), "sa"));
	CHECK(!yyjson_obj_get(bound, "HID") && yyjson_equals_str(yyjson_ptr_get(bound, "/address/private"), "10.0.0.1"));
	CHECK(yyjson_equals_str(yyjson_ptr_get(c, "/address/private"), "10.0.0.2") && yyjson_arr_size(yyjson_obj_get(c, "addresses")) == 1);
	CHECK(yyjson_equals_str(yyjson_obj_get(c, "folder"), "/var/elasticbox/i-app001"));
	CHECK(yyjson_equals_str(yyjson_obj_get(c, "service.provider_type"), "Test Provider"));
	CHECK(!strstr(last_step, "sealed-pw"));
	yyjson_doc_free(doc);
	CHECK(db_number(db, 0, "SELECT count(*) FROM binding WHERE instance = 'i-app001' AND target = 'i-db0001'", "") == 1);
}

/* Where secrets go in, and what keyd needs for them. */
static void check_secrets(void)
{
	struct context c = { .db = db, .doc = yyjson_mut_doc_new(NULL), .host = "h" };
	struct object o;
	struct machine m;

	CHECK(object_get(db, OBJECT_INSTANCE, "i-app001", &o) && machine_read(db, machines[1].id, &m));
	CHECK(context_build(&c, &o, &m, "A") && c.count == 1);
	CHECK(c.count == 1 && !strcmp(c.secrets[0].object, "leaf") && !strcmp(c.secrets[0].field, "variables/PW") &&
		!strcmp(c.secrets[0].sealed, "sealed-pw"));
	CHECK(!context_build(&c, &o, &m, "nowhere"));
	context_free(&c);
	yyjson_mut_doc_free(c.doc);
	object_free(&o);
}

static void check_copy(void)
{
	int64_t before = machines[1].channel;

	machines[1].channel = 900;
	hello(1, "another machine", "b1", "");
	CHECK(strstr(last_step, "\"code\":\"clone\""));
	CHECK(db_number(db, 0, "SELECT channel FROM machine WHERE id = ?", "t", machines[1].id) == before && logged("A copy of machine %"));
	/* The machine itself, anew: the connection before is told. */
	machines[1].channel = 901;
	hello(1, machines[1].id, "b1", "");
	CHECK(strstr(last_step, "\"code\":\"replaced\"") || strstr(last_step, "\"type\":\"welcome\""));
	CHECK(db_number(db, 0, "SELECT channel FROM machine WHERE id = ?", "t", machines[1].id) == 901);
}

static void check_failure(void)
{
	told[0] = 0;
	exit_code = 3;
	CHECK(operate("instance.reconfigure", "i-app001") == 202);
	run(1, false);
	exit_code = 0;
	CHECK(is("i-app001", "unavailable/reconfigure") && !strcmp(told, "configure:A.L1@1"));
	CHECK(logged("configure:box leaf in machine my-app-%: exit code 3"));
	CHECK(db_number(db, 0, "SELECT exit_code FROM task WHERE id = ?", "i", last_task) == 3);
	CHECK(operate("instance.force_online", "i-app001") == 202 && is("i-app001", "done/reconfigure"));
}

/* Aborted: unavailable at once; the next operation waits until the script has really ended. */
static void check_abort(void)
{
	static struct turn turn;
	int64_t old;
	char json[200];

	told[0] = 0;
	CHECK(operate("instance.reconfigure", "i-app001") == 202);
	run(1, true);
	old = last_task;
	CHECK(!strcmp(told, "configure:A.L1@1") && operate("instance.reconfigure", "i-app001") == 409);
	CHECK(operate("instance.abort", "i-app001") == 202 && is("i-app001", "unavailable/reconfigure"));
	turn_take(db, &turn);
	CHECK(turn.cancel_count == 1 && turn.cancels[0].task == old && turn.cancels[0].channel == 901);
	CHECK(operate("instance.reconfigure", "i-app001") == 202);
	run(2, false);
	CHECK(!strcmp(told, "configure:A.L1@1"));
	snprintf(json, sizeof json, "{\"type\":\"result\",\"task\":%lld,\"fence\":1,\"outcome\":\"aborted\",\"exit_code\":-1}", (long long)old);
	say(1, json);
	run(1, false);
	CHECK(is("i-app001", "done/reconfigure") && strstr(told, "configure:@1"));
}

/* Core is away in the middle of a script; the agent says what it knows. */
static void check_restart(void)
{
	char known[64];

	told[0] = 0;
	CHECK(operate("instance.reconfigure", "i-app001") == 202);
	run(1, true);
	turn_boot(db, "first");
	CHECK(db_number(db, 1, "SELECT channel FROM machine WHERE id = ?", "t", machines[1].id) == 0);
	snprintf(known, sizeof known, "{\"task\":%lld,\"fence\":%lld}", (long long)last_task, (long long)last_fence);
	hello(1, machines[1].id, "b1", known);
	run(1, false);
	CHECK(!strcmp(told, "configure:A.L1@1"));
	/* It never got it: given out again, with a higher fence. */
	turn_boot(db, "first");
	core_room_here(db, "demo", 4, NULL, 0);
	hello(0, machines[0].id, "b1", "");
	hello(1, machines[1].id, "b1", "");
	/* What never came is no attempt, so it takes none of its retries away. */
	CHECK(!db_number(db, 1, "SELECT attempts FROM task WHERE id = ?", "i", last_task));
	run(1, false);
	CHECK(last_fence >= 1 && is("i-app001", "done/reconfigure") && strstr(told, "configure:A.L1@1 configure:A.L1@1 configure:A@1"));
}

/* A variable is set by a script; the instance is told to its bound ones. */
static void check_automatic(void)
{
	told[0] = 0;
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-app001\",\"automatic_reconfiguration\":true}", NULL) == 200);
	CHECK(end_it("terminate", "i-db0001") == 202);
	run(8, false);
	/* What it was bound to is gone. */
	CHECK(is("i-db0001", "done/terminate_service") && is("i-app001", "done/reconfigure") && strstr(told, "configure:@1"));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM binding WHERE instance = 'i-app001'", ""));
}

static void check_protection(void)
{
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-app001\",\"manual_terminate_protection\":true,"
		"\"manual_shutdown_protection\":true}", NULL) == 200);
	CHECK(end_it("terminate", "i-app001") == 409 && end_it("force_terminate", "i-app001") == 409);
	CHECK(operate("instance.shutdown", "i-app001") == 409);
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-app001\",\"manual_terminate_protection\":\"yes\"}", NULL) == 400);
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-app001\",\"event_timeout\":300000}", NULL) == 400);
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-app001\",\"manual_terminate_protection\":false,"
		"\"manual_shutdown_protection\":false,\"event_timeout\":60}", NULL) == 200);
}

static void check_power_and_end(void)
{
	told[0] = 0;
	CHECK(operate("instance.shutdown", "i-app001") == 202);
	run(1, false);
	/* Down: parents before children. */
	CHECK(is("i-app001", "done/shutdown_service") && !strcmp(told, "stop:@1 stop:A@1 stop:A.L1@1 stop:B@1"));
	agent_closed(db, machines[1].channel);
	CHECK(operate("instance.poweron", "i-app001") == 202);
	run(1, false);
	CHECK(is("i-app001", "processing/poweron"));
	hello(1, machines[1].id, "b2", "");
	told[0] = 0;
	run(1, false);
	CHECK(is("i-app001", "done/poweron") && strstr(told, "configure:@1"));
	CHECK(strstr(last_step, "\"timeout\":60,"));
	told[0] = 0;
	CHECK(end_it("terminate", "i-app001") == 202);
	run(1, false);
	CHECK(is("i-app001", "done/terminate_service") && strstr(told, "dispose:B@1"));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM machine WHERE state <> 'gone'", ""));
	hello(1, machines[1].id, "b2", "");
	CHECK(strstr(last_step, "\"code\":\"unknown\""));
	CHECK(end_it("delete", "i-app001") == 202 && !db_number(db, 1, "SELECT count(*) FROM task WHERE instance = 'i-app001'", ""));
}

/* Its agent is away for ten minutes: the machine does not respond, the instance goes on; then it is back. */
static void check_quiet(void)
{
	const char *state = "SELECT json_extract(doc, '$.machines[0].state') FROM object WHERE kind = 6 AND json_extract(doc,"
		" '$.machines[0].name') = (SELECT name FROM machine WHERE id = ?)";
	sqlite3_stmt *q;

	agent_closed(db, machines[1].channel);
	boot_now += MACHINE_QUIET_AFTER - 20 * PLAT_SECOND;
	run(1, false);
	CHECK(!strcmp(machine_word(1), "away"));
	boot_now += 40 * PLAT_SECOND;
	run(1, false);
	CHECK(!strcmp(machine_word(1), "silent") && is("i-app001", "done/reconfigure"));
	q = db_query(db, state, "t", machines[1].id);
	CHECK(db_row(db, q) && !strcmp(db_text(q, 0), "unavailable"));
	db_end(q);
	hello(1, machines[1].id, "b1", "");
	CHECK(!strcmp(machine_word(1), "online"));
	q = db_query(db, state, "t", machines[1].id);
	CHECK(db_row(db, q) && !strcmp(db_text(q, 0), "done"));
	db_end(q);
	/* Nothing was done to it: no script ran, nothing is begun. */
	told[0] = 0;
	run(2, false);
	CHECK(!told[0] && is("i-app001", "done/reconfigure"));
}

/* The image ships another agent: who has it is offered nothing. */
static void check_upgrade(void)
{
	static const struct core_upgrade ships = { true, "2.0", "aa", "sig" }, same = { true, "1.0", "bb", "sig" };

	upgrade = &ships;
	hello(1, machines[1].id, "b1", "");
	CHECK(strstr(last_step, "\"upgrade\":{\"version\":\"2.0\",\"path\":\"/agent/linux/x86_64/elasticbox-agent\",\"sha256\":\"aa\","
		"\"signature\":\"sig\"}"));
	upgrade = &same;
	hello(1, machines[1].id, "b1", "");
	CHECK(strstr(last_step, "\"upgrade\":null"));
	upgrade = NULL;
}

/* Core's key comes between the turn that gives a machine's creation out and its message: a token that is not kept does not leave. */
static void check_late_key(void)
{
	struct prepare_facts facts = { .keyed = true, .host = "cam.example", .agents_name = "id.agents.internal", .id = "id", .ca = "PEM\n" };
	static struct turn turn;
	struct prepared p;

	memcpy(facts.key, key, sizeof key);
	create("i-key001", "db", "plain", "");
	wall_now += INSTANCE_STEP;
	boot_now += INSTANCE_STEP;
	turn.key = NULL;
	do
		turn_take(db, &turn);
	while (turn.more && !turn.task_count);
	CHECK(turn.task_count == 1);
	CHECK(prepare_message(db, &facts, turn.tasks[0], &p) == PREPARE_LATER && strstr(p.why, "token"));
	core_task_unsent(db, p.task.id, p.task.fence, PREPARE_AGAIN, p.why);
	prepared_free(&p);
	machine_count = 0;
	run(PREPARE_AGAIN + 1, false);
	CHECK(machine_count == 1);
	connect_all();
	run(1, false);
	CHECK(is("i-key001", "done/deploy"));
}

static void interrupted(void)
{
	char json[200];

	snprintf(json, sizeof json, "{\"type\":\"result\",\"task\":%lld,\"fence\":%lld,\"outcome\":\"interrupted\",\"output_length\":3}",
		(long long)last_task, (long long)last_fence);
	say(0, json);
	CHECK(strstr(last_step, "\"accepted\":true"));
}

/* An interrupted script is run again as a task of its own, as often as its file says; then it has failed.  Abort ends the chain. */
static void check_retry(void)
{
	int64_t first, second;

	put_box("re", "script", ",\"requirements\":[],\"variables\":[],\"events\":{\"install\":{\"url\":\"" URL "\",\"length\":5,\"retry\":2}}");
	machine_count = 0;
	create("i-ret001", "re", "plain", "");
	run(1, false);
	machines[0].channel = 780;
	hello(0, machines[0].id, "b1", "");
	run(1, true);
	first = last_task;
	interrupted();
	run(1, true);
	second = last_task;
	CHECK(second > first && last_fence == 1 && !strcmp(told, "install:@0 install:@0") && is("i-ret001", "processing/deploy"));
	CHECK(db_number(db, 0, "SELECT state = 'failed' AND output_length = 3 FROM task WHERE id = ?", "i", first));
	CHECK(logged("install:box re in machine %: it was interrupted half-way: the machine went down. It is run again."));
	/* Said once more: nothing follows from it. */
	last_task = first;
	interrupted();
	CHECK(db_number(db, 0, "SELECT count(*) FROM task WHERE instance = 'i-ret001' AND kind = 'script'", "") == 2);
	last_task = second;
	interrupted();
	run(1, false);
	CHECK(is("i-ret001", "done/deploy") && last_task > second);
	/* As often as it may, and no more. */
	CHECK(operate("instance.reinstall", "i-ret001") == 202);
	for (int i = 0; i < 3; i++) {
		CHECK(is("i-ret001", "processing/reinstall"));
		run(1, true);
		interrupted();
	}
	CHECK(is("i-ret001", "unavailable/reinstall"));
	CHECK(operate("instance.reinstall", "i-ret001") == 202);
	run(1, true);
	CHECK(operate("instance.abort", "i-ret001") == 202);
	interrupted();
	CHECK(is("i-ret001", "unavailable/reinstall") && !db_number(db, 1, "SELECT count(*) FROM task WHERE instance = 'i-ret001' AND state IN"
		" ('waiting', 'leased')", ""));
	CHECK(end_it("force_terminate", "i-ret001") == 202);
	run(2, false);
}

/* Aborted between the turn and the message: nobody but core ever knew of it, so it is over. */
static void check_unsent_abort(void)
{
	struct prepare_facts facts = { .keyed = true, .host = "cam.example", .agents_name = "id.agents.internal", .id = "id", .ca = "PEM\n" };
	static struct turn turn;
	struct prepared p;

	CHECK(operate("instance.reinstall", "i-uns002") == 202);
	wall_now += INSTANCE_STEP;
	boot_now += INSTANCE_STEP;
	do
		turn_take(db, &turn);
	while (turn.more && !turn.task_count);
	CHECK(turn.task_count == 1 && operate("instance.abort", "i-uns002") == 202);
	CHECK(prepare_message(db, &facts, turn.tasks[0], &p) == PREPARE_LATER);
	core_task_unsent(db, p.task.id, p.task.fence, PREPARE_AGAIN, p.why);
	CHECK(db_number(db, 0, "SELECT state = 'cancelled' FROM task WHERE id = ?", "i", p.task.id));
	prepared_free(&p);
	CHECK(end_it("force_terminate", "i-uns001") == 202 && end_it("force_terminate", "i-uns002") == 202);
	run(2, false);
	CHECK(is("i-uns002", "done/terminate_service"));
}

/* One turn at core's next second; what it gives out is put together, and its agent may go before that: what came of it. */
static enum prepare_result given(bool keyed, int64_t closes)
{
	struct prepare_facts facts = { .keyed = keyed, .host = "cam.example", .agents_name = "id.agents.internal", .id = "id", .ca = "PEM\n" };
	enum prepare_result result = PREPARE_GONE;
	static struct turn turn;
	struct prepared p;

	boot_now += PLAT_SECOND;
	memcpy(facts.key, key, sizeof key);
	turn.key = keyed ? key : NULL;
	do
		turn_take(db, &turn);
	while (turn.more && !turn.task_count);
	if (closes)
		agent_closed(db, closes);
	if (!turn.task_count)
		return result;
	result = prepare_message(db, &facts, turn.tasks[0], &p);
	CHECK(turn.task_count == 1 && result == PREPARE_LATER);
	core_task_unsent(db, p.task.id, p.task.fence, PREPARE_AGAIN, p.why);
	prepared_free(&p);
	return result;
}

/* What its message needs does not come, or its agent goes before it: the operation ends, and says why. */
static void check_unsent(void)
{
	int64_t end;
	int tries = 0;

	create("i-uns001", "db", "plain", "");
	wall_now += INSTANCE_STEP;
	boot_now += INSTANCE_STEP;
	for (end = boot_now + 31 * 60 * PLAT_SECOND; boot_now < end;)
		tries += given(false, 0) == PREPARE_LATER;
	CHECK(tries > 1000 && is("i-uns001", "unavailable/deploy") && logged("machine.create: machine %: the appliance's keys%"));
	machine_count = 0;
	create("i-uns002", "db", "plain", "");
	run(1, false);
	machines[0].channel = 778;
	hello(0, machines[0].id, "b1", "");
	CHECK(given(true, 778) == PREPARE_LATER);
	for (tries = 0, end = boot_now + 31 * 60 * PLAT_SECOND; boot_now < end;)
		tries += given(true, 0) == PREPARE_LATER;
	CHECK(!tries && is("i-uns002", "unavailable/deploy") && logged("install:box db in machine %: its agent was not there within 30 minutes"));
	/* It is back: the next try. */
	CHECK(operate("instance.reinstall", "i-uns002") == 202);
	hello(0, machines[0].id, "b1", "");
	wall_now += INSTANCE_STEP;
	boot_now += INSTANCE_STEP;
	CHECK(given(true, 778) == PREPARE_LATER);
	machines[0].channel = 779;
	hello(0, machines[0].id, "b1", "");
	run(2, false);
	CHECK(is("i-uns002", "done/reinstall"));
	check_unsent_abort();
}

/* The next time a machine's creation is given out: is its worker told that nothing of before may still take effect? */
static bool given_definite(int64_t *task, int64_t *fence)
{
	struct prepare_facts facts = { .keyed = true, .host = "cam.example", .agents_name = "id.agents.internal", .id = "id", .ca = "PEM\n" };
	static struct turn turn;
	struct prepared p;
	bool is = false;

	memcpy(facts.key, key, sizeof key);
	turn.key = key;
	turn.task_count = 0;
	for (int i = 0; i < 400 && !turn.task_count; i++) {
		wall_now += PLAT_SECOND;
		boot_now += PLAT_SECOND;
		turn_take(db, &turn);
	}
	CHECK(turn.task_count == 1 && prepare_message(db, &facts, turn.tasks[0], &p) == PREPARE_GOOD);
	CHECK(!strcmp(p.task.kind, "machine.create") && yyjson_mut_is_bool(yyjson_mut_obj_get(p.context.doc->root, "definite")));
	is = yyjson_mut_is_true(yyjson_mut_obj_get(p.context.doc->root, "definite"));
	*task = p.task.id;
	*fence = p.task.fence;
	prepared_free(&p);
	return is;
}

static void create_ends(int64_t task, int64_t fence, enum core_outcome outcome, const char *output)
{
	yyjson_doc *doc = yyjson_read(output, strlen(output), 0);

	CHECK(core_task_result(db, "demo", task, fence, outcome, "why", yyjson_doc_get_root(doc)));
	yyjson_doc_free(doc);
}

/* A create is given out again, in its task or by another deployment: what is known of the attempts before goes with it. */
static void check_definite(void)
{
	static const char left_nothing[] = "{\"definite\":true}";
	int64_t task, fence;

	create("i-def001", "db", "plain", "");
	CHECK(given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_FAILED, left_nothing);
	CHECK(logged("machine.create: machine %: why (attempt 1 of 10; it is tried again)"));
	CHECK(given_definite(&task, &fence));
	core_task_lost(db, task);
	CHECK(!given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_FAILED, "{}");
	CHECK(!given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_REFUSED, left_nothing);
	CHECK(is("i-def001", "unavailable/deploy") && operate("instance.deploy", "i-def001") == 202);
	CHECK(given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_REFUSED, "{}");
	CHECK(operate("instance.deploy", "i-def001") == 202 && !given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_REFUSED, "{}");
	wall_now += 3600 * PLAT_SECOND;
	boot_now += 3600 * PLAT_SECOND;
	CHECK(operate("instance.deploy", "i-def001") == 202 && given_definite(&task, &fence));
	create_ends(task, fence, CORE_OUTCOME_REFUSED, "{}");
	CHECK(end_it("force_terminate", "i-def001") == 202);
	run(2, false);
}

/* An agent that never comes: the operation ends, and says so. */
static void check_silence(void)
{
	create("i-sil001", "db", "plain", "");
	machine_count = 2;
	run(2, false);
	CHECK(is("i-sil001", "processing/deploy"));
	boot_now += (MACHINE_HELLO_WAIT + 5) * PLAT_SECOND;
	run(1, false);
	CHECK(is("i-sil001", "unavailable/deploy") && logged("%its agent did not report within 30 minutes"));
}

static int lease(const char *operation, int64_t seconds, const char *more)
{
	char args[300], date[OBJECT_DATE];

	object_date(wall_now + seconds * PLAT_SECOND, date);
	snprintf(args, sizeof args, "{\"id\":\"i-lea001\",\"lease\":{\"expire\":\"%s\",\"operation\":\"%s\"%s}}", date, operation, more);
	return ask("instance.put", verb_instance_put_run, args, NULL);
}

static bool released(void)
{
	return db_number(db, 0, "SELECT json_extract(doc, '$.lease.released') FROM object WHERE kind = 5 AND id = 'i-lea001'", "") != 0;
}

static void hours(int n)
{
	wall_now += n * 3600 * PLAT_SECOND;
	boot_now += n * 3600 * PLAT_SECOND;
	run(2, false);
}

/* What cannot be at the lease's end waits and says so; a lease that has ended is a new one with another date. */
static void check_lease(void)
{
	machine_count = 0;
	create("i-lea001", "db", "plain", "");
	run(1, false);
	machines[0].channel = 777;
	hello(0, machines[0].id, "b1", "");
	run(1, false);
	exit_code = 3;
	CHECK(is("i-lea001", "done/deploy") && operate("instance.reinstall", "i-lea001") == 202);
	run(1, false);
	exit_code = 0;
	CHECK(is("i-lea001", "unavailable/reinstall") && lease("shutdown", 5, "") == 200);
	run(10, false);
	hours(1);
	hours(1);
	CHECK(is("i-lea001", "unavailable/reinstall") && !released());
	CHECK(db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 10 AND parent = 'i-lea001' AND json_extract(doc, '$.text') LIKE"
		" 'The lease has ended: shutdown is not possible%'", "") == 1);
	CHECK(operate("instance.force_online", "i-lea001") == 202);
	hours(1);
	CHECK(is("i-lea001", "done/shutdown_service") && released());
	agent_closed(db, machines[0].channel);
	CHECK(operate("instance.poweron", "i-lea001") == 202);
	run(1, false);
	hello(0, machines[0].id, "b2", "");
	run(1, false);
	/* All that was read is sent back, with a later date only. */
	CHECK(is("i-lea001", "done/poweron"));
	run(2, false);
	/* The boot that was asked for is no restart by somebody else; the next one is. */
	CHECK(is("i-lea001", "done/poweron"));
	hello(0, machines[0].id, "b3", "");
	run(2, false);
	CHECK(is("i-lea001", "done/reconfigure") && logged("Machine my-app-%-1 was restarted."));
	CHECK(ask("instance.put", verb_instance_put_run, "{\"id\":\"i-lea001\",\"tags\":[\"x\"]}", NULL) == 200);
	CHECK(released() && lease("shutdown", 5, ",\"released\":true") == 200 && !released());
	run(10, false);
	CHECK(is("i-lea001", "done/shutdown_service") && released());
	/* It is down as it should be. */
	CHECK(lease("shutdown", 5, "") == 200 && !released());
	run(10, false);
	CHECK(is("i-lea001", "done/shutdown_service") && released() && lease("terminate", 5, "") == 200);
	run(10, false);
	CHECK(is("i-lea001", "done/terminate_service"));
}

static void make_stack_world(void)
{
	struct object o;

	object_new(&o, OBJECT_PROVIDER, "os", SCHEMAS "openstack/provider");
	snprintf(o.owner, sizeof o.owner, "ann");
	object_set(&o, "type", "Openstack");
	object_set(&o, "name", "os");
	provider_state(db, &o, "ready");
	object_free(&o);
	object_new(&o, OBJECT_PROVIDER, "theirs", SCHEMAS "openstack/provider");
	snprintf(o.owner, sizeof o.owner, "bob");
	snprintf(o.organization, sizeof o.organization, "other");
	object_set(&o, "type", "Openstack");
	object_set(&o, "name", "theirs");
	provider_state(db, &o, "ready");
	object_free(&o);
	object_new(&o, OBJECT_BLOB, "0123456789abcdef01234567", SCHEMAS "blob");
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.parent, sizeof o.parent, "d1");
	object_put(db, &o);
	object_free(&o);
	put_box("tpl", "cloudformation", ",\"requirements\":[],\"provider_id\":\"os\",\"type\":\"CloudFormation Service\",\"template\":{\"url\":\"" URL "\"},"
		"\"variables\":[{\"name\":\"SIZE\",\"type\":\"Number\",\"value\":7},{\"name\":\"NAME\",\"type\":\"Text\",\"value\":\"x\"},"
		"{\"name\":\"KEY\",\"type\":\"Password\",\"value\":\"********\"},{\"name\":\"DB\",\"type\":\"Binding\",\"value\":\"AnyBox\"}]");
	put_box("bare", "cloudformation", ",\"requirements\":[],\"provider_id\":\"os\",\"variables\":[]");
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES('tpl', 'variables/KEY', 'sealed-key')", "");
	core_room_here(db, "cloud", 4, NULL, 0);
}

/* A template's instance is a stack at its provider: one task for each operation, and no machine. */
static void check_stacks(void)
{
	char first[sizeof created];

	make_stack_world();
	create("i-stk001", "tpl", "tpl", "");
	run(2, false);
	CHECK(is("i-stk001", "done/deploy") && !strcmp(told, "stack.put"));
	CHECK(strstr(created, "\"key\":\"i-stk001\"") && strstr(created, "\"parameters\":{\"SIZE\":7,\"NAME\":\"x\"}") &&
		strstr(created, "\"secret_parameters\":[\"KEY\"]"));
	CHECK(strstr(created, "{\"field\":\"parameters/KEY\",\"object\":\"tpl\",\"sealed_field\":\"variables/KEY\",\"sealed\":\"sealed-key\""));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM machine WHERE instance = 'i-stk001'", ""));
	snprintf(first, sizeof first, "%s", created);
	CHECK(operate("instance.reconfigure", "i-stk001") == 202);
	run(2, false);
	CHECK(is("i-stk001", "done/reconfigure") && !strcmp(told, "stack.put stack.put"));
	/* the operation is another, by which the driver knows that it is to change the stack */
	CHECK(strstr(first, "\"operation\":\"") && strncmp(strstr(first, "\"operation\":\""), strstr(created, "\"operation\":\""), 40));
	CHECK(operate("instance.shutdown", "i-stk001") == 202);
	run(2, false);
	CHECK(operate("instance.poweron", "i-stk001") == 202);
	run(2, false);
	CHECK(is("i-stk001", "done/poweron") && !strcmp(told, "stack.put stack.put stack.stop stack.start"));
	stack_why = "stack: UPDATE_FAILED: because";
	told[0] = 0;
	CHECK(operate("instance.reinstall", "i-stk001") == 202);
	run(2, false);
	CHECK(is("i-stk001", "unavailable/reinstall") && !strcmp(told, "stack.put") && logged("stack.put: stack: UPDATE_FAILED: because"));
	stack_why = "";
	told[0] = 0;
	CHECK(end_it("terminate", "i-stk001") == 202);
	run(2, false);
	CHECK(is("i-stk001", "done/terminate_service") && !strcmp(told, "stack.delete"));
	/* Somebody else's provider is none, whoever knows its id. */
	CHECK(ask("instance.create", verb_instance_create_run, "{\"schema\":\"" SCHEMAS "deploy-instance-request\",\"name\":\"x\","
		"\"automatic_updates\":\"off\",\"box\":{\"id\":\"tpl\"},\"policy_box\":{\"id\":\"tpl\",\"variables\":[{\"name\":\"provider_id\","
		"\"type\":\"Text\",\"value\":\"theirs\"}]}}", "i-stk003") == 400 && strstr(body, "provider_id: there is no such provider."));
	/* Without a file there is nothing to make. */
	create("i-stk002", "bare", "bare", "");
	run(2, false);
	CHECK(!told[0]);
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	plat_clock_replace(wall, boot);
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	turn_boot(db, "first");
	make_world();
	check_deploy();
	check_context();
	check_secrets();
	check_copy();
	check_failure();
	check_abort();
	check_restart();
	check_automatic();
	check_quiet();
	check_upgrade();
	check_protection();
	check_power_and_end();
	check_late_key();
	check_definite();
	check_silence();
	check_retry();
	check_unsent();
	check_lease();
	check_stacks();
	db_close(db);
	return failed;
}

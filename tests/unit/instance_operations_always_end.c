/* core: operations of instances begin once, survive a restart, and end; records go with their instance. */
/* with: core/all.c */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instance.h"
#include "core/provider.h"
#include "core/flow.h"
#include "core/timers.h"
#include "core/truth.h"
#include "core/turn.h"
#include "core/verbs_instances.h"
#include "log/log.h"
#include "plat/clock.h"

static int failed;
static int64_t wall_offset, boot_now = 1000 * PLAT_SECOND;
static struct db *db;
static struct core core;
static int status;
static char body[1 << 16];

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n   %d %.600s\n", __FILE__, __LINE__, #what, status, body); } } while (0)

static int64_t wall(void)
{
	return 1700000000 * PLAT_SECOND + wall_offset;
}

static int64_t boot(void)
{
	return boot_now;
}

static void pass(int64_t us)
{
	wall_offset += us;
	boot_now += us;
}

/* As the writer does: a savepoint; what refuses is taken back.  Each runs twice, for it may. */
static int ask(const char *verb, int (*run)(struct db *, struct core_call *), const char *args)
{
	struct core_call call = { .core = &core, .verb = verb_by_name(verb) };
	char *text;
	int result;

	call.request = yyjson_read(args, strlen(args), 0);
	call.args = yyjson_doc_get_root(call.request);
	call.principal = (struct core_principal){ .kind = CORE_TOKEN, .known = true };
	snprintf(call.principal.user, sizeof call.principal.user, "ann");
	snprintf(call.principal.organization, sizeof call.principal.organization, "acme");
	snprintf(call.id, sizeof call.id, "i-%06" PRId64, db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 5", ""));
	sqlite3_exec(db_handle(db), "SAVEPOINT job", NULL, NULL, NULL);
	run(db, &call);
	sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	core_answer_reset(&call.answer);
	result = run(db, &call);
	if (result)
		sqlite3_exec(db_handle(db), "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(db_handle(db), "RELEASE job", NULL, NULL, NULL);
	status = call.answer.status;
	text = core_answer_body(&call.answer);
	snprintf(body, sizeof body, "%s", text ? text : "");
	free(text);
	core_answer_reset(&call.answer);
	yyjson_doc_free(call.request);
	if (db_error_take(db)) {
		failed = 1;
		printf("%s %s: the database failed\n", verb, args);
	}
	return status;
}

static int operate(const char *verb, const char *id)
{
	char args[128];

	snprintf(args, sizeof args, "{\"id\":\"%s\",\"accept_terms\":true}", id);
	return ask(verb, verb_instance_operate_run, args);
}

static int end_it(const char *operation, const char *id)
{
	char args[128];

	snprintf(args, sizeof args, "{\"id\":\"%s\",\"operation\":\"%s\"}", id, operation);
	return ask("instance.delete", verb_instance_delete_run, args);
}

static int64_t count(enum object_kind kind)
{
	return db_number(db, -1, "SELECT count(*) FROM object WHERE kind = ?", "i", (int64_t)kind);
}

static bool is(const char *id, const char *state, const char *event)
{
	struct object o, s;
	bool yes;

	if (!object_get(db, OBJECT_INSTANCE, id, &o))
		return false;
	/* The service says the same. */
	if (!object_get(db, OBJECT_SERVICE, instance_service(&o), &s)) {
		object_free(&o);
		return false;
	}
	yes = !strcmp(o.state, state) && !strcmp(object_member(&o, "state"), state) &&
		instance_event(&o) == life_event_of(event) && !strcmp(object_member(&s, "state"), state) &&
		!strcmp(object_member(&s, "operation"), event);
	object_free(&s);
	object_free(&o);
	return yes;
}

static int64_t updated(const char *id)
{
	return db_number(db, 0, "SELECT updated FROM object WHERE kind = 5 AND id = ?", "t", id);
}

/* Time goes on and the engine looks. */
static void run_steps(int seconds)
{
	static struct turn t;

	for (int i = 0; i < seconds; i++) {
		pass(PLAT_SECOND);
		do
			turn_take(db, &t);
		while (t.more);
	}
	CHECK(!db_error_take(db));
}

/* When core next has something to do, but for what comes again and again. */
static int64_t due(void)
{
	int64_t timers = core_timers_due(db), queue = flow_due(db);

	return timers ? timers : queue;
}

static void put_box(const char *id, const char *schema, const char *members)
{
	char text[1024];
	yyjson_doc *doc;
	struct object o;

	snprintf(text, sizeof text, "{\"schema\":\"" SCHEMAS "boxes/%s\",\"name\":\"%s\",\"owner\":\"ann\",\"visibility\":\"workspace\","
		"\"members\":[],\"variables\":[]%s}", schema, id, members);
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

static void make_world(void)
{
	struct object o;

	object_new(&o, OBJECT_WORKSPACE, "ann", SCHEMAS "workspaces/personal");
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_put(db, &o);
	object_free(&o);
	object_new(&o, OBJECT_PROVIDER, "prov", SCHEMAS "test/provider");
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.organization, sizeof o.organization, "acme");
	object_set(&o, "type", PROVIDER_TEST);
	object_set(&o, "name", "p");
	provider_state(db, &o, "initializing");
	provider_sync(db, &o);
	object_free(&o);
	put_box("web", "script", ",\"requirements\":[\"linux\"]");
	put_box("small", "policy", ",\"claims\":[\"linux\"],\"provider_id\":\"prov\",\"profile\":{\"schema\":\"" SCHEMAS
		"test/compute/profile\",\"instances\":1}");
	db_run(db, "INSERT INTO secret(object, field, sealed) VALUES('web', 'variables/PW', 's1'), ('small', 'variables/K', 's2')", "");
}

static void check_provider(void)
{
	struct object p;

	run_steps(1);
	CHECK(object_get(db, OBJECT_PROVIDER, "prov", &p) && !strcmp(p.state, "processing"));
	object_free(&p);
	run_steps(CORE_TASK_UNKNOWN + 1);
	CHECK(object_get(db, OBJECT_PROVIDER, "prov", &p) && !strcmp(p.state, "ready"));
	CHECK(yyjson_mut_arr_size(yyjson_mut_obj_get(p.doc->root, "services")) == 2);
	object_free(&p);
	CHECK(!due() && !provider_used(db, "prov"));
	CHECK(count(OBJECT_PROVIDER_LOG) == 3);
}

static void deploy(char id[OBJECT_ID])
{
	const char *at;

	CHECK(ask("instance.create", verb_instance_create_run, "{\"schema\":\"" SCHEMAS "deploy-instance-request\",\"name\":\"n\","
		"\"automatic_updates\":\"off\",\"box\":{\"id\":\"web\"},\"policy_box\":{\"id\":\"small\"}}") == 202);
	at = strstr(body, "/services/instances/");
	snprintf(id, OBJECT_ID, "%.8s", at ? at + 20 : "");
	CHECK(is(id, "processing", "deploy"));
}

static void check_deploy(const char *id)
{
	int64_t before = updated(id);

	CHECK(db_number(db, 0, "SELECT count(*) FROM secret WHERE object = ? AND field IN ('boxes/web/variables/PW',"
		" 'policy_box/variables/K') AND sealed_object IS NOT NULL", "t", id) == 2);
	CHECK(provider_used(db, "prov") && ask("provider.delete", verb_provider_delete_run, "{\"id\":\"prov\"}") == 400);
	CHECK(operate("instance.reinstall", id) == 409 && operate("instance.deploy", id) == 409);
	CHECK(end_it("terminate", id) == 409 && end_it("delete", id) == 409 && updated(id) == before);
	run_steps(1);
	CHECK(is(id, "processing", "deploy"));
	run_steps(CORE_TASK_UNKNOWN);
	CHECK(is(id, "unavailable", "deploy") && updated(id) > before && !due());
	CHECK(db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 10 AND parent = ? AND doc LIKE '%no worker for Test Provider%'",
		"t", id) == 1);
	CHECK(db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 7 AND parent = ? AND state = 'processing'", "t", id) == 0);
}

/* A reboot: the boot clock begins again; the wall clock was wrong by a year. */
static void check_reboot(const char *id)
{
	CHECK(operate("instance.reconfigure", id) == 202 && is(id, "processing", "reconfigure"));
	turn_boot(db, "first");
	boot_now = 5 * PLAT_SECOND;
	wall_offset += INT64_C(365) * 86400 * PLAT_SECOND;
	turn_boot(db, "second");
	CHECK(due() && due() <= boot_now);
	/* Nothing was made, so there is nothing the scripts could run on. */
	run_steps(1);
	CHECK(is(id, "unavailable", "reconfigure") || is(id, "done", "reconfigure"));
	CHECK(operate("instance.reconfigure", id) == 202);
	boot_now = 3 * PLAT_SECOND;
	wall_offset -= INT64_C(700) * 86400 * PLAT_SECOND;
	turn_boot(db, "third");
	CHECK(due() <= boot_now + INT64_C(86400) * PLAT_SECOND);
	/* The same boot again changes nothing: a restart of core. */
	pass(PLAT_SECOND);
	turn_boot(db, "third");
	run_steps(1);
	CHECK(!is(id, "processing", "reconfigure") && !due());
}

/* Two phases; force cuts a running operation, whose late step finds nothing to do. */
static void check_end(const char *id)
{
	int64_t before = updated(id);

	CHECK(end_it("terminate", id) == 202 && is(id, "processing", "terminate") && updated(id) > before);
	run_steps(1);
	CHECK(db_number(db, 0, "SELECT count(*) FROM object WHERE kind = 10 AND parent = ? AND doc LIKE '%The scripts are done.%'", "t",
		id) == 1);
	CHECK(is(id, "done", "terminate_service") && !provider_used(db, "prov"));
	CHECK(operate("instance.poweron", id) == 409 && end_it("terminate", id) == 409);
	CHECK(end_it("delete", id) == 202 && !updated(id) && end_it("delete", id) == 404);
	CHECK(!db_number(db, 1, "SELECT count(*) FROM object WHERE parent = ?", "t", id));
	CHECK(!db_number(db, 1, "SELECT count(*) FROM secret WHERE object = ?", "t", id));
}

static void check_force(void)
{
	char id[OBJECT_ID];

	deploy(id);
	CHECK(end_it("force_terminate", id) == 202 && is(id, "processing", "terminate_service"));
	CHECK(end_it("force_terminate", id) == 409);
	CHECK(db_number(db, 0, "SELECT count(*) FROM flow WHERE instance = ? AND state = 'queued'", "t", id) == 1);
	run_steps(1);
	CHECK(is(id, "done", "terminate_service") && !due());
	CHECK(end_it("delete", id) == 202 && !count(OBJECT_SERVICE) && !count(OBJECT_OPERATION) && !count(OBJECT_ACTIVITY));
}

/* With machines somebody has to remove them. */
static void check_machines(void)
{
	char id[OBJECT_ID];

	deploy(id);
	run_steps(4);
	db_run(db, "UPDATE machine SET tried = 1, state = 'made' WHERE instance = ?", "t", id);
	CHECK(end_it("terminate", id) == 202);
	run_steps(4);
	CHECK(is(id, "unavailable", "terminate_service"));
	CHECK(end_it("force_terminate", id) == 202);
	run_steps(4);
	CHECK(is(id, "unavailable", "terminate_service") && provider_used(db, "prov"));
	db_run(db, "UPDATE machine SET tried = 0 WHERE instance = ?", "t", id);
	CHECK(end_it("terminate", id) == 202);
	run_steps(2);
	CHECK(is(id, "done", "terminate_service"));
}

static void check_lease(void)
{
	char id[OBJECT_ID], date[OBJECT_DATE];
	struct object o;
	yyjson_mut_val *lease;

	deploy(id);
	run_steps(4);
	CHECK(object_get(db, OBJECT_INSTANCE, id, &o));
	lease = yyjson_mut_obj_add_obj(o.doc, o.doc->root, "lease");
	object_date(wall() + INT64_C(3) * 86400 * PLAT_SECOND, date);
	yyjson_mut_obj_add_str(o.doc, lease, "expire", date);
	yyjson_mut_obj_add_str(o.doc, lease, "operation", "terminate");
	object_put(db, &o);
	instance_lease_plan(db, &o);
	object_free(&o);
	/* Looked at each hour, for the clock may be set; but not before its time. */
	CHECK(core_timers_due(db) == boot_now + 3600 * PLAT_SECOND);
	pass(3600 * PLAT_SECOND);
	core_timers_run(db);
	CHECK(is(id, "unavailable", "deploy") && core_timers_due(db) == boot_now + 3600 * PLAT_SECOND);
	wall_offset += INT64_C(3) * 86400 * PLAT_SECOND;
	pass(3600 * PLAT_SECOND);
	core_timers_run(db);
	CHECK(is(id, "processing", "terminate"));
	run_steps(2);
	CHECK(is(id, "done", "terminate_service") && !core_timers_due(db));
}

static bool provider_is(const char *id, const char *state)
{
	struct object p;

	return object_head(db, OBJECT_PROVIDER, id, &p) && !strcmp(p.state, state);
}

/* A provider goes when nothing is left there that only its record can remove; and nothing is deployed with it meanwhile. */
static void check_deletion(void)
{
	char id[OBJECT_ID];
	struct object o;

	/* used all the same when its time has come: it stays */
	deploy(id);
	core_timer_add(db, "provider.delete", "prov", "", 0);
	run_steps(1);
	CHECK(provider_is("prov", "processing"));
	run_steps(CORE_TASK_UNKNOWN + 4);
	CHECK(provider_is("prov", "ready") && end_it("force_terminate", id) == 202);
	run_steps(2);
	CHECK(is(id, "done", "terminate_service"));

	db_run(db, "INSERT INTO task(operation, worker, kind, key, input, state, created, updated, provider, machine, started, finished)"
		" VALUES(0, 'cloud', 'machine.create', 'late', '{}', 'unavailable', 1, 1, 'prov', 'm-late', 1, ?)", "i", wall());
	CHECK(ask("provider.delete", verb_provider_delete_run, "{\"id\":\"prov\"}") == 202);
	CHECK(ask("instance.create", verb_instance_create_run, "{\"schema\":\"" SCHEMAS "deploy-instance-request\",\"name\":\"n\","
		"\"automatic_updates\":\"off\",\"box\":{\"id\":\"web\"},\"policy_box\":{\"id\":\"small\"}}") == 400);
	run_steps(200);
	CHECK(provider_is("prov", "deleting"));
	/* it has appeared: nobody removes it here, and that is not waited for for ever */
	db_run(db, "INSERT INTO stray(provider, external_id, key, since_boot, seen) VALUES('prov', 'vm-1', 'm-late', 1, 1)", "");
	run_steps(600);
	CHECK(provider_is("prov", "deleting"));
	run_steps(200);
	CHECK(!object_head(db, OBJECT_PROVIDER, "prov", &o) && !db_number(db, 1, "SELECT count(*) FROM stray", ""));
}

int main(void)
{
	char id[OBJECT_ID];

	if (sodium_init() < 0)
		return 111;
	log_open("test");
	plat_clock_replace(wall, boot);
	db_start();
	db = db_open("core.db", NULL, DB_WRITER);
	CHECK(db && !db_migrate(db, core_schema, core_schema_count, "test"));
	make_world();
	check_provider();
	deploy(id);
	check_deploy(id);
	check_reboot(id);
	check_end(id);
	check_force();
	check_machines();
	check_lease();
	check_deletion();
	db_close(db);
	return failed;
}

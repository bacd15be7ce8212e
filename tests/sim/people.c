/* Who asks for things: through the verbs, as in the product. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/provider.h"
#include "sim.h"

#define INSTANCES 48
#define AT_ONCE 10

/* What was answered: it is there, until its deletion was answered. */
struct known { bool there, unsure; char id[OBJECT_ID]; };
static struct known known[INSTANCES];
static unsigned number;
static struct core core;

struct question {
	const char *verb;
	int (*run)(struct db *, struct core_call *);
	char args[400], id[OBJECT_ID];
	int status;
};

static int ask_run(struct db *db, void *arg)
{
	struct question *q = arg;
	struct core_call call = { .core = &core, .verb = verb_by_name(q->verb) };
	int result;

	call.request = yyjson_read(q->args, strlen(q->args), 0);
	call.args = yyjson_doc_get_root(call.request);
	call.principal = (struct core_principal){ .kind = CORE_TOKEN, .known = true };
	snprintf(call.principal.user, sizeof call.principal.user, "ann");
	snprintf(call.principal.organization, sizeof call.principal.organization, "acme");
	snprintf(call.id, sizeof call.id, "%s", q->id);
	result = q->run(db, &call);
	q->status = call.answer.status;
	core_answer_reset(&call.answer);
	yyjson_doc_free(call.request);
	return result;
}

static bool ask(struct question *q)
{
	bool answered = core_do(ask_run, q);

	sim_say("person: %s %s: %d%s", q->verb, q->args + 1, answered ? q->status : 0, answered ? "" : " (no answer)");
	return answered;
}

/* ---- boxes and a provider ---- */

static void put_box(struct db *db, const char *id, const char *schema, const char *members)
{
	char *text = malloc(4096);
	yyjson_doc *doc;
	struct object o;

	snprintf(text, 4096, "{\"schema\":\"" SCHEMAS "boxes/%s\",\"name\":\"%s\",\"owner\":\"ann\",\"visibility\":\"workspace\",\"members\":[]%s}",
		schema, id, members);
	doc = yyjson_read(text, strlen(text), 0);
	memset(&o, 0, sizeof o);
	o.kind = OBJECT_BOX;
	snprintf(o.id, sizeof o.id, "%s", id);
	snprintf(o.owner, sizeof o.owner, "ann");
	snprintf(o.organization, sizeof o.organization, "acme");
	o.doc = yyjson_doc_mut_copy(doc, NULL);
	yyjson_doc_free(doc);
	free(text);
	object_put(db, &o);
	object_free(&o);
}

#define FILE_OF(event) "\"" event "\":{\"url\":\"/services/blobs/download/000000000000000000000000/x\",\"length\":5,\"retry\":2}"

static int world_run(struct db *db, void *arg)
{
	struct object o;

	(void)arg;
	db_run(db, "INSERT INTO setting(name, doc, updated) VALUES('appliance', '{\"demo\":true}', 1)", "");
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
	put_box(db, "leaf", "script", ",\"requirements\":[],\"variables\":[],\"events\":{" FILE_OF("install") "," FILE_OF("configure") "}");
	put_box(db, "web", "script", ",\"requirements\":[],\"variables\":[{\"name\":\"A\",\"type\":\"Box\",\"value\":\"leaf\"},"
		"{\"name\":\"DB\",\"type\":\"Binding\",\"value\":\"AnyBox\",\"tags\":[]}],"
		"\"events\":{" FILE_OF("pre_install") "," FILE_OF("install") "," FILE_OF("start") "," FILE_OF("stop") "," FILE_OF("dispose") "}");
	put_box(db, "one", "policy", ",\"claims\":[],\"variables\":[],\"provider_id\":\"prov\",\"profile\":{\"schema\":\"" SCHEMAS
		"test/compute/profile\",\"instances\":1}");
	put_box(db, "three", "policy", ",\"claims\":[],\"variables\":[{\"name\":\"ADM\",\"type\":\"Box\",\"value\":\"leaf\"}],"
		"\"provider_id\":\"prov\",\"profile\":{\"schema\":\"" SCHEMAS "test/compute/profile\",\"instances\":3}");
	return 0;
}

void people_reset(void)
{
	bool faults = sim_faults;

	memset(known, 0, sizeof known);
	number = 0;
	sim_faults = false;
	core_do(world_run, NULL);
	sim_faults = faults;
}

/* ---- asking ---- */

static void deploy(void)
{
	struct question q = { .verb = "instance.create", .run = verb_instance_create_run };
	struct known *k = &known[number % INSTANCES];
	unsigned there = 0;

	for (unsigned i = 0; i < INSTANCES; i++)
		there += known[i].there;
	if (there >= AT_ONCE || k->there)
		return;
	snprintf(q.id, sizeof q.id, "i-%06u", number++);
	snprintf(q.args, sizeof q.args, "{\"schema\":\"" SCHEMAS "deploy-instance-request\",\"name\":\"n%u\",\"automatic_updates\":\"off\","
		"\"box\":{\"id\":\"web\"},\"policy_box\":{\"id\":\"%s\"}}", number, sim_chance(3) ? "three" : "one");
	k->unsure = !ask(&q);
	k->there = k->unsure || q.status == 202;
	snprintf(k->id, sizeof k->id, "%s", q.id);
	if (!k->unsure && q.status != 202)
		sim_violation("a deployment was refused: %d", q.status);
}

static void operate(struct known *k)
{
	static const char *const verbs[] = { "instance.reconfigure", "instance.reinstall", "instance.shutdown", "instance.poweron",
		"instance.deploy", "instance.abort", "instance.force_online", "instance.reconfigure", "instance.abort" };
	struct question q = { .verb = verbs[sim_random(sizeof verbs / sizeof verbs[0])], .run = verb_instance_operate_run };

	snprintf(q.args, sizeof q.args, "{\"id\":\"%s\"}", k->id);
	ask(&q);
}

static void end(struct known *k)
{
	static const char *const words[] = { "terminate", "force_terminate", "delete", "terminate" };
	const char *word = words[sim_random(4)];
	struct question q = { .verb = "instance.delete", .run = verb_instance_delete_run };
	bool answered;

	snprintf(q.args, sizeof q.args, "{\"id\":\"%s\",\"operation\":\"%s\"}", k->id, word);
	answered = ask(&q);
	if (!strcmp(word, "delete") && answered && q.status == 202)
		k->there = k->unsure = false;
	else if (!strcmp(word, "delete") && !answered)
		k->unsure = true;
}

void people_act(void)
{
	struct known *k = &known[sim_random(number < INSTANCES ? number + 1 : INSTANCES)];

	if (!core_db)
		return;
	if (!k->there || sim_chance(4))
		deploy();
	else if (sim_chance(3))
		end(k);
	else
		operate(k);
}

/* Nothing that was answered disappears. */
void people_check(void)
{
	for (unsigned i = 0; core_db && i < INSTANCES; i++) {
		struct known *k = &known[i];
		bool there = k->id[0] && db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 5 AND id = ?)", "t", k->id);

		if (k->there && !k->unsure && !there)
			sim_violation("instance %s was made, and is gone", k->id);
		if (!k->there && !k->unsure && there && k->id[0])
			sim_violation("instance %s was deleted, and is there", k->id);
		k->there = there;
		k->unsure = false;
	}
}

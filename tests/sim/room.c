/* A provider's worker, and the cloud it speaks to. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define TASKS 64
#define MACHINES 256
#define SLOTS 6

struct cloud { bool alive, on; char external_id[40], key[40], machine[40], created[32]; };
static struct cloud cloud[MACHINES];
static unsigned made;

struct task {
	bool used, ended, told_to_stop, hangs;
	int64_t id, fence, cancelled_at;
	char kind[24], key[40], external_id[40], machine[40], token[48];
	char *result;
};
static struct task tasks[TASKS];
static bool connected, process;
static unsigned connection;

void room_reset(void)
{
	for (int i = 0; i < TASKS; i++)
		free(tasks[i].result);
	memset(tasks, 0, sizeof tasks);
	memset(cloud, 0, sizeof cloud);
	made = connection = 0;
	connected = false;
	process = true;
}

/* ---- the cloud ---- */

unsigned cloud_count(const char *key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MACHINES; i++)
		n += cloud[i].alive && (!key || !strcmp(cloud[i].key, key));
	return n;
}

bool cloud_has(const char *external_id)
{
	for (unsigned i = 0; i < MACHINES; i++)
		if (cloud[i].alive && !strcmp(cloud[i].external_id, external_id))
			return true;
	return false;
}

static struct cloud *cloud_make(const char *key, const char *machine)
{
	struct cloud *c = &cloud[made % MACHINES];

	snprintf(c->external_id, sizeof c->external_id, "x-%u", made);
	snprintf(c->key, sizeof c->key, "%s", key);
	snprintf(c->machine, sizeof c->machine, "%s", machine);
	snprintf(c->created, sizeof c->created, "%016lld", (long long)sim_now());
	c->alive = c->on = true;
	made++;
	return c;
}

/* The provider was slow: a second machine of the same key comes late. */
static void late_twin(int64_t unused, char *text)
{
	char *machine = strchr(text, ' ');

	(void)unused;
	*machine++ = 0;
	if (cloud_count(text))
		sim_say("cloud: twin of %s is %s", machine, cloud_make(text, machine)->external_id);
}

static struct cloud *cloud_find(const char *key, const char *external_id)
{
	for (unsigned i = 0; i < MACHINES; i++)
		if (cloud[i].alive && (external_id[0] ? !strcmp(cloud[i].external_id, external_id) : !strcmp(cloud[i].key, key)))
			return &cloud[i];
	return NULL;
}

static void create(struct task *t)
{
	struct cloud *c = cloud_find(t->key, "");
	char both[96], out[200];

	if (!c) {
		c = cloud_make(t->key, t->machine);
		agent_made(t->machine, t->token, c->external_id);
		snprintf(both, sizeof both, "%s %s", t->key, t->machine);
		if (sim_faults && sim_chance(12))
			sim_at(sim_between(SECOND, 200 * SECOND), late_twin, 0, both);
	}
	snprintf(out, sizeof out, "{\"external_id\":\"%s\",\"addresses\":{\"public\":\"\",\"private\":\"10.0.0.%u\"},\"hostname\":\"h\"}",
		c->external_id, made % 250);
	t->result = strdup(out);
}

static void destroy(struct task *t)
{
	struct cloud *c;

	/* Without a name all of its key. */
	while ((c = cloud_find(t->key, t->external_id))) {
		c->alive = false;
		agent_gone(c->external_id);
		if (t->external_id[0])
			break;
	}
	t->result = strdup("{}");
}

static void list(struct task *t)
{
	char *out = calloc(1, 256 * MACHINES);
	size_t n = (size_t)sprintf(out, "{\"machines\":[");

	for (unsigned i = 0; i < MACHINES; i++)
		if (cloud[i].alive)
			n += (size_t)sprintf(out + n, "%s{\"key\":\"%s\",\"machine\":\"%s\",\"external_id\":\"%s\",\"state\":\"on\",\"created\":\"%s\"}",
				out[n - 1] == '[' ? "" : ",", cloud[i].key, cloud[i].machine, cloud[i].external_id, cloud[i].created);
	sprintf(out + n, "]}");
	t->result = out;
}

static void power(struct task *t, bool on)
{
	struct cloud *c = cloud_find(t->key, t->external_id);

	if (c)
		c->on = on;
	agent_power(t->external_id, on);
	t->result = strdup("{}");
}

static void act(struct task *t)
{
	if (!strcmp(t->kind, "machine.create"))
		create(t);
	else if (!strcmp(t->kind, "machine.destroy"))
		destroy(t);
	else if (!strcmp(t->kind, "machine.list"))
		list(t);
	else if (!strcmp(t->kind, "machine.start"))
		power(t, true);
	else if (!strcmp(t->kind, "machine.stop"))
		power(t, false);
	else
		t->result = strdup("{\"services\":[]}");
}

/* ---- results ---- */

struct result { int64_t task, fence; enum core_outcome outcome; const char *output; bool accepted, stale; };

static int result_run(struct db *db, void *arg)
{
	struct result *r = arg;
	yyjson_doc *doc = r->output ? yyjson_read(r->output, strlen(r->output), 0) : NULL;

	r->stale = db_number(db, 0, "SELECT fence FROM task WHERE id = ?", "i", r->task) != r->fence;
	r->accepted = core_task_result(db, "demo", r->task, r->fence, r->outcome, "it failed", yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return 0;
}

static bool tell(struct result *r)
{
	if (!core_do(result_run, r))
		return false;
	if (r->accepted && r->stale)
		sim_violation("task %lld: a result with the old fence %lld was taken", (long long)r->task, (long long)r->fence);
	if (r->accepted)
		checks_acknowledged(r->task, r->fence);
	return true;
}

/* A result that was under way when something was lost comes once more. */
static void echo(int64_t task, char *text)
{
	struct result r = { .task = task, .outcome = CORE_OUTCOME_DONE, .output = "{}" };
	char outcome = 'd';
	long long fence = 0;

	sscanf(text, "%lld %c", &fence, &outcome);
	r.fence = fence;
	r.outcome = outcome == 'd' ? CORE_OUTCOME_DONE : CORE_OUTCOME_FAILED;
	tell(&r);
}

static enum core_outcome outcome_of(const struct task *t)
{
	return t->result ? CORE_OUTCOME_DONE : t->told_to_stop ? CORE_OUTCOME_CANCELLED : CORE_OUTCOME_FAILED;
}

static void deliver(int64_t slot, char *text)
{
	struct task *t = &tasks[slot];
	struct result r = { .task = t->id, .fence = t->fence, .outcome = outcome_of(t), .output = t->result };
	char again[48];

	(void)text;
	if (!t->used || !t->ended)
		return;
	if (!connected || !tell(&r)) {
		sim_at(SECOND, deliver, slot, NULL);
		return;
	}
	snprintf(again, sizeof again, "%lld %c", (long long)t->fence, r.outcome == CORE_OUTCOME_DONE ? 'd' : 'f');
	/* Of a failed one soon, for then the next attempt may run. */
	if (sim_faults && sim_chance(r.outcome == CORE_OUTCOME_FAILED ? 2 : 8))
		sim_at(sim_between(1000, sim_chance(3) ? 400 * SECOND : 6 * SECOND), echo, t->id, again);
	free(t->result);
	memset(t, 0, sizeof *t);
}

/* What never works, however often it is tried. */
static bool cursed(const struct task *t)
{
	return t->id % 11 == 5 && (!strcmp(t->kind, "machine.create") || !strcmp(t->kind, "machine.list"));
}

static void work_ends(int64_t slot, char *text)
{
	struct task *t = &tasks[slot];

	if (!process || !t->used || t->ended || t->id != atoll(text) || t->hangs)
		return;
	t->ended = true;
	if (!t->told_to_stop && !(sim_faults && sim_chance(10)) && !cursed(t))
		act(t);
	/* It failed after it had its effect. */
	if (t->result && sim_faults && sim_chance(15)) {
		free(t->result);
		t->result = NULL;
	}
	deliver(slot, NULL);
}

/* ---- tasks come ---- */

static void copy(char *out, size_t size, yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	snprintf(out, size, "%s", s ? s : "");
}

/* An agent that comes with another one is turned away for ever. */
static bool token_known(const struct task *t)
{
	uint8_t hash[CORE_HASH];

	crypto_hash_sha256(hash, (const uint8_t *)t->token, strlen(t->token));
	return !core_db || db_number(core_db, 1, "SELECT token_hash IS ? OR state = 'gone' FROM machine WHERE id = ?", "bt",
		(const void *)hash, (size_t)sizeof hash, t->machine);
}

static void check_new(const struct task *n)
{
	int running = 0;

	for (int i = 0; i < TASKS; i++) {
		const struct task *t = &tasks[i];

		if (!t->used || t == n)
			continue;
		if (!core_db || !db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND fence = ? AND state = 'leased')",
				"ii", t->id, t->fence))
			continue;
		running += !t->ended;
		if (t->id == n->id && t->fence == n->fence)
			sim_violation("task %lld was given out twice with the fence %lld", (long long)t->id, (long long)t->fence);
		/* A stray has the key of a machine and is another: both may go at once. */
		if (!t->ended && t->id != n->id && n->machine[0] && !strcmp(t->machine, n->machine) && strcmp(t->kind, n->kind) != 0 &&
				!strncmp(t->kind, "machine.", 8))
			sim_violation("%s of %s is given out while %s of it runs", n->kind, n->machine, t->kind);
	}
	if (running >= SLOTS)
		sim_violation("more tasks than the worker has places");
	if (n->token[0] && !token_known(n))
		sim_violation("machine %s is to be made with a token that core does not know", n->machine);
}

static void lose(bool dies);

/* Something in it ends whoever takes it up. */
static bool poisoned(const struct task *t)
{
	return t->id % 29 == 7 && (!strcmp(t->kind, "machine.create") || !strcmp(t->kind, "machine.list"));
}

static void dies_of(int64_t task, char *of_connection)
{
	if (!connected || (unsigned)atoll(of_connection) != connection)
		return;
	sim_say("room: task %lld ends it", (long long)task);
	lose(true);
}

static void take_in(int64_t of_connection, char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *in = yyjson_obj_get(root, "input");
	const char *conf, *token;
	struct task *t = NULL;
	char id[24];
	int slot;

	for (slot = 0; slot < TASKS && tasks[slot].used; slot++)
		;
	if (connected && of_connection == connection && slot < TASKS) {
		t = &tasks[slot];
		*t = (struct task){ .used = true, .id = yyjson_get_sint(yyjson_obj_get(root, "task")),
			.fence = yyjson_get_sint(yyjson_obj_get(root, "fence")), .hangs = sim_faults && sim_chance(40) };
		copy(t->kind, sizeof t->kind, root, "kind");
		copy(t->key, sizeof t->key, root, "key");
		copy(t->machine, sizeof t->machine, in, "machine");
		copy(t->external_id, sizeof t->external_id, in, "external_id");
		conf = yyjson_get_str(yyjson_obj_get(in, "conf"));
		token = conf ? strstr(conf, "token=") : NULL;
		if (token)
			snprintf(t->token, sizeof t->token, "%.36s", token + 6);
		check_new(t);
		sim_say("room: %s %s task %lld fence %lld%s", t->kind, t->machine, (long long)t->id, (long long)t->fence, t->hangs ? " hangs" : "");
		if (poisoned(t)) {
			snprintf(id, sizeof id, "%u", connection);
			sim_at(10000, dies_of, t->id, id);
		}
		snprintf(id, sizeof id, "%lld", (long long)t->id);
		sim_at(sim_between(10000, sim_chance(8) ? 90 * SECOND : 3 * SECOND), work_ends, slot, id);
	}
	yyjson_doc_free(doc);
}

void room_task(const char *json)
{
	sim_at(5000, take_in, connection, json);
}

static void stop(int64_t task, char *text)
{
	long long fence = 0;
	unsigned of = 0;

	sscanf(text, "%lld %u", &fence, &of);
	for (int i = 0; i < TASKS; i++)
		if (connected && of == connection && tasks[i].used && !tasks[i].ended && tasks[i].id == task && tasks[i].fence == fence) {
			char id[24];

			/* It takes a while until it has stopped. */
			tasks[i].told_to_stop = true;
			tasks[i].hangs = false;
			snprintf(id, sizeof id, "%lld", (long long)task);
			sim_at(sim_between(1000, 5 * SECOND), work_ends, i, id);
		}
}

void room_cancel(int64_t task, int64_t fence)
{
	char text[64];

	snprintf(text, sizeof text, "%lld %u", (long long)fence, connection);
	sim_at(5000, stop, task, text);
}

/* ---- the connection ---- */

struct hello { struct core_running running[TASKS]; unsigned count; };

static int hello_run(struct db *db, void *arg)
{
	struct hello *h = arg;

	core_room_here(db, "demo", SLOTS, h->running, h->count);
	return 0;
}

static int lost_run(struct db *db, void *arg)
{
	(void)arg;
	core_room_lost(db, "demo");
	return 0;
}

static void connect_again(int64_t unused, char *text)
{
	struct hello h = { .count = 0 };

	(void)unused;
	(void)text;
	if (connected || !process || !core_db)
		return;
	for (int i = 0; i < TASKS; i++)
		if (tasks[i].used)
			h.running[h.count++] = (struct core_running){ tasks[i].id, tasks[i].fence };
	connection++;
	connected = true;
	if (!core_do(hello_run, &h))
		connected = false;
	if (!connected && core_db)
		sim_at(SECOND, connect_again, 0, NULL);
}

void room_core_is_up(void)
{
	connected = false;
	sim_at(sim_between(10000, 2 * SECOND), connect_again, 0, NULL);
}

void room_core_is_down(void)
{
	connected = false;
	connection++;
}

static void born(int64_t unused, char *text)
{
	process = true;
	connect_again(unused, text);
}

static void lose(bool dies)
{
	if (!connected)
		return;
	connected = false;
	connection++;
	sim_say("room: %s", dies ? "killed" : "connection lost");
	if (dies) {
		for (int i = 0; i < TASKS; i++) {
			/* What it had asked the cloud for may still happen. */
			if (tasks[i].used && !tasks[i].ended && sim_chance(2))
				act(&tasks[i]);
			free(tasks[i].result);
		}
		memset(tasks, 0, sizeof tasks);
		process = false;
		sim_at(sim_between(100000, sim_chance(4) ? 90 * SECOND : 3 * SECOND), born, 0, NULL);
	} else {
		sim_at(sim_between(100000, 3 * SECOND), connect_again, 0, NULL);
	}
	core_do(lost_run, NULL);
}

/* The process dies, or only its connection. */
void room_kill(void)
{
	lose(sim_chance(2));
}

void room_check_idle(void)
{
	for (int i = 0; i < TASKS; i++) {
		struct task *t = &tasks[i];

		if (!t->used || t->ended || !core_db || db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND state ="
				" 'leased' AND cancel = 0)", "i", t->id)) {
			t->cancelled_at = 0;
			continue;
		}
		if (!t->cancelled_at)
			t->cancelled_at = sim_now();
		if (sim_now() - t->cancelled_at > 5 * MINUTE && db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND state"
				" = 'leased' AND cancel > 0)", "i", t->id)) {
			sim_violation("task %lld was cancelled, and its worker was not told", (long long)t->id);
			t->cancelled_at = sim_now();
		}
	}
}

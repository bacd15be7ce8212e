/* Machines, their agents with their journals, and the scripts they run. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define AGENTS 256
#define JOURNAL 16

enum step_state { STEP_NONE = 0, STEP_RECEIVED, STEP_RUNS, STEP_FINISHED, STEP_ACKED };

struct step { enum step_state state; int64_t task, fence, ended_seen; char outcome[12]; int exit_code; bool hangs, accepted; };

struct agent {
	bool there, on, process;
	char machine[40], external_id[40], token[48];
	int64_t channel;		/* 0 = not connected */
	unsigned boot, tries;
	struct step journal[JOURNAL];
	int64_t forgotten;		/* since when a task is its own that it does not know */
};

static struct agent agents[AGENTS];
static unsigned count;
static int64_t channels;

/* Scripts that ended well, by their task: they never run again. */
#define DONE_MAX 65536
static bool done[DONE_MAX];

void agents_reset(void)
{
	memset(agents, 0, sizeof agents);
	memset(done, 0, sizeof done);
	count = 0;
	channels = 0;
}

static void connect_agent(int64_t which, char *text);

/* ---- to core ---- */

struct said { int64_t channel; const char *machine; yyjson_doc *doc; struct agent_out out; };

static int said_run(struct db *db, void *arg)
{
	struct said *s = arg;

	agent_out_reset(&s->out);
	agent_message(db, s->channel, s->machine, yyjson_doc_get_root(s->doc), &s->out);
	return 0;
}

static bool say_to_core(const struct agent *a, const char *json)
{
	struct said s = { .channel = a->channel, .machine = a->machine, .doc = yyjson_read(json, strlen(json), 0) };
	bool good = core_do(said_run, &s);

	for (struct agent_frame *f = good ? s.out.first : NULL; f; f = f->next)
		agent_frame_in(f->channel, f->message, f->close);
	agent_out_reset(&s.out);
	yyjson_doc_free(s.doc);
	return good;
}

static int closed_run(struct db *db, void *arg)
{
	agent_closed(db, *(int64_t *)arg);
	return 0;
}

static void cut(struct agent *a)
{
	int64_t channel = a->channel;

	a->channel = 0;
	if (channel)
		core_do(closed_run, &channel);
}

/* ---- the journal ---- */

static struct step *journal_find(struct agent *a, int64_t task)
{
	for (int i = 0; i < JOURNAL; i++)
		if (a->journal[i].state && a->journal[i].task == task)
			return &a->journal[i];
	return NULL;
}

static struct step *running(struct agent *a)
{
	for (int i = 0; i < JOURNAL; i++)
		if (a->journal[i].state == STEP_RUNS)
			return &a->journal[i];
	return NULL;
}

static void tell_result(struct agent *a, const struct step *s)
{
	char json[256];

	snprintf(json, sizeof json, "{\"type\":\"result\",\"task\":%lld,\"fence\":%lld,\"outcome\":\"%s\",\"exit_code\":%d,\"output_length\":0}",
		(long long)s->task, (long long)s->fence, s->outcome, s->exit_code);
	if (a->channel)
		say_to_core(a, json);
}

static void next_step(struct agent *a);

static void finish(struct agent *a, struct step *s, const char *outcome, int exit_code)
{
	s->state = STEP_FINISHED;
	s->exit_code = exit_code;
	snprintf(s->outcome, sizeof s->outcome, "%s", outcome);
	if (s->task < DONE_MAX && !exit_code && strcmp(outcome, "aborted") && strcmp(outcome, "interrupted") && strcmp(outcome, "timeout"))
		done[s->task] = true;
	sim_say("agent %s: task %lld %s %d", a->machine, (long long)s->task, outcome, exit_code);
	tell_result(a, s);
	next_step(a);
}

static void booted(int64_t which, char *text)
{
	struct agent *a = &agents[which];

	(void)text;
	if (!a->there || !a->on)
		return;
	a->process = true;
	connect_agent(which, NULL);
}

static void goes_down(struct agent *a)
{
	struct step *s = running(a);

	cut(a);
	a->process = false;
	a->boot++;
	if (s) {
		s->state = STEP_FINISHED;
		snprintf(s->outcome, sizeof s->outcome, "interrupted");
		s->exit_code = -1;
	}
}

static void script_ends(int64_t which, char *text)
{
	struct agent *a = &agents[which];
	struct step *s;
	long long task = 0;
	unsigned boot = 0, fate;

	sscanf(text, "%lld %u", &task, &boot);
	s = journal_find(a, task);
	if (!a->there || !a->on || a->boot != boot || !s || s->state != STEP_RUNS)
		return;
	fate = sim_faults ? sim_random(40) : 10;
	if (s->hangs) {
		finish(a, s, "timeout", -1);
	} else if (!fate) {
		finish(a, s, "exited", 3);
	} else if (fate == 1) {
		/* It asked for a restart of the machine. */
		goes_down(a);
		s->state = STEP_FINISHED;
		s->exit_code = 0;
		snprintf(s->outcome, sizeof s->outcome, "reboot");
		if (s->task < DONE_MAX)
			done[s->task] = true;
		sim_at(sim_between(5 * SECOND, 40 * SECOND), booted, which, NULL);
	} else {
		finish(a, s, "exited", 0);
	}
}

static void start(struct agent *a, struct step *s)
{
	char text[48];

	s->state = STEP_RUNS;
	s->hangs = sim_faults && sim_chance(20);
	if (s->task < DONE_MAX && done[s->task])
		sim_violation("task %lld: a script that had ended well runs again", (long long)s->task);
	checks_script_begins(a->machine, s->task);
	snprintf(text, sizeof text, "%lld %u", (long long)s->task, a->boot);
	sim_at(s->hangs ? HOUR : sim_between(20000, sim_chance(10) ? 60 * SECOND : 2 * SECOND), script_ends, a - agents, text);
}

static void next_step(struct agent *a)
{
	if (running(a))
		return;
	for (int i = 0; i < JOURNAL; i++)
		if (a->journal[i].state == STEP_RECEIVED) {
			start(a, &a->journal[i]);
			return;
		}
}

/* A place for another; of those that are over for core too the oldest goes. */
static struct step *journal_place(struct agent *a)
{
	struct step *oldest = NULL;

	for (int i = 0; i < JOURNAL; i++) {
		if (!a->journal[i].state)
			return &a->journal[i];
		if (a->journal[i].state == STEP_ACKED && (!oldest || a->journal[i].task < oldest->task))
			oldest = &a->journal[i];
	}
	return oldest;
}

/* What it knows to have ended never runs again, whatever the fence: core hears the same once more. */
static void ended_before(struct agent *a, struct step *s, int64_t fence)
{
	if (s->accepted && fence > s->fence)
		sim_violation("task %lld is given out again, though its end was taken", (long long)s->task);
	s->fence = fence > s->fence ? fence : s->fence;
	tell_result(a, s);
}

static void step_came(struct agent *a, int64_t task, int64_t fence)
{
	struct step *s = journal_find(a, task), *busy = running(a);

	if (s && s->state == STEP_RECEIVED)
		s->fence = fence > s->fence ? fence : s->fence;
	else if (s && (s->state == STEP_FINISHED || s->state == STEP_ACKED))
		ended_before(a, s, fence);
	if (s)
		return;
	/* While one that is to be stopped still runs another may come; else never two. */
	if (busy && core_db && db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ? AND state = 'leased' AND cancel = 0)",
			"i", busy->task))
		sim_violation("machine %s: task %lld comes while %lld runs", a->machine, (long long)task, (long long)busy->task);
	s = journal_place(a);
	if (s)
		*s = (struct step){ .state = STEP_RECEIVED, .task = task, .fence = fence };
	next_step(a);
}

/* ---- from core ---- */

static void frame_arrives(int64_t channel, char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *type = yyjson_obj_get(root, "type");
	int64_t task = yyjson_get_sint(yyjson_obj_get(root, "task")), fence = yyjson_get_sint(yyjson_obj_get(root, "fence"));
	struct agent *a = NULL;
	struct step *s;

	for (unsigned i = 0; channel && i < count; i++)
		if (agents[i].there && agents[i].process && agents[i].channel == channel)
			a = &agents[i];
	s = a ? journal_find(a, task) : NULL;
	if (a && yyjson_equals_str(type, "step")) {
		step_came(a, task, fence);
	} else if (s && yyjson_equals_str(type, "abort") && s->state == STEP_RUNS) {
		finish(a, s, "aborted", -1);
	} else if (s && yyjson_equals_str(type, "abort") && s->state == STEP_RECEIVED) {
		finish(a, s, "aborted", -1);
	} else if (s && yyjson_equals_str(type, "result_ack") && s->state == STEP_FINISHED && s->fence == fence) {
		s->accepted = yyjson_is_true(yyjson_obj_get(root, "accepted"));
		if (s->accepted)
			checks_acknowledged(task, fence);
		s->state = STEP_ACKED;
	} else if (a && yyjson_equals_str(type, "refused")) {
		a->channel = 0;
		sim_at(60 * SECOND, connect_agent, a - agents, NULL);
	}
	yyjson_doc_free(doc);
}

void agent_frame_in(int64_t channel, const char *json, int close)
{
	(void)close;
	sim_at(3000, frame_arrives, channel, json);
}

/* ---- the connection ---- */

static bool known_token(const struct agent *a)
{
	char machine[OBJECT_ID], instance[OBJECT_ID];
	uint8_t hash[CORE_HASH];

	crypto_hash_sha256(hash, (const uint8_t *)a->token, strlen(a->token));
	return core_db && agent_open(core_db, hash, machine, instance) && !strcmp(machine, a->machine);
}

static size_t add_known(char *json, size_t n, const struct agent *a, const char *name, enum step_state state)
{
	bool first = true;

	n += (size_t)sprintf(json + n, ",\"%s\":[", name);
	for (int i = 0; i < JOURNAL; i++)
		if (a->journal[i].state == state || (state == STEP_RUNS && a->journal[i].state == STEP_RECEIVED)) {
			n += (size_t)sprintf(json + n, "%s{\"task\":%lld,\"fence\":%lld}", first ? "" : ",", (long long)a->journal[i].task,
				(long long)a->journal[i].fence);
			first = false;
		}
	n += (size_t)sprintf(json + n, "]");
	return n;
}

static bool hello(struct agent *a, const char *fingerprint)
{
	char json[4096];
	size_t n = (size_t)sprintf(json, "{\"type\":\"hello\",\"protocol\":1,\"version\":\"1\",\"fingerprint\":\"%s\",\"boot_id\":\"%s-%u\","
		"\"facts\":{\"hostname\":\"h\",\"addresses\":[\"10.1.1.1\"]}", fingerprint, a->machine, a->boot);

	n = add_known(json, n, a, "running", STEP_RUNS);
	n = add_known(json, n, a, "finished", STEP_FINISHED);
	sprintf(json + n, "}");
	return say_to_core(a, json);
}

static void connect_agent(int64_t which, char *text)
{
	struct agent *a = &agents[which];

	(void)text;
	if (!a->there || !a->on || !a->process || a->channel)
		return;
	if (!known_token(a)) {
		/* With a back-off; one whose machine is forgotten gives up some day. */
		if (a->tries++ < 4000)
			sim_at(sim_between(SECOND, 60 * SECOND), connect_agent, which, NULL);
		return;
	}
	a->tries = 0;
	a->channel = ++channels;
	hello(a, a->machine);
	for (int i = 0; i < JOURNAL && a->channel; i++)
		if (a->journal[i].state == STEP_FINISHED)
			tell_result(a, &a->journal[i]);
	next_step(a);
}

/* api has kept the channels, and opens them again. */
static void hello_again(int64_t which, char *text)
{
	struct agent *a = &agents[which];

	(void)text;
	if (!a->there || !a->process || !a->channel || !core_db)
		return;
	hello(a, a->machine);
	for (int i = 0; i < JOURNAL && a->channel; i++)
		if (a->journal[i].state == STEP_FINISHED)
			tell_result(a, &a->journal[i]);
}

void agents_core_is_up(void)
{
	for (unsigned i = 0; i < count; i++)
		if (agents[i].there && agents[i].channel)
			sim_at(sim_between(100000, 700000), hello_again, i, NULL);
}

void agents_api_restarts(void)
{
	sim_say("api: restarted");
	for (unsigned i = 0; i < count; i++)
		if (agents[i].there && agents[i].channel) {
			cut(&agents[i]);
			sim_at(sim_between(SECOND, 20 * SECOND), connect_agent, i, NULL);
		}
}

/* ---- machines ---- */

void agent_made(const char *machine, const char *token, const char *external_id)
{
	struct agent *a = &agents[count];

	if (count == AGENTS)
		return;
	*a = (struct agent){ .there = true, .on = true, .process = true };
	snprintf(a->machine, sizeof a->machine, "%s", machine);
	snprintf(a->token, sizeof a->token, "%s", token);
	snprintf(a->external_id, sizeof a->external_id, "%s", external_id);
	/* Some never come. */
	if (!sim_faults || !sim_chance(30))
		sim_at(sim_between(SECOND, 20 * SECOND), connect_agent, count, NULL);
	count++;
}

static struct agent *by_external(const char *external_id)
{
	for (unsigned i = 0; i < count; i++)
		if (agents[i].there && !strcmp(agents[i].external_id, external_id))
			return &agents[i];
	return NULL;
}

void agent_gone(const char *external_id)
{
	struct agent *a = by_external(external_id);

	if (!a)
		return;
	a->there = false;
	cut(a);
}

void agent_power(const char *external_id, bool on)
{
	struct agent *a = by_external(external_id);

	if (!a || a->on == on)
		return;
	a->on = on;
	if (on)
		sim_at(sim_between(SECOND, 20 * SECOND), booted, a - agents, NULL);
	else
		goes_down(a);
}

void agent_trouble(void)
{
	struct agent *a = count ? &agents[sim_random(count)] : NULL;

	if (!a || !a->there || !a->on || !a->process)
		return;
	switch (sim_random(3)) {
	case 0:
		sim_say("agent %s: network lost", a->machine);
		cut(a);
		sim_at(sim_between(100000, sim_chance(5) ? 700 * SECOND : 10 * SECOND), connect_agent, a - agents, NULL);
		return;
	case 1:
		/* Its script goes on under its runner. */
		sim_say("agent %s: killed", a->machine);
		cut(a);
		sim_at(sim_between(100000, 3 * SECOND), connect_agent, a - agents, NULL);
		return;
	default:
		sim_say("machine %s: power lost", a->machine);
		goes_down(a);
		sim_at(sim_between(5 * SECOND, 60 * SECOND), booted, a - agents, NULL);
	}
}

void agent_copy_tries(void)
{
	struct agent *a = count ? &agents[sim_random(count)] : NULL, copy;

	if (!a || !a->there || !a->channel || !known_token(a))
		return;
	/* Only of one that has said who it is. */
	if (!db_number(core_db, 0, "SELECT fingerprint <> '' AND state = 'online' FROM machine WHERE id = ?", "t", a->machine))
		return;
	copy = *a;
	memset(copy.journal, 0, sizeof copy.journal);
	copy.channel = ++channels;
	sim_say("agent %s: a copy tries", a->machine);
	hello(&copy, "another");
	if (core_db && db_number(core_db, 0, "SELECT channel FROM machine WHERE id = ?", "t", a->machine) == copy.channel)
		sim_violation("a copy of machine %s was taken for it", a->machine);
}

/* A task that was given to an agent which is there is in its journal. */
static void check_known(struct agent *a)
{
	int64_t task = core_db ? db_number(core_db, 0, "SELECT id FROM task WHERE machine = ? AND machine <> '' AND kind = 'script'"
		" AND state = 'leased' LIMIT 1", "t", a->machine) : 0;

	if (!task || journal_find(a, task))
		a->forgotten = 0;
	else if (!a->forgotten)
		a->forgotten = sim_now();
	else if (sim_now() - a->forgotten > 5 * MINUTE)
		sim_violation("machine %s: it is there, and does not know of its task %lld", a->machine, (long long)task);
}

static void still_runs(const struct agent *a, const struct step *s)
{
	struct core_task t;

	if (!core_task_read(core_db, s->task, &t))
		return;
	sim_violation("machine %s: task %lld still runs with fence %lld, its operation is over; it is %s with fence %lld", a->machine,
		(long long)s->task, (long long)s->fence, chart_word(&chart_task, t.state), (long long)t.fence);
	core_task_free(&t);
}

/* Scripts of operations that are over do not run for long. */
void agents_check_idle(void)
{
	for (unsigned i = 0; i < count; i++) {
		struct step *s = agents[i].there && agents[i].channel ? running(&agents[i]) : NULL;

		if (agents[i].there && agents[i].channel)
			check_known(&agents[i]);
		if (!s)
			continue;
		if (!core_db || !db_number(core_db, 0, "SELECT EXISTS(SELECT 1 FROM task t JOIN flow f ON f.operation = t.flow WHERE t.id = ?"
				" AND f.state IN ('done', 'unavailable'))", "i", s->task))
			s->ended_seen = 0;
		else if (!s->ended_seen)
			s->ended_seen = sim_now();
		else if (sim_now() - s->ended_seen > 5 * MINUTE) {
			still_runs(&agents[i], s);
			s->ended_seen = sim_now();
		}
	}
}

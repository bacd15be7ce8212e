/* What agents say, in the writer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "bootstrap.h"
#include "plant.h"
#include "instance.h"
#include "rebind.h"
#include "timers.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

/* ---- frames ---- */

void agent_out_reset(struct agent_out *out)
{
	struct agent_frame *f;

	while ((f = out->first)) {
		out->first = f->next;
		free(f->message);
		free(f);
	}
}

void agent_out_add(struct agent_out *out, int64_t channel, yyjson_mut_doc *doc, int close)
{
	struct agent_frame **at = &out->first, *f = calloc(1, sizeof *f);

	if (!f)
		log_fatal("agent");
	f->channel = channel;
	f->close = close;
	f->message = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	while (*at)
		at = &(*at)->next;
	*at = f;
}

static yyjson_mut_doc *frame(const char *type)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("agent");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "type", type);
	return doc;
}

static void refuse(struct agent_out *out, int64_t channel, const char *code, const char *message)
{
	yyjson_mut_doc *doc = frame("refused");

	yyjson_mut_obj_add_str(doc, doc->root, "code", code);
	yyjson_mut_obj_add_str(doc, doc->root, "message", message);
	agent_out_add(out, channel, doc, AGENT_REFUSED);
}

/* ---- who is it ---- */

bool agent_open(struct db *db, const uint8_t hash[CORE_HASH], char machine[OBJECT_ID], char instance[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT id, instance FROM machine WHERE token_hash = ? AND state <> 'gone'", "b",
		(const void *)hash, (size_t)CORE_HASH);

	if (!db_row(db, q))
		return false;
	snprintf(machine, OBJECT_ID, "%s", db_text(q, 0));
	snprintf(instance, OBJECT_ID, "%s", db_text(q, 1));
	db_end(q);
	return true;
}

static const char *text(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

static void log_to(struct db *db, const struct machine *m, const char *level, const char *line)
{
	struct object instance;

	if (!object_get(db, OBJECT_INSTANCE, m->instance, &instance))
		return;
	instance_log(db, &instance, "", NULL, level, NULL, line);
	object_free(&instance);
}

/* A copy of the machine has its token, but is another machine. Each copy is told of once. */
static void clone_refused(struct db *db, int64_t channel, const struct machine *m, const char *fingerprint, struct agent_out *out)
{
	char line[MACHINE_NAME + 96];

	refuse(out, channel, "clone", "The token belongs to another machine: this one is a copy of it.");
	db_run(db, "UPDATE machine SET clone = ?1 WHERE id = ?2 AND clone <> ?1", "tt", fingerprint, m->id);
	if (!db_changes(db))
		return;
	snprintf(line, sizeof line, "A copy of machine %s was refused: it has its token, but is another machine.", m->name);
	log_to(db, m, "error", line);
}

/* ---- facts ---- */

static void keep_facts(struct db *db, struct machine *m, yyjson_val *facts)
{
	const char *address = yyjson_get_str(yyjson_arr_get_first(yyjson_obj_get(facts, "addresses")));
	const char *hostname = text(facts, "hostname");
	char *json = yyjson_is_obj(facts) ? yyjson_val_write(facts, 0, NULL) : NULL;
	bool moved = address && !m->provider[0] && strcmp(address, m->private) != 0;
	bool named = hostname[0] && strcmp(hostname, m->hostname) != 0;

	if (json && strlen(json) < 65536)
		db_run(db, "UPDATE machine SET facts = ? WHERE id = ?", "tt", json, m->id);
	free(json);
	/* Of a provider's machine the provider says the addresses; of one's own its agent does. */
	if (moved || (address && !m->private[0] && !m->public[0]))
		db_run(db, "UPDATE machine SET private = ? WHERE id = ?", "tt", address, m->id);
	if (named)
		db_run(db, "UPDATE machine SET hostname = ? WHERE id = ?", "tt", hostname, m->id);
	if (moved || named || (address && !m->private[0] && !m->public[0]))
		machine_mirror(db, m->instance);
	if (moved)
		rebind_soon(db);
}

/* ---- hello ---- */

static unsigned read_known(yyjson_val *hello, struct core_running known[AGENT_KNOWN_MAX])
{
	static const char *const lists[] = { "running", "finished" };
	unsigned n = 0;

	for (size_t i = 0; i < 2; i++) {
		yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(hello, lists[i]));
		yyjson_val *v;

		while (n < AGENT_KNOWN_MAX && (v = yyjson_arr_iter_next(&it)))
			known[n++] = (struct core_running){ yyjson_get_sint(yyjson_obj_get(v, "task")),
				yyjson_get_sint(yyjson_obj_get(v, "fence")) };
	}
	return n;
}

/* What operations wait for has come. */
static void meet(struct db *db, const char *machine)
{
	int64_t id;

	while ((id = db_number(db, 0, "SELECT id FROM task WHERE machine = ? AND machine <> '' AND kind = 'hello' AND state = 'waiting'"
			" LIMIT 1", "t", machine)))
		if (!core_task_met(db, id))
			return;
}

/* The machine was restarted by somebody else: its scripts configure and start it. */
static void restarted(struct db *db, const struct machine *m)
{
	char line[MACHINE_NAME + 64];
	struct object instance;

	if (!object_get(db, OBJECT_INSTANCE, m->instance, &instance))
		return;
	if (life_situation(instance_state(&instance), instance_event(&instance)) == LIFE_ONLINE) {
		snprintf(line, sizeof line, "Machine %s was restarted.", m->name);
		instance_log(db, &instance, "", NULL, "info", NULL, line);
		core_timer_once(db, "rebind.reconfigure", m->instance, "", PLAT_SECOND);
	}
	object_free(&instance);
}

/* The agent decides: it checks the signature, and that the new one is welcomed before it takes the place. */
static void offer(const struct core_upgrade *u, yyjson_mut_doc *doc, const char *version)
{
	yyjson_mut_val *o;

	if (!u || !strcmp(version, u->version)) {
		yyjson_mut_obj_add_null(doc, doc->root, "upgrade");
		return;
	}
	o = yyjson_mut_obj_add_obj(doc, doc->root, "upgrade");
	yyjson_mut_obj_add_str(doc, o, "version", u->version);
	yyjson_mut_obj_add_str(doc, o, "path", BOOTSTRAP_AGENT);
	yyjson_mut_obj_add_str(doc, o, "sha256", u->sum);
	yyjson_mut_obj_add_str(doc, o, "signature", u->signature);
}

static void welcome(struct agent_out *out, int64_t channel, const struct machine *m, const char *version)
{
	yyjson_mut_doc *doc = frame("welcome");

	yyjson_mut_obj_add_strcpy(doc, doc->root, "machine", m->name);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "instance", m->instance);
	yyjson_mut_obj_add_int(doc, doc->root, "heartbeat", AGENT_HEARTBEAT);
	offer(out->upgrade, doc, version);
	agent_out_add(out, channel, doc, 0);
}

static void hello_good(struct db *db, int64_t channel, struct machine *m, yyjson_val *hello, struct agent_out *out)
{
	struct core_running known[AGENT_KNOWN_MAX];
	const char *version = text(hello, "version"), *boot_id = text(hello, "boot_id");
	bool again = m->channel == channel, other_boot = m->boot_id[0] && boot_id[0] && strcmp(m->boot_id, boot_id) != 0;

	if (m->channel && !again)
		refuse(out, m->channel, "replaced", "A newer connection of this machine has taken the place of this one.");
	db_run(db, "UPDATE machine SET channel = ?, fingerprint = ?, boot_id = ?, version = ?, last_seen = ? WHERE id = ?", "itttit",
		channel, text(hello, "fingerprint"), boot_id, version, plat_clock_wall(), m->id);
	core_timers_drop(db, m->id, "machine.quiet");
	machine_move(db, m->id, MACHINE_HELLO);
	if (strcmp(version, m->version) != 0)
		machine_mirror(db, m->instance);
	keep_facts(db, m, yyjson_obj_get(hello, "facts"));
	welcome(out, channel, m, version);
	/* On the same connection nothing can have been lost. */
	if (!again && !PLANTED("hello-unheard"))
		core_agent_here(db, m->id, known, read_known(hello, known));
	/* First, for what is met may be the end of an operation that had it restarted. */
	if (other_boot)
		restarted(db, m);
	meet(db, m->id);
}

static void hello(struct db *db, int64_t channel, struct machine *m, yyjson_val *message, struct agent_out *out)
{
	const char *fingerprint = text(message, "fingerprint");

	if (!fingerprint[0] || strlen(fingerprint) >= MACHINE_TEXT)
		refuse(out, channel, "unknown", "hello needs a fingerprint.");
	else if (m->fingerprint[0] && strcmp(m->fingerprint, fingerprint) != 0 && !PLANTED("clone"))
		clone_refused(db, channel, m, fingerprint, out);
	else if (!chart_takes(&chart_machine, m->state, MACHINE_HELLO))
		refuse(out, channel, "unknown", "The machine is being removed.");
	else
		hello_good(db, channel, m, message, out);
}

/* ---- results ---- */

static enum core_outcome outcome_of(yyjson_val *r, char why[256])
{
	const char *outcome = text(r, "outcome"), *message = text(r, "message");
	int64_t code = yyjson_get_sint(yyjson_obj_get(r, "exit_code")), sig = yyjson_get_sint(yyjson_obj_get(r, "signal"));

	why[0] = 0;
	if (!strcmp(outcome, "reboot") || (!strcmp(outcome, "exited") && !code && !sig))
		return CORE_OUTCOME_DONE;
	if (!strcmp(outcome, "exited")) {
		snprintf(why, 256, sig ? "ended by signal %" PRId64 : "exit code %" PRId64, sig ? sig : code);
		return CORE_OUTCOME_REFUSED;
	}
	if (!strcmp(outcome, "aborted")) {
		snprintf(why, 256, "aborted");
		return CORE_OUTCOME_CANCELLED;
	}
	if (!strcmp(outcome, "interrupted")) {
		snprintf(why, 256, "it was interrupted half-way: %.200s", message[0] ? message : "the machine went down");
		return CORE_OUTCOME_FAILED;
	}
	snprintf(why, 256, !strcmp(outcome, "timeout") ? "it did not end in the time it has" : "the agent refused it: %.200s", message);
	return CORE_OUTCOME_REFUSED;
}

static void result(struct db *db, int64_t channel, const struct machine *m, yyjson_val *r, struct agent_out *out)
{
	int64_t task = yyjson_get_sint(yyjson_obj_get(r, "task")), fence = yyjson_get_sint(yyjson_obj_get(r, "fence"));
	yyjson_mut_doc *doc = frame("result_ack");
	char worker[CORE_WORKER], why[256];
	enum core_outcome outcome = outcome_of(r, why);
	bool accepted;

	snprintf(worker, sizeof worker, CORE_MACHINE_PREFIX "%s", m->id);
	accepted = core_task_result(db, worker, task, fence, outcome, why, r);
	yyjson_mut_obj_add_sint(doc, doc->root, "task", task);
	yyjson_mut_obj_add_sint(doc, doc->root, "fence", fence);
	yyjson_mut_obj_add_bool(doc, doc->root, "accepted", accepted);
	agent_out_add(out, channel, doc, 0);
}

void agent_message(struct db *db, int64_t channel, const char *machine, yyjson_val *message, struct agent_out *out)
{
	const char *type = text(message, "type");
	struct machine m;

	if (!machine_read(db, machine, &m) || m.state == MACHINE_GONE) {
		refuse(out, channel, "unknown", "The machine is not known (any more).");
		return;
	}
	if (!strcmp(type, "hello"))
		hello(db, channel, &m, message, out);
	else if (m.channel != channel)
		/* It has not said hello, or another took its place: what it says is not heard. */
		return;
	else if (!strcmp(type, "facts"))
		keep_facts(db, &m, yyjson_obj_get(message, "facts"));
	else if (!strcmp(type, "result"))
		result(db, channel, &m, message, out);
}

/* ---- the end of channels ---- */

static void closed(struct db *db, const char *id)
{
	int64_t now = plat_clock_wall();
	struct machine m;

	db_run(db, "UPDATE machine SET channel = 0, last_seen = ?, last_close = ? WHERE id = ?", "iit", now, now, id);
	core_agent_lost(db, id);
	machine_move(db, id, MACHINE_CLOSED);
	if (machine_read(db, id, &m) && m.state == MACHINE_AWAY)
		core_timer_once(db, "machine.quiet", id, "", MACHINE_QUIET_AFTER);
}

void agent_closed(struct db *db, int64_t channel)
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM machine WHERE channel = ? AND channel <> 0", "i", channel);
	char id[OBJECT_ID];

	if (!db_row(db, q))
		return;
	snprintf(id, sizeof id, "%s", db_text(q, 0));
	db_end(q);
	closed(db, id);
}

void agents_lost(struct db *db)
{
	char id[OBJECT_ID];
	sqlite3_stmt *q;

	while ((q = db_query(db, "SELECT id FROM machine WHERE channel <> 0 LIMIT 1", "")) && db_row(db, q)) {
		snprintf(id, sizeof id, "%s", db_text(q, 0));
		db_end(q);
		closed(db, id);
		if (db_error(db))
			return;
	}
}

/* ---- output ---- */

static void output_event(struct db *db, const struct core_task *t, int64_t length)
{
	char object[24], data[640];
	struct object o;

	if (!object_peek(db, OBJECT_INSTANCE, t->instance, &o))
		return;
	snprintf(object, sizeof object, "%" PRId64, t->id);
	snprintf(data, sizeof data, "{\"owner\":\"%s\",\"organization\":\"%s\",\"instance\":\"%s\",\"machine\":\"%s\",\"operation\":\"%s\","
		"\"task\":%" PRId64 ",\"length\":%" PRId64 "}", o.owner, o.organization, t->instance, t->machine, t->flow, t->id, length);
	core_event(db, "task.output", object, data);
	object_free(&o);
}

bool agent_output(struct db *db, int64_t channel, int64_t task, int64_t fence, int64_t length, int64_t *limit)
{
	struct core_task t;
	struct machine m;
	bool good = core_task_read(db, task, &t) && t.fence == fence && machine_read(db, t.machine, &m) && m.channel == channel;

	*limit = AGENT_OUTPUT_LIMIT;
	if (good && length > 0) {
		db_run(db, "UPDATE task SET output_length = max(output_length, ?) WHERE id = ?", "ii", length, task);
		output_event(db, &t, length);
	}
	core_task_free(&t);
	return good;
}

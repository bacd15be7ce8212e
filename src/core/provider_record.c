/* A provider's record: states, log, steps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "firewall.h"
#include "flow.h"
#include "instance.h"
#include "provider.h"
#include "schedule.h"
#include "timers.h"
#include "truth.h"
#include "unregistered.h"
#include "vanished.h"
#include "log/log.h"
#include "plat/clock.h"

/* Entries of the log removed at once. */
#define LOG_CUT 8
/* While one that is to go waits for its strays: between looks, µs, and their number, for it may not answer any more. */
#define LOOK (INT64_C(15) * PLAT_SECOND)
#define LOOKS_MAX 60

static yyjson_mut_val *root(const struct object *o)
{
	return o->doc->root;
}

void provider_state(struct db *db, struct object *p, const char *state)
{
	object_set(p, "state", state);
	snprintf(p->state, sizeof p->state, "%s", state);
	object_put(db, p);
}

void provider_log(struct db *db, const struct object *p, enum provider_level level, const char *operation, const char *text)
{
	char id[OBJECT_ID];
	struct object l;

	object_id_guid(id);
	object_new(&l, OBJECT_PROVIDER_LOG, id, SCHEMAS "provider-log");
	snprintf(l.owner, sizeof l.owner, "%s", p->owner);
	snprintf(l.organization, sizeof l.organization, "%s", p->organization);
	snprintf(l.parent, sizeof l.parent, "%s", p->id);
	object_set(&l, "provider_id", p->id);
	object_set(&l, "workspace", p->owner);
	object_set(&l, "text", text);
	yyjson_mut_obj_add_int(l.doc, root(&l), "level", level);
	object_set(&l, "operation", operation);
	object_set(&l, "request_id", id);
	object_put(db, &l);
	object_free(&l);
	db_run(db, "DELETE FROM object WHERE number IN (SELECT number FROM object WHERE kind = ?1 AND parent = ?2"
		" AND parent <> '' ORDER BY created DESC LIMIT ?3 OFFSET ?4)", "itii", (int64_t)OBJECT_PROVIDER_LOG, p->id,
		(int64_t)LOG_CUT, (int64_t)PROVIDER_LOGS_MAX);
}

/* Is the worker of its type connected? Recurrent work waits for nobody. */
static bool worker_here(struct db *db, const struct object *p)
{
	return db_number(db, 0, "SELECT connected FROM worker WHERE name = ?", "t", flow_worker(object_member(p, "type"))) != 0;
}

static void schedule_of(struct db *db, const struct object *p)
{
	char key[OBJECT_ID + 32];

	snprintf(key, sizeof key, "sync/%s", p->id);
	schedule_set(db, key, "provider.sync", p->id, "every 1200", SCHEDULE_ONCE, 120);
	snprintf(key, sizeof key, "reconcile/%s", p->id);
	schedule_set(db, key, "provider.reconcile", p->id, "every 120", SCHEDULE_ONCE, 10);
}

void provider_sync(struct db *db, struct object *p)
{
	core_timers_drop(db, p->id, "provider.sync");
	core_timer_add(db, "provider.sync", p->id, "", PROVIDER_STEP);
}

/* ---- the sync: a task of the type's worker ---- */

static int64_t add_task(struct db *db, const struct object *p, const char *kind, const char *input)
{
	char key[CORE_TASK_KEY];
	struct core_task_new n = {
		.worker = flow_worker(object_member(p, "type")), .kind = kind, .key = key, .input = input, .provider = p->id,
		.workspace = p->owner, .run = 900, .attempts = 3,
	};

	snprintf(key, sizeof key, "%.24s/%.64s/%" PRId64, kind, p->id, core_stamp(db));
	return core_task_add(db, &n);
}

static bool task_open(struct db *db, const char *provider, const char *kind)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM task WHERE provider = ? AND kind = ? AND state IN ('waiting', 'leased'))",
		"tt", provider, kind) != 0;
}

static void input_of(const struct object *p, bool quiet, char out[OBJECT_ID + 64])
{
	snprintf(out, OBJECT_ID + 64, "{\"provider\":\"%s\",\"quiet\":%s}", p->id, quiet ? "true" : "false");
}

/* Which of our machines it has: with each sync somebody asks for, for its worker. */
static int64_t look_at_machines(struct db *db, const struct object *p)
{
	char input[OBJECT_ID + 64];

	if (!worker_here(db, p) || task_open(db, p->id, "machine.list"))
		return 0;
	input_of(p, true, input);
	return add_task(db, p, "machine.list", input);
}

void provider_timer_sync(struct db *db, const char *id, const char *unused)
{
	char input[OBJECT_ID + 64];
	struct object p;

	(void)unused;
	if (!object_get(db, OBJECT_PROVIDER, id, &p))
		return;
	if (!strcmp(p.state, "initializing")) {
		provider_log(db, &p, PROVIDER_INFO, "sync", "Looking at what the provider has.");
		provider_state(db, &p, "processing");
		provider_sync(db, &p);
	} else if (!strcmp(p.state, "processing")) {
		input_of(&p, false, input);
		add_task(db, &p, "provider.sync", input);
		schedule_of(db, &p);
		look_at_machines(db, &p);
	}
	object_free(&p);
}

int64_t provider_schedule_sync(struct db *db, const char *id)
{
	char input[OBJECT_ID + 64];
	struct object p;
	int64_t task = 0;

	if (!object_get(db, OBJECT_PROVIDER, id, &p))
		return 0;
	if (worker_here(db, &p) && (!strcmp(p.state, "ready") || !strcmp(p.state, "unavailable")) && !task_open(db, id, "provider.sync")) {
		input_of(&p, true, input);
		task = add_task(db, &p, "provider.sync", input);
	}
	object_free(&p);
	return task;
}

int64_t provider_schedule_list(struct db *db, const char *id)
{
	struct object p;
	int64_t task = 0;

	if (!object_get(db, OBJECT_PROVIDER, id, &p))
		return 0;
	if (strcmp(p.state, "deleting") != 0)
		task = look_at_machines(db, &p);
	object_free(&p);
	return task;
}

/* Puts them into the document: were there others? */
static bool set_services(struct object *p, yyjson_val *services)
{
	yyjson_mut_val *list;

	if (!yyjson_is_arr(services))
		return false;
	list = yyjson_val_mut_copy(p->doc, services);
	if (yyjson_mut_equals(list, yyjson_mut_obj_get(root(p), "services")))
		return false;
	yyjson_mut_obj_put(root(p), yyjson_mut_str(p->doc, "services"), list);
	return true;
}

static void sync_good(struct db *db, struct object *p, yyjson_val *output, bool quiet)
{
	const char *message = yyjson_get_str(yyjson_obj_get(output, "message"));
	bool marked = vanished_take(db, p, yyjson_obj_get(output, "services"));
	bool others = set_services(p, yyjson_obj_get(output, "services"));
	bool moved = endpoints_take(p, yyjson_obj_get(output, "endpoints"));

	unregistered_take(db, p, yyjson_obj_get(output, "unregistered"));
	/* Recurrent work that finds what is known writes nothing. */
	if (quiet && !strcmp(p->state, "ready")) {
		if (others || marked || moved)
			object_put(db, p);
		if (moved)
			endpoints_said(db, p);
		return;
	}
	provider_log(db, p, PROVIDER_INFO, "sync", message && message[0] ? message : "The provider was looked at.");
	provider_state(db, p, "ready");
	if (moved)
		endpoints_said(db, p);
	provider_log(db, p, PROVIDER_INFO, "sync", "The provider is ready.");
}

/* What a Test Provider has is always the same: it is ready, and what is deployed with it ends for want of a worker. */
static void sync_alone(struct db *db, struct object *p)
{
	provider_test_services(p);
	provider_log(db, p, PROVIDER_INFO, "sync", "Found 1 image, 2 flavors and 1 key pair. The Test Provider is not switched on:"
		" nothing can be deployed with it.");
	provider_state(db, p, "ready");
	provider_log(db, p, PROVIDER_INFO, "sync", "The provider is ready.");
}

bool provider_said(struct db *db, const struct object *p, const char *line)
{
	/* kind 9 = OBJECT_PROVIDER_LOG, in figures for the index */
	return db_number(db, 0, "SELECT json_extract(doc, '$.text') = ?1 FROM object WHERE kind = 9 AND parent = ?2 AND parent <> ''"
		" ORDER BY created DESC, id DESC LIMIT 1", "tt", line, p->id) != 0;
}

static void sync_bad(struct db *db, struct object *p, const char *why, bool quiet)
{
	char line[320];

	if (!strcmp(why, "no worker"))
		snprintf(line, sizeof line, "no worker for %.128s", object_member(p, "type"));
	else
		snprintf(line, sizeof line, "%.300s", why);
	/* recurrent work that fails as before writes nothing */
	if (quiet && !strcmp(p->state, "unavailable") && provider_said(db, p, line))
		return;
	provider_log(db, p, PROVIDER_ERROR, "sync", line);
	provider_state(db, p, "unavailable");
}

bool provider_quiet(const struct core_task *t)
{
	yyjson_doc *in = yyjson_read(t->input, strlen(t->input), 0);
	bool quiet = yyjson_is_true(yyjson_obj_get(yyjson_doc_get_root(in), "quiet"));

	yyjson_doc_free(in);
	return quiet;
}

void provider_sync_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	bool quiet = provider_quiet(t);
	struct object p;

	if (!object_get(db, OBJECT_PROVIDER, t->provider, &p))
		return;
	if (!strcmp(p.state, "deleting") || (quiet && t->state != TASK_DONE && !strcmp(why, "no worker")))
		;
	else if (t->state == TASK_DONE)
		sync_good(db, &p, output, quiet);
	else if (!strcmp(object_member(&p, "type"), PROVIDER_TEST) && !strcmp(why, "no worker"))
		sync_alone(db, &p);
	else
		sync_bad(db, &p, why, quiet);
	object_free(&p);
}

bool provider_used(struct db *db, const char *id)
{
	/* kind 6 = OBJECT_SERVICE, in figures for the index. */
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = 6 AND"
		" json_extract(doc, '$.provider_id') = ? AND NOT (state = 'done' AND"
		" json_extract(doc, '$.operation') IN ('terminate', 'terminate_service')))", "t", id) != 0;
}

void provider_remove(struct db *db, const struct object *p)
{
	db_run(db, "DELETE FROM object WHERE kind = ? AND parent = ? AND parent <> ''", "it", (int64_t)OBJECT_PROVIDER_LOG,
		p->id);
	core_timers_drop(db, p->id, NULL);
	schedule_drop(db, p->id);
	db_run(db, "DELETE FROM stray WHERE provider = ?", "t", p->id);
	unregistered_forget(db, p->id);
	object_delete(db, p);
	firewall_refresh(db);
}

/* Is there, or may there still appear, what only this record's credentials can remove? */
static bool unsettled(struct db *db, const char *id)
{
	return db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM stray WHERE provider = ?1) OR EXISTS(SELECT 1 FROM task WHERE provider = ?1 AND"
		" kind IN ('machine.create', 'machine.adopt', 'machine.destroy', 'stack.put', 'stack.delete') AND state = 'leased') OR EXISTS("
		"SELECT 1 FROM task WHERE provider = ?1 AND kind IN ('machine.create', 'machine.destroy', 'stack.delete') AND state = 'waiting'"
		" AND worker IN (SELECT name FROM worker WHERE connected)) OR EXISTS("
		"SELECT 1 FROM task WHERE provider = ?1 AND kind = 'machine.create' AND started > 0 AND finished > ?2 AND state <> 'done'"
		" AND message NOT LIKE 'no worker%' AND json_extract(output, '$.definite') IS NOT 1)", "ti", id, plat_clock_wall() - PROVIDER_SETTLE) != 0;
}

/* The list finds what appears, and has it removed (reconcile.c). */
static void wait_for_strays(struct db *db, struct object *p, int looks)
{
	char argument[16];

	if (!looks)
		provider_log(db, p, PROVIDER_INFO, "delete", "What belongs to no instance any more, or may still appear, is removed first.");
	look_at_machines(db, p);
	snprintf(argument, sizeof argument, "%d", looks + 1);
	core_timer_add(db, "provider.delete", p->id, argument, LOOK);
}

void provider_timer_delete(struct db *db, const char *id, const char *looks)
{
	struct object p;
	bool left;

	if (!object_get(db, OBJECT_PROVIDER, id, &p))
		return;
	left = unsettled(db, id);
	if (provider_used(db, id)) {
		/* what was under way when the deletion began */
		provider_log(db, &p, PROVIDER_ERROR, "delete", "The provider is in use: it stays.");
		provider_state(db, &p, "processing");
		provider_sync(db, &p);
	} else if (left && atoi(looks) < LOOKS_MAX) {
		wait_for_strays(db, &p, atoi(looks));
	} else {
		if (left)
			log_warn("provider %s is removed while machines of ours may be left there", id);
		provider_remove(db, &p);
	}
	object_free(&p);
}

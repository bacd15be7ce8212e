/* Machines a provider has against the rows: one for each row stays, the others go after a while. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "machine.h"
#include "plant.h"
#include "provider.h"
#include "truth.h"
#include "vanished.h"
#include "log/log.h"
#include "plat/clock.h"

/* Machines of one list. */
#define LIST_MAX 5000

/* beside: what was made for a machine that is not there itself (volumes, groups); stack: of an instance, whose id is the key. */
struct seen { const char *key, *external_id, *created; bool beside, stack; };

static const char *text(yyjson_val *o, const char *name)
{
	const char *s = yyjson_get_str(yyjson_obj_get(o, name));

	return s ? s : "";
}

static unsigned read_list(yyjson_val *output, struct seen *list)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(output, "machines"));
	yyjson_val *m;
	unsigned n = 0;

	while (n < LIST_MAX && (m = yyjson_arr_iter_next(&it))) {
		list[n] = (struct seen){ text(m, "key"), text(m, "external_id"), text(m, "created"),
			yyjson_is_true(yyjson_obj_get(m, "beside")), yyjson_is_true(yyjson_obj_get(m, "stack")) };
		if (!list[n].key[0])
			list[n].key = text(m, "machine");
		if (list[n].key[0] && list[n].external_id[0])
			n++;
	}
	return n;
}

/* Of those with this key: the one the row names, if it is there, else the oldest. */
static unsigned keeper(const struct seen *list, unsigned n, const char *key, const char *external_id)
{
	unsigned best = n;

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(list[i].key, key) != 0)
			continue;
		if (external_id[0] && !strcmp(list[i].external_id, external_id))
			return i;
		if (best == n || (strcmp(list[i].created, list[best].created) < 0) != PLANTED("wrong-keeper"))
			best = i;
	}
	return best;
}

/* Is there an instance whose stack this may be? */
static bool known_stack(struct db *db, const char *instance)
{
	struct object o;
	bool known;

	if (!object_get(db, OBJECT_INSTANCE, instance, &o))
		return false;
	known = !(instance_state(&o) == LIFE_DONE && instance_event(&o) == LIFE_TERMINATE_SERVICE);
	object_free(&o);
	return known;
}

/* Of a machine that is being made the provider may know before we do. */
static bool known(struct db *db, const struct core_task *t, const struct seen *list, unsigned n, unsigned at)
{
	struct machine m;

	if (list[at].stack)
		return known_stack(db, list[at].key);
	if (!machine_read(db, list[at].key, &m) || m.state == MACHINE_GONE || strcmp(m.provider, t->provider) != 0)
		return false;
	if (PLANTED("wrong-keeper"))
		m.external_id[0] = 0;
	return keeper(list, n, list[at].key, m.external_id) == at;
}

static void add_destroy(struct db *db, const struct core_task *t, const char *type, const char *key, const char *external_id)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *in = yyjson_mut_obj(doc);
	char name[CORE_TASK_KEY], *input;
	/* by the first letter of the key: machines' ids begin with m */
	struct core_task_new n = { .worker = flow_worker(type), .kind = key[0] == 'i' ? "stack.delete" : "machine.destroy", .key = name, .provider = t->provider,
		.workspace = t->workspace, .run = 3600 };

	yyjson_mut_doc_set_root(doc, in);
	yyjson_mut_obj_add_strcpy(doc, in, "provider", t->provider);
	yyjson_mut_obj_add_strcpy(doc, in, "machine", key);
	yyjson_mut_obj_add_strcpy(doc, in, "external_id", external_id);
	yyjson_mut_obj_add_strcpy(doc, in, "key", key);
	/* one that was imported, and not made for us, is only let go of */
	yyjson_mut_obj_add_bool(doc, in, "stray", true);
	input = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	n.input = input;
	snprintf(name, sizeof name, "stray/%.40s/%" PRId64, t->provider, core_stamp(db));
	core_task_add(db, &n);
	free(input);
}

/* Those that were strays for long enough; one after another, the next list has the rest. */
static void remove_old(struct db *db, const struct core_task *t, const char *type)
{
	char key[OBJECT_ID], external_id[MACHINE_TEXT], line[MACHINE_TEXT + 96];
	sqlite3_stmt *q = db_query(db, "SELECT key, external_id FROM stray WHERE provider = ?1 AND since_boot <= ?2 AND NOT EXISTS("
		"SELECT 1 FROM task WHERE task.machine = stray.key AND task.machine <> '' AND kind = 'machine.create' AND state ="
		" 'leased') ORDER BY since_boot LIMIT 1", "ti", t->provider, plat_clock_boot() - PROVIDER_SETTLE);
	struct object p;

	if (!db_row(db, q))
		return;
	snprintf(key, sizeof key, "%s", db_text(q, 0));
	snprintf(external_id, sizeof external_id, "%s", db_text(q, 1));
	db_end(q);
	/* If this fails it is found again, and has to settle again. */
	db_run(db, "DELETE FROM stray WHERE provider = ? AND external_id = ?", "tt", t->provider, external_id);
	add_destroy(db, t, type, key, external_id);
	if (object_get(db, OBJECT_PROVIDER, t->provider, &p)) {
		snprintf(line, sizeof line, "%s %.128s belongs to no instance (any more): it is removed.",
			key[0] == 'i' ? "Stack" : "Machine", external_id);
		provider_log(db, &p, PROVIDER_INFO, "reconcile", line);
		object_free(&p);
	}
}

static void note_strays(struct db *db, const struct core_task *t, const struct seen *list, unsigned n)
{
	db_run(db, "UPDATE stray SET seen = 0 WHERE provider = ?", "t", t->provider);
	for (unsigned i = 0; i < n; i++)
		if (!known(db, t, list, n, i))
			db_run(db, "INSERT INTO stray(provider, external_id, key, since_boot, seen) VALUES(?, ?, ?, ?, 1)"
				" ON CONFLICT(provider, external_id) DO UPDATE SET seen = 1", "ttti", t->provider, list[i].external_id,
				list[i].key, plat_clock_boot());
	db_run(db, "DELETE FROM stray WHERE provider = ? AND seen = 0", "t", t->provider);
}

/* A list that may have been cut says nothing of what it does not have. */
static void look_for_vanished(struct db *db, const struct core_task *t, const struct seen *list, unsigned n)
{
	struct vanished_list all = { .keys = calloc(n + 1, sizeof *all.keys) };

	if (!all.keys)
		log_fatal("reconcile");
	for (unsigned i = 0; i < n; i++)
		if (!list[i].beside && !list[i].stack)
			all.keys[all.count++] = list[i].key;
	if (n < LIST_MAX)
		vanished_machines(db, t, &all);
	free(all.keys);
}

void provider_list_ended(struct db *db, const struct core_task *t, const char *why, yyjson_val *output)
{
	struct seen *list = t->state == TASK_DONE ? calloc(LIST_MAX, sizeof *list) : NULL;
	struct object p;
	unsigned n;

	(void)why;
	/* an output without a list says nothing */
	if (!list || !yyjson_is_arr(yyjson_obj_get(output, "machines")) || !object_get(db, OBJECT_PROVIDER, t->provider, &p)) {
		free(list);
		return;
	}
	n = read_list(output, list);
	note_strays(db, t, list, n);
	look_for_vanished(db, t, list, n);
	for (unsigned i = 0; i < 16 && !db_error(db); i++)
		remove_old(db, t, object_member(&p, "type"));
	object_free(&p);
	free(list);
}

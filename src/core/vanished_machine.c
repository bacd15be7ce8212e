/* Machines of instances that their provider has no more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "machine.h"
#include "provider.h"
#include "truth.h"
#include "vanished.h"
#include "log/log.h"

struct row { char id[OBJECT_ID]; int64_t missed; bool there; };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool within(const char *const *list, size_t n, const char *text)
{
	return n && bsearch(&text, list, n, sizeof *list, by_text);
}

/* In the logs of the instance and of the provider. */
static void tell(struct db *db, const struct object *p, const struct machine *m)
{
	char line[MACHINE_NAME + MACHINE_TEXT + 320];
	struct object instance;

	if (!object_get(db, OBJECT_INSTANCE, m->instance, &instance))
		return;
	snprintf(line, sizeof line, m->vanished ? "Machine %s (%.128s) is no longer there: the provider %.64s has removed it." :
		"Machine %s (%.128s) is there again: the provider %.64s has it.", m->name, m->external_id, object_member(p, "name"));
	instance_log(db, &instance, "", NULL, m->vanished ? "error" : "info", NULL, line);
	snprintf(line, sizeof line, "Machine %s (%.128s) of the instance %.64s (%s) is %s.", m->name, m->external_id,
		object_member(&instance, "name"), instance.id, m->vanished ? "no longer there" : "there again");
	provider_log(db, p, m->vanished ? PROVIDER_ERROR : PROVIDER_INFO, "reconcile", line);
	object_free(&instance);
}

static void judge(struct db *db, const struct object *p, const struct row *r)
{
	bool vanished = !r->there && r->missed + 1 >= VANISHED_LISTS;
	struct machine m;

	if (r->there ? !r->missed : r->missed >= VANISHED_LISTS)
		return;
	db_run(db, "UPDATE machine SET missed = ?, vanished = ? WHERE id = ?", "iit", r->there ? (int64_t)0 : r->missed + 1,
		vanished ? core_stamp(db) : (int64_t)0, r->id);
	if (!vanished && r->missed < VANISHED_LISTS)
		return;
	if (machine_read(db, r->id, &m)) {
		machine_mirror(db, m.instance);
		tell(db, p, &m);
	}
}

/* Those that the provider had when the list was begun. What an import has not taken over yet carries no key. */
static size_t read_rows(struct db *db, const struct core_task *t, const struct vanished_list *list, struct row **out)
{
	int64_t began = db_number(db, 0, "SELECT started FROM task WHERE id = ?", "i", t->id);
	sqlite3_stmt *q = db_query(db, "SELECT id, missed FROM machine WHERE provider = ?1 AND provider <> '' AND"
		" external_id <> '' AND state NOT IN ('expected', 'making', 'leaving', 'gone') AND updated < ?2 AND NOT EXISTS(SELECT 1"
		" FROM object WHERE kind = ?3 AND object.id = machine.instance AND object.state <> 'done' AND json_extract(doc,"
		" '$.operation.event') = 'deploy' AND json_extract(doc, '$.unregistered_id') <> '')", "tii", t->provider, began,
		(int64_t)OBJECT_INSTANCE);
	struct row *rows = NULL, *more;
	size_t n = 0, cap = 0;

	while (db_row(db, q)) {
		if (n == cap) {
			cap = cap ? 2 * cap : 64;
			more = realloc(rows, cap * sizeof *rows);
			if (!more)
				log_fatal("vanished");
			rows = more;
		}
		snprintf(rows[n].id, sizeof rows[n].id, "%s", db_text(q, 0));
		rows[n].there = within(list->keys, list->count, db_text(q, 0));
		rows[n++].missed = db_int(q, 1);
	}
	*out = rows;
	return n;
}

void vanished_machines(struct db *db, const struct core_task *t, const struct vanished_list *list)
{
	struct row *rows = NULL;
	struct object p;
	size_t n;

	if (!object_get(db, OBJECT_PROVIDER, t->provider, &p))
		return;
	if (list->count)
		qsort(list->keys, list->count, sizeof *list->keys, by_text);
	n = read_rows(db, t, list, &rows);
	for (size_t i = 0; i < n; i++)
		judge(db, &p, &rows[i]);
	free(rows);
	object_free(&p);
}

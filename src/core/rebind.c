#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance_stack.h"
#include "rebind.h"
#include "timers.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

/* Targets of one variable, and candidates that are read. */
#define TARGETS_MAX 1000
/* Binding variables of one instance. */
#define WANTED_MAX 200
/* What a target's address was, all machines together. */
#define ADDRESS_MAX 1024

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

/* ---- looking ---- */

struct found { char scope[256], name[130], target[OBJECT_ID], address[ADDRESS_MAX]; };

/* One Binding variable of the instance's boxes, as it is there: with what overrides it. */
struct wanted { const char *scope, *name; yyjson_mut_val *variable; };

struct look {
	struct db *db;
	const struct object *origin;
	struct found *list;
	unsigned count;
	struct wanted *wanted;
	unsigned wanted_count;
	struct instance_stack *stack;
};

static void add_address(char out[ADDRESS_MAX], yyjson_mut_val *of)
{
	yyjson_mut_val *a = yyjson_mut_obj_get(of, "address");
	size_t n = strlen(out);

	if (yyjson_mut_is_obj(a))
		snprintf(out + n, ADDRESS_MAX - n, "%s/%s ", text(a, "public"), text(a, "private"));
}

static void addresses(yyjson_mut_val *service, char out[ADDRESS_MAX])
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(service, "machines"));
	yyjson_mut_val *m;

	out[0] = 0;
	add_address(out, service);
	while ((m = yyjson_mut_arr_iter_next(&it)))
		add_address(out, m);
}

static void try_target(struct look *l, const struct object *target, yyjson_mut_val *service)
{
	struct found *f;

	for (unsigned i = 0; i < l->wanted_count && l->count < TARGETS_MAX; i++) {
		if (!binding_matches(l->origin->owner, l->wanted[i].variable, target->doc->root, service))
			continue;
		f = &l->list[l->count++];
		snprintf(f->scope, sizeof f->scope, "%s", l->wanted[i].scope);
		snprintf(f->name, sizeof f->name, "%s", l->wanted[i].name);
		snprintf(f->target, sizeof f->target, "%s", target->id);
		addresses(service, f->address);
	}
}

/* An override may say nothing of the tags: then those of the box hold. */
static yyjson_mut_val *with_tags(yyjson_mut_doc *doc, yyjson_mut_val *value, yyjson_mut_val *declared)
{
	yyjson_mut_val *both;

	if (value == declared || yyjson_mut_obj_get(value, "tags") || !yyjson_mut_obj_get(declared, "tags"))
		return value;
	both = yyjson_mut_val_mut_copy(doc, value);
	yyjson_mut_obj_add_val(doc, both, "tags", yyjson_mut_val_mut_copy(doc, yyjson_mut_obj_get(declared, "tags")));
	return both;
}

static void want_node(struct look *l, unsigned node)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(l->stack->node[node].box, "variables"));
	yyjson_mut_val *v, *value;
	char field[STACK_FIELD];

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		if (strcmp(text(v, "type"), "Binding") || text(v, "scope")[0] || l->wanted_count == WANTED_MAX)
			continue;
		value = stack_value(l->stack, node, text(v, "name"), NULL, NULL, field);
		if (value)
			l->wanted[l->wanted_count++] = (struct wanted){ l->stack->node[node].path, text(v, "name"),
				with_tags(l->origin->doc, value, v) };
	}
}

static unsigned candidates(struct look *l, char (*ids)[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(l->db, "SELECT s.parent FROM object s JOIN object i ON i.kind = ?1 AND i.id = s.parent"
		" WHERE s.kind = ?2 AND (i.owner = ?3 OR EXISTS(SELECT 1 FROM share WHERE share.kind = ?1 AND share.id = i.id"
		" AND member = ?3)) AND (json_extract(s.doc, '$.address') IS NOT NULL OR json_array_length(s.doc, '$.machines') > 0)"
		" ORDER BY s.parent LIMIT ?4", "iiti", (int64_t)OBJECT_INSTANCE, (int64_t)OBJECT_SERVICE, l->origin->owner,
		(int64_t)TARGETS_MAX);
	unsigned n = 0;

	while (n < TARGETS_MAX && db_row(l->db, q))
		snprintf(ids[n++], OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	return n;
}

static void try_all(struct look *l)
{
	char (*ids)[OBJECT_ID] = calloc(TARGETS_MAX, sizeof *ids);
	struct object target, service;
	unsigned n = ids ? candidates(l, ids) : 0;

	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(ids[i], l->origin->id) || !object_get(l->db, OBJECT_INSTANCE, ids[i], &target))
			continue;
		if (object_get(l->db, OBJECT_SERVICE, instance_service(&target), &service)) {
			try_target(l, &target, service.doc->root);
			object_free(&service);
		}
		object_free(&target);
	}
	free(ids);
}

/* What all Binding variables of an instance find. */
static void look_begin(struct look *l, struct db *db, const struct object *instance)
{
	*l = (struct look){ .db = db, .origin = instance, .list = calloc(TARGETS_MAX, sizeof *l->list),
		.wanted = calloc(WANTED_MAX, sizeof *l->wanted), .stack = calloc(1, sizeof *l->stack) };
	if (!l->list || !l->wanted || !l->stack)
		log_fatal("binding");
	stack_read(db, instance, l->stack);
	for (unsigned i = 0; i < l->stack->count; i++)
		want_node(l, i);
	if (l->wanted_count)
		try_all(l);
}

static void look_end(struct look *l)
{
	free(l->list);
	free(l->wanted);
	stack_free(l->stack);
	free(l->stack);
}

/* ---- keeping ---- */

static void keep_document(struct db *db, struct object *instance, const struct look *l)
{
	yyjson_mut_val *list = yyjson_mut_arr(instance->doc), *b;

	for (unsigned i = 0; i < l->count; i++) {
		b = yyjson_mut_arr_add_obj(instance->doc, list);
		yyjson_mut_obj_add_strcpy(instance->doc, b, "name", l->list[i].name);
		if (l->list[i].scope[0])
			yyjson_mut_obj_add_strcpy(instance->doc, b, "scope", l->list[i].scope);
		yyjson_mut_obj_add_strcpy(instance->doc, b, "instance", l->list[i].target);
	}
	if (yyjson_mut_equals(list, yyjson_mut_obj_get(instance->doc->root, "bindings")))
		return;
	yyjson_mut_obj_put(instance->doc->root, yyjson_mut_str(instance->doc, "bindings"), list);
	object_put(db, instance);
}

void rebind_collect(struct db *db, struct object *instance)
{
	struct look l;

	look_begin(&l, db, instance);
	db_run(db, "DELETE FROM binding WHERE instance = ?", "t", instance->id);
	for (unsigned i = 0; i < l.count; i++)
		db_run(db, "INSERT OR IGNORE INTO binding(instance, scope, name, target, address) VALUES(?, ?, ?, ?, ?)", "ttttt",
			instance->id, l.list[i].scope, l.list[i].name, l.list[i].target, l.list[i].address);
	keep_document(db, instance, &l);
	look_end(&l);
}

/* Is what they find now what was kept? */
static bool changed(struct db *db, const struct object *instance)
{
	struct look l;
	bool differs;

	look_begin(&l, db, instance);
	differs = db_number(db, 0, "SELECT count(*) FROM binding WHERE instance = ?", "t", instance->id) != l.count;
	for (unsigned i = 0; i < l.count && !differs; i++)
		differs = !db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM binding WHERE instance = ? AND scope = ? AND name = ?"
			" AND target = ? AND address = ?)", "ttttt", instance->id, l.list[i].scope, l.list[i].name, l.list[i].target,
			l.list[i].address);
	look_end(&l);
	return differs;
}

void rebind_forget(struct db *db, const char *instance)
{
	db_run(db, "DELETE FROM binding WHERE instance = ?", "t", instance);
}

/* ---- when something changed ---- */

void rebind_soon(struct db *db)
{
	/* Not when nobody would be reconfigured.  Without the index's name all instances would be read, at the end of each script. */
	if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM object INDEXED BY instance_automatic WHERE kind = 5 AND"
			" json_extract(doc, '$.automatic_reconfiguration') = 1)", ""))
		core_timer_once(db, "rebind", "", "", REBIND_SOON);
}

/* One after another, so that no transaction is long. */
void rebind_timer_look(struct db *db, const char *unused, const char *after)
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM object INDEXED BY instance_automatic WHERE kind = 5 AND"
		" json_extract(doc, '$.automatic_reconfiguration') = 1 AND id > ? ORDER BY id LIMIT ?", "ti", after, (int64_t)REBIND_BATCH);
	char ids[REBIND_BATCH][OBJECT_ID];
	struct object o;
	unsigned n = 0;

	(void)unused;
	while (n < REBIND_BATCH && db_row(db, q))
		snprintf(ids[n++], OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	for (unsigned i = 0; i < n; i++) {
		if (!object_get(db, OBJECT_INSTANCE, ids[i], &o))
			continue;
		if (life_situation(instance_state(&o), instance_event(&o)) == LIFE_ONLINE && changed(db, &o))
			core_timer_once(db, "rebind.reconfigure", ids[i], "", 0);
		object_free(&o);
	}
	if (n == REBIND_BATCH)
		core_timer_add(db, "rebind", "", ids[n - 1], 0);
}

void rebind_timer_reconfigure(struct db *db, const char *id, const char *tries)
{
	struct life_step step;
	struct object o;
	char text_of[16];
	int n = atoi(tries);

	if (!object_get(db, OBJECT_INSTANCE, id, &o))
		return;
	step = life_decide(instance_state(&o), instance_event(&o), LIFE_DO_RECONFIGURE);
	if (step.verdict == LIFE_START) {
		instance_begin(db, &o, step.event, NULL, NULL);
	} else if (instance_state(&o) == LIFE_PROCESSING && n < REBIND_TRIES) {
		/* Busy: what runs now may have begun before the change. */
		snprintf(text_of, sizeof text_of, "%d", n + 1);
		core_timer_add(db, "rebind.reconfigure", id, text_of, REBIND_AGAIN);
	}
	object_free(&o);
}

int rebind_notify(struct db *db, const char *instance)
{
	sqlite3_stmt *q = db_query(db, "SELECT DISTINCT instance FROM binding WHERE target = ? LIMIT ?", "ti", instance,
		(int64_t)TARGETS_MAX);
	char (*ids)[OBJECT_ID] = calloc(TARGETS_MAX, sizeof *ids);
	int n = 0;

	while (ids && n < TARGETS_MAX && db_row(db, q))
		snprintf(ids[n++], OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	for (int i = 0; i < n; i++)
		core_timer_once(db, "rebind.reconfigure", ids[i], "", 0);
	free(ids);
	return n;
}

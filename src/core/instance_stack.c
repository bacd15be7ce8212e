#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "instance_stack.h"
#include "log/log.h"
#include "plat/text.h"

/* Of the policy's variables this one stands for the deployed box. */
#define MAIN_BOX "MainBox"

static const char *text(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

/* ---- the tree ---- */

static yyjson_mut_val *find_box(yyjson_mut_val *list, const char *id, bool line)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *box;

	while ((box = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(text(box, "id"), id) || (line && !strcmp(text(yyjson_mut_obj_get(box, "version"), "box"), id)))
			return box;
	return NULL;
}

/* The copy a Box variable means: the very box, a version of it, or what its version has given way to. */
static yyjson_mut_val *copy_of(struct db *db, yyjson_mut_val *instance, const char *id)
{
	static const char *const lists[] = { "boxes", "admin_boxes" };
	yyjson_mut_val *box = NULL;
	char draft[OBJECT_ID] = "";
	sqlite3_stmt *q;

	for (int line = 0; line < 2; line++)
		for (int i = 0; i < 2 && !box; i++)
			box = find_box(yyjson_mut_obj_get(instance, lists[i]), id, line);
	if (box || !db || !id[0])
		return box;
	q = db_query(db, "SELECT parent FROM object WHERE kind = ? AND id = ?", "it", (int64_t)OBJECT_BOX, id);
	if (db_row(db, q)) {
		snprintf(draft, sizeof draft, "%s", db_text(q, 0));
		db_end(q);
	}
	for (int i = 0; draft[0] && i < 2 && !box; i++)
		box = find_box(yyjson_mut_obj_get(instance, lists[i]), draft, true);
	return box;
}

static void grow(struct db *db, struct instance_stack *s, yyjson_mut_val *box, int parent, const char *path, bool admin,
	int depth);

static void grow_children(struct db *db, struct instance_stack *s, unsigned at, int depth)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(s->node[at].box, "variables"));
	yyjson_mut_val *v, *value, *box;
	char path[2 * STACK_PATH], field[STACK_FIELD];

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		if (strcmp(text(v, "type"), "Box") || text(v, "scope")[0])
			continue;
		value = stack_value(s, at, text(v, "name"), NULL, NULL, field);
		box = copy_of(db, s->instance, text(value, "value"));
		if (!box)
			continue;
		snprintf(path, sizeof path, "%s%s%s", s->node[at].path, s->node[at].path[0] ? "." : "", text(v, "name"));
		grow(db, s, box, (int)at, path, s->node[at].admin, depth + 1);
	}
}

static void grow(struct db *db, struct instance_stack *s, yyjson_mut_val *box, int parent, const char *path, bool admin,
	int depth)
{
	struct stack_node *n;

	if (s->count == STACK_NODES || depth > BOX_DEPTH_MAX || strlen(path) >= sizeof n->path)
		return;
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 8;
		s->node = realloc(s->node, s->room * sizeof *s->node);
		if (!s->node)
			log_fatal("stack");
	}
	n = &s->node[s->count];
	n->box = box;
	n->parent = parent;
	n->admin = admin;
	plat_text(n->path, sizeof n->path, path);
	grow_children(db, s, s->count++, depth);
}

void stack_read(struct db *db, const struct object *instance, struct instance_stack *out)
{
	yyjson_mut_val *policy = yyjson_mut_obj_get(instance->doc->root, "policy_box"), *v, *box;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(policy, "variables"));
	char path[STACK_PATH];

	*out = (struct instance_stack){ .instance = instance->doc->root };
	box = yyjson_mut_arr_get_first(yyjson_mut_obj_get(out->instance, "boxes"));
	if (box)
		grow(db, out, box, -1, "", false, 0);
	out->main_count = out->count;
	while ((v = yyjson_mut_arr_iter_next(&it))) {
		if (strcmp(text(v, "type"), "Box") || !strcmp(text(v, "name"), MAIN_BOX) || text(v, "scope")[0])
			continue;
		box = copy_of(db, out->instance, text(v, "value"));
		snprintf(path, sizeof path, "@%.200s", text(v, "name"));
		if (box)
			grow(db, out, box, -1, path, true, 0);
	}
}

void stack_free(struct instance_stack *s)
{
	free(s->node);
	*s = (struct instance_stack){ .node = NULL };
}

int stack_find(const struct instance_stack *s, const char *path)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->node[i].path, path))
			return (int)i;
	return -1;
}

/* ---- values ---- */

/* Where one looks for a value: a list of variables, the scope the node has there, and the name secrets have. */
struct place { yyjson_mut_val *list; const char *scope, *prefix, *box; };

static yyjson_mut_val *named(const struct place *p, const char *name)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(p->list);
	yyjson_mut_val *v, *value;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		value = yyjson_mut_obj_get(v, "value");
		if (!strcmp(text(v, "name"), name) && !strcmp(text(v, "scope"), p->scope) && value && !yyjson_mut_is_null(value))
			return v;
	}
	return NULL;
}

/* What is below a parent's path: "a.b.c" below "a" is "b.c". */
static const char *below(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	return !n ? path : path[n] == '.' ? path + n + 1 : path + n;
}

/* The places in the order of their weight; returns how many. */
static unsigned places(const struct instance_stack *s, unsigned node, struct place out[BOX_DEPTH_MAX + 3])
{
	const struct stack_node *n = &s->node[node];
	int chain[BOX_DEPTH_MAX + 2], depth = 0;
	unsigned count = 0;

	out[count++] = n->admin ?
		(struct place){ yyjson_mut_obj_get(yyjson_mut_obj_get(s->instance, "policy_box"), "variables"), n->path + 1, "policy_box/", NULL } :
		(struct place){ yyjson_mut_obj_get(s->instance, "variables"), n->path, "", NULL };
	for (int i = (int)node; i >= 0 && depth < BOX_DEPTH_MAX + 2; i = s->node[i].parent)
		chain[depth++] = i;
	while (depth-- > 0) {
		const struct stack_node *a = &s->node[chain[depth]];

		out[count++] = (struct place){ yyjson_mut_obj_get(a->box, "variables"), below(n->path, a->path), "", text(a->box, "id") };
	}
	return count;
}

/* The name a secret of this place has. */
static void field_of(const struct place *p, const char *name, char field[STACK_FIELD])
{
	const char *colon = p->scope[0] ? ":" : "";

	if (p->box)
		snprintf(field, STACK_FIELD, "boxes/%.64s/variables/%s%s%s", p->box, p->scope, colon, name);
	else
		snprintf(field, STACK_FIELD, "%svariables/%s%s%s", p->prefix, p->scope, colon, name);
}

yyjson_mut_val *stack_value(const struct instance_stack *s, unsigned node, const char *name,
	bool (*kept)(void *arg, const char *field), void *arg, char field[STACK_FIELD])
{
	struct place at[BOX_DEPTH_MAX + 3];
	unsigned n = places(s, node, at);
	yyjson_mut_val *v, *last = NULL;

	field[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		v = named(&at[i], name);
		if (!v)
			continue;
		last = v;
		if (!kept || !yyjson_mut_equals_str(yyjson_mut_obj_get(v, "value"), "********"))
			return v;
		field_of(&at[i], name, field);
		if (kept(arg, field))
			return v;
		field[0] = 0;
	}
	return last;
}

/* ---- scripts ---- */

static const char *const events[] = {
	"pre_install", "install", "pre_configure", "configure", "pre_start", "start",
	"pre_stop", "stop", "post_stop", "pre_dispose", "dispose", "post_dispose", NULL
};

const char *stack_event(unsigned i)
{
	return i < sizeof events / sizeof events[0] ? events[i] : NULL;
}

/* Parents first: what prepares, and what takes down. */
static bool parents_first(const char *event)
{
	return !strncmp(event, "pre_", 4) || strstr(event, "stop") || strstr(event, "dispose");
}

struct order { const struct instance_stack *s; const char *event; struct stack_script *out; unsigned count; };

static void add(struct order *o, unsigned node)
{
	yyjson_mut_val *file = yyjson_mut_obj_get(yyjson_mut_obj_get(o->s->node[node].box, "events"), o->event);

	/* An empty event is not there. */
	if (text(file, "url")[0] && o->count < STACK_NODES)
		o->out[o->count++] = (struct stack_script){ node, file };
}

static void visit(struct order *o, unsigned node)
{
	bool first = parents_first(o->event);

	if (first)
		add(o, node);
	for (unsigned i = node + 1; i < o->s->count; i++)
		if (o->s->node[i].parent == (int)node)
			visit(o, i);
	if (!first)
		add(o, node);
}

unsigned stack_scripts(const struct instance_stack *s, const char *event, struct stack_script out[STACK_NODES])
{
	struct order o = { s, event, out, 0 };

	/* Admin boxes wrap the deployed one. */
	for (unsigned i = s->main_count; i < s->count; i++)
		if (s->node[i].parent < 0)
			visit(&o, i);
	if (s->main_count)
		visit(&o, 0);
	return o.count;
}

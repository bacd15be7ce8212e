/* A box and all it is made of: depth first, in the order of the variables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "log/log.h"

/* Bytes of a name in a path that is told. */
#define NAME_SHOWN 30
#define SHOWN(name) schema_shown(name, NAME_SHOWN), name

struct walk {
	struct db *db;
	const struct core_principal *principal;	/* NULL = the structure only: everything is seen, gaps are passed over */
	struct box_stack *stack;
	/* From the box asked for to the present one: their lines (the draft's id) and names. */
	const char *lines[BOX_DEPTH_MAX + 1];
	const char *names[BOX_DEPTH_MAX + 1];
	unsigned depth;
	char *message;
};

static const char *line_of(const struct object *box)
{
	return box->parent[0] ? box->parent : box->id;
}

static bool in_stack(const struct box_stack *s, const char *id)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->list[i].id, id))
			return true;
	return false;
}

static int refuse_cycle(struct walk *w, const char *variable, unsigned from)
{
	size_t len = (size_t)snprintf(w->message, SCHEMA_MESSAGE, "%s: the box would contain itself: ", variable);

	/* A long path is told as far as whole names fit. */
	for (unsigned i = from; i <= w->depth && len + 2 * (NAME_SHOWN + 3) < SCHEMA_MESSAGE; i++)
		len += (size_t)snprintf(w->message + len, SCHEMA_MESSAGE - len, "%.*s > ", SHOWN(w->names[i]));
	snprintf(w->message + len, SCHEMA_MESSAGE - len, "%.*s.", SHOWN(w->names[from]));
	return -1;
}

static int walk_box(struct walk *w, unsigned index);

static int enter(struct walk *w, struct object *child, const char *variable)
{
	int result;

	for (unsigned i = 0; i <= w->depth; i++)
		if (!strcmp(w->lines[i], line_of(child)))
			return refuse_cycle(w, variable, i);
	if (in_stack(w->stack, child->id)) {
		object_free(child);
		return 0;
	}
	if (w->depth + 1 > BOX_DEPTH_MAX - 1 || w->stack->count == BOX_STACK_MAX) {
		snprintf(w->message, SCHEMA_MESSAGE, "%s: boxes are nested at most %d deep, %d in all.", variable, BOX_DEPTH_MAX,
			BOX_STACK_MAX);
		return -1;
	}
	w->stack->list[w->stack->count] = *child;
	memset(child, 0, sizeof *child);
	w->depth++;
	result = walk_box(w, w->stack->count++);
	w->depth--;
	return result;
}

static int refuse_gone(struct walk *w, const char *variable, const char *name, const char *id)
{
	snprintf(w->message, SCHEMA_MESSAGE, "%s (%.*s of %.*s): the box %.40s does not exist or is not shared with you.", variable,
		SHOWN(name), SHOWN(w->names[w->depth]), id);
	return -1;
}

static int walk_variable(struct walk *w, yyjson_mut_val *variable, size_t n)
{
	const char *id = yyjson_mut_get_str(yyjson_mut_obj_get(variable, "value"));
	const char *update = yyjson_mut_get_str(yyjson_mut_obj_get(variable, "automatic_updates"));
	const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(variable, "name"));
	struct object child;
	char at[48];
	int result;

	if (!yyjson_mut_equals_str(yyjson_mut_obj_get(variable, "type"), "Box") || !id || !*id)
		return 0;
	snprintf(at, sizeof at, "variables[%zu].value", n);
	if (!box_resolve(w->db, w->principal, id, update, &child))
		return w->principal ? refuse_gone(w, at, name ? name : "", id) : 0;
	result = enter(w, &child, at);
	if (result)
		object_free(&child);
	return result;
}

static int walk_box(struct walk *w, unsigned index)
{
	struct object *box = &w->stack->list[index];
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "variables"));
	yyjson_mut_val *variable;

	w->lines[w->depth] = line_of(box);
	w->names[w->depth] = object_member(box, "name");
	for (size_t n = 0; (variable = yyjson_mut_arr_iter_next(&it)); n++)
		if (walk_variable(w, variable, n))
			return -1;
	return 0;
}

/* The list has its whole size from the beginning: the walk keeps pointers into it. */
static int walk(struct db *db, const struct core_principal *p, const struct object *box, struct box_stack *out,
	char *message)
{
	struct walk w = { .db = db, .principal = p, .stack = out, .message = message };

	out->count = 1;
	out->list = calloc(BOX_STACK_MAX, sizeof *out->list);
	if (!out->list)
		log_fatal("box");
	out->list[0] = *box;
	out->list[0].text = NULL;
	out->list[0].doc = yyjson_mut_doc_mut_copy(box->doc, NULL);
	return walk_box(&w, 0);
}

int box_stack(struct db *db, const struct core_principal *p, const struct object *box, struct box_stack *out,
	char message[SCHEMA_MESSAGE])
{
	return walk(db, p, box, out, message);
}

void box_stack_free(struct box_stack *s)
{
	for (unsigned i = 0; i < s->count; i++)
		object_free(&s->list[i]);
	free(s->list);
	*s = (struct box_stack){ .count = 0 };
}

/* Nearly no box has another one in it: then there is nothing to walk. */
static bool has_boxes(const struct object *box)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "variables"));
	yyjson_mut_val *variable;

	while ((variable = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(variable, "type"), "Box"))
			return true;
	return false;
}

int box_check_cycle(struct db *db, const struct object *draft, char message[SCHEMA_MESSAGE])
{
	struct box_stack stack;
	int result;

	if (!has_boxes(draft))
		return 0;
	result = walk(db, NULL, draft, &stack, message);
	box_stack_free(&stack);
	return result;
}

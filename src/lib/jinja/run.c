#include <string.h>

#include "jinja/jinja_int.h"

static void define(struct template *t, const char *name, struct value v)
{
	jinja_dict_set(t, &t->scope->vars, jinja_of_text(name, strlen(name)), v);
}

static void assign_parts(struct template *t, const struct node *target, struct value v)
{
	struct value items = jinja_items_of(t, v);
	const struct node *part;
	size_t n = 0;

	for (part = target->list; part; part = part->next)
		n++;
	if (items.list->n != n)
		jinja_fail_at(t, target->at, "%zu names for %zu values", n, items.list->n);
	for (part = target->list, n = 0; part; part = part->next)
		jinja_assign(t, part, items.list->at[n++]);
}

void jinja_assign(struct template *t, const struct node *target, struct value v)
{
	struct value object;

	if (target->type == N_TUPLE) {
		assign_parts(t, target, v);
	} else if (target->type == N_ATTR) {
		object = jinja_eval(t, target->a);
		if (object.kind != V_NAMESPACE)
			jinja_fail_at(t, target->at, "only a namespace can be given members, this is %s", jinja_kind_name(object));
		jinja_dict_set(t, object.dict, target->value, v);
	} else if (target->type == N_NAME) {
		jinja_dict_set(t, &t->scope->vars, target->value, v);
	} else {
		jinja_fail_at(t, target->at, "this cannot be given a value");
	}
}

/* What the loop goes through, without what its condition leaves out. */
static struct value loop_items(struct template *t, const struct node *n)
{
	struct value items = jinja_items_of(t, jinja_eval(t, n->b)), kept;
	struct scope scope = { t->scope, { 0, 0, NULL } };

	if (!n->b->next)
		return items;
	kept = jinja_list_new(t, L_LIST);
	t->scope = &scope;
	for (size_t i = 0; i < items.list->n; i++) {
		scope.vars.n = 0;
		jinja_assign(t, n->a, items.list->at[i]);
		if (jinja_truth(jinja_eval(t, n->b->next)))
			jinja_list_add(t, kept, items.list->at[i]);
	}
	t->scope = scope.outer;
	return kept;
}

/* $velocityCount and $foreach */
static void define_velocity(struct template *t, const struct loop *loop)
{
	struct value f = jinja_dict_new(t);

	jinja_dict_set(t, f.dict, jinja_of_text("count", 5), jinja_of_int((int64_t)loop->index + 1));
	jinja_dict_set(t, f.dict, jinja_of_text("index", 5), jinja_of_int((int64_t)loop->index));
	jinja_dict_set(t, f.dict, jinja_of_text("hasNext", 7), jinja_of_bool(loop->index + 1 < loop->items.list->n));
	define(t, "foreach", f);
	define(t, "velocityCount", jinja_of_int((int64_t)loop->index + 1));
}

static void run_for(struct template *t, const struct node *n)
{
	struct scope scope = { t->scope, { 0, 0, NULL } };
	struct loop *loop = jinja_take(t, sizeof *loop);
	struct value l = { .kind = V_LOOP };

	loop->items = loop_items(t, n);
	loop->depth = t->loop ? t->loop->depth + 1 : 1;
	l.loop = loop;
	if (!loop->items.list->n) {
		t->scope = &scope;
		jinja_run(t, n->c);
		t->scope = scope.outer;
		return;
	}
	l.loop = loop;
	struct loop *outer = t->loop;

	t->loop = loop;
	t->scope = &scope;
	for (size_t i = 0; i < loop->items.list->n; i++) {
		loop->index = i;
		scope.vars.n = 0;
		if (n->op == O_DOLLAR)
			define_velocity(t, loop);
		else
			define(t, "loop", l);
		jinja_assign(t, n->a, loop->items.list->at[i]);
		jinja_run(t, n->list);
	}
	t->scope = scope.outer;
	t->loop = outer;
}

static void run_capture(struct template *t, const struct node *n)
{
	struct scope scope = { t->scope, { 0, 0, NULL } };
	struct buffer b = { NULL, 0, 0 }, *outer = t->out;

	t->scope = &scope;
	t->out = &b;
	jinja_run(t, n->list);
	t->out = outer;
	t->scope = scope.outer;
	jinja_assign(t, n->a, jinja_buffer_string(&b));
}

static void run_reference(struct template *t, const struct node *n)
{
	struct value v = jinja_eval(t, n->a);

	if (v.kind == V_UNDEFINED || v.kind == V_NONE || v.kind >= V_NAMESPACE)
		jinja_put(t, t->out, n->value.s, n->value.n);
	else if (v.kind == V_BOOL)
		jinja_put_text(t, t->out, v.i ? "true" : "false");
	else
		jinja_put_value(t, t->out, v);
}

void jinja_run(struct template *t, const struct node *n)
{
	jinja_deeper(t);
	for (; n; n = n->next) {
		t->here = n->at;
		jinja_spend(t, 1);
		switch (n->type) {
		case S_DATA:
			jinja_put(t, t->out, n->value.s, n->value.n);
			break;
		case S_PRINT:
			jinja_put_value(t, t->out, jinja_eval(t, n->a));
			break;
		case S_REFERENCE:
			run_reference(t, n);
			break;
		case S_IF:
			jinja_run(t, jinja_truth(jinja_eval(t, n->a)) ? n->b : n->c);
			break;
		case S_FOR:
			run_for(t, n);
			break;
		case S_SET:
			jinja_assign(t, n->a, jinja_eval(t, n->b));
			break;
		default:
			run_capture(t, n);
			break;
		}
	}
	t->depth--;
}

#include <string.h>

#include "jinja/jinja_int.h"

static struct value name_value(struct template *t, struct value name)
{
	const struct function *f;
	struct value *v, m = { .kind = V_METHOD };

	for (struct scope *s = t->scope; s; s = s->outer) {
		v = jinja_dict_find(t, &s->vars, name);
		if (v)
			return *v;
	}
	v = jinja_dict_find(t, t->context.dict, name);
	if (v)
		return *v;
	f = jinja_function_find(jinja_globals, name.s, name.n);
	if (!f)
		return jinja_undefined(name.s, name.n);
	m.method = jinja_take(t, sizeof *m.method);
	m.method->function = f;
	return m;
}

static struct value list_value(struct template *t, const struct node *n)
{
	struct value v = jinja_list_new(t, n->type == N_TUPLE ? L_TUPLE : L_LIST);

	for (const struct node *part = n->list; part; part = part->next)
		jinja_list_add(t, v, jinja_eval(t, part));
	return v;
}

static struct value dict_value(struct template *t, const struct node *n)
{
	struct value v = jinja_dict_new(t), key;

	for (const struct node *part = n->list; part; part = part->next) {
		key = jinja_eval(t, part->a);
		if (!jinja_hashable(key))
			jinja_fail_at(t, part->at, "%s cannot be a key", jinja_kind_name(key));
		jinja_dict_set(t, v.dict, key, jinja_eval(t, part->b));
	}
	return v;
}

static void arguments(struct template *t, const struct node *n, struct args *args)
{
	args->n = args->named = 0;
	for (const struct node *part = n->list; part; part = part->next) {
		if (part->type != N_KEYWORD) {
			args->at[args->n++] = jinja_eval(t, part);
			continue;
		}
		args->name[args->named].s = part->value.s;
		args->name[args->named].n = part->value.n;
		args->name[args->named].value = jinja_eval(t, part->b);
		args->named++;
	}
}

static struct value call_value(struct template *t, const struct node *n)
{
	struct value f = jinja_eval(t, n->a);
	struct args args;

	t->here = n->at;
	if (f.kind == V_UNDEFINED)
		jinja_fail(t, "'%.*s' is undefined", (int)(f.n < 60 ? f.n : 60), f.s);
	if (f.kind != V_METHOD)
		jinja_fail(t, "%s cannot be called", jinja_kind_name(f));
	arguments(t, n, &args);
	t->here = n->at;
	return jinja_call_function(t, f.method->function, f.method->self, &args);
}

static struct value filter_value(struct template *t, const struct node *n)
{
	struct value self = jinja_eval(t, n->a);
	struct args args;

	arguments(t, n, &args);
	t->here = n->at;
	return jinja_call_filter(t, n->value.s, n->value.n, self, &args);
}

static struct value test_value(struct template *t, const struct node *n)
{
	struct value self = jinja_eval(t, n->a);
	struct args args;

	arguments(t, n, &args);
	t->here = n->at;
	return jinja_of_bool(jinja_call_test(t, n->value.s, n->value.n, self, &args));
}

static bool compare(struct template *t, enum operator op, struct value a, struct value b)
{
	switch (op) {
	case O_EQ: return jinja_same(t, a, b);
	case O_NE: return !jinja_same(t, a, b);
	case O_LT: return jinja_order(t, a, b, "<") < 0;
	case O_LE: return jinja_order(t, a, b, "<=") <= 0;
	case O_GT: return jinja_order(t, a, b, ">") > 0;
	case O_GE: return jinja_order(t, a, b, ">=") >= 0;
	case O_IN: return jinja_contains(t, b, a);
	default: return !jinja_contains(t, b, a);
	}
}

static struct value compare_value(struct template *t, const struct node *n)
{
	struct value a = jinja_eval(t, n->a), b;

	for (const struct node *part = n->list; part; part = part->next, a = b) {
		b = jinja_eval(t, part->b);
		t->here = n->at;
		if (!compare(t, part->op, a, b))
			return jinja_of_bool(false);
	}
	return jinja_of_bool(true);
}

static struct value concat_value(struct template *t, const struct node *n)
{
	struct buffer b = { NULL, 0, 0 };

	for (const struct node *part = n->list; part; part = part->next)
		jinja_put_value(t, &b, jinja_eval(t, part));
	return jinja_buffer_string(&b);
}

static struct value sign_value(struct template *t, const struct node *n)
{
	struct value v = jinja_eval(t, n->a);

	t->here = n->at;
	if (v.kind == V_FLOAT)
		return jinja_of_float(n->type == N_NEG ? -v.f : v.f);
	if (!jinja_is_number(v))
		jinja_fail(t, "a sign before %s", jinja_kind_name(v));
	if (n->type == N_NEG && v.i == INT64_MIN)
		jinja_fail(t, "a number that is too large");
	return jinja_of_int(n->type == N_NEG ? -v.i : v.i);
}

static struct value member_value(struct template *t, const struct node *n)
{
	struct value v = jinja_eval(t, n->a);

	t->here = n->at;
	if (n->op == O_DOLLAR && (v.kind == V_UNDEFINED || v.kind == V_METHOD))
		return jinja_undefined(n->value.s, n->value.n);
	if (n->type == N_ATTR)
		return jinja_attribute_of(t, v, n->value.s, n->value.n);
	return jinja_item_of(t, v, jinja_eval(t, n->b));
}

static struct value slice_value(struct template *t, const struct node *n)
{
	struct value v = jinja_eval(t, n->a), start, stop, step;

	start = n->b ? jinja_eval(t, n->b) : jinja_none();
	stop = n->c ? jinja_eval(t, n->c) : jinja_none();
	step = n->list ? jinja_eval(t, n->list) : jinja_none();
	t->here = n->at;
	return jinja_slice_of(t, v, start, stop, step);
}

static struct value inner(struct template *t, const struct node *n)
{
	struct value v, w;

	switch (n->type) {
	case N_CONST: return n->value;
	case N_NAME: return name_value(t, n->value);
	case N_LIST:
	case N_TUPLE: return list_value(t, n);
	case N_DICT: return dict_value(t, n);
	case N_ATTR:
	case N_ITEM: return member_value(t, n);
	case N_SLICE: return slice_value(t, n);
	case N_CALL: return call_value(t, n);
	case N_FILTER: return filter_value(t, n);
	case N_TEST: return test_value(t, n);
	case N_NOT: return jinja_of_bool(!jinja_truth(jinja_eval(t, n->a)));
	case N_NEG:
	case N_POS: return sign_value(t, n);
	case N_BINARY:
		v = jinja_eval(t, n->a);
		w = jinja_eval(t, n->b);
		t->here = n->at;
		return jinja_binary(t, n->op, v, w);
	case N_CONCAT: return concat_value(t, n);
	case N_AND:
		v = jinja_eval(t, n->a);
		return jinja_truth(v) ? jinja_eval(t, n->b) : v;
	case N_OR:
		v = jinja_eval(t, n->a);
		return jinja_truth(v) ? v : jinja_eval(t, n->b);
	case N_COMPARE: return compare_value(t, n);
	case N_CHOICE:
		if (jinja_truth(jinja_eval(t, n->a)))
			return jinja_eval(t, n->b);
		return n->c ? jinja_eval(t, n->c) : jinja_undefined("", 0);
	default: jinja_fail(t, "no expression");
	}
}

struct value jinja_eval(struct template *t, const struct node *n)
{
	struct value v;

	jinja_deeper(t);
	jinja_spend(t, 1);
	t->here = n->at;
	v = inner(t, n);
	t->depth--;
	return v;
}

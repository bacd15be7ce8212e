#include <string.h>

#include "template/template_int.h"

static struct value name_value(struct template *t, struct value name)
{
	const struct function *f;
	struct value *v, m = { .kind = V_METHOD };

	for (struct scope *s = t->scope; s; s = s->outer) {
		v = dict_find(t, &s->vars, name);
		if (v)
			return *v;
	}
	v = dict_find(t, t->context.dict, name);
	if (v)
		return *v;
	f = function_find(globals, name.s, name.n);
	if (!f)
		return undefined(name.s, name.n);
	m.method = take(t, sizeof *m.method);
	m.method->function = f;
	return m;
}

static struct value list_value(struct template *t, const struct node *n)
{
	struct value v = list_new(t, n->type == N_TUPLE ? L_TUPLE : L_LIST);

	for (const struct node *part = n->list; part; part = part->next)
		list_add(t, v, eval(t, part));
	return v;
}

static struct value dict_value(struct template *t, const struct node *n)
{
	struct value v = dict_new(t), key;

	for (const struct node *part = n->list; part; part = part->next) {
		key = eval(t, part->a);
		if (!hashable(key))
			fail_at(t, part->at, "%s cannot be a key", kind_name(key));
		dict_set(t, v.dict, key, eval(t, part->b));
	}
	return v;
}

static void arguments(struct template *t, const struct node *n, struct args *args)
{
	args->n = args->named = 0;
	for (const struct node *part = n->list; part; part = part->next) {
		if (part->type != N_KEYWORD) {
			args->at[args->n++] = eval(t, part);
			continue;
		}
		args->name[args->named].s = part->value.s;
		args->name[args->named].n = part->value.n;
		args->name[args->named].value = eval(t, part->b);
		args->named++;
	}
}

static struct value call_value(struct template *t, const struct node *n)
{
	struct value f = eval(t, n->a);
	struct args args;

	t->here = n->at;
	if (f.kind == V_UNDEFINED)
		fail(t, "'%.*s' is undefined", (int)(f.n < 60 ? f.n : 60), f.s);
	if (f.kind != V_METHOD)
		fail(t, "%s cannot be called", kind_name(f));
	arguments(t, n, &args);
	t->here = n->at;
	return call_function(t, f.method->function, f.method->self, &args);
}

static struct value filter_value(struct template *t, const struct node *n)
{
	struct value self = eval(t, n->a);
	struct args args;

	arguments(t, n, &args);
	t->here = n->at;
	return call_filter(t, n->value.s, n->value.n, self, &args);
}

static struct value test_value(struct template *t, const struct node *n)
{
	struct value self = eval(t, n->a);
	struct args args;

	arguments(t, n, &args);
	t->here = n->at;
	return of_bool(call_test(t, n->value.s, n->value.n, self, &args));
}

static bool compare(struct template *t, enum operator op, struct value a, struct value b)
{
	switch (op) {
	case O_EQ: return same(t, a, b);
	case O_NE: return !same(t, a, b);
	case O_LT: return order(t, a, b, "<") < 0;
	case O_LE: return order(t, a, b, "<=") <= 0;
	case O_GT: return order(t, a, b, ">") > 0;
	case O_GE: return order(t, a, b, ">=") >= 0;
	case O_IN: return contains(t, b, a);
	default: return !contains(t, b, a);
	}
}

static struct value compare_value(struct template *t, const struct node *n)
{
	struct value a = eval(t, n->a), b;

	for (const struct node *part = n->list; part; part = part->next, a = b) {
		b = eval(t, part->b);
		t->here = n->at;
		if (!compare(t, part->op, a, b))
			return of_bool(false);
	}
	return of_bool(true);
}

static struct value concat_value(struct template *t, const struct node *n)
{
	struct buffer b = { NULL, 0, 0 };

	for (const struct node *part = n->list; part; part = part->next)
		put_value(t, &b, eval(t, part));
	return buffer_string(&b);
}

static struct value sign_value(struct template *t, const struct node *n)
{
	struct value v = eval(t, n->a);

	t->here = n->at;
	if (v.kind == V_FLOAT)
		return of_float(n->type == N_NEG ? -v.f : v.f);
	if (!is_number(v))
		fail(t, "a sign before %s", kind_name(v));
	if (n->type == N_NEG && v.i == INT64_MIN)
		fail(t, "a number that is too large");
	return of_int(n->type == N_NEG ? -v.i : v.i);
}

static struct value member_value(struct template *t, const struct node *n)
{
	struct value v = eval(t, n->a);

	t->here = n->at;
	if (n->op == O_DOLLAR && (v.kind == V_UNDEFINED || v.kind == V_METHOD))
		return undefined(n->value.s, n->value.n);
	if (n->type == N_ATTR)
		return attribute_of(t, v, n->value.s, n->value.n);
	return item_of(t, v, eval(t, n->b));
}

static struct value slice_value(struct template *t, const struct node *n)
{
	struct value v = eval(t, n->a), start, stop, step;

	start = n->b ? eval(t, n->b) : none();
	stop = n->c ? eval(t, n->c) : none();
	step = n->list ? eval(t, n->list) : none();
	t->here = n->at;
	return slice_of(t, v, start, stop, step);
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
	case N_NOT: return of_bool(!truth(eval(t, n->a)));
	case N_NEG:
	case N_POS: return sign_value(t, n);
	case N_BINARY:
		v = eval(t, n->a);
		w = eval(t, n->b);
		t->here = n->at;
		return binary(t, n->op, v, w);
	case N_CONCAT: return concat_value(t, n);
	case N_AND:
		v = eval(t, n->a);
		return truth(v) ? eval(t, n->b) : v;
	case N_OR:
		v = eval(t, n->a);
		return truth(v) ? v : eval(t, n->b);
	case N_COMPARE: return compare_value(t, n);
	case N_CHOICE:
		if (truth(eval(t, n->a)))
			return eval(t, n->b);
		return n->c ? eval(t, n->c) : undefined("", 0);
	default: fail(t, "no expression");
	}
}

struct value eval(struct template *t, const struct node *n)
{
	struct value v;

	deeper(t);
	spend(t, 1);
	t->here = n->at;
	v = inner(t, n);
	t->depth--;
	return v;
}

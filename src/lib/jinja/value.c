#include <string.h>

#include "jinja/jinja_int.h"

struct value jinja_of_int(int64_t i)
{
	return (struct value){ .kind = V_INT, .i = i };
}

struct value jinja_of_bool(bool b)
{
	return (struct value){ .kind = V_BOOL, .i = b };
}

struct value jinja_of_float(double f)
{
	return (struct value){ .kind = V_FLOAT, .f = f };
}

struct value jinja_of_text(const char *s, size_t n)
{
	struct value v = { .kind = V_STRING };

	v.s = s;
	v.n = n;
	return v;
}

struct value jinja_none(void)
{
	return (struct value){ .kind = V_NONE };
}

struct value jinja_undefined(const char *name, size_t len)
{
	struct value v = jinja_of_text(name, len);

	v.kind = V_UNDEFINED;
	return v;
}

const char *jinja_kind_name(struct value v)
{
	static const char *const names[] = { "an undefined variable", "none", "a truth value", "a number", "a number", "a text",
		"a list", "a dictionary", "a namespace", "a function", "the loop", "nothing" };

	return names[v.kind];
}

struct value jinja_list_new(struct template *t, enum list_form form)
{
	struct value v = { .kind = V_LIST, .form = form };

	v.list = jinja_take(t, sizeof *v.list);
	return v;
}

void jinja_list_add(struct template *t, struct value list, struct value v)
{
	struct list *l = list.list;
	struct value *more;

	jinja_spend(t, 1);
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 4;
		more = jinja_take(t, l->room * sizeof *more);
		if (l->n)
			memcpy(more, l->at, l->n * sizeof *more);
		l->at = more;
	}
	l->at[l->n++] = v;
}

struct value jinja_dict_new(struct template *t)
{
	struct value v = { .kind = V_DICT };

	v.dict = jinja_take(t, sizeof *v.dict);
	return v;
}

struct value *jinja_dict_find(struct template *t, const struct dict *d, struct value key)
{
	jinja_spend(t, 1 + d->n / 8);
	for (size_t i = 0; i < d->n; i++)
		if (jinja_same(t, d->at[i].key, key))
			return &d->at[i].value;
	return NULL;
}

void jinja_dict_set(struct template *t, struct dict *d, struct value key, struct value v)
{
	struct value *old = jinja_dict_find(t, d, key);
	struct pair *more;

	if (old) {
		*old = v;
		return;
	}
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 4;
		more = jinja_take(t, d->room * sizeof *more);
		if (d->n)
			memcpy(more, d->at, d->n * sizeof *more);
		d->at = more;
	}
	d->at[d->n++] = (struct pair){ key, v };
}

static struct value of_object(struct template *t, yyjson_val *o)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(o);
	struct value v = jinja_dict_new(t);
	yyjson_val *key;

	v.dict->room = yyjson_obj_size(o);
	v.dict->at = jinja_take(t, v.dict->room * sizeof *v.dict->at);
	while ((key = yyjson_obj_iter_next(&it)))
		v.dict->at[v.dict->n++] = (struct pair){ jinja_of_text(yyjson_get_str(key), yyjson_get_len(key)),
			jinja_of_json(t, yyjson_obj_iter_get_val(key)) };
	return v;
}

struct value jinja_of_json(struct template *t, yyjson_val *j)
{
	yyjson_arr_iter it;
	struct value v;

	switch (yyjson_get_type(j)) {
	case YYJSON_TYPE_BOOL:
		return jinja_of_bool(yyjson_get_bool(j));
	case YYJSON_TYPE_NUM:
		if (yyjson_is_sint(j) || (yyjson_is_uint(j) && yyjson_get_uint(j) <= INT64_MAX))
			return jinja_of_int(yyjson_get_sint(j));
		return jinja_of_float(yyjson_is_real(j) ? yyjson_get_real(j) : (double)yyjson_get_uint(j));
	case YYJSON_TYPE_STR:
		return jinja_of_text(yyjson_get_str(j), yyjson_get_len(j));
	case YYJSON_TYPE_ARR:
		jinja_deeper(t);
		v = jinja_list_new(t, L_BINDING);
		it = yyjson_arr_iter_with(j);
		while ((j = yyjson_arr_iter_next(&it)))
			jinja_list_add(t, v, jinja_of_json(t, j));
		t->depth--;
		return v;
	case YYJSON_TYPE_OBJ:
		jinja_deeper(t);
		v = of_object(t, j);
		t->depth--;
		return v;
	default:
		return jinja_none();
	}
}

bool jinja_is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT || v.kind == V_BOOL;
}

double jinja_as_float(struct value v)
{
	return v.kind == V_FLOAT ? v.f : (double)v.i;
}

bool jinja_truth(struct value v)
{
	switch (v.kind) {
	case V_UNDEFINED:
	case V_NONE:
		return false;
	case V_BOOL:
	case V_INT:
		return v.i != 0;
	case V_FLOAT:
		return v.f != 0;
	case V_STRING:
		return v.n != 0;
	case V_LIST:
		return v.form == L_LAZY || v.list->n != 0;
	case V_DICT:
		return v.dict->n != 0;
	default:
		return true;
	}
}

bool jinja_hashable(struct value v)
{
	if (v.kind == V_LIST && v.form == L_TUPLE) {
		for (size_t i = 0; i < v.list->n; i++)
			if (!jinja_hashable(v.list->at[i]))
				return false;
		return true;
	}
	return v.kind != V_LIST && v.kind != V_DICT;
}

static bool same_lists(struct template *t, struct value a, struct value b)
{
	bool ta = a.form == L_TUPLE, tb = b.form == L_TUPLE, equal;

	if (ta != tb || a.list->n != b.list->n)
		return false;
	jinja_deeper(t);
	equal = true;
	for (size_t i = 0; equal && i < a.list->n; i++)
		equal = jinja_same(t, a.list->at[i], b.list->at[i]);
	t->depth--;
	return equal;
}

static bool same_dicts(struct template *t, const struct dict *a, const struct dict *b)
{
	struct value *other;
	bool equal = a->n == b->n;

	jinja_deeper(t);
	for (size_t i = 0; equal && i < a->n; i++) {
		other = jinja_dict_find(t, b, a->at[i].key);
		equal = other && jinja_same(t, a->at[i].value, *other);
	}
	t->depth--;
	return equal;
}

bool jinja_same(struct template *t, struct value a, struct value b)
{
	jinja_spend(t, 1);
	if (jinja_is_number(a) && jinja_is_number(b))
		return a.kind == V_FLOAT || b.kind == V_FLOAT ? jinja_as_float(a) == jinja_as_float(b) : a.i == b.i;
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case V_STRING:
		return a.n == b.n && !memcmp(a.s, b.s, a.n);
	case V_LIST:
		return same_lists(t, a, b);
	case V_DICT:
		return same_dicts(t, a.dict, b.dict);
	case V_UNDEFINED:
	case V_NONE:
		return true;
	default:
		return a.method == b.method;
	}
}

static int order_lists(struct template *t, const struct list *a, const struct list *b, const char *op)
{
	size_t i;
	int c = 0;

	jinja_deeper(t);
	for (i = 0; i < a->n && i < b->n; i++)
		if (!jinja_same(t, a->at[i], b->at[i])) {
			c = jinja_order(t, a->at[i], b->at[i], op);
			break;
		}
	if (i == a->n || i == b->n)
		c = a->n < b->n ? -1 : a->n > b->n;
	t->depth--;
	return c;
}

int jinja_order(struct template *t, struct value a, struct value b, const char *op)
{
	size_t n;
	int c;

	jinja_spend(t, 1);
	if (jinja_is_number(a) && jinja_is_number(b)) {
		if (a.kind == V_FLOAT || b.kind == V_FLOAT)
			return jinja_as_float(a) < jinja_as_float(b) ? -1 : jinja_as_float(a) > jinja_as_float(b);
		return a.i < b.i ? -1 : a.i > b.i;
	}
	if (a.kind == V_STRING && b.kind == V_STRING) {
		n = a.n < b.n ? a.n : b.n;
		c = n ? memcmp(a.s, b.s, n) : 0;
		return c ? c : a.n < b.n ? -1 : a.n > b.n;
	}
	if (a.kind == V_LIST && b.kind == V_LIST && a.form != L_LAZY && b.form != L_LAZY && a.form != L_RANGE && b.form != L_RANGE &&
		(a.form == L_TUPLE) == (b.form == L_TUPLE))
		return order_lists(t, a.list, b.list, op);
	if (a.kind == V_UNDEFINED || b.kind == V_UNDEFINED) {
		if (a.kind != V_UNDEFINED)
			a = b;
		jinja_fail(t, "'%.*s' is undefined", (int)(a.n < 60 ? a.n : 60), a.s);
	}
	jinja_fail(t, "%s and %s have no order (%s)", jinja_kind_name(a), jinja_kind_name(b), op);
}

struct value jinja_items_of(struct template *t, struct value v)
{
	struct value list;
	size_t i, n;

	if (v.kind == V_LIST)
		return v;
	list = jinja_list_new(t, L_LIST);
	if (v.kind == V_DICT) {
		for (i = 0; i < v.dict->n; i++)
			jinja_list_add(t, list, v.dict->at[i].key);
	} else if (v.kind == V_STRING) {
		for (i = 0; i < v.n; i += n) {
			n = jinja_char_len(v.s + i, v.n - i);
			jinja_list_add(t, list, jinja_of_text(v.s + i, n));
		}
	} else if (v.kind == V_LOOP) {
		return v.loop->items;
	} else if (v.kind != V_UNDEFINED) {
		jinja_fail(t, "%s has no items to go through", jinja_kind_name(v));
	}
	return list;
}

struct value jinja_text_of(struct template *t, struct value v)
{
	struct buffer b = { NULL, 0, 0 };

	if (v.kind == V_STRING)
		return v;
	jinja_put_value(t, &b, v);
	return jinja_buffer_string(&b);
}

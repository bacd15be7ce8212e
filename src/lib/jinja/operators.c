#include <math.h>
#include <string.h>

#include "jinja/jinja_int.h"

static _Noreturn void unfit(struct template *t, struct value a, struct value b, const char *op)
{
	if (a.kind == V_UNDEFINED || b.kind == V_UNDEFINED) {
		if (a.kind != V_UNDEFINED)
			a = b;
		jinja_fail(t, "'%.*s' is undefined", (int)(a.n < 60 ? a.n : 60), a.s);
	}
	jinja_fail(t, "%s %s %s", jinja_kind_name(a), op, jinja_kind_name(b));
}

static struct value integer_power(struct template *t, int64_t a, int64_t b)
{
	int64_t r = 1;

	if (b < 0) {
		if (!a)
			jinja_fail(t, "a division by zero");
		return jinja_of_float(pow((double)a, (double)b));
	}
	if (a == 0 || a == 1)
		return jinja_of_int(b ? a : 1);
	if (a == -1)
		return jinja_of_int(b & 1 ? -1 : 1);
	while (b--)
		if (__builtin_mul_overflow(r, a, &r))
			jinja_fail(t, "a number that is too large");
	return jinja_of_int(r);
}

static struct value integers(struct template *t, enum operator op, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool over = false;

	if ((op == O_DIV || op == O_FLOORDIV || op == O_MOD) && !b)
		jinja_fail(t, "a division by zero");
	switch (op) {
	case O_ADD: over = __builtin_add_overflow(a, b, &r); break;
	case O_SUB: over = __builtin_sub_overflow(a, b, &r); break;
	case O_MUL: over = __builtin_mul_overflow(a, b, &r); break;
	case O_DIV: return jinja_of_float((double)a / (double)b);
	case O_POW: return integer_power(t, a, b);
	default:
		if (b == -1) {
			over = op == O_FLOORDIV && __builtin_sub_overflow(0, a, &r);
			break;
		}
		r = op == O_FLOORDIV ? a / b : a % b;
		if (a % b && (a < 0) != (b < 0))
			r = op == O_FLOORDIV ? r - 1 : r + b;
	}
	if (over)
		jinja_fail(t, "a number that is too large");
	return jinja_of_int(r);
}

static struct value floats(struct template *t, enum operator op, double a, double b)
{
	double mod, div;

	if ((op == O_DIV || op == O_FLOORDIV || op == O_MOD) && b == 0)
		jinja_fail(t, "a division by zero");
	switch (op) {
	case O_ADD: return jinja_of_float(a + b);
	case O_SUB: return jinja_of_float(a - b);
	case O_MUL: return jinja_of_float(a * b);
	case O_DIV: return jinja_of_float(a / b);
	case O_POW:
		if (a == 0 && b < 0)
			jinja_fail(t, "a division by zero");
		if (a < 0 && b != floor(b) && isfinite(b))
			jinja_fail(t, "a power that is no real number");
		mod = pow(a, b);
		if (isinf(mod) && isfinite(a) && isfinite(b))
			jinja_fail(t, "a number that is too large");
		return jinja_of_float(mod);
	default:
		break;
	}
	mod = fmod(a, b);
	div = (a - mod) / b;
	if (mod != 0 && (b < 0) != (mod < 0)) {
		mod += b;
		div -= 1;
	} else if (mod == 0) {
		mod = copysign(0, b);
	}
	if (op == O_MOD)
		return jinja_of_float(mod);
	if (div == 0)
		return jinja_of_float(copysign(0, a / b));
	return jinja_of_float(div - floor(div) > 0.5 ? floor(div) + 1 : floor(div));
}

static struct value repeated(struct template *t, struct value v, int64_t times)
{
	struct buffer b = { NULL, 0, 0 };
	struct value list;

	if (v.kind == V_STRING) {
		if (times > 0 && v.n && (uint64_t)times > t->limits.output / v.n)
			jinja_fail(t, "the result is longer than %zu KiB", t->limits.output >> 10);
		for (jinja_spend(t, v.n && times > 0 ? (uint64_t)times : 0); v.n && times > 0; times--)
			jinja_put(t, &b, v.s, v.n);
		return jinja_buffer_string(&b);
	}
	list = jinja_list_new(t, v.form == L_TUPLE ? L_TUPLE : L_LIST);
	for (; v.list->n && times > 0; times--)
		for (size_t i = 0; i < v.list->n; i++)
			jinja_list_add(t, list, v.list->at[i]);
	return list;
}

static bool is_sequence(struct value v)
{
	return v.kind == V_STRING || (v.kind == V_LIST && v.form != L_LAZY && v.form != L_RANGE);
}

static struct value joined(struct template *t, struct value a, struct value b)
{
	struct value list = jinja_list_new(t, a.form == L_TUPLE ? L_TUPLE : L_LIST);

	if ((a.form == L_TUPLE) != (b.form == L_TUPLE))
		unfit(t, a, b, "+");
	for (size_t i = 0; i < a.list->n; i++)
		jinja_list_add(t, list, a.list->at[i]);
	for (size_t i = 0; i < b.list->n; i++)
		jinja_list_add(t, list, b.list->at[i]);
	return list;
}

struct value jinja_binary(struct template *t, enum operator op, struct value a, struct value b)
{
	static const char *const names[] = { [O_ADD] = "+", [O_SUB] = "-", [O_MUL] = "*", [O_DIV] = "/", [O_FLOORDIV] = "//",
		[O_MOD] = "%", [O_POW] = "**" };
	struct buffer text = { NULL, 0, 0 };

	if (jinja_is_number(a) && jinja_is_number(b)) {
		if (a.kind == V_FLOAT || b.kind == V_FLOAT)
			return floats(t, op, jinja_as_float(a), jinja_as_float(b));
		return integers(t, op, a.i, b.i);
	}
	if (op == O_ADD && a.kind == V_STRING && b.kind == V_STRING) {
		jinja_put(t, &text, a.s, a.n);
		jinja_put(t, &text, b.s, b.n);
		return jinja_buffer_string(&text);
	}
	if (op == O_ADD && a.kind == V_LIST && b.kind == V_LIST && is_sequence(a) && is_sequence(b))
		return joined(t, a, b);
	if (op == O_MUL && is_sequence(a) && (b.kind == V_INT || b.kind == V_BOOL))
		return repeated(t, a, b.i);
	if (op == O_MUL && is_sequence(b) && (a.kind == V_INT || a.kind == V_BOOL))
		return repeated(t, b, a.i);
	unfit(t, a, b, names[op]);
}

bool jinja_contains(struct template *t, struct value container, struct value item)
{
	if (container.kind == V_STRING) {
		if (item.kind != V_STRING)
			jinja_fail(t, "%s cannot be in a text", jinja_kind_name(item));
		jinja_spend(t, container.n / 16);
		return !item.n || memmem(container.s, container.n, item.s, item.n);
	}
	if (container.kind == V_DICT) {
		if (!jinja_hashable(item))
			jinja_fail(t, "%s cannot be a key", jinja_kind_name(item));
		return jinja_dict_find(t, container.dict, item);
	}
	if (container.kind != V_LIST && container.kind != V_UNDEFINED)
		jinja_fail(t, "nothing can be in %s", jinja_kind_name(container));
	for (size_t i = 0; container.kind == V_LIST && i < container.list->n; i++)
		if (jinja_same(t, container.list->at[i], item))
			return true;
	return false;
}

static bool whole_index(struct value key, size_t n, size_t *index)
{
	int64_t i = key.i;

	if (key.kind != V_INT && key.kind != V_BOOL)
		return false;
	if (i < 0)
		i += (int64_t)n;
	*index = (size_t)i;
	return i >= 0 && (uint64_t)i < n;
}

static struct value character(struct value v, size_t index)
{
	size_t at = jinja_char_byte(v.s, v.n, index);

	return jinja_of_text(v.s + at, jinja_char_len(v.s + at, v.n - at));
}

static struct value method_of(struct template *t, struct value v, const char *name, size_t len)
{
	const struct function *table = v.kind == V_STRING ? jinja_methods_text : v.kind == V_DICT ? jinja_methods_dict :
		v.kind == V_LIST && v.form != L_LAZY ? jinja_methods_list : NULL;
	const struct function *f = table ? jinja_function_find(table, name, len) : NULL;
	struct value m = { .kind = V_METHOD };

	if (!f)
		return jinja_undefined(name, len);
	m.method = jinja_take(t, sizeof *m.method);
	m.method->self = v;
	m.method->function = f;
	return m;
}

static struct value loop_member(struct template *t, struct value v, const char *name, size_t len)
{
	const struct function *f = jinja_function_find(jinja_methods_loop, name, len);
	struct value m = { .kind = V_METHOD };

	if (!f)
		return jinja_undefined(name, len);
	if (!strcmp(f->signature, "-"))	/* a member, not a method */
		return f->call(t, v, NULL);
	m.method = jinja_take(t, sizeof *m.method);
	m.method->self = v;
	m.method->function = f;
	return m;
}

/* A member of a binding is one of its first element. */
static bool of_binding(struct value v)
{
	return v.kind == V_LIST && v.form == L_BINDING && v.list->n;
}

struct value jinja_attribute_of(struct template *t, struct value v, const char *name, size_t len)
{
	struct value *member, m;

	if (v.kind == V_UNDEFINED)
		jinja_fail(t, "'%.*s' is undefined", (int)(v.n < 60 ? v.n : 60), v.s);
	if (v.kind == V_LOOP)
		return loop_member(t, v, name, len);
	if (v.kind == V_DICT || v.kind == V_NAMESPACE) {
		member = jinja_dict_find(t, v.dict, jinja_of_text(name, len));
		if (member)
			return *member;
	}
	m = method_of(t, v, name, len);
	if (m.kind != V_METHOD && of_binding(v))
		return jinja_attribute_of(t, v.list->at[0], name, len);
	return m;
}

struct value jinja_item_of(struct template *t, struct value v, struct value key)
{
	struct value *member, m;
	size_t index;

	if (v.kind == V_UNDEFINED)
		jinja_fail(t, "'%.*s' is undefined", (int)(v.n < 60 ? v.n : 60), v.s);
	if (v.kind == V_DICT) {
		member = !jinja_hashable(key) ? NULL : jinja_dict_find(t, v.dict, key);
		if (member)
			return *member;
	}
	if (v.kind == V_LIST && v.form != L_LAZY && whole_index(key, v.list->n, &index))
		return v.list->at[index];
	if (v.kind == V_STRING && (key.kind == V_INT || key.kind == V_BOOL) && whole_index(key, jinja_char_count(v.s, v.n), &index))
		return character(v, index);
	if (key.kind != V_STRING)
		return jinja_undefined("item", 4);
	if (v.kind == V_LOOP || v.kind == V_NAMESPACE)
		return jinja_attribute_of(t, v, key.s, key.n);
	m = method_of(t, v, key.s, key.n);
	if (m.kind != V_METHOD && of_binding(v))
		return jinja_item_of(t, v.list->at[0], key);
	return m;
}

struct value jinja_path_of(struct template *t, struct value v, struct value path)
{
	const char *dot;
	int64_t index;
	size_t n;

	if (path.kind != V_STRING)
		return jinja_item_of(t, v, path);
	for (;;) {
		dot = memchr(path.s, '.', path.n);
		n = dot ? (size_t)(dot - path.s) : path.n;
		if (n && path.s[0] >= '0' && path.s[0] <= '9' && jinja_read_int(path.s, n, &index))
			v = jinja_item_of(t, v, jinja_of_int(index));
		else
			v = jinja_item_of(t, v, jinja_of_text(path.s, n));
		if (!dot)
			return v;
		path = jinja_of_text(dot + 1, path.n - n - 1);
	}
}

/* One bound of a slice; what is not given is first or last by direction. */
static int64_t bound(struct template *t, struct value v, int64_t n, int64_t step, int64_t missing)
{
	int64_t i = v.i;

	if (v.kind == V_NONE)
		return missing;
	if (v.kind != V_INT && v.kind != V_BOOL)
		jinja_fail(t, "%s as a bound of a slice", jinja_kind_name(v));
	if (i < 0)
		i += n;
	if (i < 0)
		return step < 0 ? -1 : 0;
	if (i >= n)
		return step < 0 ? n - 1 : n;
	return i;
}

struct value jinja_slice_of(struct template *t, struct value v, struct value start, struct value stop, struct value by)
{
	int64_t n, from, to, step = by.kind == V_NONE ? 1 : by.i;
	struct buffer b = { NULL, 0, 0 };
	struct value list, chars, c;

	if (!is_sequence(v) && !(v.kind == V_LIST && v.form == L_RANGE))
		jinja_fail(t, "a slice of %s", jinja_kind_name(v));
	if ((by.kind != V_NONE && by.kind != V_INT && by.kind != V_BOOL) || !step)
		jinja_fail(t, "the step of a slice is a number other than 0");
	chars = jinja_items_of(t, v);
	n = (int64_t)chars.list->n;
	from = bound(t, start, n, step, step < 0 ? n - 1 : 0);
	to = bound(t, stop, n, step, step < 0 ? -1 : n);
	list = jinja_list_new(t, v.kind == V_STRING ? L_LIST : v.form == L_BINDING ? L_LIST : v.form);
	while (step < 0 ? from > to : from < to) {
		c = chars.list->at[from];
		if (v.kind == V_STRING)
			jinja_put(t, &b, c.s, c.n);
		else
			jinja_list_add(t, list, c);
		if (__builtin_add_overflow(from, step, &from))
			break;
	}
	return v.kind == V_STRING ? jinja_buffer_string(&b) : list;
}

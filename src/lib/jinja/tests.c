#include <math.h>
#include <string.h>

#include "jinja/jinja_int.h"

static struct value is_defined(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind != V_UNDEFINED);
}

static struct value is_undefined(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_UNDEFINED);
}

static struct value is_none(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_NONE);
}

static struct value is_true(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_BOOL && self.i);
}

static struct value is_false(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_BOOL && !self.i);
}

static struct value is_boolean(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_BOOL);
}

static struct value is_integer(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_INT);
}

static struct value is_float(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_FLOAT);
}

static struct value is_a_number(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(jinja_is_number(self));
}

static struct value is_string(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_STRING);
}

static struct value is_mapping(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_DICT);
}

static struct value is_sequence(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_STRING || self.kind == V_DICT || self.kind == V_UNDEFINED ||
		(self.kind == V_LIST && self.form != L_LAZY));
}

static struct value is_iterable(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.kind == V_STRING || self.kind == V_DICT || self.kind == V_UNDEFINED || self.kind == V_LIST ||
		self.kind == V_LOOP);
}

static bool divides(struct template *t, struct value self, struct value by)
{
	struct value rest;

	if (!jinja_is_number(self) || !jinja_is_number(by))
		jinja_fail(t, "%s cannot be divided", jinja_kind_name(jinja_is_number(self) ? by : self));
	rest = jinja_binary(t, O_MOD, self, by);
	return jinja_as_float(rest) == 0;
}

static struct value is_even(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return jinja_of_bool(divides(t, self, jinja_of_int(2)));
}

static struct value is_odd(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	if (!jinja_is_number(self))
		jinja_fail(t, "%s is neither odd nor even", jinja_kind_name(self));
	return jinja_of_bool(jinja_as_float(jinja_binary(t, O_MOD, self, jinja_of_int(2))) == 1);
}

static struct value is_divisible(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(divides(t, self, v[0]));
}

static struct value is_in(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_contains(t, v[0], self));
}

static struct value is_eq(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_same(t, self, v[0]));
}

static struct value is_ne(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(!jinja_same(t, self, v[0]));
}

static struct value is_lt(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_order(t, self, v[0], "<") < 0);
}

static struct value is_le(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_order(t, self, v[0], "<=") <= 0);
}

static struct value is_gt(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_order(t, self, v[0], ">") > 0);
}

static struct value is_ge(struct template *t, struct value self, const struct value *v)
{
	return jinja_of_bool(jinja_order(t, self, v[0], ">=") >= 0);
}

/* Has letters, and all of them are as they are after the change. */
static struct value is_case(struct template *t, struct value self, enum letter same_as, enum letter other)
{
	struct value s = jinja_text_of(t, self);
	struct buffer a = { NULL, 0, 0 }, b = { NULL, 0, 0 };

	jinja_put_case(t, &a, s.s, s.n, same_as);
	jinja_put_case(t, &b, s.s, s.n, other);
	return jinja_of_bool(s.n && a.n == s.n && !memcmp(a.s, s.s, s.n) && !(b.n == s.n && !memcmp(b.s, s.s, s.n)));
}

static struct value is_lower(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return is_case(t, self, LETTER_LOWER, LETTER_UPPER);
}

static struct value is_upper(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return is_case(t, self, LETTER_UPPER, LETTER_LOWER);
}

const struct function jinja_tests[] = {
	{ "==", "other", is_eq }, { "eq", "other", is_eq }, { "equalto", "other", is_eq },
	{ "!=", "other", is_ne }, { "ne", "other", is_ne },
	{ "<", "other", is_lt }, { "lt", "other", is_lt }, { "lessthan", "other", is_lt },
	{ "<=", "other", is_le }, { "le", "other", is_le },
	{ ">", "other", is_gt }, { "gt", "other", is_gt }, { "greaterthan", "other", is_gt },
	{ ">=", "other", is_ge }, { "ge", "other", is_ge },
	{ "boolean", "", is_boolean },
	{ "defined", "", is_defined },
	{ "divisibleby", "num", is_divisible },
	{ "even", "", is_even },
	{ "false", "", is_false },
	{ "float", "", is_float },
	{ "in", "seq", is_in },
	{ "integer", "", is_integer },
	{ "iterable", "", is_iterable },
	{ "lower", "", is_lower },
	{ "mapping", "", is_mapping },
	{ "none", "", is_none },
	{ "number", "", is_a_number },
	{ "odd", "", is_odd },
	{ "sequence", "", is_sequence },
	{ "string", "", is_string },
	{ "true", "", is_true },
	{ "undefined", "", is_undefined },
	{ "upper", "", is_upper },
	{ NULL, NULL, NULL },
};

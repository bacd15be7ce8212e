#include <string.h>

#include "jinja/jinja_int.h"

static struct value text_argument(struct template *t, struct value v, const char *method)
{
	if (v.kind != V_STRING)
		jinja_fail(t, "%s: its argument is %s, not a text", method, jinja_kind_name(v));
	return v;
}

static int64_t count_argument(struct template *t, struct value v, const char *method)
{
	if (v.kind == V_ABSENT)
		return -1;
	if (v.kind != V_INT && v.kind != V_BOOL)
		jinja_fail(t, "%s: its count is %s, not a number", method, jinja_kind_name(v));
	return v.i;
}

static struct value filtered(struct template *t, const char *name, struct value self)
{
	static const struct args no = { .n = 0 };

	return jinja_call_filter(t, name, strlen(name), self, &no);
}

static struct value m_upper(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return filtered(t, "upper", self);
}

static struct value m_lower(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return filtered(t, "lower", self);
}

static struct value m_capitalize(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return filtered(t, "capitalize", self);
}

static struct value stripped(struct template *t, struct value self, struct value set, bool left, bool right)
{
	if (set.kind != V_ABSENT && set.kind != V_NONE)
		text_argument(t, set, "strip");
	return jinja_chars_strip(self, set, left, right);
}

static struct value m_strip(struct template *t, struct value self, const struct value *v)
{
	return stripped(t, self, v[0], true, true);
}

static struct value m_lstrip(struct template *t, struct value self, const struct value *v)
{
	return stripped(t, self, v[0], true, false);
}

static struct value m_rstrip(struct template *t, struct value self, const struct value *v)
{
	return stripped(t, self, v[0], false, true);
}

static struct value m_split(struct template *t, struct value self, const struct value *v)
{
	if (v[0].kind != V_ABSENT && v[0].kind != V_NONE)
		text_argument(t, v[0], "split");
	return jinja_chars_split(t, self, v[0], count_argument(t, v[1], "split"));
}

static struct value m_splitlines(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return jinja_chars_lines(t, self);
}

static struct value m_replace(struct template *t, struct value self, const struct value *v)
{
	return jinja_chars_replace(t, self, text_argument(t, v[0], "replace"), text_argument(t, v[1], "replace"),
		count_argument(t, v[2], "replace"));
}

static struct value m_startswith(struct template *t, struct value self, const struct value *v)
{
	struct value p = text_argument(t, v[0], "startswith");

	return jinja_of_bool(p.n <= self.n && !memcmp(self.s, p.s, p.n));
}

static struct value m_endswith(struct template *t, struct value self, const struct value *v)
{
	struct value p = text_argument(t, v[0], "endswith");

	return jinja_of_bool(p.n <= self.n && !memcmp(self.s + self.n - p.n, p.s, p.n));
}

static struct value m_find(struct template *t, struct value self, const struct value *v)
{
	struct value p = text_argument(t, v[0], "find");
	const char *hit = p.n ? memmem(self.s, self.n, p.s, p.n) : self.s;

	return jinja_of_int(hit ? (int64_t)jinja_char_count(self.s, (size_t)(hit - self.s)) : -1);
}

static struct value m_isdigit(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	for (size_t i = 0; i < self.n; i++)
		if (self.s[i] < '0' || self.s[i] > '9')
			return jinja_of_bool(false);
	return jinja_of_bool(self.n > 0);
}

static struct value m_join(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, v[0]), item;
	struct buffer b = { NULL, 0, 0 };

	if (v[0].kind == V_UNDEFINED)
		items = jinja_list_new(t, L_LIST);
	for (size_t i = 0; i < items.list->n; i++) {
		item = text_argument(t, items.list->at[i], "join");
		if (i)
			jinja_put(t, &b, self.s, self.n);
		jinja_put(t, &b, item.s, item.n);
	}
	return jinja_buffer_string(&b);
}

const struct function jinja_methods_text[] = {
	{ "capitalize", "", m_capitalize }, { "endswith", "suffix", m_endswith }, { "find", "sub", m_find },
	{ "isdigit", "", m_isdigit }, { "join", "iterable", m_join }, { "lower", "", m_lower }, { "lstrip", "?chars", m_lstrip },
	{ "replace", "old new ?count", m_replace }, { "rstrip", "?chars", m_rstrip }, { "split", "?sep maxsplit", m_split },
	{ "splitlines", "", m_splitlines }, { "startswith", "prefix", m_startswith }, { "strip", "?chars", m_strip },
	{ "upper", "", m_upper }, { NULL, NULL, NULL },
};

static struct value m_items(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return filtered(t, "items", self);
}

static struct value m_keys(struct template *t, struct value self, const struct value *v)
{
	struct value keys = jinja_items_of(t, self);

	(void)v;
	keys.form = L_LAZY;
	return keys;
}

static struct value m_values(struct template *t, struct value self, const struct value *v)
{
	struct value list = jinja_list_new(t, L_LAZY);

	(void)v;
	for (size_t i = 0; i < self.dict->n; i++)
		jinja_list_add(t, list, self.dict->at[i].value);
	return list;
}

static struct value m_get(struct template *t, struct value self, const struct value *v)
{
	struct value *found;

	if (!jinja_hashable(v[0]))
		jinja_fail(t, "get: %s cannot be a key", jinja_kind_name(v[0]));
	found = jinja_dict_find(t, self.dict, v[0]);
	return found ? *found : v[1].kind == V_ABSENT ? jinja_none() : v[1];
}

const struct function jinja_methods_dict[] = {
	{ "get", "key ?default", m_get }, { "items", "", m_items }, { "keys", "", m_keys }, { "values", "", m_values },
	{ NULL, NULL, NULL },
};

static struct value m_append(struct template *t, struct value self, const struct value *v)
{
	if (self.form == L_TUPLE || self.form == L_RANGE)
		jinja_fail(t, "append to %s that cannot grow", self.form == L_TUPLE ? "a tuple" : "a range");
	jinja_list_add(t, self, v[0]);
	return jinja_none();
}

static struct value m_count(struct template *t, struct value self, const struct value *v)
{
	int64_t n = 0;

	for (size_t i = 0; i < self.list->n; i++)
		n += jinja_same(t, self.list->at[i], v[0]);
	return jinja_of_int(n);
}

const struct function jinja_methods_list[] = { { "append", "item", m_append }, { "count", "item", m_count }, { NULL, NULL, NULL } };

static struct value l_index(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_int((int64_t)self.loop->index + 1);
}

static struct value l_index0(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_int((int64_t)self.loop->index);
}

static struct value l_revindex(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_int((int64_t)(self.loop->items.list->n - self.loop->index));
}

static struct value l_revindex0(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_int((int64_t)(self.loop->items.list->n - self.loop->index) - 1);
}

static struct value l_first(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(!self.loop->index);
}

static struct value l_last(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_bool(self.loop->index + 1 == self.loop->items.list->n);
}

static struct value l_length(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return jinja_of_int((int64_t)self.loop->items.list->n);
}

static struct value l_depth(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)self;
	(void)v;
	return jinja_of_int(1);	/* of recursive loops, which there are none */
}

static struct value l_depth0(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)self;
	(void)v;
	return jinja_of_int(0);
}

static struct value l_previtem(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)v;
	return self.loop->index ? self.loop->items.list->at[self.loop->index - 1] : jinja_undefined("the item before the first", 25);
}

static struct value l_nextitem(struct template *t, struct value self, const struct value *v)
{
	struct list *l = self.loop->items.list;

	(void)t;
	(void)v;
	return self.loop->index + 1 < l->n ? l->at[self.loop->index + 1] : jinja_undefined("the item after the last", 23);
}

static struct value l_cycle(struct template *t, struct value self, const struct value *v)
{
	if (!v[0].list->n)
		jinja_fail(t, "loop.cycle: no items");
	return v[0].list->at[self.loop->index % v[0].list->n];
}

/* "-": a member */
const struct function jinja_methods_loop[] = {
	{ "cycle", "*", l_cycle }, { "depth", "-", l_depth }, { "depth0", "-", l_depth0 }, { "first", "-", l_first },
	{ "index", "-", l_index }, { "index0", "-", l_index0 }, { "last", "-", l_last }, { "length", "-", l_length },
	{ "nextitem", "-", l_nextitem }, { "previtem", "-", l_previtem }, { "revindex", "-", l_revindex },
	{ "revindex0", "-", l_revindex0 }, { NULL, NULL, NULL },
};

static struct value g_range(struct template *t, struct value self, const struct value *v)
{
	int64_t from = 0, to, step = 1;
	struct value list = jinja_list_new(t, L_RANGE);

	(void)self;
	for (int i = 0; i < 3; i++)
		if (v[i].kind != V_ABSENT && v[i].kind != V_INT && v[i].kind != V_BOOL)
			jinja_fail(t, "range of %s", jinja_kind_name(v[i]));
	to = v[0].i;
	if (v[1].kind != V_ABSENT) {
		from = v[0].i;
		to = v[1].i;
	}
	if (v[2].kind != V_ABSENT)
		step = v[2].i;
	if (!step)
		jinja_fail(t, "range: its step is 0");
	while (step > 0 ? from < to : from > to) {
		jinja_list_add(t, list, jinja_of_int(from));
		if (__builtin_add_overflow(from, step, &from))
			break;
	}
	return list;
}

static struct value g_dict(struct template *t, struct value self, const struct value *v)
{
	(void)t;
	(void)self;
	return v[0];
}

static struct value g_namespace(struct template *t, struct value self, const struct value *v)
{
	struct value space = v[0];

	(void)t;
	(void)self;
	space.kind = V_NAMESPACE;
	return space;
}

const struct function jinja_globals[] = {
	{ "dict", "**", g_dict }, { "namespace", "**", g_namespace }, { "range", "start ?stop step", g_range }, { NULL, NULL, NULL },
};

#include <string.h>

#include "jinja/jinja_int.h"

static struct value lazy(struct value v)
{
	v.form = L_LAZY;
	return v;
}

static bool flag(struct value v)
{
	return v.kind != V_ABSENT && jinja_truth(v);
}

static bool given(struct value v)
{
	return v.kind != V_ABSENT && v.kind != V_NONE;
}

static struct value lowered(struct template *t, struct value v)
{
	struct buffer b = { NULL, 0, 0 };

	if (v.kind != V_STRING)
		return v;
	jinja_put_case(t, &b, v.s, v.n, LETTER_LOWER);
	return jinja_buffer_string(&b);
}

static struct value f_first(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self);

	(void)v;
	return items.list->n ? items.list->at[0] : jinja_undefined("the first item of an empty sequence", 35);
}

static struct value f_last(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self);

	(void)v;
	if (self.kind == V_LIST && self.form == L_LAZY)
		jinja_fail(t, "last of items that can only be gone through: put |list before it");
	return items.list->n ? items.list->at[items.list->n - 1] : jinja_undefined("the last item of an empty sequence", 34);
}

static struct value f_length(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	if (self.kind == V_STRING)
		return jinja_of_int((int64_t)jinja_char_count(self.s, self.n));
	if (self.kind == V_DICT)
		return jinja_of_int((int64_t)self.dict->n);
	if (self.kind == V_UNDEFINED)
		return jinja_of_int(0);
	if (self.kind != V_LIST || self.form == L_LAZY)
		jinja_fail(t, "%s has no length%s", jinja_kind_name(self), self.kind == V_LIST ? " before |list" : "");
	return jinja_of_int((int64_t)self.list->n);
}

static struct value copy(struct template *t, struct value items)
{
	struct value list = jinja_list_new(t, L_LIST);

	for (size_t i = 0; i < items.list->n; i++)
		jinja_list_add(t, list, items.list->at[i]);
	return list;
}

static struct value f_list(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return copy(t, jinja_items_of(t, self));
}

static struct value f_join(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self), by = v[0].kind == V_ABSENT ? jinja_of_text("", 0) : jinja_text_of(t, v[0]), item;
	struct buffer b = { NULL, 0, 0 };

	for (size_t i = 0; i < items.list->n; i++) {
		jinja_spend(t, 1);
		if (i)
			jinja_put(t, &b, by.s, by.n);
		item = items.list->at[i];
		jinja_put_value(t, &b, given(v[1]) ? jinja_path_of(t, item, v[1]) : item);
	}
	return jinja_buffer_string(&b);
}

static struct value f_reverse(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self), list = jinja_list_new(t, L_LIST), c;
	struct buffer b = { NULL, 0, 0 };

	(void)v;
	for (size_t i = items.list->n; i; i--) {
		c = items.list->at[i - 1];
		if (self.kind == V_STRING)
			jinja_put(t, &b, c.s, c.n);
		else
			jinja_list_add(t, list, c);
	}
	return self.kind == V_STRING ? jinja_buffer_string(&b) : self.kind == V_LIST && self.form == L_LAZY ? list : lazy(list);
}

static struct value f_sum(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self), sum = v[1].kind == V_ABSENT ? jinja_of_int(0) : v[1], item;

	if (sum.kind == V_STRING)
		jinja_fail(t, "sum: texts are joined, not added");
	for (size_t i = 0; i < items.list->n; i++) {
		item = items.list->at[i];
		sum = jinja_binary(t, O_ADD, sum, given(v[0]) ? jinja_path_of(t, item, v[0]) : item);
	}
	return sum;
}

/* ---- order ---- */

struct sorting { struct value item, keys; };

/* What an item is sorted by: a list with one key for each attribute named. */
static struct value sort_keys(struct template *t, struct value item, struct value by, bool exact)
{
	struct value keys = jinja_list_new(t, L_LIST), k;
	const char *comma;
	size_t n;

	if (!given(by) || by.kind != V_STRING) {
		k = given(by) ? jinja_path_of(t, item, by) : item;
		jinja_list_add(t, keys, exact ? k : lowered(t, k));
		return keys;
	}
	for (;; by = jinja_of_text(comma + 1, by.n - n - 1)) {
		comma = memchr(by.s, ',', by.n);
		n = comma ? (size_t)(comma - by.s) : by.n;
		k = jinja_path_of(t, item, jinja_of_text(by.s, n));
		jinja_list_add(t, keys, exact ? k : lowered(t, k));
		if (!comma)
			return keys;
	}
}

static int keys_order(struct template *t, struct value a, struct value b)
{
	for (size_t i = 0; i < a.list->n; i++)
		if (i + 1 == a.list->n || !jinja_same(t, a.list->at[i], b.list->at[i]))
			return jinja_order(t, a.list->at[i], b.list->at[i], "<");
	return 0;
}

/* Stable, by merging halves; work has room for as many. */
static void merge_sort(struct template *t, struct sorting *s, size_t n, struct sorting *work, bool reverse)
{
	size_t half = n / 2, i = 0, k = half, out = 0;
	int c;

	if (n < 2)
		return;
	merge_sort(t, s, half, work, reverse);
	merge_sort(t, s + half, n - half, work, reverse);
	while (i < half && k < n) {
		c = keys_order(t, s[i].keys, s[k].keys);
		work[out++] = (reverse ? c >= 0 : c <= 0) ? s[i++] : s[k++];
	}
	while (i < half)
		work[out++] = s[i++];
	while (k < n)
		work[out++] = s[k++];
	memcpy(s, work, n * sizeof *s);
}

static struct value sorted(struct template *t, struct value items, struct value by, bool exact, bool reverse)
{
	size_t n = items.list->n;
	struct sorting *s = jinja_take(t, 2 * n * sizeof *s + 1);
	struct value list = jinja_list_new(t, L_LIST);

	for (size_t i = 0; i < n; i++)
		s[i] = (struct sorting){ items.list->at[i], sort_keys(t, items.list->at[i], by, exact) };
	merge_sort(t, s, n, s + n, reverse);
	for (size_t i = 0; i < n; i++)
		jinja_list_add(t, list, s[i].item);
	return list;
}

static struct value f_sort(struct template *t, struct value self, const struct value *v)
{
	return sorted(t, jinja_items_of(t, self), v[2], flag(v[1]), flag(v[0]));
}

static struct value f_dictsort(struct template *t, struct value self, const struct value *v)
{
	bool by_value = v[1].kind == V_STRING && v[1].n == 5 && !memcmp(v[1].s, "value", 5);
	struct value list = jinja_list_new(t, L_LIST), pair;

	if (self.kind != V_DICT)
		jinja_fail(t, "dictsort of %s", jinja_kind_name(self));
	if (v[1].kind != V_ABSENT && !by_value && !(v[1].kind == V_STRING && v[1].n == 3 && !memcmp(v[1].s, "key", 3)))
		jinja_fail(t, "dictsort: by is 'key' or 'value'");
	for (size_t i = 0; i < self.dict->n; i++) {
		pair = jinja_list_new(t, L_TUPLE);
		jinja_list_add(t, pair, self.dict->at[i].key);
		jinja_list_add(t, pair, self.dict->at[i].value);
		jinja_list_add(t, list, pair);
	}
	return sorted(t, list, jinja_of_int(by_value), flag(v[0]), flag(v[2]));
}

static struct value f_unique(struct template *t, struct value self, const struct value *v)
{
	struct value items = jinja_items_of(t, self), list = jinja_list_new(t, L_LIST), seen = jinja_list_new(t, L_LIST), key, item;

	for (size_t i = 0; i < items.list->n; i++) {
		item = items.list->at[i];
		key = given(v[1]) ? jinja_path_of(t, item, v[1]) : item;
		if (!flag(v[0]))
			key = lowered(t, key);
		if (!jinja_hashable(key))
			jinja_fail(t, "unique: %s", jinja_kind_name(key));
		if (jinja_contains(t, seen, key))
			continue;
		jinja_list_add(t, seen, key);
		jinja_list_add(t, list, item);
	}
	return lazy(list);
}

static struct value extreme(struct template *t, struct value self, const struct value *v, int sign)
{
	struct value items = jinja_items_of(t, self), best, best_key, key;

	if (!items.list->n)
		return jinja_undefined("the first item of an empty sequence", 35);
	for (size_t i = 0; i < items.list->n; i++) {
		key = given(v[1]) ? jinja_path_of(t, items.list->at[i], v[1]) : items.list->at[i];
		if (!flag(v[0]))
			key = lowered(t, key);
		if (i && sign * jinja_order(t, key, best_key, "<") >= 0)
			continue;
		best = items.list->at[i];
		best_key = key;
	}
	return best;
}

static struct value f_min(struct template *t, struct value self, const struct value *v)
{
	return extreme(t, self, v, 1);
}

static struct value f_max(struct template *t, struct value self, const struct value *v)
{
	return extreme(t, self, v, -1);
}

static struct value f_items(struct template *t, struct value self, const struct value *v)
{
	struct value list = jinja_list_new(t, L_LIST), pair;

	(void)v;
	if (self.kind == V_UNDEFINED)
		return lazy(list);
	if (self.kind != V_DICT)
		jinja_fail(t, "items of %s", jinja_kind_name(self));
	for (size_t i = 0; i < self.dict->n; i++) {
		pair = jinja_list_new(t, L_TUPLE);
		jinja_list_add(t, pair, self.dict->at[i].key);
		jinja_list_add(t, pair, self.dict->at[i].value);
		jinja_list_add(t, list, pair);
	}
	return lazy(list);
}

const struct function jinja_filters_list[] = {
	{ "count", "", f_length },
	{ "dictsort", "?case_sensitive by reverse", f_dictsort },
	{ "first", "", f_first },
	{ "items", "", f_items },
	{ "join", "?d attribute", f_join },
	{ "last", "", f_last },
	{ "length", "", f_length },
	{ "list", "", f_list },
	{ "max", "?case_sensitive attribute", f_max },
	{ "min", "?case_sensitive attribute", f_min },
	{ "reverse", "", f_reverse },
	{ "sort", "?reverse case_sensitive attribute", f_sort },
	{ "sum", "?attribute start", f_sum },
	{ "unique", "?case_sensitive attribute", f_unique },
	{ NULL, NULL, NULL },
};

#include <string.h>

#include "jinja/jinja_int.h"

/* The first arguments as texts, the others as arguments of their own. */
static struct args shifted(const struct args *args, size_t by)
{
	struct args rest = *args;

	rest.n = args->n > by ? args->n - by : 0;
	for (size_t i = 0; i < rest.n; i++)
		rest.at[i] = args->at[i + by];
	return rest;
}

static struct value name_argument(struct template *t, const struct args *args, size_t index, const char *filter)
{
	if (args->n <= index || args->at[index].kind != V_STRING)
		jinja_fail(t, "%s: a name is missing", filter);
	return args->at[index];
}

/* map(attribute=..., default=...) */
static struct value map_attribute(struct template *t, struct value items, const struct args *args)
{
	struct value list = jinja_list_new(t, L_LIST), by = { .kind = V_ABSENT }, missing = { .kind = V_ABSENT }, v;

	for (size_t i = 0; i < args->named; i++) {
		if (args->name[i].n == 9 && !memcmp(args->name[i].s, "attribute", 9))
			by = args->name[i].value;
		else if (args->name[i].n == 7 && !memcmp(args->name[i].s, "default", 7))
			missing = args->name[i].value;
		else
			jinja_fail(t, "map has no argument %.*s", (int)(args->name[i].n < 40 ? args->name[i].n : 40), args->name[i].s);
	}
	if (by.kind == V_ABSENT)
		jinja_fail(t, "map: a filter or an attribute is missing");
	for (size_t i = 0; i < items.list->n; i++) {
		v = jinja_path_of(t, items.list->at[i], by);
		if (v.kind == V_UNDEFINED && missing.kind != V_ABSENT && missing.kind != V_NONE)
			v = missing;
		jinja_list_add(t, list, v);
	}
	return list;
}

static struct value map_filter(struct template *t, struct value items, const struct args *args)
{
	struct value list = jinja_list_new(t, L_LIST), name;
	struct args rest;

	if (!args->n)
		return map_attribute(t, items, args);
	name = name_argument(t, args, 0, "map");
	rest = shifted(args, 1);
	for (size_t i = 0; i < items.list->n; i++) {
		jinja_spend(t, 4);
		jinja_list_add(t, list, jinja_call_filter(t, name.s, name.n, items.list->at[i], &rest));
	}
	return list;
}

/* select, reject, selectattr, rejectattr */
static struct value chosen(struct template *t, struct value items, const struct args *args, const char *filter, bool attribute, bool keep)
{
	struct value list = jinja_list_new(t, L_LIST), by = { .kind = V_ABSENT }, name = { .kind = V_ABSENT }, v;
	size_t first = attribute;
	struct args rest;
	bool is;

	if (attribute) {
		if (!args->n)
			jinja_fail(t, "%s: an attribute is missing", filter);
		by = args->at[0];
	}
	if (args->n > first)
		name = name_argument(t, args, first, filter);
	else if (args->named)
		jinja_fail(t, "%s: a test is missing", filter);
	rest = shifted(args, first + 1);
	for (size_t i = 0; i < items.list->n; i++) {
		jinja_spend(t, 4);
		v = attribute ? jinja_path_of(t, items.list->at[i], by) : items.list->at[i];
		is = name.kind == V_STRING ? jinja_call_test(t, name.s, name.n, v, &rest) : jinja_truth(v);
		if (is == keep)
			jinja_list_add(t, list, items.list->at[i]);
	}
	return list;
}

bool jinja_each_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args, struct value *out)
{
	static const struct { const char *name; bool attribute, keep; } choices[] = { { "select", false, true },
		{ "reject", false, false }, { "selectattr", true, true }, { "rejectattr", true, false } };

	if (len == 3 && !memcmp(name, "map", 3)) {
		jinja_deeper(t);
		*out = map_filter(t, jinja_items_of(t, self), args);
		t->depth--;
		out->form = L_LAZY;
		return true;
	}
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		if (strlen(choices[i].name) != len || memcmp(choices[i].name, name, len))
			continue;
		*out = chosen(t, jinja_items_of(t, self), args, choices[i].name, choices[i].attribute, choices[i].keep);
		out->form = L_LAZY;
		return true;
	}
	return false;
}

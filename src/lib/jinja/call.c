#include <string.h>

#include "jinja/jinja_int.h"

const struct function *jinja_function_find(const struct function *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && !memcmp(table->name, name, len))
			return table;
	return NULL;
}

/* All positional ones as a list: signature "*". */
static struct value rest(struct template *t, const struct function *f, const struct args *args)
{
	struct value list = jinja_list_new(t, L_LIST);

	if (args->named)
		jinja_fail(t, "%s takes no named arguments", f->name);
	for (size_t i = 0; i < args->n; i++)
		jinja_list_add(t, list, args->at[i]);
	return list;
}

/* All named ones as a dictionary: signature "**". */
static struct value named(struct template *t, const struct function *f, const struct args *args)
{
	struct value d = jinja_dict_new(t);

	if (args->n > 1 || (args->n && args->at[0].kind != V_DICT))
		jinja_fail(t, "%s takes a dictionary and named arguments", f->name);
	if (args->n)
		for (size_t i = 0; i < args->at[0].dict->n; i++)
			jinja_dict_set(t, d.dict, args->at[0].dict->at[i].key, args->at[0].dict->at[i].value);
	for (size_t i = 0; i < args->named; i++)
		jinja_dict_set(t, d.dict, jinja_of_text(args->name[i].s, args->name[i].n), args->name[i].value);
	return d;
}

/* The argument of this name in the call, the index-th of the signature. */
static struct value argument(const struct args *args, size_t index, const char *name, size_t len, bool used[ARGS_MAX])
{
	if (index < args->n)
		return args->at[index];
	for (size_t i = 0; i < args->named; i++)
		if (!used[i] && args->name[i].n == len && !memcmp(args->name[i].s, name, len)) {
			used[i] = true;
			return args->name[i].value;
		}
	return (struct value){ .kind = V_ABSENT };
}

static void bind(struct template *t, const struct function *f, const struct args *args, struct value *v)
{
	bool used[ARGS_MAX] = { false }, optional = false;
	const char *s = f->signature;
	size_t n, count = 0;

	while (*s) {
		if (*s == '?') {
			optional = true;
			s++;
		}
		n = strcspn(s, " ");
		v[count] = argument(args, count, s, n, used);
		if (v[count].kind == V_ABSENT && !optional)
			jinja_fail(t, "%s: the argument %.*s is missing", f->name, (int)n, s);
		count++;
		s += n;
		s += strspn(s, " ");
	}
	if (args->n > count)
		jinja_fail(t, "%s takes %zu arguments, not %zu", f->name, count, args->n);
	for (size_t i = 0; i < args->named; i++)
		if (!used[i])
			jinja_fail(t, "%s has no argument %.*s", f->name, (int)(args->name[i].n < 40 ? args->name[i].n : 40), args->name[i].s);
}

struct value jinja_call_function(struct template *t, const struct function *f, struct value self, const struct args *args)
{
	struct value v[ARGS_MAX + 1], result;

	jinja_deeper(t);
	if (!strcmp(f->signature, "*"))
		v[0] = rest(t, f, args);
	else if (!strcmp(f->signature, "**"))
		v[0] = named(t, f, args);
	else
		bind(t, f, args, v);
	result = f->call(t, self, v);
	t->depth--;
	return result;
}

struct value jinja_call_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args)
{
	const struct function *f = jinja_function_find(jinja_filters_text, name, len);
	struct value v;

	if (!f)
		f = jinja_function_find(jinja_filters_list, name, len);
	if (f)
		return jinja_call_function(t, f, self, args);
	if (jinja_each_filter(t, name, len, self, args, &v))
		return v;
	jinja_fail(t, "there is no filter %.*s", (int)(len < 40 ? len : 40), name);
}

bool jinja_call_test(struct template *t, const char *name, size_t len, struct value self, const struct args *args)
{
	const struct function *f = jinja_function_find(jinja_tests, name, len);

	if (!f)
		jinja_fail(t, "there is no test %.*s", (int)(len < 40 ? len : 40), name);
	return jinja_truth(jinja_call_function(t, f, self, args));
}

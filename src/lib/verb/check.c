/* Arguments held against the verb's table. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/verb.h"

/* Longest name of a member that is repeated in a message, bytes. */
#define NAME_SHOWN 40
/* Members of one object: they are sorted on the stack to find doubles. */
#define MEMBERS_MAX 1024

static int refuse(char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *message, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, VERB_MESSAGE, fmt, ap);
	va_end(ap);
	return -1;
}

/* The client's own name for a member, safe to show: no control characters, cut
 * at a whole UTF-8 sequence. */
static const char *shown(yyjson_val *key, char out[NAME_SHOWN + 1])
{
	const char *s = yyjson_get_str(key);
	size_t n = yyjson_get_len(key);

	if (n > NAME_SHOWN) {
		n = NAME_SHOWN;
		while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	out[n] = 0;
	return out;
}

static int key_compare(const void *a, const void *b)
{
	yyjson_val *x = *(yyjson_val *const *)a, *y = *(yyjson_val *const *)b;
	size_t n = yyjson_get_len(x), m = yyjson_get_len(y);

	return n < m ? -1 : n > m ? 1 : memcmp(yyjson_get_str(x), yyjson_get_str(y), n);
}

/* Not inlined: its array must not be on the stack of each level of check_tree. */
static __attribute__((noinline)) int check_members(yyjson_val *object, char *message)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	yyjson_val *keys[MEMBERS_MAX];
	size_t n = yyjson_obj_size(object);
	char name[NAME_SHOWN + 1];

	if (n > MEMBERS_MAX)
		return refuse(message, "An object has more than %d members.", MEMBERS_MAX);
	for (size_t i = 0; i < n; i++)
		keys[i] = yyjson_obj_iter_next(&it);
	qsort(keys, n, sizeof keys[0], key_compare);
	for (size_t i = 1; i < n; i++)
		if (!key_compare(&keys[i - 1], &keys[i]))
			return refuse(message, "%s: given twice.", shown(keys[i], name));
	return 0;
}

static int check_tree(yyjson_val *v, int depth, char *message)
{
	yyjson_obj_iter oi;
	yyjson_arr_iter ai;
	yyjson_val *k;

	if (!yyjson_is_ctn(v))
		return 0;
	if (depth >= VERB_DEPTH)
		return refuse(message, "Nested deeper than %d levels.", VERB_DEPTH);
	if (yyjson_is_arr(v)) {
		ai = yyjson_arr_iter_with(v);
		while ((k = yyjson_arr_iter_next(&ai)))
			if (check_tree(k, depth + 1, message))
				return -1;
		return 0;
	}
	if (check_members(v, message))
		return -1;
	oi = yyjson_obj_iter_with(v);
	while ((k = yyjson_obj_iter_next(&oi)))
		if (check_tree(yyjson_obj_iter_get_val(k), depth + 1, message))
			return -1;
	return 0;
}

static int check_string(const struct verb_arg *a, yyjson_val *v, char *message)
{
	const char *s = yyjson_get_str(v);
	size_t n = yyjson_get_len(v);

	if (!s)
		return refuse(message, "%s: must be a string.", a->name);
	if ((int64_t)n < a->min)
		return refuse(message, n ? "%s: at least %" PRId64 " characters are needed." :
			"%s: must not be empty (at least %" PRId64 ").", a->name, a->min);
	if ((int64_t)n > a->max)
		return refuse(message, "%s: at most %" PRId64 " bytes are accepted.", a->name, a->max);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && !(a->type == VERB_TEXT && s[i] && strchr("\t\r\n", s[i]))) || s[i] == 0x7f)
			return refuse(message, "%s: control characters are not accepted.", a->name);
	return 0;
}

static int check_integer(const struct verb_arg *a, yyjson_val *v, char *message)
{
	int64_t n = yyjson_get_sint(v);

	if (!yyjson_is_int(v))
		return refuse(message, "%s: must be a whole number.", a->name);
	if ((yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX) || n < a->min || n > a->max)
		return refuse(message, "%s: must be from %" PRId64 " to %" PRId64 ".", a->name, a->min, a->max);
	return 0;
}

static int check_value(const struct verb_arg *a, yyjson_val *v, char *message)
{
	switch (a->type) {
	case VERB_STRING:
	case VERB_TEXT:
	case VERB_SECRET:
		return check_string(a, v, message);
	case VERB_INTEGER:
		return check_integer(a, v, message);
	case VERB_BOOLEAN:
		return yyjson_is_bool(v) ? 0 : refuse(message, "%s: must be true or false.", a->name);
	case VERB_OBJECT:
		return yyjson_is_obj(v) ? 0 : refuse(message, "%s: must be an object.", a->name);
	case VERB_ARRAY:
		if (!yyjson_is_arr(v))
			return refuse(message, "%s: must be an array.", a->name);
		if ((int64_t)yyjson_arr_size(v) > a->max)
			return refuse(message, "%s: at most %" PRId64 " elements are accepted.", a->name, a->max);
		return 0;
	case VERB_NONE:
		break;
	}
	return refuse(message, "%s: is of no known type.", a->name);
}

static const struct verb_arg *arg_by_key(const struct verb *v, yyjson_val *key)
{
	for (const struct verb_arg *a = v->args; a->type != VERB_NONE; a++)
		if (yyjson_equals_str(key, a->name))
			return a;
	return NULL;
}

static int check_unknown(const struct verb *v, yyjson_val *args, char *message)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(args);
	yyjson_val *key;
	char name[NAME_SHOWN + 1];

	while ((key = yyjson_obj_iter_next(&it)))
		if (!arg_by_key(v, key))
			return refuse(message, "%s: is not an argument of %s.", shown(key, name), v->name);
	return 0;
}

static int check_known(const struct verb *v, yyjson_val *args, char *message)
{
	yyjson_val *x;

	for (const struct verb_arg *a = v->args; a->type != VERB_NONE; a++) {
		x = args ? yyjson_obj_get(args, a->name) : NULL;
		if (!x || (yyjson_is_null(x) && !a->required)) {
			if (a->required)
				return refuse(message, "%s: is missing.", a->name);
			continue;
		}
		if (check_value(a, x, message))
			return -1;
	}
	return 0;
}

/* The cheap questions first: most of what is wrong never has its depth searched. */
int verb_check(const struct verb *v, yyjson_val *args, char message[VERB_MESSAGE])
{
	if (args && !yyjson_is_obj(args))
		return refuse(message, "The arguments must be a JSON object.");
	if (args && check_members(args, message))
		return -1;
	if (args && !v->whole && check_unknown(v, args, message))
		return -1;
	if (check_known(v, args, message))
		return -1;
	return args ? check_tree(args, 0, message) : 0;
}

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schema/schema.h"

/* Bytes of a closed set that are listed in a message. */
#define WORDS_SHOWN 200

/* ---- paths ---- */

static void path_add(struct schema_path *p, const char *text)
{
	size_t n = strlen(text), room = sizeof p->text - 1 - p->len;

	if (n > room)
		n = room;
	memcpy(p->text + p->len, text, n);
	p->len += n;
	p->text[p->len] = 0;
}

size_t schema_path_name(struct schema_path *p, const char *name)
{
	size_t before = p->len;

	if (before)
		path_add(p, ".");
	path_add(p, name);
	return before;
}

size_t schema_path_index(struct schema_path *p, size_t n)
{
	size_t before = p->len;
	char text[24];

	snprintf(text, sizeof text, "[%zu]", n);
	path_add(p, text);
	return before;
}

void schema_path_back(struct schema_path *p, size_t len)
{
	p->len = len;
	p->text[len] = 0;
}

int schema_shown(const char *s, int max)
{
	int n = (int)strnlen(s, (size_t)max + 1);

	if (n <= max)
		return n;
	for (n = max; n && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

int schema_refuse(const struct schema_path *path, char message[SCHEMA_MESSAGE], const char *fmt, ...)
{
	char text[SCHEMA_MESSAGE];
	va_list ap;
	int n;

	n = snprintf(message, SCHEMA_MESSAGE, "%.*s%s", (int)path->len, path->text, path->len ? ": " : "");
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(message + n, SCHEMA_MESSAGE - (size_t)n, "%.*s", schema_shown(text, SCHEMA_MESSAGE - n - 1), text);
	return -1;
}

/* ---- values ---- */

size_t schema_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static bool is_control(unsigned char c, bool text)
{
	if (text && (c == '\n' || c == '\r' || c == '\t'))
		return false;
	return c < 0x20 || c == 0x7f;
}

static int check_words(const struct schema_field *f, const char *s, const struct schema_path *path, char *message)
{
	char list[WORDS_SHOWN + 4];
	size_t len = 0;

	for (const char *const *w = f->words; *w; w++)
		if (!strcmp(*w, s))
			return 0;
	list[0] = 0;
	for (const char *const *w = f->words; *w && len < WORDS_SHOWN; w++)
		len += (size_t)snprintf(list + len, len < WORDS_SHOWN ? WORDS_SHOWN - len : 0, "%s%s", len ? ", " : "", *w);
	return schema_refuse(path, message, "must be one of %s%s", list, len < WORDS_SHOWN ? "." : "...");
}

static int check_string(const struct schema_field *f, yyjson_val *v, const struct schema_path *path, char *message)
{
	const char *s = yyjson_get_str(v);
	size_t n = yyjson_get_len(v), characters;

	if (!s)
		return schema_refuse(path, message, "must be a string.");
	for (size_t i = 0; i < n; i++)
		if (is_control((unsigned char)s[i], f->flags & SCHEMA_TEXT))
			return schema_refuse(path, message, "control characters are not accepted.");
	if (f->words)
		return check_words(f, s, path, message);
	characters = schema_characters(s, n);
	if ((int64_t)characters < f->min)
		return characters ?
			schema_refuse(path, message, "at least %" PRId64 " characters are needed.", f->min) :
			schema_refuse(path, message, "must not be empty.");
	if (f->max && (int64_t)characters > f->max)
		return schema_refuse(path, message, "at most %" PRId64 " characters are accepted.", f->max);
	if (f->form && n && !f->form->match(s, n))
		return schema_refuse(path, message, "must be %s.", f->form->what);
	return 0;
}

static int check_integer(const struct schema_field *f, yyjson_val *v, const struct schema_path *path, char *message)
{
	int64_t n = yyjson_get_sint(v);

	if (!yyjson_is_int(v))
		return schema_refuse(path, message, "must be a whole number.");
	if ((yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX) || n < f->min || n > f->max)
		return schema_refuse(path, message, "must be from %" PRId64 " to %" PRId64 ".", f->min, f->max);
	return 0;
}

static int check_value(const struct schema_field *f, yyjson_val *v, struct schema_path *path, char *message);

static int check_array(const struct schema_field *f, yyjson_val *v, struct schema_path *path, char *message)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(v);
	size_t n = yyjson_arr_size(v), before;
	yyjson_val *x;

	if (!yyjson_is_arr(v))
		return schema_refuse(path, message, "must be an array.");
	if ((int64_t)n < f->min)
		return schema_refuse(path, message, "at least %" PRId64 " elements are needed.", f->min);
	if (f->max && (int64_t)n > f->max)
		return schema_refuse(path, message, "at most %" PRId64 " elements are accepted.", f->max);
	for (size_t i = 0; f->element && (x = yyjson_arr_iter_next(&it)); i++) {
		before = schema_path_index(path, i);
		if (check_value(f->element, x, path, message))
			return -1;
		schema_path_back(path, before);
	}
	return 0;
}

static int check_fields(const struct schema_field *fields, yyjson_val *object, struct schema_path *path, char *message)
{
	size_t before;
	yyjson_val *x;

	for (const struct schema_field *f = fields; f->type != SCHEMA_END; f++) {
		x = yyjson_obj_get(object, f->name);
		if ((!x || yyjson_is_null(x)) && !(f->flags & SCHEMA_REQUIRED))
			continue;
		before = schema_path_name(path, f->name);
		if (!x)
			return schema_refuse(path, message, "is missing.");
		if (check_value(f, x, path, message))
			return -1;
		schema_path_back(path, before);
	}
	return 0;
}

/* The path stays where the error is; who began puts it back. */
static int check_value(const struct schema_field *f, yyjson_val *v, struct schema_path *path, char *message)
{
	switch (f->type) {
	case SCHEMA_STRING:
		return check_string(f, v, path, message);
	case SCHEMA_INTEGER:
		return check_integer(f, v, path, message);
	case SCHEMA_BOOLEAN:
		return yyjson_is_bool(v) ? 0 : schema_refuse(path, message, "must be true or false.");
	case SCHEMA_OBJECT:
		if (!yyjson_is_obj(v))
			return schema_refuse(path, message, "must be an object.");
		return f->fields ? check_fields(f->fields, v, path, message) : 0;
	case SCHEMA_ARRAY:
		return check_array(f, v, path, message);
	case SCHEMA_ANY:
		return 0;
	case SCHEMA_END:
		break;
	}
	return schema_refuse(path, message, "is of no known type.");
}

int schema_check(const struct schema_field *fields, yyjson_val *object, struct schema_path *path,
	char message[SCHEMA_MESSAGE])
{
	size_t before = path->len;
	int result;

	if (!yyjson_is_obj(object))
		return schema_refuse(path, message, "must be an object.");
	result = check_fields(fields, object, path, message);
	schema_path_back(path, before);
	return result;
}

/* ---- forms ---- */

static bool is_guid(const char *s, size_t n)
{
	if (n != 36)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

const struct schema_form schema_guid = { is_guid, "a GUID (8-4-4-4-12 hexadecimal digits)" };

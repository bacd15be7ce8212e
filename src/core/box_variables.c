/* Variables: their members by a table, their values by their types. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"

/* Longest name and scope: both are part of the place a secret is sealed for (255 bytes with
 * what comes before them). */
#define VARIABLE_MAX 128
#define SCOPE_MAX 255
#define SECRET_PLACE_MAX 180
/* Longest values, characters: a text of this size still fits a box with many; a
 * password is sealed in one message. */
#define TEXT_VALUE_MAX 65536
#define PASSWORD_MAX 4096
#define OPTIONS_MAX 8192
/* Options repeated in a message, bytes. */
#define OPTIONS_SHOWN 120
#define TAG_MAX 256
#define TAGS_MAX 100
#define PORT_MAX 65535
#define ANY_BOX "AnyBox"

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	return true;
}

/* Names with single dots between them. */
static bool is_scope(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '.' ? !i || i + 1 == n || s[i - 1] == '.' : !is_name(s + i, 1))
			return false;
	return true;
}

static const struct schema_form name = { is_name, "letters, digits, '_' and '-'" };
static const struct schema_form scope = { is_scope, "names of Box variables with dots between them" };

static const char *const visibilities[] = { "public", "private", "internal", NULL };
static const char *const updates[] = { "off", "major", "minor", "patch", NULL };

enum value_type {
	TEXT = 0, PASSWORD, NUMBER, PORT, FILE_, OPTIONS, MULTI_OPTIONS, BINDING, BOX, TASK
};
static const char *const types[] = {
	[TEXT] = "Text", [PASSWORD] = "Password", [NUMBER] = "Number", [PORT] = "Port", [FILE_] = "File",
	[OPTIONS] = "Options", [MULTI_OPTIONS] = "Multi Options", [BINDING] = "Binding", [BOX] = "Box", [TASK] = "Task", NULL,
};

static const struct schema_field tag = { .type = SCHEMA_STRING, .min = 1, .max = TAG_MAX };

static const struct schema_field fields[] = {
	{ .name = "name", .type = SCHEMA_STRING, .flags = SCHEMA_REQUIRED, .min = 1, .max = VARIABLE_MAX, .form = &name },
	{ .name = "type", .type = SCHEMA_STRING, .flags = SCHEMA_REQUIRED, .words = types },
	{ .name = "required", .type = SCHEMA_BOOLEAN },
	{ .name = "visibility", .type = SCHEMA_STRING, .words = visibilities },
	{ .name = "scope", .type = SCHEMA_STRING, .max = SCOPE_MAX, .form = &scope },
	{ .name = "options", .type = SCHEMA_STRING, .flags = SCHEMA_TEXT, .max = OPTIONS_MAX },
	{ .name = "tags", .type = SCHEMA_ARRAY, .max = TAGS_MAX, .element = &tag },
	{ .name = "automatic_updates", .type = SCHEMA_STRING, .words = updates },
	{ .type = SCHEMA_END },
};

/* ---- values ---- */

static int check_text(yyjson_val *v, int64_t most, const struct schema_path *path, char *message)
{
	const char *s = yyjson_get_str(v);

	if (!s)
		return schema_refuse(path, message, "must be a string.");
	if (strlen(s) != yyjson_get_len(v))
		return schema_refuse(path, message, "the character NUL is not accepted.");
	if ((int64_t)schema_characters(s, yyjson_get_len(v)) > most)
		return schema_refuse(path, message, "at most %lld characters are accepted.", (long long)most);
	return 0;
}

static bool is_number(const char *s)
{
	s += *s == '-' || *s == '+';
	if (!isdigit((unsigned char)*s))
		return false;
	s += strspn(s, "0123456789");
	if (*s == '.' && isdigit((unsigned char)s[1]))
		s += 1 + strspn(s + 1, "0123456789");
	return !*s;
}

static bool is_port(yyjson_val *v)
{
	const char *s = yyjson_get_str(v);

	if (yyjson_is_int(v))
		return yyjson_get_sint(v) >= 0 && yyjson_get_sint(v) <= PORT_MAX;
	return s && strlen(s) <= 5 && strspn(s, "0123456789") == strlen(s) && atoi(s) <= PORT_MAX;
}

/* Is the text one of a comma-separated list?  Blanks around an option do not count. */
static bool is_option(const char *options, const char *s, size_t n)
{
	size_t len;

	for (const char *at = options; *at; at += len, at += *at == ',') {
		const char *begin = at;
		size_t m;

		len = strcspn(at, ",");
		m = len;
		while (m && isspace((unsigned char)*begin)) {
			begin++;
			m--;
		}
		while (m && isspace((unsigned char)begin[m - 1]))
			m--;
		if (m == n && !memcmp(begin, s, n))
			return true;
	}
	return false;
}

static int check_option(const char *options, const char *s, size_t n, const struct schema_path *path, char *message)
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (!n || is_option(options, s, n))
		return 0;
	if (strlen(options) > OPTIONS_SHOWN || strpbrk(options, "\r\n\t"))
		return schema_refuse(path, message, "must be one of the options.");
	return schema_refuse(path, message, "must be one of the options (%s).", options);
}

/* One of them, or several: an array, or a text with commas. */
static int check_options(yyjson_val *variable, yyjson_val *v, bool several, struct schema_path *path, char *message)
{
	const char *options = yyjson_get_str(yyjson_obj_get(variable, "options")), *s = yyjson_get_str(v);
	yyjson_arr_iter it = yyjson_arr_iter_with(v);
	yyjson_val *x;
	size_t i = 0;

	if (several && yyjson_is_arr(v)) {
		for (; (x = yyjson_arr_iter_next(&it)); i++) {
			size_t before = schema_path_index(path, i);

			if (check_text(x, TEXT_VALUE_MAX, path, message))
				return -1;
			if (options && *options && check_option(options, yyjson_get_str(x), yyjson_get_len(x), path, message))
				return -1;
			schema_path_back(path, before);
		}
		return 0;
	}
	if (check_text(v, TEXT_VALUE_MAX, path, message))
		return -1;
	/* An override of a nested box's variable may leave the options to that box. */
	if (!options || !*options)
		return 0;
	if (!several)
		return check_option(options, s, strlen(s), path, message);
	for (size_t len; *s; s += len, s += *s == ',') {
		len = strcspn(s, ",");
		if (check_option(options, s, len, path, message))
			return -1;
	}
	return 0;
}

static int check_value(yyjson_val *variable, enum value_type type, yyjson_val *v, struct schema_path *path, char *message)
{
	const char *s = yyjson_get_str(v);

	switch (type) {
	case TEXT:
		return check_text(v, TEXT_VALUE_MAX, path, message);
	case PASSWORD:
		return check_text(v, PASSWORD_MAX, path, message);
	case NUMBER:
		return yyjson_is_num(v) || (s && is_number(s)) ? 0 : schema_refuse(path, message, "must be a number.");
	case PORT:
		return is_port(v) ? 0 : schema_refuse(path, message, "must be a port from 0 to %d.", PORT_MAX);
	case FILE_:
	case TASK:
		return s && box_blob_id(s, NULL) ? 0 :
			schema_refuse(path, message, "must be /services/blobs/download/<id>/<name>.");
	case OPTIONS:
	case MULTI_OPTIONS:
		return check_options(variable, v, type == MULTI_OPTIONS, path, message);
	case BINDING:
		if (s && (!strcmp(s, ANY_BOX) || schema_guid.match(s, strlen(s))))
			return 0;
		return schema_refuse(path, message, "must be the id of a box, or " ANY_BOX ".");
	case BOX:
		if (s && schema_guid.match(s, strlen(s)))
			return 0;
		return schema_refuse(path, message, "must be the id of a box or of a version.");
	}
	return schema_refuse(path, message, "is of no known type.");
}

static enum value_type type_of(yyjson_val *variable)
{
	yyjson_val *type = yyjson_obj_get(variable, "type");
	size_t i = 0;

	while (!yyjson_equals_str(type, types[i]))
		i++;
	return (enum value_type)i;
}

/* ---- one variable, all variables ---- */

static int check_variable(yyjson_val *variable, struct schema_path *path, char *message)
{
	yyjson_val *v = yyjson_obj_get(variable, "value");
	size_t place;
	enum value_type type;

	if (schema_check(fields, variable, path, message))
		return -1;
	type = type_of(variable);
	place = yyjson_get_len(yyjson_obj_get(variable, "name")) + yyjson_get_len(yyjson_obj_get(variable, "scope"));
	if (type == PASSWORD && place > SECRET_PLACE_MAX)
		return schema_refuse(path, message, "name and scope of a Password have at most %d characters together.",
			SECRET_PLACE_MAX);
	/* No value yet is fine for every type: it is asked for when the box is deployed. */
	if (!v || yyjson_is_null(v) || (yyjson_is_str(v) && !yyjson_get_len(v)))
		return 0;
	schema_path_name(path, "value");
	return check_value(variable, type, v, path, message);
}

struct place {
	const char *name, *scope;
	size_t index;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = strcmp(x->scope, y->scope);

	return c ? c : strcmp(x->name, y->name);
}

/* One name in one scope is one variable. */
static int check_unique(yyjson_val *variables, struct schema_path *path, char *message)
{
	size_t n = yyjson_arr_size(variables), i = 0;
	struct place *places = calloc(n + 1, sizeof *places);
	yyjson_arr_iter it = yyjson_arr_iter_with(variables);
	yyjson_val *v;
	int result = 0;

	for (; places && (v = yyjson_arr_iter_next(&it)); i++) {
		const char *in = yyjson_get_str(yyjson_obj_get(v, "scope"));

		places[i] = (struct place){ yyjson_get_str(yyjson_obj_get(v, "name")), in ? in : "", i };
	}
	if (!places)
		return schema_refuse(path, message, "there is no memory to check them.");
	qsort(places, n, sizeof *places, place_compare);
	for (i = 1; i < n && !result; i++)
		if (!place_compare(&places[i - 1], &places[i])) {
			size_t later = places[i].index > places[i - 1].index ? places[i].index : places[i - 1].index;

			schema_path_index(path, later);
			result = schema_refuse(path, message, "there are two variables \"%s\"%s%s.", places[i].name,
				*places[i].scope ? " in the scope " : "", places[i].scope);
		}
	free(places);
	return result;
}

int box_check_variables(yyjson_val *variables, struct schema_path *path, char message[SCHEMA_MESSAGE])
{
	yyjson_arr_iter it = yyjson_arr_iter_with(variables);
	size_t i = 0, before;
	yyjson_val *v;

	if (!yyjson_is_arr(variables))
		return schema_refuse(path, message, "must be an array.");
	for (; (v = yyjson_arr_iter_next(&it)); i++) {
		before = schema_path_index(path, i);
		if (check_variable(v, path, message))
			return -1;
		schema_path_back(path, before);
	}
	return check_unique(variables, path, message);
}

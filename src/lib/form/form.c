/* form: holding objects against the lists, and telling of them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "form/form.h"
#include "schema/schema.h"

#define TEXT_MAX 4096
#define LINES_MAX 65536

static int refuse(char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *message, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, FORM_MESSAGE, fmt, ap);
	va_end(ap);
	return -1;
}

static int check_text(const struct form_field *f, yyjson_val *v, char *message)
{
	size_t max = f->max ? (size_t)f->max : f->kind == FORM_LINES ? LINES_MAX : TEXT_MAX, n = yyjson_get_len(v);
	const char *s = yyjson_get_str(v);

	if (!s)
		return refuse(message, "%s: must be a string.", f->name);
	if (f->required && !n)
		return refuse(message, "%s: must not be empty.", f->name);
	if (schema_characters(s, n) > max)
		return refuse(message, "%s: at most %zu characters are accepted.", f->name, max);
	if (f->kind == FORM_URL && n && strncmp(s, "https://", 8) != 0)
		return refuse(message, "%s: must begin with https://.", f->name);
	return 0;
}

static bool is_empty(yyjson_val *v)
{
	return !v || yyjson_is_null(v) || (yyjson_is_str(v) && !yyjson_get_len(v));
}

static int check_field(const struct form_field *f, yyjson_val *v, char *message);

/* What is there of its members has its kind; what an element needs is for the driver to say. */
static int check_item(const struct form_field *items, yyjson_val *one, char *message)
{
	if (!yyjson_is_obj(one))
		return refuse(message, "must be an object.");
	for (; items->kind; items++)
		if (!is_empty(yyjson_obj_get(one, items->name)) && check_field(items, yyjson_obj_get(one, items->name), message))
			return -1;
	return 0;
}

static int check_list(const struct form_field *f, yyjson_val *v, char *message)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(v);
	char what[FORM_MESSAGE];
	yyjson_val *one;

	if (!yyjson_is_arr(v))
		return refuse(message, "%s: must be an array.", f->name);
	while (f->items && (one = yyjson_arr_iter_next(&it)))
		if (check_item(f->items, one, what))
			return refuse(message, "%s[%zu]: %.200s", f->name, it.idx - 1, what);
	return 0;
}

static int check_field(const struct form_field *f, yyjson_val *v, char *message)
{
	if (!v || yyjson_is_null(v))
		return f->required ? refuse(message, "%s: is missing.", f->name) : 0;
	switch (f->kind) {
	case FORM_NUMBER:
		if (!yyjson_is_int(v) || yyjson_get_sint(v) < f->min || yyjson_get_sint(v) > f->max)
			return refuse(message, "%s: must be a whole number from %ld to %ld.", f->name, f->min, f->max);
		return 0;
	case FORM_FLAG:
		return yyjson_is_bool(v) ? 0 : refuse(message, "%s: must be true or false.", f->name);
	case FORM_LIST:
		return check_list(f, v, message);
	default:
		return check_text(f, v, message);
	}
}

int form_check(const struct form_field *fields, yyjson_val *object, char message[FORM_MESSAGE])
{
	for (; fields && fields->kind; fields++)
		if (check_field(fields, yyjson_obj_get(object, fields->name), message))
			return -1;
	return 0;
}

int form_check_profile(yyjson_val *profile, char message[FORM_MESSAGE])
{
	yyjson_val *schema = yyjson_obj_get(profile, "schema"), *v;
	const struct form_field *fields = NULL, *f;
	const struct form *form;
	size_t count;

	for (form = form_all(&count); count; count--, form++)
		if (form->profile_schema && yyjson_equals_str(schema, form->profile_schema))
			fields = form->profile;
	for (f = fields; f && f->kind; f++) {
		v = yyjson_obj_get(profile, f->name);
		if (!is_empty(v) && check_field(f, v, message))
			return -1;
	}
	return 0;
}

static void put_words(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *words)
{
	size_t n;

	for (; words && *words; words += n + (words[n] == ',')) {
		n = strcspn(words, ",");
		yyjson_mut_arr_add_strn(doc, list, words, n);
	}
}

static void put_fields(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct form_field *f)
{
	static const char *const kinds[] = { "", "text", "url", "lines", "secret", "number", "flag", "list" };
	yyjson_mut_val *o;

	for (; f && f->kind; f++) {
		o = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_str(doc, o, "name", f->name);
		yyjson_mut_obj_add_str(doc, o, "kind", kinds[f->kind]);
		yyjson_mut_obj_add_bool(doc, o, "required", f->required);
		yyjson_mut_obj_add_bool(doc, o, "secret", f->kind == FORM_SECRET);
		yyjson_mut_obj_add_str(doc, o, "label", f->label);
		yyjson_mut_obj_add_str(doc, o, "help", f->help ? f->help : "");
		if (f->choices)
			yyjson_mut_obj_add_str(doc, o, "choices", f->choices);
		put_words(doc, yyjson_mut_obj_add_arr(doc, o, "words"), f->words);
		put_fields(doc, yyjson_mut_obj_add_arr(doc, o, "items"), f->items);
		if (f->kind == FORM_NUMBER)
			yyjson_mut_obj_add_int(doc, o, "min", f->min);
		if (f->max)
			yyjson_mut_obj_add_int(doc, o, "max", f->max);
	}
}

void form_json(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
	size_t count;
	const struct form *f = form_all(&count);
	yyjson_mut_val *o;

	for (; count; count--, f++) {
		o = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_str(doc, o, "type", f->type);
		yyjson_mut_obj_add_str(doc, o, "schema", f->schema);
		if (f->profile_schema)
			yyjson_mut_obj_add_str(doc, o, "profile_schema", f->profile_schema);
		put_fields(doc, yyjson_mut_obj_add_arr(doc, o, "fields"), f->registration);
		put_fields(doc, yyjson_mut_obj_add_arr(doc, o, "profile"), f->profile);
	}
}

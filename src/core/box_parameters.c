/* From the parameters of a CloudFormation template to variables of its box. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "template/template.h"

static const char *text(yyjson_mut_val *parameter, const char *member)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(parameter, member));

	return s ? s : "";
}

/* Texts are themselves, numbers and truth values as they are written. */
static char *as_text(yyjson_mut_val *v)
{
	if (!v || yyjson_mut_is_null(v) || yyjson_mut_is_ctn(v))
		return NULL;
	return yyjson_mut_is_str(v) ? strdup(yyjson_mut_get_str(v)) : yyjson_mut_val_write(v, 0, NULL);
}

static bool is_true(yyjson_mut_val *v)
{
	return yyjson_mut_is_true(v) || yyjson_mut_equals_str(v, "true") || yyjson_mut_equals_str(v, "True") ||
		yyjson_mut_equals_str(v, "TRUE");
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *variable, const char *name, yyjson_mut_val *from)
{
	char *value = as_text(from);

	yyjson_mut_obj_add_strcpy(doc, variable, name, value ? value : "");
	free(value);
}

/* "a,b,c" of the allowed values; false where that cannot say them. */
static bool options(yyjson_mut_val *allowed, char *out, size_t size)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(allowed);
	yyjson_mut_val *v;
	size_t n = 0, len;
	char *one;
	bool good = yyjson_mut_arr_size(allowed) > 0;

	out[0] = 0;
	while (good && (v = yyjson_mut_arr_iter_next(&it))) {
		one = as_text(v);
		len = one ? strlen(one) : 0;
		good = len && !strchr(one, ',') && n + len + 2 < size;
		if (good)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "", one);
		free(one);
	}
	return good;
}

static const char *type_of(yyjson_mut_val *parameter, const char *choices)
{
	if (is_true(yyjson_mut_obj_get(parameter, "NoEcho")))
		return "Password";
	if (*choices)
		return "Options";
	return strcmp(text(parameter, "Type"), "Number") ? "Text" : "Number";
}

static void add_variable(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *name, yyjson_mut_val *parameter)
{
	yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, list);
	char choices[8192] = "";
	const char *type;

	/* Of lists several may be chosen. */
	if (strncmp(text(parameter, "Type"), "List<", 5) && strcmp(text(parameter, "Type"), "CommaDelimitedList") &&
			!options(yyjson_mut_obj_get(parameter, "AllowedValues"), choices, sizeof choices))
		choices[0] = 0;
	type = type_of(parameter, choices);
	yyjson_mut_obj_add_strcpy(doc, v, "name", name);
	yyjson_mut_obj_add_strcpy(doc, v, "type", type);
	add_text(doc, v, "value", yyjson_mut_obj_get(parameter, "Default"));
	/* A stack is not made without a value for each. */
	yyjson_mut_obj_add_bool(doc, v, "required", true);
	yyjson_mut_obj_add_strcpy(doc, v, "visibility", "public");
	if (!strcmp(type, "Options"))
		yyjson_mut_obj_add_strcpy(doc, v, "options", choices);
}

static bool is_there(yyjson_mut_val *variables, const char *name)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(variables);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "name"), name) && !*text(v, "scope"))
			return true;
	return false;
}

int box_template_variables(yyjson_mut_doc *doc, yyjson_mut_val *box, const char *bytes, size_t len, char message[SCHEMA_MESSAGE])
{
	yyjson_mut_val *list = yyjson_mut_obj_get(box, "variables"), *parameters, *key;
	yyjson_mut_obj_iter it;
	char why[TEMPLATE_MESSAGE];

	parameters = template_parameters(doc, bytes, len, why);
	if (!parameters) {
		snprintf(message, SCHEMA_MESSAGE, "template: %s", why);
		return -1;
	}
	if (!yyjson_mut_is_arr(list)) {
		list = yyjson_mut_arr(doc);
		yyjson_mut_obj_put(box, yyjson_mut_str(doc, "variables"), list);
	}
	it = yyjson_mut_obj_iter_with(parameters);
	while ((key = yyjson_mut_obj_iter_next(&it)))
		if (!is_there(list, yyjson_mut_get_str(key)))
			add_variable(doc, list, yyjson_mut_get_str(key), yyjson_mut_obj_iter_get_val(key));
	return 0;
}

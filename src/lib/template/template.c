/* JSON by the reader of JSON; everything else as YAML. */
#include <stdio.h>
#include <string.h>

#include "http/text.h"
#include "strict/json.h"
#include "template/template_int.h"

static yyjson_mut_val *refuse(char *message, const char *what)
{
	snprintf(message, TEMPLATE_MESSAGE, "%s", what);
	return NULL;
}

static yyjson_mut_val *of_json(yyjson_mut_doc *doc, yyjson_val *root, char *message)
{
	yyjson_val *parameters = yyjson_obj_get(root, "Parameters"), *key;
	yyjson_obj_iter it = yyjson_obj_iter_with(parameters);

	if (!yyjson_is_obj(root))
		return refuse(message, "is not a template: it must be an object.");
	if (!parameters || yyjson_is_null(parameters))
		return yyjson_mut_obj(doc);
	if (!yyjson_is_obj(parameters))
		return refuse(message, "Parameters: must be an object.");
	while ((key = yyjson_obj_iter_next(&it)))
		if (!yyjson_is_obj(yyjson_obj_iter_get_val(key))) {
			snprintf(message, TEMPLATE_MESSAGE, "Parameters: \"%.64s\" must be an object.", yyjson_get_str(key));
			return NULL;
		}
	return yyjson_val_mut_copy(doc, parameters);
}

static yyjson_mut_val *json(yyjson_mut_doc *doc, const char *text, size_t len, char *message)
{
	char why[STRICT_MESSAGE];
	yyjson_doc *read = strict_json_read(text, len, NULL, why);
	yyjson_mut_val *out;

	if (!read) {
		snprintf(message, TEMPLATE_MESSAGE, "is not a template: %s", why);
		return NULL;
	}
	out = of_json(doc, yyjson_doc_get_root(read), message);
	yyjson_doc_free(read);
	return out;
}

/* A message repeats names of the template: controls and characters that were cut do not get into it. */
static yyjson_mut_val *refused(char *message)
{
	bool whole = http_utf8_valid((struct http_slice){ message, strlen(message) });

	for (unsigned char *s = (unsigned char *)message; *s; s++)
		if (*s < ' ' || *s == 0x7f || (*s > 0x7f && !whole))
			*s = '?';
	return NULL;
}

yyjson_mut_val *template_parameters(yyjson_mut_doc *doc, const char *text, size_t len, char message[TEMPLATE_MESSAGE])
{
	size_t blank = 0;
	yyjson_mut_val *out;

	if (len > TEMPLATE_MAX)
		return refuse(message, "is too large: a template has at most 460800 bytes.");
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (memchr(text, 0, len) || !http_utf8_valid((struct http_slice){ text, len }))
		return refuse(message, "is not a template: it is not a text in UTF-8.");
	while (blank < len && strchr(" \t\r\n", text[blank]))
		blank++;
	out = blank < len && text[blank] == '{' ? json(doc, text, len, message) : template_yaml(doc, text, len, message);
	if (out && yyjson_mut_obj_size(out) > TEMPLATE_PARAMETERS_MAX)
		return refuse(message, "Parameters: a template has at most 200.");
	return out ? out : refused(message);
}

/* Any bytes as a template: no crash; a refusal is a sentence of clean text; what is accepted becomes variables, each parameter
 * one, that a box is accepted with or refused for with a sentence, and no more the second time. */
/* with: core/box_parameters.c core/box_schema.c core/box_variables.c */
#include <stdlib.h>
#include <string.h>

#include "core/box.h"
#include "http/text.h"
#include "template/template.h"

#define BOX "{\"schema\":\"" BOX_SCHEMA "cloudformation\",\"name\":\"b\",\"variables\":[{\"name\":\"A\",\"type\":\"Text\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *message)
{
	struct http_slice s = { message, strnlen(message, SCHEMA_MESSAGE) };

	if (!s.len || s.len == SCHEMA_MESSAGE || !http_utf8_valid(s))
		abort();
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)message[i] < 0x20 || message[i] == 0x7f)
			abort();
}

static void check_accepted(yyjson_mut_doc *doc, const char *text, size_t size)
{
	size_t n = yyjson_mut_arr_size(yyjson_mut_obj_get(doc->root, "variables"));
	char message[SCHEMA_MESSAGE] = "", *json = yyjson_mut_write(doc, 0, NULL);
	yyjson_doc *box = json ? yyjson_read(json, strlen(json), 0) : NULL;
	enum box_kind kind;

	if (!box || n > TEMPLATE_PARAMETERS_MAX + 1)
		abort();
	if (box_check(yyjson_doc_get_root(box), &kind, message))
		check_message(message);
	if (box_template_variables(doc, doc->root, text, size, message) ||
			yyjson_mut_arr_size(yyjson_mut_obj_get(doc->root, "variables")) != n)
		abort();
	yyjson_doc_free(box);
	free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	yyjson_doc *box = yyjson_read(BOX, sizeof BOX - 1, 0);
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(box, NULL);
	char message[SCHEMA_MESSAGE] = "", *text = malloc(size ? size : 1);

	/* Exactly the bytes: a read beyond them is seen. */
	memcpy(text, data, size);
	if (box_template_variables(doc, doc->root, text, size, message))
		check_message(message);
	else
		check_accepted(doc, text, size);
	free(text);
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(box);
	return 0;
}

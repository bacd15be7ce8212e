/* Any JSON as the arguments of every verb: no crash; a refusal has a message that is
 * clean UTF-8 text; what is accepted is within the table's limits. */
#include <stdlib.h>
#include <string.h>

#include "verb/verb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *message)
{
	size_t n = strnlen(message, VERB_MESSAGE);

	if (!n || n == VERB_MESSAGE)
		abort();
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)message[i] < 0x20 || message[i] == 0x7f)
			abort();
}

static void check_accepted(const struct verb *v, yyjson_val *args)
{
	for (const struct verb_arg *a = v->args; a->type != VERB_NONE; a++) {
		yyjson_val *x = yyjson_obj_get(args, a->name);

		if (a->required && !x)
			abort();
		if (x && !yyjson_is_null(x) && (a->type == VERB_STRING || a->type == VERB_TEXT || a->type == VERB_SECRET) &&
				(!yyjson_is_str(x) || strlen(yyjson_get_str(x)) != yyjson_get_len(x) ||
				(int64_t)yyjson_get_len(x) > a->max || (int64_t)yyjson_get_len(x) < a->min))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	yyjson_doc *doc = yyjson_read((const char *)data, size, 0);
	char message[VERB_MESSAGE];
	const struct verb *v;

	if (!doc)
		return 0;
	for (size_t i = 0; (v = verb_at(i)); i++) {
		memset(message, 0, sizeof message);
		if (verb_check(v, yyjson_doc_get_root(doc), message))
			check_message(message);
		else
			check_accepted(v, yyjson_doc_get_root(doc));
	}
	yyjson_doc_free(doc);
	return 0;
}

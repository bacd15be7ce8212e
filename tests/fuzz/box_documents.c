/* Any JSON as a box: no crash; a refusal is a sentence of clean text; what is accepted can be compared with itself (no
 * difference) and with nothing. */
/* with: core/box_schema.c core/box_variables.c core/box_diff.c */
#include <stdlib.h>
#include <string.h>

#include "core/box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *message)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	size_t n = strnlen(message, SCHEMA_MESSAGE);
	char *text;

	if (!n || n == SCHEMA_MESSAGE)
		abort();
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)message[i] < 0x20 || message[i] == 0x7f)
			abort();
	/* It is UTF-8: otherwise it could not be written. */
	yyjson_mut_doc_set_root(doc, yyjson_mut_str(doc, message));
	text = yyjson_mut_write(doc, 0, NULL);
	if (!text)
		abort();
	free(text);
	yyjson_mut_doc_free(doc);
}

/* Half of the addresses have a digest, some of them the same. */
static bool digest_of(void *arg, const char *url, char digest[OBJECT_DIGEST])
{
	(void)arg;
	memset(digest, url[strlen(url) / 2], OBJECT_DIGEST - 1);
	digest[OBJECT_DIGEST - 1] = 0;
	return url[0] && strlen(url) % 2;
}

static bool differs(yyjson_mut_doc *out, yyjson_mut_val *a, yyjson_mut_val *b)
{
	yyjson_mut_val *diff = box_diff(out, a, b, digest_of, NULL);
	char *text = yyjson_mut_val_write(diff, 0, NULL);

	if (!text)
		abort();
	free(text);
	return yyjson_mut_get_bool(yyjson_mut_obj_get(diff, "changed"));
}

static void check_accepted(yyjson_doc *doc)
{
	yyjson_mut_doc *a = yyjson_doc_mut_copy(doc, NULL), *out = yyjson_mut_doc_new(NULL);

	if (differs(out, a->root, a->root))
		abort();
	differs(out, a->root, NULL);
	differs(out, NULL, a->root);
	yyjson_mut_doc_free(out);
	yyjson_mut_doc_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	yyjson_doc *doc = yyjson_read((const char *)data, size, 0);
	char message[SCHEMA_MESSAGE], refusal[VERB_MESSAGE];
	enum box_kind kind;

	if (!doc)
		return 0;
	memset(message, 0, sizeof message);
	/* As in core: members given twice and deep nesting never come this far. */
	if (verb_check(verb_by_name("box.create"), yyjson_doc_get_root(doc), refusal))
		;
	else if (box_check(yyjson_doc_get_root(doc), &kind, message))
		check_message(message);
	else
		check_accepted(doc);
	yyjson_doc_free(doc);
	return 0;
}

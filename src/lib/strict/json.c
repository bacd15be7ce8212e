#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strict/json.h"

/* Bytes of a member's name shown in a message. */
#define NAME_SHOWN 40

/* Deepest nesting, found without building anything: 0 = within bounds, else the byte (from 1)
 * where it goes too deep.  Texts that are no JSON may be counted wrong; the parser sees those. */
static size_t too_deep(const char *text, size_t len)
{
	unsigned depth = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '"') {
			for (i++; i < len && text[i] != '"'; i++)
				if (text[i] == '\\')
					i++;
		} else if (text[i] == '[' || text[i] == '{') {
			if (++depth > STRICT_DEPTH)
				return i + 1;
		} else if ((text[i] == ']' || text[i] == '}') && depth) {
			depth--;
		}
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	yyjson_val *x = *(yyjson_val *const *)a, *y = *(yyjson_val *const *)b;
	size_t n = yyjson_get_len(x), m = yyjson_get_len(y);

	return n != m ? (n < m ? -1 : 1) : memcmp(yyjson_get_str(x), yyjson_get_str(y), n);
}

/* A name for the message: no control characters, cut at a whole character. */
static void shown(yyjson_val *key, char out[NAME_SHOWN + 1])
{
	size_t n = yyjson_get_len(key), i;
	const char *s = yyjson_get_str(key);

	if (n > NAME_SHOWN)
		for (n = NAME_SHOWN; n && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
			;
	for (i = 0; i < n; i++)
		out[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	out[n] = '\0';
}

/* Sorted in scratch, which holds as many keys. */
static bool names_differ(yyjson_val *object, yyjson_val **scratch, char *message)
{
	size_t n = yyjson_obj_size(object), i;
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	char name[NAME_SHOWN + 1];

	for (i = 0; i < n; i++)
		scratch[i] = yyjson_obj_iter_next(&it);
	qsort(scratch, n, sizeof *scratch, by_name);
	for (i = 1; i < n; i++) {
		if (by_name(&scratch[i - 1], &scratch[i]))
			continue;
		shown(scratch[i], name);
		snprintf(message, STRICT_MESSAGE, "The body is not valid JSON: %s is given twice in an object.", name);
		return false;
	}
	return true;
}

/* yyjson keeps all values of a document in one array: no recursion is needed. */
static bool values_good(yyjson_doc *doc, char *message)
{
	yyjson_val *v = yyjson_doc_get_root(doc), **scratch;
	size_t i, n = yyjson_doc_get_val_count(doc);
	bool good = true;

	scratch = malloc(n * sizeof *scratch);
	if (!scratch) {
		snprintf(message, STRICT_MESSAGE, "The appliance is short of memory; try again.");
		return false;
	}
	for (i = 0; good && i < n; i++) {
		if (yyjson_is_raw(v + i)) {
			snprintf(message, STRICT_MESSAGE, "The body is not valid JSON: a number is out of range.");
			good = false;
		} else if (yyjson_is_obj(v + i)) {
			good = names_differ(v + i, scratch, message);
		}
	}
	free(scratch);
	return good;
}

yyjson_doc *strict_json_read(const char *text, size_t len, const yyjson_alc *alc, char message[STRICT_MESSAGE])
{
	size_t deep = too_deep(text, len);
	yyjson_read_err error;
	yyjson_doc *doc;

	if (deep) {
		snprintf(message, STRICT_MESSAGE, "The body is nested deeper than %d levels at byte %zu.", STRICT_DEPTH, deep);
		return NULL;
	}
	doc = yyjson_read_opts((char *)(size_t)text, len, YYJSON_READ_BIGNUM_AS_RAW, alc, &error);
	if (!doc) {
		snprintf(message, STRICT_MESSAGE, "The body is not valid JSON: %s at byte %zu.", error.msg, error.pos);
		return NULL;
	}
	if (values_good(doc, message))
		return doc;
	yyjson_doc_free(doc);
	return NULL;
}

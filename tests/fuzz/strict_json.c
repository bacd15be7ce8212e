/* Any bytes as JSON from outside: no crash; what is accepted is no deeper than promised, has no
 * name twice, and means the same when it is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "strict/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(yyjson_val *v, int depth)
{
	yyjson_val *key, *value;
	size_t i, n;

	if (yyjson_is_raw(v) || depth > STRICT_DEPTH + 1)
		abort();
	if (yyjson_is_arr(v)) {
		yyjson_arr_foreach(v, i, n, value)
			walk(value, depth + 1);
		return;
	}
	yyjson_obj_foreach(v, i, n, key, value) {
		if (yyjson_obj_getn(v, yyjson_get_str(key), yyjson_get_len(key)) != value)
			abort();
		walk(value, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[STRICT_MESSAGE] = "", *text;
	yyjson_doc *doc, *again;
	size_t len;

	if (size > 65536)
		return 0;
	/* Exactly the bytes: a read beyond them is seen. */
	text = malloc(size ? size : 1);
	memcpy(text, data, size);
	doc = strict_json_read(text, size, NULL, message);
	free(text);
	if (!doc) {
		if (!message[0])
			abort();
		return 0;
	}
	walk(yyjson_doc_get_root(doc), 1);
	text = yyjson_write(doc, 0, &len);
	again = text ? strict_json_read(text, len, NULL, message) : NULL;
	if (!again || !yyjson_equals(yyjson_doc_get_root(doc), yyjson_doc_get_root(again)))
		abort();
	yyjson_doc_free(again);
	free(text);
	yyjson_doc_free(doc);
	return 0;
}

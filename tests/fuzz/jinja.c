/* jinja: any text, with variables of every kind; the first byte chooses the engines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONTEXT "{\"n\":3,\"f\":2.5,\"yes\":true,\"nothing\":null,\"s\":\"Hello W\\u00f6rld\",\"l\":[3,1,2],\"d\":{\"x\":1,\"y\":[\"z\"]}," \
	"\"web\":[{\"port\":80,\"name\":\"b\"},{\"port\":8080,\"name\":\"a\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jinja_limits limits = { 4u << 20, 64u << 10, 100000 };
	struct jinja_error error;
	yyjson_doc *d;
	char *text, *out;
	size_t len;

	if (!size)
		return 0;
	d = yyjson_read(CONTEXT, strlen(CONTEXT), 0);
	text = malloc(size);	/* exactly as long: what reads behind it is seen */
	if (!d || !text)
		abort();
	memcpy(text, data + 1, size - 1);
	if (jinja_render(text, size - 1, yyjson_doc_get_root(d), data[0] & 3u, &limits, &out, &len, &error) == 0) {
		if (len > limits.output || out[len])
			abort();
		free(out);
	} else if (!error.line || !error.column || !error.text[0] || out) {
		abort();
	}
	free(text);
	yyjson_doc_free(d);
	return 0;
}

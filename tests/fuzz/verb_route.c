/* Any method and path: no crash; segments lie within the path; what is found has that route. */
#include <stdlib.h>
#include <string.h>

#include "verb/verb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verb_segment segments[VERB_SEGMENTS];
	char *text = malloc(size + 1), *path;
	const struct verb *v;
	size_t count;
	bool other;

	memcpy(text, data, size);
	text[size] = 0;
	path = strchr(text, ' ');
	if (path) {
		*path++ = 0;
		v = verb_by_route(text, path, &other, segments, &count);
		if (count > VERB_SEGMENTS || (v && (other || strcmp(v->method, text))))
			abort();
		for (size_t i = 0; v && i < count; i++)
			if (segments[i].value < path || segments[i].value + segments[i].value_len > path + strlen(path) ||
					!segments[i].value_len || memchr(segments[i].value, '/', segments[i].value_len))
				abort();
	}
	free(text);
	return 0;
}

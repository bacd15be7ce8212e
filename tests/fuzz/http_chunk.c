/* Any bytes as a chunked body, whole and cut in pieces: the same outcome. */
#include <stdlib.h>
#include <string.h>

#include "http/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_chunk whole = HTTP_CHUNK_ZERO, cut = HTTP_CHUNK_ZERO;
	char *a = malloc(size + 1), *b = malloc(size + 1);
	size_t used, at = 0, total = 0, piece = size ? data[0] % 13 + 1 : 1;
	long n = http_chunk_decode(&whole, (const char *)data, size, &used, a), m = 0;

	if (n > (long)size || (n >= 0 && used > size))
		abort();
	while (at < size && !cut.done) {
		size_t len = size - at < piece ? size - at : piece, taken;

		m = http_chunk_decode(&cut, (const char *)data + at, len, &taken, b + total);
		if (m < 0)
			break;
		total += (size_t)m;
		at += taken;
	}
	if ((n < 0) != (m < 0) || (n >= 0 && (total != (size_t)n || memcmp(a, b, total) ||
	    whole.done != cut.done)))
		abort();
	free(a);
	free(b);
	return 0;
}

/* Any bytes as Accept-Encoding: an answer, the same in either case of letters, and never for a list that forbids gzip first. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/coding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char no[] = "gzip;q=0,";
	char *upper = malloc(size + 1), *forbidden = malloc(size + sizeof no);
	bool first;

	for (size_t i = 0; i < size; i++)
		upper[i] = (char)toupper(data[i]);
	memcpy(forbidden, no, sizeof no - 1);
	memcpy(forbidden + sizeof no - 1, data, size);
	first = http_coding_gzip((struct http_slice){ (const char *)data, size });
	if (first != http_coding_gzip((struct http_slice){ upper, size }))
		abort();
	if (http_coding_gzip((struct http_slice){ forbidden, size + sizeof no - 1 }))
		abort();
	free(upper);
	free(forbidden);
	return 0;
}

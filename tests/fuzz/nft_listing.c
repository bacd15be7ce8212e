/* camfw diff: any bytes as a saved ruleset. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_listing l;
	char error[FW_ERROR] = "", *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	if (fw_listing_read(&l, copy, size, error) == 0) {
		for (unsigned i = 1; i < l.words.count; i++)
			if (strcmp(l.words.at[i - 1], l.words.at[i]) > 0)
				abort();
		fw_listing_free(&l);
	} else if (!error[0]) {
		abort();
	}
	free(copy);
	return 0;
}

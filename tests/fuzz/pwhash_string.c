/* A stored password hash: nothing that asks for more memory, time or lanes than ours is acceptable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pwhash/pwhash.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned long memory, time, lanes;
	char text[2 * PWHASH_STRING];

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (!pwhash_acceptable(text))
		return 0;
	if (strlen(text) >= PWHASH_STRING
			|| sscanf(text, "$argon2id$v=19$m=%lu,t=%lu,p=%lu$", &memory, &time, &lanes) != 3
			|| memory > 65536 || time < 1 || time > 2 || lanes != 1)
		abort();
	return 0;
}

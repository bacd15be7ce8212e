#include <stdlib.h>

#include "plat/heap.h"

/* mallocng makes groups of blocks of one size, larger ones the more blocks are in use; a group stays while one of its
 * blocks does.  So of this many blocks the last one, which is in the largest group, is never freed. */
#define BLOCKS 120
#define SMALLEST 256
#define LARGEST (16u << 10)

static void *kept[64];

static void *keep_one(size_t size)
{
	void *blocks[BLOCKS];
	size_t n = 0;

	while (n < BLOCKS && (blocks[n] = malloc(size)))
		n++;
	for (size_t i = 0; i + 1 < n; i++)
		free(blocks[i]);
	return n ? blocks[n - 1] : NULL;
}

void plat_heap_keep(void)
{
	size_t n = 0;

	/* four classes between a size and its double */
	for (size_t size = SMALLEST; size <= LARGEST; size *= 2)
		for (size_t quarter = 4; quarter < 8; quarter++)
			kept[n++] = keep_one(size * quarter / 4 - 16);
}

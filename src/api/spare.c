#include <stdlib.h>
#include <string.h>

#include "spare.h"

void *spare_get(struct spare *s)
{
	void **block = s->first;

	if (!block)
		return calloc(1, s->size);
	s->first = *block;
	s->count--;
	*block = NULL;
	return block;
}

void spare_put(struct spare *s, void *block)
{
	explicit_bzero(block, s->size);
	if (s->count == SPARE_KEPT) {
		free(block);
		return;
	}
	*(void **)block = s->first;
	s->first = block;
	s->count++;
}

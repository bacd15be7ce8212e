/*
 * spare: blocks that every request needs, kept for the next one.  The allocator would give their pages back
 * to the kernel and fetch them again each time.
 */
#ifndef CAM_API_SPARE_H
#define CAM_API_SPARE_H

#include <stddef.h>

/* Blocks of one kind that are kept. */
#define SPARE_KEPT 64

struct spare {
	size_t size;		/* bytes of a block, at least a pointer */
	void *first;
	unsigned count;
};

/* A block of zeros, or NULL. */
void *spare_get(struct spare *s);
/* Wipes it and takes it back. */
void spare_put(struct spare *s, void *block);

#endif

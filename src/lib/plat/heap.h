/*
 * plat/heap: the C library's allocator (musl's mallocng) and blocks of middle size.
 *
 * It fetches the pages of a few such blocks from the kernel and gives them back as soon as all of these are
 * free.  A program that needs a block of each size for every request, one after the other, then pays for two
 * system calls and a page fault each time: a third of the time of a small request.
 */
#ifndef CAM_PLAT_HEAP_H
#define CAM_PLAT_HEAP_H

/* Makes the allocator keep room for some dozen blocks of each size from 256 bytes to 16 KiB, about a megabyte, as
 * long as the process lives.  Once, before there are threads. */
void plat_heap_keep(void);

#endif

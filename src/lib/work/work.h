/*
 * work: threads that take items from a queue and hand them back to the loop.
 *
 * A pool belongs to the thread of its loop: items are added there and their
 * done function runs there.  In between, an item belongs to one worker thread.
 */
#ifndef CAM_WORK_H
#define CAM_WORK_H

#include <ev.h>

struct work_item {
	struct work_item *next;
	/* In a worker thread; context is what the pool's thread was given.  Unused
	 * by a pool with a drain function. */
	void (*run)(struct work_item *item, void *context);
	/* In the loop's thread, afterwards; may free the item or add it again. */
	void (*done)(struct work_item *item);
};

struct work_pool;

/* Starts one thread for each of the given contexts.  Ends the process when
 * that fails.  Lives as long as the process. */
struct work_pool *work_pool_open(struct ev_loop *loop, unsigned threads, void *const contexts[]);

/* The same with threads that take several waiting items at once, each its share but at most
 * share_max, oldest first, as a list by next; drain must leave the list as it is. */
struct work_pool *work_pool_open_drain(struct ev_loop *loop, unsigned threads, void *const contexts[],
	void (*drain)(struct work_item *list, void *context), unsigned share_max);

/* The threads get it when the loop is about to wait. */
void work_pool_add(struct work_pool *pool, struct work_item *item);

/* Items added and not yet handed back. */
unsigned work_pool_waiting(const struct work_pool *pool);

#endif

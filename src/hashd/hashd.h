/*
 * hashd: the parts of the program, for one another.
 */
#ifndef CAM_HASHD_H
#define CAM_HASHD_H

#include <ev.h>

/* Jobs waiting or under way.  At 90 ms each the last one waits 1.5 s. */
#define HASHD_QUEUE 16

/* Takes requests on the loop. */
void hashd_listen(struct ev_loop *loop);
/* Starts the thread that computes; after the fence. */
void hashd_work(void);

#endif

/*
 * store: what was committed lately.  A commit's answer is on its way to core for a
 * while before anything refers to the object; until then nobody may drop it.
 */
#ifndef CAM_STORE_RECENT_H
#define CAM_STORE_RECENT_H

#include <stdbool.h>

/* Seconds a committed object cannot be dropped, and after the store's start any. */
#define STORE_RECENT_SECONDS 3600

/* Between a look and what follows from it no other thread names or removes an object. */
void store_recent_lock(void);
void store_recent_unlock(void);

/* With the lock held: it was committed now; was it lately?  (Objects whose digests begin
 * alike are taken for one another: then "lately" comes too often, never too seldom.) */
void store_recent_mark(const char *digest);
bool store_recent_is(const char *digest);

#endif

/* core: what a worker says while it works: a line for the operation's activity, or the provider's log. */
#ifndef CAM_CORE_PROGRESS_H
#define CAM_CORE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* Longest line that is kept, bytes. */
#define PROGRESS_MAX 1000

/* In the writer.  False when the task is not this worker's (any more). */
bool progress_note(struct db *db, const char *worker, int64_t task, int64_t fence, const char *level, const char *text);

#endif

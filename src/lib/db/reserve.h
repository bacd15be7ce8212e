/*
 * reserve: a file that holds space back on the disk.  When the disk is full it
 * is given up, so that the few changes that must go on (signing in, deleting)
 * find space; when there is space again it is made again.
 */
#ifndef CAM_DB_RESERVE_H
#define CAM_DB_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_reserve {
	const char *path;	/* NULL = none */
	size_t bytes;
	bool held;
	int64_t tried;		/* boot clock of the last attempt to make it */
};

/* Makes the file when there is space, and notes whether it is held.  path stays
 * with the caller. */
void db_reserve_open(struct db_reserve *r, const char *path, size_t bytes);

/* Gives the space up. */
void db_reserve_release(struct db_reserve *r);

/* Is the space held?  Tries to get it back, at most once a second. */
bool db_reserve_held(struct db_reserve *r);

#endif

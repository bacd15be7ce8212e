/*
 * core: how long things are kept.  One table says it for every kind of row and file;
 * docs/retention.md is its text, a unit test compares both with the schema.
 */
#ifndef CAM_CORE_RETENTION_H
#define CAM_CORE_RETENTION_H

#include "core.h"

struct retention {
	const char *table;		/* or the file's place */
	const char *what;		/* for people */
	const char *kept;		/* in words; of those with limits the words end with them */
	int days;			/* 0 = no limit of time */
	int64_t rows;			/* 0 = no limit of number */
	/* Deletes what is over: ?1 = older than (wall microseconds), ?2 = rows to keep, ?3 = at most so many
	 * now.  NULL = lives as long as what it belongs to. */
	const char *sql;
};

extern const struct retention core_retention[];
extern const size_t core_retention_count;

/* In the writer: one step of the given row of the table; returns rows removed. */
int retention_step(struct db *db, size_t row);
/* Starts the recurrent work: a step every few seconds. */
void retention_open(struct core *core);

#endif

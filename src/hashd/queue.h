/*
 * hashd, inside: a bounded first-in, first-out queue of jobs between the loop
 * (adds, takes results) and one worker thread (computes).
 */
#ifndef CAM_HASHD_QUEUE_H
#define CAM_HASHD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pwhash/pwhash.h"

struct hashd_job {
	/* who asked; the loop's own */
	void *conn;		/* NULL: it went away */
	uint16_t type;
	uint32_t seq;
	/* what */
	bool check;		/* else make */
	size_t len;
	char password[PWHASH_PASSWORD_MAX];
	char hash[PWHASH_STRING];	/* to check against, or made */
	enum pwhash_result result;	/* of a check; of a making: PWHASH_MATCH or PWHASH_NO_MEMORY */
};

/* Locks the queue's memory.  wake is called by the worker when a job is done. */
void hashd_queue_open(void (*wake)(void));
/* Adds a copy; false when HASHD_QUEUE jobs are there. */
bool hashd_queue_add(const struct hashd_job *job);
/* Forgets a connection: its jobs that wait leave the queue, those that are done or under way
 * stay with conn NULL. */
void hashd_queue_forget(const void *conn);
/* Takes the oldest job that is done, its password wiped; false when there is none. */
bool hashd_queue_done(struct hashd_job *job);
/* Computes for ever; the worker thread. */
_Noreturn void hashd_queue_work(void);

#endif

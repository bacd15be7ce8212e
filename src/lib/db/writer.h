/*
 * writer: group commit.  All waiting jobs run in one transaction, a savepoint
 * each; whoever waits for a job is told after the commit.
 *
 * When the transaction cannot be committed (disk full, I/O error, no memory) it
 * is rolled back whole and every job runs again in a transaction of its own:
 * the innocent ones succeed, the culprits are marked.  So a job may run more
 * than once and must leave nothing behind but rows.
 */
#ifndef CAM_DB_WRITER_H
#define CAM_DB_WRITER_H

#include "db/db.h"
#include "db/reserve.h"

enum db_failure {
	DB_DONE = 0,		/* ran; what it changed is on the disk */
	DB_FULL = 507,		/* no space */
	DB_BROKEN = 503,	/* I/O error or no memory; nothing changed */
	DB_WRONG = 500		/* its own statements failed; nothing changed */
};

struct db_job {
	/* 0: keep the changes.  -1: take them back (a refusal). */
	int (*run)(struct db *db, struct db_job *job);
	/* run never takes its changes back, and its statements fail only when something is wrong with the database: it
	 * goes without a savepoint, and its failure makes all jobs of the transaction run again, alone. */
	bool steady;
	bool essential;		/* may use the reserve when the disk is full */
	enum db_failure failure;	/* result */
};

struct db_writer {
	struct db *db;
	struct db_reserve reserve;
	/* Around each transaction, any may be NULL: begin forgets what an earlier
	 * attempt prepared; end runs inside, last; committed after the commit. */
	void (*begin)(struct db *db, void *arg);
	void (*end)(struct db *db, void *arg);
	void (*committed)(void *arg);
	void *arg;
};

/* Largest number of jobs in one transaction: bounds how long the first one
 * waits and how large the log grows at once. */
#define DB_BATCH_MAX 256

/* Runs count <= DB_BATCH_MAX jobs.  Afterwards each has its failure set. */
void db_writer_run(struct db_writer *w, struct db_job *const jobs[], size_t count);

#endif

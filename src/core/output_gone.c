/* Output of tasks that were deleted with their instance: their segments of store are erased by name, at once.  The rows of
 * output_gone say which, until store has done it; so a kill in between forgets none. */
#include <stdio.h>
#include <stdlib.h>

#include "agent.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Segments asked for at once. */
#define BATCH 64
/* After the start, and when store was away or busy with one of them, seconds. */
#define AGAIN 10.
#define TIMEOUT 30.

static struct {
	struct core *core;
	struct ipc_client *store;
	struct ev_timer timer;
	bool running, again;		/* a round; another one is wanted after it */
} the;

struct gone_job {
	struct core_job work;		/* first */
	int64_t tasks[BATCH];
	bool erased[BATCH];
	unsigned count, waiting;
};

struct ask { struct gone_job *job; unsigned index; };

static void round_begin(void);

static void round_end(struct gone_job *j, bool whole)
{
	bool more = the.again || (whole && j->count == BATCH);

	free(j);
	the.running = the.again = false;
	if (more && whole)
		round_begin();
	else if (!whole)
		ev_timer_again(the.core->loop, &the.timer);
}

static int forget_run(struct db *db, struct db_job *job)
{
	struct gone_job *j = (struct gone_job *)((char *)job - offsetof(struct core_job, job));

	for (unsigned i = 0; i < j->count; i++)
		if (j->erased[i])
			db_run(db, "DELETE FROM output_gone WHERE task = ?", "i", j->tasks[i]);
	return 0;
}

static void forget_done(struct core_job *work)
{
	struct gone_job *j = (struct gone_job *)work;
	bool whole = !work->job.failure;

	for (unsigned i = 0; i < j->count; i++)
		whole &= j->erased[i];
	round_end(j, whole);
}

static void erased(struct ipc_msg *msg, int error, void *arg)
{
	struct ask *ask = arg;
	struct gone_job *j = ask->job;

	j->erased[ask->index] = !error && !(msg->flags & IPC_ERROR);
	free(ask);
	if (--j->waiting)
		return;
	j->work.job.run = forget_run;
	j->work.job.essential = true;
	j->work.done = forget_done;
	core_job_write(the.core, &j->work);
}

static void erase(struct gone_job *j, unsigned i)
{
	struct ask *ask = malloc(sizeof *ask);
	char json[64];
	int n = snprintf(json, sizeof json, "{\"segment\":\"out-%lld\"}", (long long)j->tasks[i]);

	if (!ask)
		log_fatal("output");
	*ask = (struct ask){ j, i };
	ipc_client_call(the.store, PROTO_STORE_ERASE, json, (uint32_t)n, NULL, 0, TIMEOUT, erased, ask);
}

static int find_run(struct db *db, struct db_job *job)
{
	struct gone_job *j = (struct gone_job *)((char *)job - offsetof(struct core_job, job));
	sqlite3_stmt *q = db_query(db, "SELECT task FROM output_gone ORDER BY task LIMIT ?", "i", (int64_t)BATCH);

	for (j->count = 0; j->count < BATCH && db_row(db, q); j->count++)
		j->tasks[j->count] = db_int(q, 0);
	db_end(q);
	return 0;
}

static void find_done(struct core_job *work)
{
	struct gone_job *j = (struct gone_job *)work;
	unsigned n = j->count;

	if (work->job.failure || !n) {
		round_end(j, !work->job.failure);
		return;
	}
	/* Replies never come from inside the call. */
	j->waiting = n;
	for (unsigned i = 0; i < n; i++)
		erase(j, i);
}

static void round_begin(void)
{
	struct gone_job *j = calloc(1, sizeof *j);

	if (!j)
		log_fatal("output");
	the.running = true;
	ev_timer_stop(the.core->loop, &the.timer);
	j->work.job.run = find_run;
	j->work.done = find_done;
	core_job_read(the.core, &j->work);
}

void core_output_gone(struct core *core)
{
	(void)core;
	the.again |= the.running;
	if (!the.running)
		round_begin();
}

static void timer_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	ev_timer_stop(loop, t);
	(void)events;
	if (!the.running)
		round_begin();
}

void core_output_gone_open(struct core *core, struct ipc_client *store)
{
	the.core = core;
	the.store = store;
	ev_timer_init(&the.timer, timer_reached, AGAIN, AGAIN);
	ev_timer_start(core->loop, &the.timer);
}

/* The writer's and the readers' threads, seen from the loop. */
#include "core.h"
#include "truth.h"
#include "log/log.h"

/* While the disk is full: how often we look whether there is space, seconds. */
#define PROBE 5.0
/* Queries a reader answers in one transaction: what comes behind a chunk of a list waits for few of its kind. */
#define READER_SHARE 8

static struct core_job *job_of_item(struct work_item *item)
{
	return (struct core_job *)item;
}

static void writer_drain(struct work_item *list, void *context)
{
	struct db_job *jobs[DB_BATCH_MAX];
	size_t n = 0;

	for (struct work_item *i = list; i; i = i->next)
		if (!job_of_item(i)->last)
			jobs[n++] = &job_of_item(i)->job;
	for (struct work_item *i = list; i; i = i->next)
		if (job_of_item(i)->last)
			jobs[n++] = &job_of_item(i)->job;
	db_writer_run(context, jobs, n);
}

/* All of them were asked before and see one state of the database. */
static void reader_drain(struct work_item *list, void *context)
{
	struct db *db = context;
	bool broken = db_control(db, "BEGIN") != 0;

	for (; list; list = list->next) {
		struct db_job *job = &job_of_item(list)->job;

		job->failure = broken ? DB_BROKEN : DB_DONE;
		if (broken)
			continue;
		job->run(db, job);
		if (db_error_take(db))
			job->failure = DB_BROKEN;
	}
	db_control(db, "ROLLBACK");
}

static int probe_run(struct db *db, struct db_job *job)
{
	(void)job;
	core_stamp(db);
	return 0;
}

static void probe_done(struct core_job *job)
{
	free(job);
}

static void probe(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct core *core = t->data;
	struct core_job *job = calloc(1, sizeof *job);

	(void)loop;
	(void)events;
	if (!job)
		log_fatal("probe");
	job->job.run = probe_run;
	job->done = probe_done;
	core_job_write(core, job);
}

/* Notes whether the disk is full, as the last change saw it. */
static void note_space(struct core *core, const struct db_job *job)
{
	if (job->failure == DB_FULL && !core->full) {
		core->full = true;
		log_warn("disk: full: changes are refused");
		ev_timer_again(core->loop, &core->probe);
	} else if (job->failure == DB_DONE && !job->essential && core->full) {
		core->full = false;
		log_info("disk: changes are accepted again");
		ev_timer_stop(core->loop, &core->probe);
	}
}

static void write_done(struct work_item *item)
{
	struct core_job *job = job_of_item(item);
	struct core *core = job->core;

	note_space(core, &job->job);
	if (job->job.failure == DB_DONE)
		core_follow_kick(core);
	job->done(job);
}

static void read_done(struct work_item *item)
{
	struct core_job *job = job_of_item(item);

	job->done(job);
}

void core_threads_start(struct core *core, struct db *const readers[CORE_READERS])
{
	void *contexts[CORE_READERS], *writer[] = { &core->commit };

	for (int i = 0; i < CORE_READERS; i++)
		contexts[i] = readers[i];
	ev_timer_init(&core->probe, probe, PROBE, PROBE);
	core->probe.data = core;
	core->readers = work_pool_open_drain(core->loop, CORE_READERS, contexts, reader_drain, READER_SHARE);
	core->writer = work_pool_open_drain(core->loop, 1, writer, writer_drain, DB_BATCH_MAX);
}

void core_job_write(struct core *core, struct core_job *job)
{
	job->core = core;
	job->item.done = write_done;
	work_pool_add(core->writer, &job->item);
}

void core_job_read(struct core *core, struct core_job *job)
{
	job->core = core;
	job->item.done = read_done;
	work_pool_add(core->readers, &job->item);
}

/* The writer's and the readers' threads, seen from the loop. */
#include "core.h"
#include "truth.h"
#include "log/log.h"

/* While the disk is full: how often we look whether there is space, seconds. */
#define PROBE 5.0

static struct core_job *job_of_item(struct work_item *item)
{
	return (struct core_job *)item;
}

static void writer_drain(struct work_item *list, void *context)
{
	struct db_job *jobs[DB_BATCH_MAX];
	struct db_writer *w = context;
	size_t n = 0;

	for (; list; list = list->next) {
		jobs[n++] = &job_of_item(list)->job;
		if (n == DB_BATCH_MAX || !list->next) {
			db_writer_run(w, jobs, n);
			n = 0;
		}
	}
}

static void reader_run(struct work_item *item, void *context)
{
	struct core_job *job = job_of_item(item);
	struct db *db = context;

	/* The queries of one job see one state of the database. */
	job->job.failure = DB_DONE;
	if (sqlite3_exec(db_handle(db), "BEGIN", NULL, NULL, NULL)) {
		job->job.failure = DB_BROKEN;
		return;
	}
	job->job.run(db, &job->job);
	if (db_error_take(db))
		job->job.failure = DB_BROKEN;
	sqlite3_exec(db_handle(db), "ROLLBACK", NULL, NULL, NULL);
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
	void *contexts[CORE_READERS];

	for (int i = 0; i < CORE_READERS; i++)
		contexts[i] = readers[i];
	ev_timer_init(&core->probe, probe, PROBE, PROBE);
	core->probe.data = core;
	core->readers = work_pool_open(core->loop, CORE_READERS, contexts);
	core->writer = work_pool_open_drain(core->loop, writer_drain, &core->commit);
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
	job->item.run = reader_run;
	job->item.done = read_done;
	work_pool_add(core->readers, &job->item);
}

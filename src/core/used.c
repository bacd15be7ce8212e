/* When tokens were last used: noted in memory, written together once a minute, so that no request pays for it. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "log/log.h"
#include "plat/clock.h"

/* Between two writes, seconds. */
#define EVERY 60.
/* Tokens remembered; one takes the place of another with the same number, whose note may then be lost. */
#define SLOTS 1024

struct note {
	uint8_t hash[CORE_HASH];
	int64_t when;			/* wall; 0 = empty */
};

struct core_used {
	struct core *core;
	struct ev_timer timer;
	struct note notes[SLOTS];
};

struct used_job {
	struct core_job work;
	size_t count;
	struct note notes[SLOTS];
};

static int used_run(struct db *db, struct db_job *job)
{
	struct used_job *u = (struct used_job *)((char *)job - offsetof(struct core_job, job));

	for (size_t i = 0; i < u->count; i++)
		db_run(db, "UPDATE token SET last_used = ? WHERE hash = ?", "ib", u->notes[i].when, u->notes[i].hash,
			(size_t)CORE_HASH);
	return 0;
}

static void used_done(struct core_job *work)
{
	free(work);
}

static void used_flush(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct core_used *used = t->data;
	struct used_job *job = calloc(1, sizeof *job);

	(void)loop;
	(void)events;
	if (!job)
		log_fatal("tokens");
	for (size_t i = 0; i < SLOTS; i++)
		if (used->notes[i].when)
			job->notes[job->count++] = used->notes[i];
	memset(used->notes, 0, sizeof used->notes);
	job->work.job.run = used_run;
	job->work.done = used_done;
	core_job_write(used->core, &job->work);
}

void core_used_note(struct core *core, const uint8_t hash[CORE_HASH])
{
	struct core_used *used = core->used;
	struct note *n;

	if (!used) {
		used = core->used = calloc(1, sizeof *used);
		if (!used)
			log_fatal("tokens");
		used->core = core;
		ev_timer_init(&used->timer, used_flush, EVERY, 0.);
		used->timer.data = used;
	}
	n = &used->notes[(hash[0] << 8 | hash[1]) % SLOTS];
	memcpy(n->hash, hash, CORE_HASH);
	n->when = plat_clock_wall();
	if (!ev_is_active(&used->timer)) {
		ev_timer_set(&used->timer, EVERY, 0.);
		ev_timer_start(core->loop, &used->timer);
	}
}

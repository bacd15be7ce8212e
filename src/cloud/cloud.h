/*
 * cloud: the room that carries out tasks at providers.  Its parts, for one another.
 *
 * The loop's thread talks to core and keeps the book of tasks; each task that
 * runs has a thread to itself and may block in calls to its provider.
 */
#ifndef CAM_CLOUD_H
#define CAM_CLOUD_H

#include <ev.h>

#include "cloud/driver.h"
#include "cloud/job.h"
#include "ipc/ipc.h"
#include "work/work.h"

/* Tasks that core may give at once: those beyond the threads wait here. */
#define CLOUD_SLOTS 256
/* Tasks that run at once, in all and of one provider.  The last threads are for providers that have none: one that answers slowly
 * holds up itself, and as many of those as there are such threads, and one more, no other. */
#define CLOUD_THREADS 24
#define CLOUD_PER_PROVIDER 8
#define CLOUD_FIRST_ONLY 8

struct cloud_thread {
	struct ipc_sync keyd;
};

/* The queue of one provider. */
struct cloud_lane {
	struct cloud_lane *next;
	char provider[128];
	unsigned limit, running, members;
	struct cloud_run *first, **last;
};

enum cloud_state { CLOUD_WAITING = 1, CLOUD_RUNNING, CLOUD_PAUSED, CLOUD_ENDED };

/* One task, from the notice until core has taken its result. */
struct cloud_run {
	struct work_item item;		/* first: handed to the threads */
	struct cloud_run *next;		/* of all */
	struct cloud_run *queued;	/* of the lane */
	struct cloud_lane *lane;
	struct cloud_thread *thread;	/* while it runs */
	struct job job;
	yyjson_doc *doc;
	driver_fn *f;
	enum cloud_state state;
	enum job_result result;
	ev_timer pause;
	char *text;			/* the result, once it has ended */
	bool telling;
};

/* ---- tasks.c ---- */

void cloud_tasks_open(struct ev_loop *loop, struct ipc_client *core);
/* Starts the threads; after the fence. */
void cloud_tasks_start(void);
/* Of the connection to core. */
void cloud_tasks_hello(void);
void cloud_tasks_notice(struct ipc_msg *msg);

/* ---- lanes.c: who runs when ---- */

/* Puts a run into its provider's queue, and whatever may run now to the threads. */
void cloud_lane_add(struct cloud_run *run, struct work_pool *pool);
/* A run of this lane ended or pauses: the next one. */
void cloud_lane_leave(struct cloud_run *run, struct work_pool *pool);
/* Takes a waiting run out of its queue. */
void cloud_lane_remove(struct cloud_run *run);

/* ---- progress.c: lines from threads to core ---- */

void cloud_progress_open(struct ev_loop *loop, struct ipc_client *core);
void cloud_say(struct job *job, enum job_level level, const char *text);

/* ---- secret.c ---- */

/* Opens a secret of the job's provider (struct job, secret). */
char *cloud_secret(struct job *job, const char *field);

#endif

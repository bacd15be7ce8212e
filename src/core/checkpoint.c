/* The end of the activity's chain, signed by keyd: every hour, and for each export. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

/* Between two checkpoints, seconds: what could be rewritten unseen is never older than that. */
#define EVERY 3600.
/* After the start and after a failure, seconds. */
#define SOON 60.
#define TIMEOUT 10.

struct checkpoint {
	struct core *core;
	struct ev_timer timer;
	bool running;
};

struct checkpoint_job {
	struct core_job work;
	struct checkpoint *c;
	struct activity_bounds bounds;
	bool due;
	char statement[ACTIVITY_STATEMENT], signature[ACTIVITY_SIGNATURE];
};

static struct checkpoint_job *job_of(struct db_job *job)
{
	return (struct checkpoint_job *)((char *)job - offsetof(struct core_job, job));
}

void activity_sign(struct core *core, const struct activity_bounds *b, ipc_reply_fn *reply, void *arg)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char now[PLAT_CLOCK_TEXT];

	plat_clock_text(plat_clock_wall(), now);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "first", b->first);
	yyjson_mut_obj_add_str(doc, root, "prev", b->prev);
	yyjson_mut_obj_add_sint(doc, root, "last", b->last);
	yyjson_mut_obj_add_str(doc, root, "hash", b->hash);
	yyjson_mut_obj_add_str(doc, root, "time", now);
	ipc_client_call_json(core->keyd, PROTO_KEYD_CHECKPOINT, doc, TIMEOUT, reply, arg);
}

int activity_signed(struct ipc_msg *msg, int error, char *statement, size_t statement_size, char *signature,
	size_t signature_size)
{
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *s = yyjson_get_str(yyjson_obj_get(root, "statement"));
	const char *g = yyjson_get_str(yyjson_obj_get(root, "signature"));
	int result = -1;

	if (s && g && strlen(s) < statement_size && strlen(g) < signature_size) {
		snprintf(statement, statement_size, "%s", s);
		snprintf(signature, signature_size, "%s", g);
		result = 0;
	}
	yyjson_doc_free(doc);
	return result;
}

static void again(struct checkpoint *c, double seconds)
{
	c->running = false;
	ev_timer_stop(c->core->loop, &c->timer);
	ev_timer_set(&c->timer, seconds, 0.);
	ev_timer_start(c->core->loop, &c->timer);
}

static int keep_run(struct db *db, struct db_job *job)
{
	struct checkpoint_job *j = job_of(job);

	db_run(db, "INSERT OR REPLACE INTO checkpoint(last, hash, time, statement, signature) VALUES(?, ?, ?, ?, ?)", "ititt",
		j->bounds.last, j->bounds.hash, plat_clock_wall(), j->statement, j->signature);
	return 0;
}

static void keep_done(struct core_job *work)
{
	struct checkpoint_job *j = job_of(&work->job);

	again(j->c, work->job.failure ? SOON : EVERY);
	free(j);
}

static void sign_replied(struct ipc_msg *msg, int error, void *arg)
{
	struct checkpoint_job *j = arg;

	if (activity_signed(msg, error, j->statement, sizeof j->statement, j->signature, sizeof j->signature)) {
		log_warn("activity: checkpoint: keyd does not sign: %s", error ? strerror(error) : "refused");
		again(j->c, SOON);
		free(j);
		return;
	}
	j->work.job.run = keep_run;
	j->work.done = keep_done;
	core_job_write(j->c->core, &j->work);
}

static int look_run(struct db *db, struct db_job *job)
{
	struct checkpoint_job *j = job_of(job);

	activity_bounds(db, &j->bounds);
	j->due = j->bounds.last >= j->bounds.first &&
		j->bounds.last > db_number(db, 0, "SELECT max(last) FROM checkpoint", "");
	return 0;
}

static void look_done(struct core_job *work)
{
	struct checkpoint_job *j = job_of(&work->job);

	if (!work->job.failure && j->due) {
		activity_sign(j->c->core, &j->bounds, sign_replied, j);
		return;
	}
	again(j->c, EVERY);
	free(j);
}

static void timer_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct checkpoint *c = t->data;
	struct checkpoint_job *j;

	(void)loop;
	(void)events;
	if (c->running)
		return;
	c->running = true;
	j = calloc(1, sizeof *j);
	if (!j)
		log_fatal("checkpoint");
	j->c = c;
	j->work.job.run = look_run;
	j->work.done = look_done;
	core_job_read(c->core, &j->work);
}

void activity_open(struct core *core)
{
	struct checkpoint *c = calloc(1, sizeof *c);

	if (!c)
		log_fatal("checkpoint");
	c->core = core;
	ev_timer_init(&c->timer, timer_reached, SOON, 0.);
	c->timer.data = c;
	ev_timer_start(core->loop, &c->timer);
}

/* What scripts wrote goes with their tasks: segments of store whose task no row knows are erased, once a day.  Those of a deleted
 * instance are not waited for (output_gone.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Seconds from the start to the first round, between two, and for one answer. */
#define FIRST 900.
#define EVERY 86400.
#define TIMEOUT 30.
#define PREFIX "out-"
#define NAMES 1024

static struct {
	struct core *core;
	struct ipc_client *store;
	struct ev_timer timer;
	int64_t next;
	unsigned long erased;
} the;

struct names_job {
	struct core_job work;		/* first */
	yyjson_doc *doc;
	bool known[NAMES];
};

static void ask_names(void);

static void round_in(double seconds)
{
	ev_timer_stop(the.core->loop, &the.timer);
	ev_timer_set(&the.timer, seconds, 0.);
	ev_timer_start(the.core->loop, &the.timer);
}

static void round_end(void)
{
	if (the.erased)
		log_info("output: %lu segments whose tasks are gone were erased", the.erased);
	the.erased = 0;
	the.next = 0;
	round_in(EVERY);
}

static yyjson_val *names_of(const struct names_job *j)
{
	return yyjson_obj_get(yyjson_doc_get_root(j->doc), "segments");
}

/* Of segments with other names it knows nothing: they stay. */
static int names_run(struct db *db, struct db_job *job)
{
	struct names_job *j = (struct names_job *)((char *)job - offsetof(struct core_job, job));
	yyjson_arr_iter it = yyjson_arr_iter_with(names_of(j));
	yyjson_val *v;
	const char *name;

	for (size_t i = 0; i < NAMES && (v = yyjson_arr_iter_next(&it)); i++) {
		name = yyjson_get_str(v);
		j->known[i] = !name || strncmp(name, PREFIX, sizeof PREFIX - 1) != 0 ||
			db_number(db, 1, "SELECT EXISTS(SELECT 1 FROM task WHERE id = ?)", "i",
				(int64_t)strtoll(name + sizeof PREFIX - 1, NULL, 10)) != 0;
	}
	return 0;
}

static void erased(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	the.erased += !error && !(msg->flags & IPC_ERROR);
}

static void erase(const char *name)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("output");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_strcpy(doc, doc->root, "segment", name);
	ipc_client_call_json(the.store, PROTO_STORE_ERASE, doc, TIMEOUT, erased, NULL);
}

static void names_done(struct core_job *work)
{
	struct names_job *j = (struct names_job *)work;
	yyjson_arr_iter it = yyjson_arr_iter_with(names_of(j));
	yyjson_val *v;

	for (size_t i = 0; !work->job.failure && i < NAMES && (v = yyjson_arr_iter_next(&it)); i++)
		if (!j->known[i])
			erase(yyjson_get_str(v));
	yyjson_doc_free(j->doc);
	free(j);
	if (the.next)
		ask_names();
	else
		round_end();
}

static void names_came(struct ipc_msg *msg, int error, void *arg)
{
	struct names_job *j;
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);

	(void)arg;
	if (!doc) {
		round_end();
		return;
	}
	the.next = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(doc), "next"));
	j = calloc(1, sizeof *j);
	if (!j)
		log_fatal("output");
	j->doc = doc;
	j->work.job.run = names_run;
	j->work.done = names_done;
	core_job_read(the.core, &j->work);
}

static void ask_names(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("output");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_sint(doc, doc->root, "at", the.next);
	ipc_client_call_json(the.store, PROTO_STORE_SEGMENTS, doc, TIMEOUT, names_came, NULL);
}

static void timer_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
	ask_names();
}

void core_output_sweep_open(struct core *core)
{
	static const struct ipc_client_ops ops = { .connected = NULL };

	the.core = core;
	the.store = ipc_client_open(core->loop, ROOM_STORE, &ops, NULL);
	ev_timer_init(&the.timer, timer_reached, FIRST, 0.);
	ev_timer_start(core->loop, &the.timer);
	core_output_gone_open(core, the.store);
}

/*
 * Workers and their tasks: who is connected, what is pushed, when to look
 * again.  The rows are in tasks.c; one transaction per look ("turn").
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "steps.h"
#include "tasks.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

/* Kinds of workers connected at once. */
#define WORKERS_MAX 8
/* Tasks a worker may say it runs. */
#define RUNNING_MAX 256

/* The rooms that are workers; the worker's name is the room's. */
static const enum room_id worker_rooms[] = { ROOM_SYSD, ROOM_FWD };

struct worker {
	const char *name;		/* of the process table */
	struct core_link *link;
};

struct core_engine {
	struct worker workers[WORKERS_MAX];
	unsigned count;
	bool running, again;
	struct ev_timer due;
};

struct turn {
	struct core_job work;
	const char *workers[WORKERS_MAX];
	unsigned worker_count;
	struct core_task tasks[CORE_TASK_BATCH];
	unsigned task_count;
	int64_t due;
};

/* What a worker's connection tells: it came, with tasks; it went. */
struct presence {
	struct core_job work;
	const char *worker;
	bool here;
	struct core_running running[RUNNING_MAX];
	unsigned count;
};

struct result {
	struct core_job work;
	struct core_link *link;
	uint32_t seq;
	const char *worker;
	yyjson_doc *doc;
	char *output;
	bool accepted;
};

static const char *worker_name(const struct core_link *link)
{
	return ipc_conn_peer(link->conn)->name;
}

static bool is_worker(const struct core_link *link)
{
	for (size_t i = 0; i < sizeof worker_rooms / sizeof worker_rooms[0]; i++)
		if (ipc_conn_peer(link->conn)->id == worker_rooms[i])
			return true;
	return false;
}

/* ---- a turn: expire, give out, find the next time ---- */

static void turn_forget(struct turn *t)
{
	for (unsigned i = 0; i < t->task_count; i++)
		free(t->tasks[i].push);
	t->task_count = 0;
}

static int turn_run(struct db *db, struct db_job *job)
{
	struct turn *t = (struct turn *)((char *)job - offsetof(struct core_job, job));
	int64_t step;

	turn_forget(t);
	core_tasks_expire(db);
	core_steps_run(db);
	for (unsigned i = 0; i < t->worker_count; i++)
		t->task_count += core_tasks_lease(db, t->workers[i], t->tasks + t->task_count,
			CORE_TASK_BATCH - t->task_count);
	t->due = core_tasks_due(db, t->workers, t->worker_count);
	step = core_steps_due(db);
	if (step && (!t->due || step < t->due))
		t->due = step;
	return 0;
}

static struct core_link *worker_link(struct core_engine *e, const char *name)
{
	for (unsigned i = 0; i < e->count; i++)
		if (!strcmp(e->workers[i].name, name))
			return e->workers[i].link;
	return NULL;
}

static void push_tasks(struct core_engine *e, struct turn *t)
{
	struct core_link *link;

	for (unsigned i = 0; i < t->task_count; i++) {
		/* When it is gone by now, its lease runs out or it returns without the task. */
		link = worker_link(e, t->tasks[i].worker);
		if (link && link->conn && t->tasks[i].push)
			ipc_send(link->conn, 0, PROTO_CORE_TASK, 0, t->tasks[i].push,
				(uint32_t)strlen(t->tasks[i].push), NULL, 0);
	}
}

static void turn_done(struct core_job *work)
{
	struct turn *t = (struct turn *)work;
	struct core *core = work->core;
	struct core_engine *e = core->engine;
	double wait;

	e->running = false;
	if (!work->job.failure) {
		push_tasks(e, t);
		if (t->task_count == CORE_TASK_BATCH)
			e->again = true;
	}
	/* With a full or broken disk: again in a while. */
	wait = work->job.failure ? 5. : t->due ? (double)(t->due - plat_clock_boot()) / (double)PLAT_SECOND : 0.;
	if (work->job.failure || t->due) {
		ev_timer_stop(core->loop, &e->due);
		ev_timer_set(&e->due, wait > 0.01 ? wait : 0.01, 0.);
		ev_timer_start(core->loop, &e->due);
	}
	turn_forget(t);
	free(t);
	if (e->again)
		core_engine_kick(core);
}

void core_engine_kick(struct core *core)
{
	struct core_engine *e = core->engine;
	struct turn *t;

	if (e->running) {
		e->again = true;
		return;
	}
	e->again = false;
	t = calloc(1, sizeof *t);
	if (!t)
		log_fatal("engine");
	for (unsigned i = 0; i < e->count; i++)
		t->workers[t->worker_count++] = e->workers[i].name;
	t->work.job.run = turn_run;
	t->work.job.essential = true;
	t->work.done = turn_done;
	e->running = true;
	core_job_write(core, &t->work);
}

static void due_reached(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	core_engine_kick(timer->data);
}

void core_engine_open(struct core *core)
{
	core->engine = calloc(1, sizeof *core->engine);
	if (!core->engine)
		log_fatal("engine");
	ev_timer_init(&core->engine->due, due_reached, 0., 0.);
	core->engine->due.data = core;
	core_engine_kick(core);
}

/* ---- workers come and go ---- */

static int presence_run(struct db *db, struct db_job *job)
{
	struct presence *p = (struct presence *)((char *)job - offsetof(struct core_job, job));

	if (p->here)
		core_tasks_return(db, p->worker, p->running, p->count);
	else
		core_tasks_lost(db, p->worker);
	return 0;
}

static void presence_done(struct core_job *work)
{
	core_engine_kick(work->core);
	free(work);
}

static struct presence *presence_new(const char *worker, bool here)
{
	struct presence *p = calloc(1, sizeof *p);

	if (!p)
		log_fatal("engine");
	p->worker = worker;
	p->here = here;
	p->work.job.run = presence_run;
	p->work.job.essential = true;
	p->work.done = presence_done;
	return p;
}

static void read_running(struct presence *p, yyjson_val *list)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	yyjson_val *v;

	while (p->count < RUNNING_MAX && (v = yyjson_arr_iter_next(&it)))
		p->running[p->count++] = (struct core_running){
			.task = yyjson_get_sint(yyjson_obj_get(v, "task")),
			.fence = yyjson_get_sint(yyjson_obj_get(v, "fence")),
		};
}

static void forget_worker(struct core_engine *e, unsigned i)
{
	core_link_drop(e->workers[i].link);
	e->workers[i] = e->workers[--e->count];
}

void core_engine_hello(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct core_engine *e = core->engine;
	struct core_link *before;
	struct presence *p;

	if (!is_worker(link) || !yyjson_equals_str(yyjson_obj_get(root, "worker"), worker_name(link)) ||
			!yyjson_is_arr(yyjson_obj_get(root, "running"))) {
		ipc_reply_error(link->conn, msg, 400, "worker: must be the room's own name; running: must be an array.");
		yyjson_doc_free(doc);
		return;
	}
	before = worker_link(e, worker_name(link));
	for (unsigned i = 0; before && i < e->count; i++)
		if (e->workers[i].link == before) {
			forget_worker(e, i);
			break;
		}
	if (e->count == WORKERS_MAX)
		log_bug("more workers than WORKERS_MAX");
	e->workers[e->count++] = (struct worker){ worker_name(link), core_link_hold(link) };
	p = presence_new(worker_name(link), true);
	read_running(p, yyjson_obj_get(root, "running"));
	yyjson_doc_free(doc);
	core_job_write(core, &p->work);
	ipc_reply(link->conn, msg, "{}", 2, NULL, 0);
}

void core_engine_lost(struct core *core, struct core_link *link)
{
	struct core_engine *e = core->engine;

	for (unsigned i = 0; i < e->count; i++) {
		if (e->workers[i].link != link)
			continue;
		core_job_write(core, &presence_new(e->workers[i].name, false)->work);
		forget_worker(e, i);
		return;
	}
}

/* ---- results ---- */

static int result_run(struct db *db, struct db_job *job)
{
	struct result *r = (struct result *)((char *)job - offsetof(struct core_job, job));
	yyjson_val *root = yyjson_doc_get_root(r->doc);
	const char *message = yyjson_get_str(yyjson_obj_get(root, "message"));

	r->accepted = core_task_result(db, r->worker, yyjson_get_sint(yyjson_obj_get(root, "task")),
		yyjson_get_sint(yyjson_obj_get(root, "fence")),
		yyjson_equals_str(yyjson_obj_get(root, "outcome"), "done"), message ? message : "",
		r->output ? r->output : "{}");
	return 0;
}

static void result_done(struct core_job *work)
{
	struct result *r = (struct result *)work;
	const char *text = r->accepted ? "{\"accepted\":true}" : "{\"accepted\":false}";

	if (r->link->conn && work->job.failure)
		ipc_refuse(r->link->conn, PROTO_CORE_RESULT, r->seq, (int)work->job.failure, "The result could not be kept.");
	else if (r->link->conn)
		ipc_send(r->link->conn, IPC_REPLY, PROTO_CORE_RESULT, r->seq, text, (uint32_t)strlen(text), NULL, 0);
	core_engine_kick(work->core);
	core_link_drop(r->link);
	yyjson_doc_free(r->doc);
	free(r->output);
	free(r);
}

static bool result_valid(yyjson_val *root)
{
	yyjson_val *outcome = yyjson_obj_get(root, "outcome"), *message = yyjson_obj_get(root, "message");
	yyjson_val *output = yyjson_obj_get(root, "output");

	return yyjson_is_int(yyjson_obj_get(root, "task")) && yyjson_is_int(yyjson_obj_get(root, "fence")) &&
		(yyjson_equals_str(outcome, "done") || yyjson_equals_str(outcome, "failed")) &&
		(!message || yyjson_is_str(message)) && (!output || yyjson_is_obj(output));
}

void core_engine_result(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct result *r;

	if (!is_worker(link) || !result_valid(root)) {
		ipc_reply_error(link->conn, msg, 400, "A result needs task, fence and outcome (done or failed).");
		yyjson_doc_free(doc);
		return;
	}
	r = calloc(1, sizeof *r);
	if (!r)
		log_fatal("engine");
	r->link = core_link_hold(link);
	r->seq = msg->seq;
	r->worker = worker_name(link);
	r->doc = doc;
	r->output = yyjson_val_write(yyjson_obj_get(root, "output"), 0, NULL);
	r->work.job.run = result_run;
	r->work.job.essential = true;
	r->work.done = result_done;
	core_job_write(core, &r->work);
}

/*
 * Workers, seen from the loop: which rooms are connected, what they are sent and what they say.  What is due is
 * found by turns (turn.h), one transaction each.
 */
#include <sodium.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "blobs.h"
#include "core.h"
#include "prepare.h"
#include "progress.h"
#include "turn.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

/* Rooms that are workers; the worker's name is the room's. */
static const char *const worker_rooms[] = { "sysd", "fwd", "demo", "cloud" };
#define WORKERS_MAX (sizeof worker_rooms / sizeof worker_rooms[0])
/* Tasks a worker may say it runs, and may be given at once. */
#define RUNNING_MAX 256
#define SLOTS_MAX 256
/* Turns with the writer at once. */
#define TURNS_MAX 2
/* With a full or broken disk: again in a while, seconds. */
#define AGAIN 5.

struct core_engine {
	struct core_link *links[WORKERS_MAX];	/* NULL = not connected */
	unsigned turns;				/* with the writer: one in the present transaction, one for the next */
	bool again, wanted;
	struct ev_timer due;
	struct ev_prepare round;		/* one turn for all that this round of the loop hands to the writer */
};

struct turn_job {
	struct core_job work;			/* first */
	uint8_t key[BLOB_KEY];
	bool keyed;
	struct turn turn;
};

/* What a worker's connection tells: it came, with tasks; it went. */
struct presence {
	struct core_job work;
	const char *worker;
	bool here;
	int slots;
	struct core_running running[RUNNING_MAX];
	unsigned count;
};

struct result {
	struct core_job work;
	struct core_link *link;
	uint16_t type;
	uint32_t seq;
	const char *worker;
	yyjson_doc *doc;
	bool accepted;
};

/* ---- which room ---- */

static int room_index(const char *name)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (!strcmp(worker_rooms[i], name))
			return (int)i;
	return -1;
}

static int link_index(const struct core_link *link)
{
	return room_index(ipc_conn_peer(link->conn)->name);
}

struct core_link *core_engine_room(struct core *core, const char *worker)
{
	int i = room_index(worker);

	return i < 0 ? NULL : core->engine->links[i];
}

/* ---- a turn ---- */

static int turn_run(struct db *db, struct db_job *job)
{
	struct turn_job *t = (struct turn_job *)((char *)job - offsetof(struct core_job, job));

	t->turn.key = t->keyed ? t->key : NULL;
	turn_take(db, &t->turn);
	return 0;
}

static void send_cancel(struct core *core, const struct turn_cancel *c)
{
	struct core_link *link = core_engine_room(core, c->worker);
	char json[128];

	snprintf(json, sizeof json, "{%s\"task\":%lld,\"fence\":%lld}", c->channel ? "\"type\":\"abort\"," : "", (long long)c->task,
		(long long)c->fence);
	if (c->channel)
		core_agent_send(core, c->channel, json, 0);
	else if (link && link->conn)
		ipc_send(link->conn, 0, PROTO_CORE_CANCEL, 0, json, (uint32_t)strlen(json), NULL, 0);
}

static void send_all(struct core *core, const struct turn *t)
{
	for (unsigned i = 0; i < t->task_count; i++)
		core_prepare(core, t->tasks[i]);
	for (unsigned i = 0; i < t->cancel_count; i++)
		send_cancel(core, &t->cancels[i]);
}

static void turn_done(struct core_job *work)
{
	struct turn_job *t = (struct turn_job *)work;
	struct core *core = work->core;
	struct core_engine *e = core->engine;
	double wait;

	e->turns--;
	if (!work->job.failure) {
		send_all(core, &t->turn);
		e->again |= t->turn.more;
	}
	wait = work->job.failure ? AGAIN : (double)(t->turn.due - plat_clock_boot()) / (double)PLAT_SECOND;
	if (work->job.failure || t->turn.due) {
		ev_timer_stop(core->loop, &e->due);
		ev_timer_set(&e->due, wait > 0.01 ? wait : 0.01, 0.);
		ev_timer_start(core->loop, &e->due);
	}
	sodium_memzero(t->key, sizeof t->key);
	free(t);
	if (e->again)
		core_engine_kick(core);
}

/* The writer takes it behind all that waits with it: what comes of results is given out in the commit that keeps them. */
static void round_over(struct ev_loop *loop, struct ev_prepare *p, int events)
{
	struct core *core = p->data;
	struct core_engine *e = core->engine;
	const uint8_t *key = core_blob_key();
	struct turn_job *t;

	(void)events;
	ev_prepare_stop(loop, p);
	e->wanted = false;
	t = calloc(1, sizeof *t);
	if (!t)
		log_fatal("engine");
	t->keyed = key != NULL;
	if (key)
		memcpy(t->key, key, sizeof t->key);
	t->work.job.run = turn_run;
	t->work.job.essential = t->work.job.steady = true;
	t->work.last = true;
	t->work.done = turn_done;
	e->turns++;
	core_job_write(core, &t->work);
}

void core_engine_kick(struct core *core)
{
	struct core_engine *e = core->engine;

	/* The second is taken with what comes while the first is being kept; who comes later waits for one of them. */
	if (e->turns == TURNS_MAX) {
		e->again = true;
		return;
	}
	e->again = false;
	if (e->wanted)
		return;
	e->wanted = true;
	ev_prepare_start(core->loop, &e->round);
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
	/* Before the writer's queue is handed over, which is the end of a round too. */
	ev_prepare_init(&core->engine->round, round_over);
	ev_set_priority(&core->engine->round, EV_MAXPRI);
	core->engine->round.data = core;
	core_engine_kick(core);
}

/* ---- workers come and go ---- */

static int presence_run(struct db *db, struct db_job *job)
{
	struct presence *p = (struct presence *)((char *)job - offsetof(struct core_job, job));

	if (p->here)
		core_room_here(db, p->worker, p->slots, p->running, p->count);
	else
		core_room_lost(db, p->worker);
	return 0;
}

static void presence_done(struct core_job *work)
{
	core_engine_kick(work->core);
	free(work);
}

static struct presence *presence_new(int room, bool here)
{
	struct presence *p = calloc(1, sizeof *p);

	if (!p)
		log_fatal("engine");
	p->worker = worker_rooms[room];
	p->here = here;
	p->work.job.run = presence_run;
	p->work.job.essential = p->work.job.steady = true;
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

static bool hello_valid(const struct core_link *link, yyjson_val *root)
{
	yyjson_val *slots = yyjson_obj_get(root, "slots");

	return yyjson_equals_str(yyjson_obj_get(root, "worker"), ipc_conn_peer(link->conn)->name) &&
		yyjson_is_arr(yyjson_obj_get(root, "running")) &&
		(!slots || (yyjson_is_int(slots) && yyjson_get_sint(slots) >= 1 && yyjson_get_sint(slots) <= SLOTS_MAX));
}

void core_engine_hello(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int room = link_index(link);
	struct presence *p;

	if (room < 0 || !hello_valid(link, root)) {
		ipc_reply_error(link->conn, msg, 400, "worker: must be the room's own name; running: must be an array; slots: 1 to %d.",
			SLOTS_MAX);
		yyjson_doc_free(doc);
		return;
	}
	if (core->engine->links[room])
		core_link_drop(core->engine->links[room]);
	core->engine->links[room] = core_link_hold(link);
	p = presence_new(room, true);
	p->slots = yyjson_obj_get(root, "slots") ? (int)yyjson_get_sint(yyjson_obj_get(root, "slots")) : 1;
	read_running(p, yyjson_obj_get(root, "running"));
	yyjson_doc_free(doc);
	core_job_write(core, &p->work);
	ipc_reply(link->conn, msg, "{}", 2, NULL, 0);
}

void core_engine_lost(struct core *core, struct core_link *link)
{
	struct core_engine *e = core->engine;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		if (e->links[i] != link)
			continue;
		core_job_write(core, &presence_new((int)i, false)->work);
		core_link_drop(link);
		e->links[i] = NULL;
		return;
	}
}

/* ---- results and what is said meanwhile ---- */

static enum core_outcome outcome_of(yyjson_val *root)
{
	static const char *const words[] = { [CORE_OUTCOME_DONE] = "done", [CORE_OUTCOME_FAILED] = "failed",
		[CORE_OUTCOME_REFUSED] = "refused", [CORE_OUTCOME_CANCELLED] = "cancelled",
		[CORE_OUTCOME_AGAIN] = "again" };

	for (size_t i = CORE_OUTCOME_DONE; i < sizeof words / sizeof words[0]; i++)
		if (yyjson_equals_str(yyjson_obj_get(root, "outcome"), words[i]))
			return (enum core_outcome)i;
	return CORE_OUTCOME_NONE;
}

static int result_run(struct db *db, struct db_job *job)
{
	struct result *r = (struct result *)((char *)job - offsetof(struct core_job, job));
	yyjson_val *root = yyjson_doc_get_root(r->doc);
	const char *message = yyjson_get_str(yyjson_obj_get(root, "message"));
	int64_t task = yyjson_get_sint(yyjson_obj_get(root, "task")), fence = yyjson_get_sint(yyjson_obj_get(root, "fence"));

	if (r->type == PROTO_CORE_PROGRESS)
		r->accepted = progress_note(db, r->worker, task, fence, yyjson_get_str(yyjson_obj_get(root, "level")),
			yyjson_get_str(yyjson_obj_get(root, "text")));
	else
		r->accepted = core_task_result(db, r->worker, task, fence, outcome_of(root), message ? message : "",
			yyjson_obj_get(root, "output"));
	return 0;
}

static void answer(const struct result *r, int failure)
{
	const char *text = r->type == PROTO_CORE_PROGRESS ? "{}" : r->accepted ? "{\"accepted\":true}" : "{\"accepted\":false}";

	if (failure)
		ipc_refuse(r->link->conn, r->type, r->seq, failure, "It could not be kept.");
	else if (r->type == PROTO_CORE_PROGRESS && !r->accepted)
		ipc_refuse(r->link->conn, r->type, r->seq, 409, "The task is no longer this worker's.");
	else
		ipc_send(r->link->conn, IPC_REPLY, r->type, r->seq, text, (uint32_t)strlen(text), NULL, 0);
}

static void result_done(struct core_job *work)
{
	struct result *r = (struct result *)work;

	if (r->link->conn)
		answer(r, (int)work->job.failure);
	core_link_drop(r->link);
	yyjson_doc_free(r->doc);
	free(r);
}

static bool result_valid(yyjson_val *root)
{
	yyjson_val *message = yyjson_obj_get(root, "message"), *output = yyjson_obj_get(root, "output");

	return yyjson_is_int(yyjson_obj_get(root, "task")) && yyjson_is_int(yyjson_obj_get(root, "fence")) && outcome_of(root) &&
		(!message || yyjson_is_str(message)) && (!output || yyjson_is_obj(output));
}

static bool progress_valid(yyjson_val *root)
{
	return yyjson_is_int(yyjson_obj_get(root, "task")) && yyjson_is_int(yyjson_obj_get(root, "fence")) &&
		yyjson_is_str(yyjson_obj_get(root, "level")) && yyjson_is_str(yyjson_obj_get(root, "text"));
}

static void take(struct core *core, struct core_link *link, struct ipc_msg *msg, bool (*valid)(yyjson_val *), const char *sentence)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	int room = link_index(link);
	struct result *r;

	if (room < 0 || !valid(yyjson_doc_get_root(doc))) {
		ipc_reply_error(link->conn, msg, 400, "%s", sentence);
		yyjson_doc_free(doc);
		return;
	}
	r = calloc(1, sizeof *r);
	if (!r)
		log_fatal("engine");
	r->link = core_link_hold(link);
	r->type = msg->type;
	r->seq = msg->seq;
	r->worker = worker_rooms[room];
	r->doc = doc;
	r->work.job.run = result_run;
	r->work.job.essential = r->work.job.steady = true;
	r->work.done = result_done;
	core_job_write(core, &r->work);
	core_engine_kick(core);
}

void core_engine_result(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	take(core, link, msg, result_valid, "A result needs task, fence and outcome (done, failed, refused, cancelled or again).");
}

void core_engine_progress(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	take(core, link, msg, progress_valid, "Progress needs task, fence, level and text.");
}

/* cloud: the book of tasks: from core's notice to the result core has taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/cloud.h"
#include "ipc/proto.h"
#include "http/text.h"
#include "log/log.h"

/* What a message may hold, less its frame and a little: a result beyond it is told as a failure. */
#define RESULT_MAX (IPC_BODY_MAX - 4096u)
/* Pause before a result that was not taken is told again, seconds. */
#define RETRY 2.0

static struct {
	struct ev_loop *loop;
	struct ipc_client *core;
	struct work_pool *pool;
	struct cloud_run *all;
	struct cloud_thread threads[CLOUD_THREADS];
	ev_timer retry;
} t;

/* ---- the end of a run ---- */

static void forget(struct cloud_run *run)
{
	struct cloud_run **at = &t.all;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	ev_timer_stop(t.loop, &run->pause);
	yyjson_mut_doc_free(run->job.output);
	yyjson_doc_free(run->doc);
	free(run->text);
	free(run);
}

static struct cloud_run *find(uint64_t task)
{
	struct cloud_run *run = t.all;

	while (run && run->job.task != task)
		run = run->next;
	return run;
}

/* Core could not keep it now (its disk is full): it will be told again. */
static bool is_later(struct ipc_msg *msg)
{
	yyjson_doc *d = ipc_msg_json(msg);
	int64_t code = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(d), "code"));

	yyjson_doc_free(d);
	return code >= 500;
}

static void on_told(struct ipc_msg *msg, int error, void *arg)
{
	struct cloud_run *run = find((uint64_t)(uintptr_t)arg);

	if (!run || run->state != CLOUD_ENDED)
		return;
	run->telling = false;
	if (error || ((msg->flags & IPC_ERROR) && is_later(msg))) {
		ev_timer_again(t.loop, &t.retry);
		return;
	}
	if (msg->flags & IPC_ERROR)
		log_warn("core: result of task %llu: refused", (unsigned long long)run->job.task);
	forget(run);
}

static void tell(struct cloud_run *run)
{
	if (run->telling || !ipc_client_connected(t.core))
		return;
	run->telling = true;
	ipc_client_call(t.core, PROTO_CORE_RESULT, run->text, (uint32_t)strlen(run->text), NULL, 0, 0, on_told,
		(void *)(uintptr_t)run->job.task);
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	for (struct cloud_run *run = t.all; run; run = run->next)
		if (run->state == CLOUD_ENDED)
			tell(run);
}

static char *write_result(const struct cloud_run *run, const char *outcome, const char *message, yyjson_mut_val *output)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);
	size_t len;
	char *text;

	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_uint(d, root, "task", run->job.task);
	yyjson_mut_obj_add_uint(d, root, "fence", run->job.fence);
	yyjson_mut_obj_add_str(d, root, "outcome", outcome);
	yyjson_mut_obj_add_str(d, root, "message", message);
	if (output)
		yyjson_mut_obj_add_val(d, root, "output", yyjson_mut_val_mut_copy(d, output));
	else
		yyjson_mut_obj_add_obj(d, root, "output");
	/* a provider's words may have been cut within a character: core takes only what is UTF-8 */
	text = yyjson_mut_write(d, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &len);
	if (text)
		http_utf8_mend(text);
	if (text && len > RESULT_MAX) {
		free(text);
		text = NULL;
	}
	yyjson_mut_doc_free(d);
	return text;
}

static void end(struct cloud_run *run)
{
	static const char *const outcomes[] = { "failed", "done", "failed", "refused", "cancelled", "failed", "again" };
	const char *outcome;

	/* a look at what is there was tried several times within one task; it comes again by itself, and somebody may wait for its end */
	if (run->result == JOB_FAILED && !strcmp(run->job.kind, "provider.sync"))
		run->result = JOB_REFUSED;
	/* the next attempt, perhaps of another process, need not wait for what this one may have made */
	if (run->result != JOB_DONE && run->job.definite && !strcmp(run->job.kind, "machine.create"))
		yyjson_mut_obj_add_bool(run->job.output, run->job.out, "definite", true);
	outcome = outcomes[run->result];
	run->state = CLOUD_ENDED;
	run->text = write_result(run, outcome, run->job.message, run->job.out);
	if (!run->text && yyjson_mut_obj_remove_key(run->job.out, "unregistered"))
		run->text = write_result(run, outcome, run->job.message, run->job.out);
	if (!run->text)
		run->text = write_result(run, "refused", "what the provider has is too much for one message", NULL);
	if (!run->text)
		log_fatal("result");
	log_info("task %llu: %s at %s: %s%s%s", (unsigned long long)run->job.task, run->job.kind, run->job.provider, outcome,
		run->job.message[0] ? ": " : "", run->job.message);
	tell(run);
}

/* ---- running ---- */

static void in_thread(struct work_item *item, void *context)
{
	struct cloud_run *run = (struct cloud_run *)item;

	run->thread = context;
	run->job.message[0] = 0;
	yyjson_mut_doc_free(run->job.output);
	run->job.output = yyjson_mut_doc_new(NULL);
	run->job.out = yyjson_mut_obj(run->job.output);
	run->result = run->job.out ? run->f(&run->job) : job_fail(&run->job, "out of memory");
	run->thread = NULL;
}

static void on_pause_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct cloud_run *run = w->data;

	(void)events;
	ev_timer_stop(loop, w);
	cloud_lane_add(run, t.pool);
}

static void after_thread(struct work_item *item)
{
	struct cloud_run *run = (struct cloud_run *)item;
	enum job_result over;

	cloud_lane_leave(run, t.pool);
	if (run->result == JOB_LATER) {
		over = job_over(&run->job);
		if (over)
			run->result = over;
	}
	if (run->result != JOB_LATER) {
		end(run);
		return;
	}
	run->state = CLOUD_PAUSED;
	ev_timer_set(&run->pause, run->job.pause, 0);
	ev_timer_start(t.loop, &run->pause);
}

static void begin(struct cloud_run *run)
{
	const struct driver *d = driver_of(job_input(&run->job, "type"));

	run->f = d ? driver_function(d, run->job.kind) : NULL;
	run->item.run = in_thread;
	run->item.done = after_thread;
	ev_timer_init(&run->pause, on_pause_over, 0, 0);
	run->pause.data = run;
	run->job.say = cloud_say;
	run->job.secret = cloud_secret;
	run->job.owner = run;
	run->next = t.all;
	t.all = run;
	if (run->f) {
		cloud_lane_add(run, t.pool);
		return;
	}
	run->result = d ? job_refuse(&run->job, "this kind of provider cannot do %s", run->job.kind) :
		job_refuse(&run->job, "there is no driver for providers of the type %s", job_input(&run->job, "type"));
	end(run);
}

/* ---- what core says ---- */

/* Given out again while it goes on here: the work is the same, core knows it by a new fence. */
static void renew(struct cloud_run *run, uint64_t fence)
{
	if (fence <= run->job.fence)
		return;
	run->job.fence = fence;
	if (run->state == CLOUD_ENDED) {
		free(run->text);
		end(run);
	}
}

static void on_task(yyjson_doc *doc)
{
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct cloud_run *run = find(yyjson_get_uint(yyjson_obj_get(root, "task")));

	if (run) {
		renew(run, yyjson_get_uint(yyjson_obj_get(root, "fence")));
		yyjson_doc_free(doc);
		return;
	}
	run = calloc(1, sizeof *run);
	if (!run)
		log_fatal("task");
	run->doc = doc;
	if (job_read(&run->job, root)) {
		log_warn("core: a task without kind or input was left out");
		yyjson_doc_free(doc);
		free(run);
		return;
	}
	begin(run);
}

static void on_cancel(yyjson_val *root)
{
	struct cloud_run *run = find(yyjson_get_uint(yyjson_obj_get(root, "task")));

	if (!run || run->state == CLOUD_ENDED)
		return;
	atomic_store(&run->job.cancelled, true);
	if (run->state == CLOUD_RUNNING)
		return;
	if (run->state == CLOUD_WAITING)
		cloud_lane_remove(run);
	ev_timer_stop(t.loop, &run->pause);
	run->result = job_over(&run->job);
	end(run);
}

void cloud_tasks_notice(struct ipc_msg *msg)
{
	yyjson_doc *d;

	if (msg->type != PROTO_CORE_TASK && msg->type != PROTO_CORE_CANCEL)
		return;
	d = ipc_msg_json(msg);
	if (!d) {
		log_warn("core: a notice that is no object was left out");
		return;
	}
	if (msg->type == PROTO_CORE_TASK) {
		on_task(d);
		return;
	}
	on_cancel(yyjson_doc_get_root(d));
	yyjson_doc_free(d);
}

static void on_hello(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("core: does not take cloud as a worker");
	else if (!error)
		on_retry(t.loop, &t.retry, 0);
}

void cloud_tasks_hello(void)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *list, *one;

	if (!d)
		log_fatal("hello");
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "worker", "cloud");
	yyjson_mut_obj_add_int(d, root, "slots", CLOUD_SLOTS);
	list = yyjson_mut_obj_add_arr(d, root, "running");
	for (struct cloud_run *run = t.all; run; run = run->next) {
		run->telling = false;
		one = yyjson_mut_arr_add_obj(d, list);
		yyjson_mut_obj_add_uint(d, one, "task", run->job.task);
		yyjson_mut_obj_add_uint(d, one, "fence", run->job.fence);
	}
	ipc_client_call_json(t.core, PROTO_CORE_WORKER, d, 0, on_hello, NULL);
}

void cloud_tasks_open(struct ev_loop *loop, struct ipc_client *core)
{
	t.loop = loop;
	t.core = core;
	ev_timer_init(&t.retry, on_retry, 0, RETRY);
	cloud_progress_open(loop, core);
}

void cloud_tasks_start(void)
{
	void *contexts[CLOUD_THREADS];

	for (unsigned i = 0; i < CLOUD_THREADS; i++) {
		t.threads[i].keyd = (struct ipc_sync){ .fd = -1, .to = ROOM_KEYD };
		contexts[i] = &t.threads[i];
	}
	t.pool = work_pool_open(t.loop, CLOUD_THREADS, contexts);
}

/* cloud: lines of progress, out of the threads through the loop to core. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/cloud.h"
#include "http/text.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Lines that wait: more than all threads say within one turn of the loop. */
#define LINES_MAX 4096

struct line {
	struct line *next;
	uint64_t task, fence;
	enum job_level level;
	char text[JOB_MESSAGE];
};

static struct {
	pthread_mutex_t lock;
	struct line *first, **last;
	unsigned count;
	struct ev_loop *loop;
	struct ipc_client *core;
	ev_async wake;
} p = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void on_told(struct ipc_msg *msg, int error, void *arg)
{
	/* a line that core does not take (an old fence, core away) is no line */
	(void)msg;
	(void)error;
	(void)arg;
}

static void tell(const struct line *l)
{
	static const char *const names[] = { "info", "warning", "error" };
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);

	if (!d)
		return;
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_uint(d, root, "task", l->task);
	yyjson_mut_obj_add_uint(d, root, "fence", l->fence);
	yyjson_mut_obj_add_str(d, root, "level", names[l->level]);
	yyjson_mut_obj_add_str(d, root, "text", l->text);
	ipc_client_call_json(p.core, PROTO_CORE_PROGRESS, d, 0, on_told, NULL);
}

static void on_wake(struct ev_loop *loop, ev_async *w, int events)
{
	struct line *list, *next;

	(void)loop;
	(void)w;
	(void)events;
	pthread_mutex_lock(&p.lock);
	list = p.first;
	p.first = NULL;
	p.last = &p.first;
	p.count = 0;
	pthread_mutex_unlock(&p.lock);
	for (; list; list = next) {
		next = list->next;
		tell(list);
		free(list);
	}
}

void cloud_progress_open(struct ev_loop *loop, struct ipc_client *core)
{
	p.loop = loop;
	p.core = core;
	p.last = &p.first;
	ev_async_init(&p.wake, on_wake);
	ev_async_start(loop, &p.wake);
}

/* Bytes from providers may be in it: no control characters (JSON could carry them, a log should not), no piece of a character. */
static void clean(char *text)
{
	http_utf8_mend(text);
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

void cloud_say(struct job *job, enum job_level level, const char *text)
{
	struct line *l = malloc(sizeof *l);
	bool full;

	if (!l)
		return;
	l->next = NULL;
	l->task = job->task;
	l->fence = job->fence;
	l->level = level;
	snprintf(l->text, sizeof l->text, "%s", text);
	clean(l->text);
	pthread_mutex_lock(&p.lock);
	full = p.count == LINES_MAX;
	if (!full) {
		*p.last = l;
		p.last = &l->next;
		p.count++;
	}
	pthread_mutex_unlock(&p.lock);
	if (full)
		free(l);
	else
		ev_async_send(p.loop, &p.wake);
}

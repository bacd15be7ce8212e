#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"

/* Somebody waits until a machine is as it shall be. */
struct ask {
	host_done_fn *done;
	void *arg;
	char machine[DEMO_NAME];
	bool removing;
};

static struct ev_loop *the_loop;
static struct ipc_client *yard;

static void finish(struct ask *a, int status, const char *message)
{
	a->done(status, message, a->arg);
	free(a);
}

static void answered(struct ipc_msg *msg, int error, void *arg)
{
	struct ask *a = arg;
	struct machine *m = list_find(a->machine);
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *message = yyjson_get_str(yyjson_obj_get(root, "message"));

	if (error)
		finish(a, 503, "The room of the machines does not answer; it is tried again.");
	else if (msg->flags & IPC_ERROR)
		finish(a, yyjson_get_int(yyjson_obj_get(root, "code")), message ? message : "refused");
	else if (a->removing && m && list_drop(m) == -1)
		finish(a, 500, "The list of machines could not be written.");
	else
		finish(a, 0, "");
	yyjson_doc_free(doc);
}

static yyjson_mut_doc *start_body(const struct machine *m)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_strcpy(doc, root, "machine", m->name);
	yyjson_mut_obj_add_uint(doc, root, "slot", list_slot(m));
	yyjson_mut_obj_add_strcpy(doc, root, "name", m->host);
	yyjson_mut_obj_add_uint(doc, root, "memory", m->memory);
	yyjson_mut_obj_add_strcpy(doc, root, "conf", m->conf);
	yyjson_mut_obj_add_strcpy(doc, root, "ca", m->ca);
	return doc;
}

void host_apply(struct machine *m, host_done_fn *done, void *arg)
{
	struct ask *a = calloc(1, sizeof *a);
	char body[64];
	int n;

	if (!a)
		log_fatal("host");
	a->done = done;
	a->arg = arg;
	a->removing = m->ending;
	(void)snprintf(a->machine, sizeof a->machine, "%s", m->name);
	if (m->running && !m->ending) {
		ipc_client_call_json(yard, PROTO_YARD_START, start_body(m), DEMO_YARD_SECONDS, answered, a);
		return;
	}
	n = snprintf(body, sizeof body, "{\"machine\":\"%s\"}", m->name);
	ipc_client_call(yard, m->ending ? PROTO_YARD_REMOVE : PROTO_YARD_STOP, body, (uint32_t)n, NULL, 0, DEMO_YARD_SECONDS,
		answered, a);
}

/* ---- what is, made what shall be ---- */

static void settled(int status, const char *message, void *arg)
{
	struct machine *m = arg;

	if (!status || !m->used)
		return;
	log_warn("%s: %s", m->name, message);
	ev_timer_stop(the_loop, &m->again);
	ev_timer_set(&m->again, 10 * DEMO_AGAIN_SECONDS, 0.);
	ev_timer_start(the_loop, &m->again);
}

static void on_again(struct ev_loop *loop, ev_timer *t, int events)
{
	struct machine *m = t->data;

	(void)loop;
	(void)events;
	if (m->used)
		host_apply(m, settled, m);
}

static void removed(struct ipc_msg *msg, int error, void *arg)
{
	(void)msg;
	(void)error;
	(void)arg;
}

/* Of which nothing is kept here: its creation was never answered, so nobody knows it. */
static void remove_stranger(const char *name)
{
	char body[64];
	int n = snprintf(body, sizeof body, "{\"machine\":\"%.18s\"}", name);

	log_info("%s: not in the list: removed", name);
	ipc_client_call(yard, PROTO_YARD_REMOVE, body, (uint32_t)n, NULL, 0, DEMO_YARD_SECONDS, removed, NULL);
}

static void listed(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_doc_get_root(doc), "machines"));
	const char *name;
	yyjson_val *v;

	(void)arg;
	while (doc && (v = yyjson_arr_iter_next(&it)))
		if ((name = yyjson_get_str(yyjson_obj_get(v, "machine"))) && !list_find(name))
			remove_stranger(name);
	yyjson_doc_free(doc);
}

static void on_connected(struct ipc_client *cl, void *arg)
{
	(void)arg;
	ipc_client_call(cl, PROTO_YARD_LIST, "{}", 2, NULL, 0, DEMO_YARD_SECONDS, listed, NULL);
	for (unsigned i = 0; i < DEMO_MACHINES; i++)
		if (machines[i].used)
			host_apply(&machines[i], settled, &machines[i]);
}

/* It ended by itself, as one that restarts: what shall run is started again. */
static void on_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	const char *name = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "machine"));
	struct machine *m = msg->type == PROTO_YARD_ENDED && name ? list_find(name) : NULL;

	(void)cl;
	(void)arg;
	if (m && m->running && !m->ending) {
		ev_timer_stop(the_loop, &m->again);
		ev_timer_set(&m->again, DEMO_AGAIN_SECONDS, 0.);
		ev_timer_start(the_loop, &m->again);
	}
	yyjson_doc_free(doc);
}

void host_open(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { .connected = on_connected, .notice = on_notice };

	the_loop = loop;
	for (unsigned i = 0; i < DEMO_MACHINES; i++) {
		ev_init(&machines[i].again, on_again);
		machines[i].again.data = &machines[i];
	}
	yard = ipc_client_open(loop, ROOM_YARD, &ops, NULL);
}

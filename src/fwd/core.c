/* fwd: as core's worker, and as a listener to sysd's state. */
#include <string.h>

#include "fwd.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Pause before the model is asked for again, seconds. */
#define RETRY 2.0

static struct {
	struct ev_loop *loop;
	struct ipc_client *core;
	ev_timer again;
} c;

/* ---- the model, after each connection ---- */

static void on_model(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_doc *d = error ? NULL : ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(d);
	char why[FW_ERROR] = "refused";

	(void)arg;
	if (d && yyjson_get_int(yyjson_obj_get(root, "status")) == 200) {
		if (policy_model(yyjson_obj_get(root, "body"), false, why) < 0)
			log_warn("core: model: %s", why);
	} else if (!error) {
		log_warn("core: model: %s", d ? "not given" : "an answer that is no object");
		ev_timer_again(c.loop, &c.again);
	}
	yyjson_doc_free(d);
}

static void ask_model(void)
{
	static const char request[] = "{\"verb\":\"firewall.model\",\"principal\":{},\"args\":{}}";

	if (ipc_client_connected(c.core))
		ipc_client_call(c.core, PROTO_CORE_VERB, request, sizeof request - 1, NULL, 0, 0, on_model, NULL);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	ask_model();
}

/* ---- tasks ---- */

static void on_result(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	/* core gives a task whose result it has not heard out again */
	if (error || (msg->flags & IPC_ERROR))
		log_warn("core: result of a task: not taken");
}

static void on_task(yyjson_val *root)
{
	yyjson_val *input = yyjson_obj_get(root, "input");
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d);
	char why[FW_ERROR] = "";
	int rc = -1;

	if (!d)
		log_fatal("task");
	if (yyjson_equals_str(yyjson_obj_get(root, "kind"), "firewall"))
		rc = policy_model(yyjson_obj_get(input, "model"), yyjson_get_bool(yyjson_obj_get(input, "confirm")), why);
	else
		snprintf(why, sizeof why, "a kind of task fwd does not know");
	if (rc < 0)
		log_warn("core: task: %s", why);
	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_sint(d, o, "task", yyjson_get_sint(yyjson_obj_get(root, "task")));
	yyjson_mut_obj_add_sint(d, o, "fence", yyjson_get_sint(yyjson_obj_get(root, "fence")));
	yyjson_mut_obj_add_str(d, o, "outcome", rc < 0 ? "failed" : "done");
	yyjson_mut_obj_add_strcpy(d, o, "message", why);
	yyjson_mut_obj_add_obj(d, o, "output");
	ipc_client_call_json(c.core, PROTO_CORE_RESULT, d, 0, on_result, NULL);
}

static void on_core_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *d;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_CORE_TASK)
		return;
	d = ipc_msg_json(msg);
	if (d)
		on_task(yyjson_doc_get_root(d));
	yyjson_doc_free(d);
}

static void on_hello(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("core: does not take fwd as a worker");
}

static void on_core(struct ipc_client *cl, void *arg)
{
	static const char hello[] = "{\"worker\":\"fwd\",\"running\":[]}";

	(void)arg;
	ask_model();
	ipc_client_call(cl, PROTO_CORE_WORKER, hello, sizeof hello - 1, NULL, 0, 0, on_hello, NULL);
}

/* ---- sysd ---- */

static void on_sysd_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *d;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_SYSD_STATE)
		return;
	d = ipc_msg_json(msg);
	if (d)
		policy_state(yyjson_doc_get_root(d));
	yyjson_doc_free(d);
}

void core_open(struct ev_loop *loop)
{
	static const struct ipc_client_ops core_ops = { .connected = on_core, .notice = on_core_notice };
	static const struct ipc_client_ops sysd_ops = { .notice = on_sysd_notice };

	c.loop = loop;
	ev_timer_init(&c.again, on_again, 0, RETRY);
	c.core = ipc_client_open(loop, ROOM_CORE, &core_ops, NULL);
	ipc_client_open(loop, ROOM_SYSD, &sysd_ops, NULL);
}

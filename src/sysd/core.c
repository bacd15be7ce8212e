/* core: sysd as core's worker, and what it tells core and keyd. */
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "sysd.h"

/* Pause before something refused is told again, seconds. */
#define RETRY 5.0
/* Addresses may be missing this long before core hears of it, seconds: longer than a card, a DHCP server
 * and a router need after a start. */
#define HOLD 10.0

static struct {
	struct ev_loop *loop;
	core_task_fn *task;
	struct ipc_client *core, *keyd;
	/* what is; what core shall know, once this start has seen it; what it is being told */
	struct facts now, facts, sent;
	bool known, told, telling;
	ev_timer again, hold;
	bool stepped, step_telling;
	ev_timer step_again;
	bool services_new, services_telling;
	ev_timer services_again;
} c;

/* ---- facts ---- */

static bool accepted(struct ipc_msg *msg, int error)
{
	yyjson_doc *d;
	bool ok;

	if (error || (msg->flags & IPC_ERROR))
		return false;
	d = ipc_msg_json(msg);
	ok = d && yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(d), "status")) < 400;
	yyjson_doc_free(d);
	return ok;
}

static void tell_facts(void);

static void on_told(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	c.telling = false;
	if (!accepted(msg, error)) {
		if (!error)
			log_warn("core: facts: refused");
		ev_timer_again(c.loop, &c.again);
		return;
	}
	c.told = facts_equal(&c.sent, &c.facts);
	if (c.told)
		facts_save(&c.facts);
	tell_facts();
}

static void tell_facts(void)
{
	yyjson_mut_doc *d;
	yyjson_mut_val *root;

	if (c.telling || c.told || !c.known || !ipc_client_connected(c.core))
		return;
	d = yyjson_mut_doc_new(NULL);
	if (!d)
		return;
	root = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "verb", "appliance.facts");
	yyjson_mut_obj_add_obj(d, root, "principal");
	yyjson_mut_obj_add_val(d, root, "args", facts_value(&c.facts, d));
	c.sent = c.facts;
	c.telling = true;
	ev_timer_stop(c.loop, &c.again);
	ipc_client_call_json(c.core, PROTO_CORE_VERB, d, 0, on_told, NULL);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	tell_facts();
}

/* What is now becomes what core shall know. */
static void settle_facts(void)
{
	ev_timer_stop(c.loop, &c.hold);
	if (c.known && facts_equal(&c.now, &c.facts))
		return;
	c.facts = c.now;
	c.known = true;
	c.told = false;
	tell_facts();
}

static void on_hold(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	settle_facts();
}

void core_facts(const struct netconf *conf)
{
	facts_now(&c.now, conf);
	if (!facts_fewer(&c.now, &c.facts))
		settle_facts();
	else if (!ev_is_active(&c.hold))
		ev_timer_again(c.loop, &c.hold);
}

/* ---- the clock ---- */

static void tell_step(void);

static void on_step_told(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	c.step_telling = false;
	if (error || (msg->flags & IPC_ERROR)) {
		log_warn("keyd: clock step: not told, trying again");
		c.stepped = true;
		ev_timer_again(c.loop, &c.step_again);
	} else {
		log_info("keyd: clock step: told");
		tell_step();
	}
}

/* A step during the telling is told afterwards. */
static void tell_step(void)
{
	if (c.step_telling || !c.stepped)
		return;
	c.stepped = false;
	c.step_telling = true;
	ev_timer_stop(c.loop, &c.step_again);
	ipc_client_call(c.keyd, PROTO_KEYD_CLOCK, "{}", 2, NULL, 0, 0, on_step_told, NULL);
}

static void on_step_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	tell_step();
}

void core_clock_stepped(void)
{
	c.stepped = true;
	tell_step();
}

/* ---- services ---- */

static void tell_services(void);

static void on_services_told(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	c.services_telling = false;
	if (accepted(msg, error)) {
		tell_services();
		return;
	}
	c.services_new = true;
	ev_timer_again(c.loop, &c.services_again);
}

/* A change during the telling is told afterwards. */
static void tell_services(void)
{
	yyjson_mut_doc *d;
	yyjson_mut_val *root, *args;

	if (!c.services_new || c.services_telling || !ipc_client_connected(c.core))
		return;
	d = yyjson_mut_doc_new(NULL);
	if (!d)
		return;
	root = yyjson_mut_obj(d);
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_str(d, root, "verb", "appliance.services");
	yyjson_mut_obj_add_obj(d, root, "principal");
	args = yyjson_mut_obj_add_obj(d, root, "args");
	state_services(d, args);
	c.services_new = false;
	c.services_telling = true;
	ev_timer_stop(c.loop, &c.services_again);
	ipc_client_call_json(c.core, PROTO_CORE_VERB, d, 0, on_services_told, NULL);
}

static void on_services_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	tell_services();
}

void core_services(void)
{
	c.services_new = true;
	if (!ev_is_active(&c.services_again))
		tell_services();
}

/* ---- tasks ---- */

static void on_result(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	/* core gives a task whose result it has not heard out again */
	if (error || (msg->flags & IPC_ERROR))
		log_warn("core: result of a task: not taken");
}

static void send_result(uint64_t task, uint64_t fence, const char *why)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);

	if (!d)
		return;
	yyjson_mut_doc_set_root(d, root);
	yyjson_mut_obj_add_uint(d, root, "task", task);
	yyjson_mut_obj_add_uint(d, root, "fence", fence);
	yyjson_mut_obj_add_str(d, root, "outcome", why ? "failed" : "done");
	yyjson_mut_obj_add_strcpy(d, root, "message", why ? why : "");
	yyjson_mut_obj_add_obj(d, root, "output");
	ipc_client_call_json(c.core, PROTO_CORE_RESULT, d, 0, on_result, NULL);
}

static void on_task(yyjson_val *root)
{
	const char *kind = yyjson_get_str(yyjson_obj_get(root, "kind")), *why = NULL;
	uint64_t task = yyjson_get_uint(yyjson_obj_get(root, "task"));
	uint64_t fence = yyjson_get_uint(yyjson_obj_get(root, "fence"));

	if (!kind)
		kind = "";
	/* every kind sets something to a value, so one that comes twice does no harm */
	if (c.task(kind, yyjson_obj_get(root, "input"), &why) == 0) {
		log_info("core: task %llu: %s: done", (unsigned long long)task, kind);
		why = NULL;
	} else {
		log_warn("core: task %llu: %s: %s", (unsigned long long)task, kind, why);
	}
	send_result(task, fence, why);
}

static void on_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *d;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_CORE_TASK)
		return;
	d = ipc_msg_json(msg);
	if (d)
		on_task(yyjson_doc_get_root(d));
	else
		log_warn("core: a task that is no object was left out");
	yyjson_doc_free(d);
}

static void on_hello(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("core: does not take sysd as a worker");
}

static void on_connected(struct ipc_client *cl, void *arg)
{
	static const char hello[] = "{\"worker\":\"sysd\",\"running\":[]}";

	(void)arg;
	ipc_client_call(cl, PROTO_CORE_WORKER, hello, sizeof hello - 1, NULL, 0, 0, on_hello, NULL);
	c.told = false;
	tell_facts();
	core_services();
}

void core_open(struct ev_loop *loop, core_task_fn *task)
{
	static const struct ipc_client_ops core_ops = { .connected = on_connected, .notice = on_notice };
	static const struct ipc_client_ops keyd_ops = { .connected = NULL };

	c.loop = loop;
	c.task = task;
	facts_load(&c.facts);
	ev_timer_init(&c.again, on_again, 0, RETRY);
	ev_timer_init(&c.hold, on_hold, 0, HOLD);
	ev_timer_init(&c.step_again, on_step_again, 0, RETRY);
	ev_timer_init(&c.services_again, on_services_again, 0, RETRY);
	c.core = ipc_client_open(loop, ROOM_CORE, &core_ops, NULL);
	c.keyd = ipc_client_open(loop, ROOM_KEYD, &keyd_ops, NULL);
}

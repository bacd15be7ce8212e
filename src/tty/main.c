/* tty: the appliance's screen and its serial line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "room/room.h"
#include "tty.h"

#define USAGE "tty"

/* Changes that come together are shown together, after this many seconds. */
#define SETTLE 0.2
/* While core starts or its disk is full it is asked again after this many seconds; nothing else tells of the end. */
#define ASK_AGAIN 2.0
/* Patience with a request, seconds. */
#define REQUEST_TIMEOUT 15.0
#define TERMINALS 2

static struct {
	struct ev_loop *loop;
	struct screen_model model;
	struct terminal terminals[TERMINALS];
	struct ipc_client *core, *sysd;
	ev_timer settle, ask_again;
	bool asking, ask_more;
	uint64_t sequence;		/* of core's last event */
} tty;

/* ---- showing ---- */

static void on_settle(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	for (int i = 0; i < TERMINALS; i++)
		terminal_update(&tty.terminals[i]);
}

static void changed(void)
{
	if (!ev_is_active(&tty.settle))
		ev_timer_again(tty.loop, &tty.settle);
}

/* ---- core ---- */

static void ask_core(void);

static bool take_screen(struct ipc_msg *msg)
{
	yyjson_doc *d = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(d);
	bool ok = yyjson_get_int(yyjson_obj_get(root, "status")) == 200;

	if (ok)
		model_take_core(&tty.model, yyjson_obj_get(root, "body"));
	yyjson_doc_free(d);
	return ok;
}

static void on_screen(struct ipc_msg *msg, int error, void *arg)
{
	bool ok = !error && !(msg->flags & IPC_ERROR) && take_screen(msg);

	(void)arg;
	tty.asking = false;
	if (tty.ask_more)
		ask_core();
	else if (!ok || strcmp(tty.model.state, "ready"))
		ev_timer_again(tty.loop, &tty.ask_again);
	changed();
}

static void ask_core(void)
{
	static const char body[] = "{\"verb\":\"appliance.screen\",\"principal\":{},\"args\":{}}";

	ev_timer_stop(tty.loop, &tty.ask_again);
	tty.ask_more = tty.asking;
	if (tty.asking || !ipc_client_connected(tty.core))
		return;
	tty.asking = true;
	ipc_client_call(tty.core, PROTO_CORE_VERB, body, sizeof body - 1, NULL, 0, 0, on_screen, NULL);
}

static void on_ask_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	ask_core();
}

static void on_events(struct ipc_msg *msg, int error, void *arg)
{
	(void)arg;
	if (!error && (msg->flags & IPC_ERROR))
		log_warn("core: does not tell its events");
}

static void on_core(struct ipc_client *cl, void *arg)
{
	char body[64];
	int len = snprintf(body, sizeof body, "{\"since\":%llu}", (unsigned long long)tty.sequence);

	(void)arg;
	ipc_client_call(cl, PROTO_CORE_EVENTS, body, (uint32_t)len, NULL, 0, 0, on_events, NULL);
	ask_core();
}

static void on_core_lost(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	screen_clean(tty.model.state, sizeof tty.model.state, "starting");
	changed();
}

static void on_core_notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *d;
	yyjson_val *root;
	const char *kind;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_CORE_EVENT)
		return;
	d = ipc_msg_json(msg);
	root = yyjson_doc_get_root(d);
	kind = yyjson_get_str(yyjson_obj_get(root, "kind"));
	if (yyjson_get_uint(yyjson_obj_get(root, "sequence")) > tty.sequence)
		tty.sequence = yyjson_get_uint(yyjson_obj_get(root, "sequence"));
	if (kind && !strncmp(kind, "appliance.", 10))
		ask_core();
	yyjson_doc_free(d);
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
	if (d) {
		model_take_sysd(&tty.model, yyjson_doc_get_root(d));
		changed();
	}
	yyjson_doc_free(d);
}

/* ---- what a person asks ---- */

static void on_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct terminal *t = arg;
	const char *message;
	yyjson_doc *d;

	if (error) {
		terminal_done(t, false, strerror(error));
		return;
	}
	d = ipc_msg_json(msg);
	message = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "message"));
	terminal_done(t, !(msg->flags & IPC_ERROR), message);
	yyjson_doc_free(d);
}

static void put_addr(yyjson_mut_doc *d, yyjson_mut_val *list, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	if (text[0])
		yyjson_mut_arr_add_strcpy(d, list, text);
}

static void put_form(yyjson_mut_doc *d, yyjson_mut_val *root, const struct screen_form *f)
{
	struct addr_prefix p = { .addr = f->address, .len = f->prefix };
	char text[ADDR_PREFIX_TEXT_MAX];
	yyjson_mut_val *dns;

	addr_prefix_format(&p, text);
	yyjson_mut_obj_add_str(d, root, "mode", "static");
	yyjson_mut_obj_add_strcpy(d, root, "interface", f->card);
	yyjson_mut_obj_add_strcpy(d, root, "address", text);
	addr_format(&f->router, text);
	yyjson_mut_obj_add_strcpy(d, root, "router", text);
	dns = yyjson_mut_obj_add_arr(d, root, "dns");
	put_addr(d, dns, &f->dns[0]);
	put_addr(d, dns, &f->dns[1]);
}

static const char *power_name(enum screen_request_kind kind)
{
	return kind == SCREEN_REQUEST_REBOOT ? "reboot" : kind == SCREEN_REQUEST_POWEROFF ? "poweroff" : "factory-reset";
}

static void on_request(struct terminal *t, enum screen_request_kind kind)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);
	uint16_t type = PROTO_SYSD_NETWORK;

	if (!d) {
		terminal_done(t, false, "out of memory");
		return;
	}
	yyjson_mut_doc_set_root(d, root);
	if (kind == SCREEN_REQUEST_DHCP) {
		yyjson_mut_obj_add_str(d, root, "mode", "dhcp");
	} else if (kind == SCREEN_REQUEST_STATIC) {
		put_form(d, root, &t->screen.form);
	} else {
		type = PROTO_SYSD_POWER;
		yyjson_mut_obj_add_str(d, root, "action", power_name(kind));
		log_info("%s: %s: asked for", t->display ? "screen" : "serial line", power_name(kind));
	}
	ipc_client_call_json(tty.sysd, type, d, REQUEST_TIMEOUT, on_answer, t);
}

/* ---- start ---- */

static void on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void connect_rooms(void)
{
	static const struct ipc_client_ops core_ops = {
		.connected = on_core, .notice = on_core_notice, .lost = on_core_lost
	};
	static const struct ipc_client_ops sysd_ops = { .notice = on_sysd_notice };

	tty.core = ipc_client_open(tty.loop, ROOM_CORE, &core_ops, NULL);
	tty.sysd = ipc_client_open(tty.loop, ROOM_SYSD, &sysd_ops, NULL);
}

int main(int argc, char **argv)
{
	ev_signal end;

	(void)argv;
	log_open("tty");
	if (argc != 1)
		log_usage("usage: " USAGE);
	tty.loop = ev_default_loop(0);
	if (!tty.loop)
		log_fatal("event loop");
	ev_signal_init(&end, on_end, SIGTERM);
	ev_signal_start(tty.loop, &end);
	ev_timer_init(&tty.settle, on_settle, 0, SETTLE);
	ev_timer_init(&tty.ask_again, on_ask_again, 0, ASK_AGAIN);
	model_init(&tty.model);
	room_fence();
	terminal_open(&tty.terminals[0], tty.loop, ROOM_FD_FIRST, true, &tty.model, on_request);
	terminal_open(&tty.terminals[1], tty.loop, ROOM_FD_FIRST + 1, false, &tty.model, on_request);
	connect_rooms();
	changed();
	room_ready();
	ev_run(tty.loop, 0);
	return 0;
}

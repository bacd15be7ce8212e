/* net: the DHCP and NTP clients, and their facts for sysd. */
#include <signal.h>
#include <stdlib.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "net.h"
#include "room/room.h"

#define USAGE "net"

static struct ev_loop *loop;
static yyjson_doc *state;	/* sysd's last word */

static void on_times(void)
{
	if (state)
		wanted_take(loop, yyjson_doc_get_root(state));
}

static void on_state(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *d;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_SYSD_STATE)
		return;
	d = ipc_msg_json(msg);
	if (!d) {
		log_warn("sysd: a state that is no object was left out");
		return;
	}
	yyjson_doc_free(state);
	state = d;
	times_want(yyjson_obj_get(yyjson_doc_get_root(d), "ntp"));
	wanted_take(loop, yyjson_doc_get_root(d));
}

static void on_connected(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	facts_tell_all();
}

static void on_message(struct ipc_conn *conn, struct ipc_msg *msg, void *arg)
{
	const char *why = "";
	yyjson_doc *d;

	(void)arg;
	if (msg->type != PROTO_NET_EVENT) {
		ipc_reply_error(conn, msg, 404, "no such request");
		return;
	}
	d = ipc_msg_json(msg);
	if (!d)
		ipc_reply_error(conn, msg, 400, "not a JSON object");
	else if (facts_event(yyjson_doc_get_root(d), &why) == 0)
		ipc_reply(conn, msg, "{}", 2, NULL, 0);
	else {
		log_warn("event refused: %s", why);
		ipc_reply_error(conn, msg, 400, "%s", why);
	}
	yyjson_doc_free(d);
}

static void on_end(struct ev_loop *l, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(l, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops server_ops = { .message = on_message };
	static const struct ipc_client_ops sysd_ops = { .connected = on_connected, .notice = on_state };
	ev_signal end;

	(void)argv;
	log_open("net");
	if (argc != 1)
		log_usage("usage: " USAGE);
	loop = ev_default_loop(0);
	if (!loop)
		log_fatal("event loop");
	ev_signal_init(&end, on_end, SIGTERM);
	ev_signal_start(loop, &end);
	child_init();
	ipc_server_open(loop, &server_ops, NULL);
	room_fence();
	times_open(loop, on_times);
	facts_open(ipc_client_open(loop, ROOM_SYSD, &sysd_ops, NULL));
	room_ready();
	ev_run(loop, 0);
	return 0;
}

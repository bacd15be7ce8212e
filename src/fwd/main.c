/* fwd: the firewall of the appliance: the only room that may change the packet filter. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "fwd.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "kernel.h"
#include "log/log.h"
#include "room/room.h"

#define USAGE "fwd [--base]"

/* Before any interface is up: called by init, ends at once. */
static int base(void)
{
	struct batch b = BATCH_ZERO;

	if (kernel_open() < 0)
		log_fatal("nf_tables");
	batch_base(&b);
	if (kernel_apply(&b) < 0)
		log_fatal("base policy");
	batch_free(&b);
	return 0;
}

static void on_watch(struct ev_loop *loop, ev_io *w, int events)
{
	bool ours, others;

	(void)loop;
	(void)events;
	kernel_watch_drain(w->fd, &ours, &others);
	if (others)
		log_warn("nf_tables: a table of somebody else has changed");
	if (ours)
		policy_drifted();
}

static yyjson_mut_doc *status(void)
{
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d);

	if (!d || !root)
		log_fatal("status");
	yyjson_mut_doc_set_root(d, root);
	policy_status(d, root);
	book_status(d, root);
	drops_status(d, root);
	return d;
}

static void on_confirm(struct ipc_conn *conn, struct ipc_msg *msg)
{
	yyjson_doc *d = ipc_msg_json(msg);
	char error[FW_ERROR] = "not a JSON object";

	if (d && policy_confirm(yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(d), "generation")), error) == 0)
		ipc_reply(conn, msg, "{}", 2, NULL, 0);
	else
		ipc_reply_error(conn, msg, d ? 409 : 400, "%s", error);
	yyjson_doc_free(d);
}

static void on_message(struct ipc_conn *conn, struct ipc_msg *msg, void *arg)
{
	bool core = ipc_conn_peer(conn)->id == ROOM_CORE;

	(void)arg;
	if (msg->seq == 0)
		return;
	if (msg->type == PROTO_FWD_STATUS && core)
		ipc_reply_json(conn, msg, status());
	else if (msg->type == PROTO_FWD_CONFIRM && core)
		on_confirm(conn, msg);
	else if (msg->type == PROTO_FWD_RESOLVE)
		book_resolve(conn, msg);
	else
		ipc_reply_error(conn, msg, 404, "no such request");
}

static void on_closed(struct ipc_conn *conn, void *arg)
{
	(void)arg;
	book_closed(conn);
}

static void on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void watch(struct ev_loop *loop)
{
	static ev_io w;
	int fd = kernel_watch_open();

	if (fd < 0)
		log_fatal("nf_tables: notices");
	ev_io_init(&w, on_watch, fd, EV_READ);
	ev_io_start(loop, &w);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops ops = { .message = on_message, .closed = on_closed };
	struct ev_loop *loop;
	ev_signal end;

	log_open("fwd");
	if (argc == 2 && !strcmp(argv[1], "--base"))
		return base();
	if (argc != 1)
		log_usage("usage: " USAGE);
	loop = ev_default_loop(0);
	if (!loop)
		log_fatal("event loop");
	ev_signal_init(&end, on_end, SIGTERM);
	ev_signal_start(loop, &end);
	if (kernel_open() < 0)
		log_fatal("nf_tables");
	if (drops_open(loop) < 0)
		log_warn_errno("log of dropped packets: there will be none");
	watch(loop);
	ipc_server_open(loop, &ops, NULL);
	room_fence();
	book_open(loop);
	policy_open(loop);
	core_open(loop);
	room_ready();
	ev_run(loop, 0);
	return 0;	/* what is in the kernel stays */
}

/* names: looks the names of configured peers up, for fwd. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "names.h"
#include "room/room.h"

#define USAGE "names"

static struct ev_loop *loop;

/* Who waits for a name. */
struct waiting {
	struct waiting *next;
	struct ipc_conn *conn;		/* NULL: has gone meanwhile */
	uint32_t seq;
	char name[ADDR_NAME_MAX + 1];
};

static struct waiting *all;

static void add_addresses(yyjson_mut_doc *d, yyjson_mut_val *list, const struct dns_answer *a)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < a->count; i++) {
		addr_format(&a->list[i], text);
		yyjson_mut_arr_add_strcpy(d, list, text);
	}
}

static void answer(struct waiting *w, const struct names_found *f)
{
	yyjson_mut_doc *d;
	yyjson_mut_val *root, *list;

	if (f->why) {
		ipc_refuse(w->conn, PROTO_NAMES_RESOLVE, w->seq, f->exists ? 503 : 404, f->why);
		return;
	}
	d = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(d);
	if (!root)
		log_fatal("answer");
	yyjson_mut_doc_set_root(d, root);
	list = yyjson_mut_obj_add_arr(d, root, "addresses");
	add_addresses(d, list, &f->v4);
	add_addresses(d, list, &f->v6);
	yyjson_mut_obj_add_uint(d, root, "ttl", f->ttl);
	ipc_send_json(w->conn, IPC_REPLY, PROTO_NAMES_RESOLVE, w->seq, d);
}

static void on_found(const struct names_found *found, void *arg)
{
	struct waiting *w = arg, **at = &all;

	if (found->why)
		log_info("%s: %s", w->name, found->why);
	if (w->conn)
		answer(w, found);
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free(w);
}

static void on_resolve(struct ipc_conn *conn, struct ipc_msg *msg)
{
	yyjson_doc *d = ipc_msg_json(msg);
	const char *name = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "name"));
	struct waiting *w;

	if (!name || !addr_name_valid(name)) {
		ipc_reply_error(conn, msg, 400, "name: a host name is expected");
		yyjson_doc_free(d);
		return;
	}
	w = calloc(1, sizeof *w);
	if (!w)
		log_fatal("request");
	strcpy(w->name, name);
	w->conn = conn;
	w->seq = msg->seq;
	yyjson_doc_free(d);
	if (lookup_start(loop, w->name, on_found, w) < 0) {
		ipc_reply_error(conn, msg, 503, "too many names at once");
		free(w);
		return;
	}
	w->next = all;
	all = w;
}

static void on_message(struct ipc_conn *conn, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	if (msg->seq == 0)
		return;
	if (msg->type == PROTO_NAMES_RESOLVE)
		on_resolve(conn, msg);
	else
		ipc_reply_error(conn, msg, 404, "no such request");
}

static void on_closed(struct ipc_conn *conn, void *arg)
{
	(void)arg;
	for (struct waiting *w = all; w; w = w->next)
		if (w->conn == conn)
			w->conn = NULL;
}

/* ---- sysd ---- */

static void on_state(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	struct addr list[NAMES_SERVERS];
	unsigned count = 0;
	yyjson_arr_iter it;
	yyjson_doc *d;
	yyjson_val *v;

	(void)cl;
	(void)arg;
	if (msg->type != PROTO_SYSD_STATE || !(d = ipc_msg_json(msg)))
		return;
	it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_doc_get_root(d), "dns"));
	while (count < NAMES_SERVERS && (v = yyjson_arr_iter_next(&it)))
		if (yyjson_is_str(v) && addr_parse(&list[count], yyjson_get_str(v)) == 0)
			count++;
	yyjson_doc_free(d);
	servers_set(list, count);
}

static void on_end(struct ev_loop *l, ev_signal *w, int events)
{
	(void)w;
	(void)events;
	ev_break(l, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	static const struct ipc_server_ops server_ops = { .message = on_message, .closed = on_closed };
	static const struct ipc_client_ops sysd_ops = { .notice = on_state };
	ev_signal stop;

	(void)argv;
	log_open("names");
	if (argc != 1)
		log_usage("usage: " USAGE);
	loop = ev_default_loop(0);
	if (!loop)
		log_fatal("event loop");
	ev_signal_init(&stop, on_end, SIGTERM);
	ev_signal_start(loop, &stop);
	ipc_server_open(loop, &server_ops, NULL);
	room_fence();
	ipc_client_open(loop, ROOM_SYSD, &sysd_ops, NULL);
	room_ready();
	ev_run(loop, 0);
	return 0;
}

#include <fcntl.h>
#include <unistd.h>

#include "adopt.h"
#include "conn.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"

static struct ev_loop *the_loop;

/* {"peer","port","leaf"} with one descriptor. False when it is not that. */
static bool adopt(struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *peer = yyjson_get_str(yyjson_obj_get(root, "peer"));
	int leaf = yyjson_get_int(yyjson_obj_get(root, "leaf"));
	int fd = -1, flags;

	if (peer && msg->nfds == 1)
		fd = ipc_msg_take_fd(msg, 0);
	if (fd >= 0) {
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
			close(fd);
		else
			conn_open(the_loop, fd, peer, (uint8_t)leaf);
	}
	yyjson_doc_free(doc);
	return fd >= 0;
}

static void on_message(struct ipc_conn *c, struct ipc_msg *msg, void *arg)
{
	(void)arg;
	if (msg->type == PROTO_API_CONN && !msg->seq && adopt(msg))
		return;
	log_warn("%s: message %u: not understood", ipc_conn_peer(c)->name, msg->type);
	ipc_conn_close(c, true);
}

void adopt_open(struct ev_loop *loop)
{
	static const struct ipc_server_ops ops = { .message = on_message };

	the_loop = loop;
	ipc_server_open(loop, &ops, NULL);
}

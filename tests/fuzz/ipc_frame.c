/* Bytes of a hostile peer into a connection: no crash, and whatever is handed
 * over keeps to the limits. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/ipc_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool over;

static void message(struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_doc *doc;

	if (msg->len > IPC_BODY_MAX || msg->nfds)
		abort();
	doc = ipc_msg_json(msg);
	yyjson_doc_free(doc);
	if (msg->type & 1)
		ipc_reply_error(c, msg, 400, "type %u", msg->type);
	else
		ipc_reply(c, msg, msg->body, msg->len, NULL, 0);
}

static void closed(struct ipc_conn *c)
{
	(void)c;
	over = true;
}

static const struct ipc_owner owner = { message, closed };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ev_loop *loop = EV_DEFAULT;
	int pair[2];

	if (size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		return 0;
	over = false;
	ipc_conn_new(loop, pair[0], room_by_id(ROOM_API), &owner, NULL);
	if (write(pair[1], data, size) != (ssize_t)size)
		abort();
	shutdown(pair[1], SHUT_WR);
	while (!over) {
		char sink[65536];

		ev_run(loop, EVRUN_ONCE);
		while (read(pair[1], sink, sizeof sink) > 0)
			;
	}
	close(pair[1]);
	return 0;
}

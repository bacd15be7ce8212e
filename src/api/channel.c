#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents.h"
#include "call.h"
#include "channel.h"
#include "ipc/proto.h"
#include "limits.h"
#include "request.h"
#include "socket.h"

/* Is the agents' protocol among those offered (RFC 6455 §11.3.4)? */
static bool offers_protocol(const struct request *r)
{
	struct http_slice rest, one;
	size_t i;

	for (i = 0; i < r->head.count; i++) {
		if (!http_slice_is_fold(r->head.headers[i].name, "sec-websocket-protocol"))
			continue;
		rest = r->head.headers[i].value;
		while (http_slice_list(&rest, &one))
			if (http_slice_is(one, CHANNEL_PROTOCOL))
				return true;
	}
	return false;
}

static void take_over(struct request *r, uint64_t number)
{
	struct socket_upgrade up;
	uint8_t hash[AUTH_HASH];

	auth_hash(r->auth.value, hash);
	if (socket_release(r, CHANNEL_PATH, CHANNEL_PROTOCOL, &up) < 0) {
		agents_closed(number);
		return;
	}
	agents_adopt(up.fd, up.peer, up.head, up.len, number, hash);
	free(up.head);
}

/* Core knows the machine, or refuses it. */
static void opened(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = arg;
	uint64_t number = r->channel;
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);

	r = call_room_returned(r);
	if (!r) {
		/* The agent did not wait. */
		agents_closed(number);
	} else if (!doc) {
		request_refuse(r, 503, "The appliance is starting or busy; try again.");
	} else if (msg->flags & IPC_ERROR) {
		call_answer_refused(r, yyjson_doc_get_root(doc));
	} else {
		take_over(r, number);
	}
	yyjson_doc_free(doc);
}

void channel_begin(struct request *r)
{
	char body[AGENTS_OPEN_SIZE];
	uint8_t hash[AUTH_HASH];
	size_t len;

	/* Not a verb of the table: the answers of auth_read need one to speak of. */
	r->verb = verb_by_name(CALL_SESSION_VERB);
	if (!socket_handshake(r) || !auth_read(r))
		return;
	if (r->auth.kind != AUTH_TOKEN) {
		request_refuse(r, 401, "An agent shows its machine's token: ElasticBox-Token.");
		return;
	}
	if (!offers_protocol(r)) {
		request_refuse(r, 400, "Sec-WebSocket-Protocol: must offer " CHANNEL_PROTOCOL ".");
		return;
	}
	auth_hash(r->auth.value, hash);
	r->channel = agents_number();
	len = agents_open_text(r->channel, hash, r->conn->peer->address, body);
	call_room(r, PROTO_CORE_AGENT_OPEN, body, len, opened);
}

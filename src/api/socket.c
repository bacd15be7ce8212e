#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "events.h"
#include "ipc/proto.h"
#include "live.h"
#include "reply.h"
#include "request.h"
#include "socket.h"

/* Base64 of 16 bytes. */
#define KEY_LENGTH 24
/* Bytes of the head that the engine reads. */
#define HEAD_SIZE 320

static bool key_valid(struct http_slice key)
{
	size_t i;

	for (i = 0; i < key.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", key.at[i]))
			return false;
	return key.len == KEY_LENGTH;
}

bool socket_handshake(struct request *r)
{
	struct http_slice value, key;
	bool many;

	if (!http_slice_is(r->head.method, "GET")) {
		snprintf(r->allow, sizeof r->allow, "GET");
		request_refuse(r, 405, "Only GET is for this resource.");
	} else if (!r->head.upgrade || !http_head_find(&r->head, "upgrade", &value, &many) || many ||
	    !http_slice_is_fold(value, "websocket")) {
		request_refuse(r, 426, "This resource is for WebSockets.");
	} else if (!http_head_find(&r->head, "sec-websocket-version", &value, &many) || many ||
	    !http_slice_is(value, "13")) {
		request_refuse(r, 426, "The version of the WebSocket protocol must be 13.");
	} else if (!http_head_find(&r->head, "sec-websocket-key", &key, &many) || many || !key_valid(key)) {
		request_refuse(r, 400, "Sec-WebSocket-Key is malformed.");
	} else if (r->head.chunked || (r->head.has_length && r->head.length)) {
		request_refuse(r, 400, "A WebSocket handshake has no body.");
	} else {
		return true;
	}
	return false;
}

int socket_release(struct request *r, const char *path, const char *protocol, struct socket_upgrade *out)
{
	struct http_slice key = HTTP_SLICE_ZERO;
	struct conn *c = r->conn;
	size_t rest = c->in_len;
	int n;

	http_head_find(&r->head, "sec-websocket-key", &key, NULL);
	out->head = malloc(HEAD_SIZE + rest);
	if (!out->head) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return -1;
	}
	n = snprintf(out->head, HEAD_SIZE, "GET %s HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %.*s\r\n%s%s%s\r\n", path,
		(int)key.len, key.at, protocol ? "Sec-WebSocket-Protocol: " : "", protocol ? protocol : "",
		protocol ? "\r\n" : "");
	/* Frames that came right behind the request. */
	if (rest)
		memcpy(out->head + n, c->in, rest);
	out->len = (size_t)n + rest;
	out->fd = conn_release(c, &out->peer);
	return 0;
}

/* The connection goes to the engine. */
static void hand_over(struct request *r, struct viewer *viewer)
{
	struct socket_upgrade up;

	if (socket_release(r, SOCKET_PATH, NULL, &up) < 0) {
		if (viewer)
			viewer_drop(viewer);
		return;
	}
	live_adopt(up.fd, up.peer, up.head, up.len, viewer);
	free(up.head);
}

/* Core has said what the credential may see, or that it is none. */
static void scope_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	struct viewer *viewer;
	yyjson_val *root;
	yyjson_doc *doc;

	if (!r)
		return;
	doc = error ? NULL : ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	if (!doc || (msg->flags & IPC_ERROR)) {
		request_refuse(r, 503, "The appliance is starting or busy; try again.");
	} else if (yyjson_get_int(yyjson_obj_get(root, "status")) != 200) {
		call_answer_with(r, root);
	} else {
		viewer = viewer_take(&r->auth, r->conn->peer->address, yyjson_obj_get(root, "body"), r->epoch);
		if (viewer)
			hand_over(r, viewer);
		else
			request_refuse(r, 503, "The appliance is short of memory; try again.");
	}
	yyjson_doc_free(doc);
}

/* Whoever shows no credential says who it is in its first message; the engine waits for that. */
static void unknown_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);

	(void)msg;
	if (!r)
		return;
	if (error)
		request_refuse(r, 503, "The appliance is starting or busy; try again.");
	else
		hand_over(r, NULL);
}

void socket_begin(struct request *r)
{
	/* Not a verb of the table: the answers of auth_read need one to speak of. */
	r->verb = verb_by_name(CALL_SESSION_VERB);
	if (!socket_handshake(r) || !auth_read(r))
		return;
	if (r->auth.kind == AUTH_NONE && r->head.query.len) {
		request_refuse(r, 401, "Credentials are not taken from the address.");
		return;
	}
	if (r->auth.kind == AUTH_SESSION && !auth_origin_present(r)) {
		request_refuse(r, 403, "The request comes from another site.");
		return;
	}
	if (!events_ready()) {
		request_refuse(r, 503, "The appliance is starting; try again.");
		return;
	}
	r->epoch = viewers_epoch();
	/* Also without a credential something of core is asked: the connection is handed over outside the
	 * turn that reads it. */
	if (r->auth.kind == AUTH_NONE)
		call_ask(r, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = "appliance.status",
			.answer = unknown_answer });
	else
		call_ask(r, &(struct call_question){ .type = PROTO_CORE_VERB, .verb = VIEWERS_SCOPE_VERB,
			.answer = scope_answer });
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "events.h"
#include "live.h"
#include "reply.h"
#include "request.h"
#include "socket.h"

/* Base64 of 16 bytes. */
#define KEY_LENGTH 24

static bool key_valid(struct http_slice key)
{
	size_t i;

	for (i = 0; i < key.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", key.at[i]))
			return false;
	return key.len == KEY_LENGTH;
}

/* Is it a handshake that the engine will accept?  If not it has been refused. */
static bool handshake_valid(struct request *r, struct http_slice *key)
{
	struct http_slice value;
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
	} else if (!http_head_find(&r->head, "sec-websocket-key", key, &many) || many || !key_valid(*key)) {
		request_refuse(r, 400, "Sec-WebSocket-Key is malformed.");
	} else if (r->head.chunked || (r->head.has_length && r->head.length)) {
		request_refuse(r, 400, "A WebSocket handshake has no body.");
	} else {
		return true;
	}
	return false;
}

/* Core knows who it is: the connection goes to the engine, with a head that carries no credential. */
static void hand_over(struct request *r, yyjson_val *body)
{
	struct http_slice key = HTTP_SLICE_ZERO;
	uint8_t hash[AUTH_HASH];
	char first[64], *head;
	struct conn *c = r->conn;
	struct peer *peer;
	size_t rest;
	int fd, n;

	(void)body;
	http_head_find(&r->head, "sec-websocket-key", &key, NULL);
	rest = c->in_len;
	head = malloc(256 + rest);
	if (!head) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return;
	}
	n = snprintf(head, 256, "GET " SOCKET_PATH " HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %.*s\r\n\r\n",
		(int)key.len, key.at);
	/* Frames that came right behind the request. */
	if (rest)
		memcpy(head + n, c->in, rest);
	auth_hash(r->auth.value, hash);
	fd = conn_release(c, &peer);
	snprintf(first, sizeof first, "{\"sequence\":%llu}", events_last());
	live_adopt(fd, peer, head, (size_t)n + rest, hash, first);
	free(head);
}

void socket_begin(struct request *r)
{
	struct http_slice key;

	/* Not a verb of the table: the answers of auth_read need one to speak of. */
	r->verb = verb_by_name(CALL_SESSION_VERB);
	if (!handshake_valid(r, &key) || !auth_read(r))
		return;
	if (r->auth.kind == AUTH_NONE) {
		request_refuse(r, 401, "Sign in first.");
		return;
	}
	if (r->auth.kind == AUTH_SESSION && !auth_origin_present(r)) {
		request_refuse(r, 403, "The request comes from another site.");
		return;
	}
	call_who(r, hand_over);
}

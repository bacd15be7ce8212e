/*
 * ws: one WebSocket of a client, whatever is spoken on it.  libwebsockets
 * speaks RFC 6455 here, on descriptors that socket.c upgraded; what the
 * messages mean is the affair of a kind (live.c, agents.c).
 */
#ifndef CAM_API_WS_H
#define CAM_API_WS_H

#include <ev.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pulse.h"

struct peer;
struct ws;
struct ws_text;

/* Seconds until a client that was told to go is gone. */
#define WS_END_SECONDS 5

struct ws_kind {
	const char *protocol;		/* Sec-WebSocket-Protocol; of events only for the engine */
	size_t size;			/* bytes of the kind's own structure, which begins with struct ws */
	size_t text_max, binary_max;	/* bytes of one message, 1009 beyond; no binary ones: 1003 */
	unsigned waiting_max;		/* messages and bytes that wait for one client; who asks faster */
	size_t waiting_bytes;		/* than it reads is cut (1008) */
	bool pings;			/* silent clients are pinged, and given up (pulse.h) */
	void (*opened)(struct ws *w);	/* the handshake is done */
	void (*text)(struct ws *w, char *text, size_t len);	/* a whole message, UTF-8, NUL behind it; wiped afterwards */
	void (*bytes)(struct ws *w, const uint8_t *bytes, size_t len);
	void (*heard)(struct ws *w);	/* something came, a whole message or not; may be NULL */
	/* Nothing waits: writes one message with lws_write. 1 = did, 0 = has nothing, -1 = failed. May be NULL. */
	int (*more)(struct ws *w);
	void (*late)(struct ws *w);	/* ws_wait is over */
	void (*gone)(struct ws *w);	/* it is freed when this returns */
};

struct ws {
	const struct ws_kind *kind;
	struct lws *wsi;		/* NULL before the handshake */
	struct peer *peer;
	struct ws_text *waiting, **waiting_last;
	unsigned waiting_count;
	size_t waiting_bytes;
	char *in;			/* a message that is not yet whole */
	size_t in_len, in_cap;
	bool silent;			/* nothing is read from it */
	bool ping;			/* one is to be sent */
	bool closing;			/* the client has begun to close: nothing may follow */
	int end_code;			/* 0 = goes on */
	const char *end_why;
	struct pulse pulse;
	ev_timer patience;
};

/* Makes the engine for these kinds. Ends the process when it cannot. */
void ws_open(struct ev_loop *loop, const struct ws_kind *const *kinds, unsigned count);

/* A structure of the kind's size, zero but for its ws; takes the peer's entry over.  NULL without memory: then that is
 * given back. */
struct ws *ws_new(const struct ws_kind *kind, struct peer *peer);

/* Takes over the descriptor.  head is the upgrade request followed by what the client sent behind it.  w may be
 * gone afterwards. */
void ws_adopt(struct ws *w, int fd, const char *head, size_t len);

/* Queues a text. False when the client is going or is cut for it. */
bool ws_send(struct ws *w, const char *text, size_t len);

/* Ends it with a code (RFC 6455 §7.4.1) and a constant reason, behind what waits. Nothing that comes is heard any more. */
void ws_end(struct ws *w, int code, const char *why);

/* late is called in so many seconds, unless ws_wait or ws_wait_no_more comes first. */
void ws_wait(struct ws *w, double seconds);
void ws_wait_no_more(struct ws *w);

/* Reads on, or not: what the client sends then stays with it. */
void ws_read(struct ws *w, bool on);

/* There is something for more. */
void ws_wants(struct ws *w);

#endif

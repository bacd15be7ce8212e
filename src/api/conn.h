/*
 * conn: one client's connection: reads requests from it one after the other,
 * with their deadlines, and writes the replies.
 *
 * A connection is in one state: it waits for a head, then for a body, then is
 * busy (core has the request), then writes the reply, and starts again, or
 * lingers and ends.  A reply that is not in memory as a whole is written piece by
 * piece: the next is asked for when the client has taken the last.  Only one request is in work; what the client sent beyond it
 * stays in its socket or in the input buffer.
 */
#ifndef CAM_API_CONN_H
#define CAM_API_CONN_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peers.h"

enum conn_state {
	CONN_NONE = 0,
	CONN_HEAD,
	CONN_BODY,
	CONN_BUSY,
	CONN_REPLY,
	CONN_MORE,		/* the next piece of the reply is on its way */
	CONN_LINGER
};

struct request;
struct conn;

/* Makes the next piece: ends, now or later, in conn_write_more or conn_cut. */
typedef void conn_more_fn(struct conn *c);

/* Bytes to be written: a head, then a body, owned or borrowed for ever or lent for the call. */
struct conn_out {
	char *head;		/* lent for the call of conn_write; what is kept of it is a copy */
	size_t head_len;
	char *owned;
	const char *body;
	size_t body_len;
	bool lent;
	size_t done;		/* of head and body together */
	size_t taken;		/* from the memory account */
};

struct conn {
	int fd;
	uint8_t state;		/* enum conn_state */
	uint8_t leaf;		/* enum proto_leaf: which certificate the client saw */
	bool closing;		/* ends after the reply */
	bool begun;		/* a byte of the next head is here */
	struct peer *peer;
	struct request *request;
	char *in;		/* input buffer, or NULL while there is nothing */
	size_t in_len, in_cap, in_seen;
	struct conn_out out;
	conn_more_fn *more;	/* the reply goes on after out, or NULL */
	bool asking;		/* inside more */
	bool cut;		/* more gave up */
	size_t sent;		/* bytes of the reply before out */
	size_t lingered;	/* bytes dropped while lingering */
	ev_tstamp since;	/* start of what the timer watches */
	ev_io readable, writable;
	ev_timer timer;
};

/* Takes over a connected, non-blocking socket.  On failure (limits, memory) it
 * is answered with 503 where possible, and closed. */
void conn_open(struct ev_loop *loop, int fd, const char *peer, uint8_t leaf);

/* The request wants its body now: bytes come by request_feed.  c may be gone afterwards
 * when core had the request. */
void conn_want_body(struct conn *c);
/* The request is with core: nothing is read until the reply. */
void conn_want_answer(struct conn *c);
/* Writes out and goes on; what it owns is taken over, of what is lent a copy is kept when the socket does not take all
 * of it. */
void conn_write(struct conn *c, const struct conn_out *out);
/* Between the pieces of a reply: takes bytes (malloc) over, goes on with them; last = none follow. */
void conn_write_more(struct conn *c, char *bytes, size_t len, bool last);
/* The rest of the reply cannot be had: the connection ends, so that the client sees that it is not whole. */
void conn_cut(struct conn *c);
/* Sends an interim response of a few bytes, if it fits into the socket at once. */
void conn_write_now(struct conn *c, const char *text, size_t len);
/* Gives the socket and the peer's entry away, and frees c with its request.
 * Only while the request is with core. */
int conn_release(struct conn *c, struct peer **peer);

/* The loop of the process. */
struct ev_loop *conn_loop(void);
unsigned conn_count(void);

#endif

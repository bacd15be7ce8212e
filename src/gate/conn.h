/*
 * gate/conn: one client.  It belongs to the handshake thread until the
 * handshake is over, then to the relay thread; never to both.
 */
#ifndef CAM_GATE_CONN_H
#define CAM_GATE_CONN_H

#include <ev.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "tls/server.h"

struct conn_list;

enum conn_stage {
	CONN_OPEN = 0,
	CONN_CLOSING,		/* the last bytes and close_notify are on their way out */
	CONN_LINGER		/* waiting for the client to close; the engine is done with */
};

struct conn {
	br_ssl_server_context tls;
	struct tls_side side;
	struct tls_chains *chains;	/* held during the handshake */
	struct conn *prev, *next;	/* of list, or of the free ones */
	struct conn_list *list;
	uint64_t since;			/* milliseconds, when it joined its list */
	enum conn_stage stage;
	int fd, pair;			/* the client; our end of the pair to api, -1 */
	uint16_t spill, spill_at;	/* bytes read beyond a record, and where they begin */
	uint16_t flight, flight_at;	/* collected handshake records, not yet sent */
	uint32_t events;		/* epoll, handshake thread */
	bool readable;			/* the client's socket may have bytes */
	bool writable;			/* and may take some */
	bool net_eof;
	bool app_readable, app_writable, app_eof;
	ev_io net, app;
	struct sockaddr_in6 from;
};

/* A list in the order of joining, so its deadlines fall due from its head on. */
struct conn_list {
	struct conn *first, *last;
	unsigned count;
	uint64_t limit;			/* milliseconds */
};

static inline void conn_list_remove(struct conn *c)
{
	struct conn_list *l = c->list;

	if (l == NULL)
		return;
	*(c->prev ? &c->prev->next : &l->first) = c->next;
	*(c->next ? &c->next->prev : &l->last) = c->prev;
	l->count--;
	c->list = NULL;
}

static inline void conn_list_append(struct conn_list *l, struct conn *c, uint64_t now)
{
	conn_list_remove(c);
	c->list = l;
	c->since = now;
	c->prev = l->last;
	c->next = NULL;
	*(l->last ? &l->last->next : &l->first) = c;
	l->last = c;
	l->count++;
}

/* "10.0.2.2" or "fd00::1", and the port. */
#define CONN_ADDRESS 46
const char *conn_address(const struct sockaddr_in6 *from, char buf[CONN_ADDRESS]);
unsigned conn_port(const struct sockaddr_in6 *from);

#endif

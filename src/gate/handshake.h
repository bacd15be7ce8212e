/*
 * gate/handshake: the thread that accepts clients and takes them through the
 * TLS handshake.  It may wait for keyd's signature; established connections
 * are the relay thread's and do not notice.
 *
 * Its own epoll set instead of libev: the listener is shared by all workers
 * (EPOLLEXCLUSIVE wakes one of them), and a connection must leave this set
 * before the other thread gets it.
 */
#ifndef CAM_GATE_HANDSHAKE_H
#define CAM_GATE_HANDSHAKE_H

#include "conn.h"
#include "tls/chains.h"
#include "tls/sessions.h"

struct handshake_config {
	int listener;			/* non-blocking, shared with other processes */
	struct tls_sessions *sessions;
	void (*done)(struct conn *c);	/* takes the connection over; called from the thread */
};

/* Starts the thread.  It accepts nothing before the first chains are there.
 * Ends the process when it cannot be started.  config must live for ever. */
void handshake_start(const struct handshake_config *config);

/* Handshakes that begin from now on use these chains; takes the reference.
 * Any thread. */
void handshake_chains(struct tls_chains *chains);

/* No new connections from now on.  Any thread. */
void handshake_stop(void);

#endif

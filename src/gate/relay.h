/*
 * gate/relay: established connections.  Plain bytes go both ways between the
 * TLS engine and one end of a socket pair, whose other end api has.  Never
 * waits; runs in the worker's main thread.
 */
#ifndef CAM_GATE_RELAY_H
#define CAM_GATE_RELAY_H

#include <ev.h>

#include "conn.h"

/* Starts on loop, with a connection to api of its own. */
void relay_open(struct ev_loop *loop);

/* Takes a connection over from the handshake thread.  Any thread. */
void relay_adopt(struct conn *c);

/* Says goodbye to every client (close_notify) as far as that goes at once.
 * The process must end after it. */
void relay_stop(void);

#endif

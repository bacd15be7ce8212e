/*
 * gate/pump: bytes between the client's socket and the TLS engine.  Used by
 * the thread that owns the connection.
 */
#ifndef CAM_GATE_PUMP_H
#define CAM_GATE_PUMP_H

#include "conn.h"

enum pump {
	PUMP_MOVED = 0,		/* something was done: look at the engine again */
	PUMP_WAIT,		/* the socket has nothing, or takes nothing */
	PUMP_EOF,		/* the client will send no more (c->net_eof) */
	PUMP_GONE		/* the connection is broken */
};

/* Sends what the engine has for the client (its state says SENDREC). */
enum pump pump_out(struct conn *c);

/* The same for the records of a handshake, which the engine makes one by one:
 * they leave together.  Also when c->flight is not 0, whatever the state. */
enum pump pump_out_flight(struct conn *c);

/* Gives the engine bytes of the client (its state says RECVREC): left over
 * ones first, then from the socket. */
enum pump pump_in(struct conn *c);

/* Milliseconds of a clock that nobody sets, to about 4 ms. */
uint64_t pump_now(void);

#endif

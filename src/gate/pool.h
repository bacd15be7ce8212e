/*
 * gate/pool: the memory of a worker's connections, reserved once, touched only
 * as far as it is used.  Contexts lie packed; the record buffers of each lie
 * on pages of their own, so that an idle connection can give them back.
 */
#ifndef CAM_GATE_POOL_H
#define CAM_GATE_POOL_H

#include "conn.h"

/* Reserves room for n connections.  Ends the process when it cannot. */
void pool_open(unsigned n);

/* A connection with everything zero and no descriptor; NULL when all are in
 * use.  Any thread. */
struct conn *pool_get(void);

/* Wipes keys and buffers and takes it back.  Any thread; descriptors must be
 * closed before. */
void pool_put(struct conn *c);

/* The buffers of c: TLS_IN_SIZE, TLS_OUT_SIZE, GATE_SPILL and GATE_FLIGHT bytes. */
void *pool_in(const struct conn *c);
void *pool_out(const struct conn *c);
uint8_t *pool_spill(const struct conn *c);
uint8_t *pool_flight(const struct conn *c);

/* Gives the pages of all of them back; their content is lost. */
void pool_release(const struct conn *c);

/* Connections in use. */
unsigned pool_used(void);

#endif

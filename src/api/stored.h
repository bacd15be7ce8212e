/*
 * stored: the connection to store, for files that come and go as descriptors.
 */
#ifndef CAM_API_STORED_H
#define CAM_API_STORED_H

#include <ev.h>
#include <stdint.h>

#include "ipc/ipc.h"

struct request;

/* Connects to store (for ever). */
void stored_open(struct ev_loop *loop);

/* Asks store for r: answer takes r back by stored_returned first. The body is a JSON text. */
void stored_ask(struct request *r, uint16_t type, const char *body, ipc_reply_fn *answer);
/* Asks store for something that is no request's. */
void stored_call(uint16_t type, const char *body, uint32_t len, ipc_reply_fn *answer, void *arg);
/* r, or NULL when its client has gone meanwhile (then r is freed). */
struct request *stored_returned(struct request *r);

/* Grows with each connection to store: uploads do not outlive theirs. */
unsigned stored_generation(void);
/* Gives an upload of that generation up; nobody waits for it. */
void stored_forget(unsigned generation, uint64_t upload);

/* Refuses r with what store said, or that it did not. */
void stored_refused(struct request *r, const struct ipc_msg *msg, int error);

#endif

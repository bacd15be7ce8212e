/*
 * call: a request becomes a verb of core, and core's answer a reply.
 */
#ifndef CAM_API_CALL_H
#define CAM_API_CALL_H

#include <ev.h>
#include <stdbool.h>

struct request;

/* Connects to core (for ever) and follows its events. */
void call_open(struct ev_loop *loop);

/* Head and body of the request are here: checks the body's syntax, asks core, replies. */
void call_begin(struct request *r);

/* Does core still owe an answer to this request? */
bool call_pending(const struct request *r);

/* The connection to core, for questions of other parts. */
struct ipc_client *call_core(void);

#endif

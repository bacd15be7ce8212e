/*
 * call: a request becomes a verb of core, and core's answer a reply.
 */
#ifndef CAM_API_CALL_H
#define CAM_API_CALL_H

#include <ev.h>
#include <stdbool.h>
#include <yyjson.h>

struct request;

/* The verb that tells whose credential it is, and a session's CSRF token. */
#define CALL_SESSION_VERB "security.session"

/* Connects to core (for ever) and follows its events. */
void call_open(struct ev_loop *loop);

/* Head and body of the request are here: checks the body's syntax, asks core, replies. */
void call_begin(struct request *r);

/* Does core still owe an answer to this request? */
bool call_pending(const struct request *r);

/* Asks core who the request's credential belongs to; known is called later with the body of
 * its answer, or the request is refused. */
void call_who(struct request *r, void (*known)(struct request *r, yyjson_val *body));

#endif

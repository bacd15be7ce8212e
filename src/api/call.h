/*
 * call: a request becomes a verb of core, and core's answer a reply.
 */
#ifndef CAM_API_CALL_H
#define CAM_API_CALL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "ipc/ipc.h"

struct request;

/* The verb that tells whose credential it is, and a session's CSRF token. */
#define CALL_SESSION_VERB "security.session"

/* Connects to core (for ever) and follows its events. */
void call_open(struct ev_loop *loop);

/* Head and body of the request are here: checks the body's syntax, asks core, replies. */
void call_begin(struct request *r);

/* Asks core what a credential may see (access.scope), outside any request; answer as of
 * ipc_client_call. */
struct auth;
void call_scope(const struct auth *auth, const char *peer, ipc_reply_fn *answer, void *arg);

/* ---- for what becomes of special verbs: lists, files ---- */

struct call_question {
	uint16_t type;			/* PROTO_CORE_VERB or PROTO_CORE_LIST */
	const char *verb;
	/* Makes the arguments; NULL result = r has been refused; NULL function = none. */
	yyjson_mut_val *(*arguments)(struct request *r, yyjson_mut_doc *doc);
	const char *cursor;		/* of PROTO_CORE_LIST */
	ipc_reply_fn *answer;		/* with r: takes it back by call_returned first */
};

/* Asks core in the name of the request's credential.  False when r has been refused
 * or cut. */
bool call_ask(struct request *r, const struct call_question *q);
/* r, or NULL when its client has gone meanwhile (then r is freed). */
struct request *call_returned(struct request *r);
/* Core could not be asked, error as of ipc_reply_fn: true when it is asked again. */
bool call_again(struct request *r, int error, const struct call_question *q);
/* Asks core something that is not a verb; answer takes r back by call_room_returned first. */
void call_room(struct request *r, uint16_t type, const char *body, size_t len, ipc_reply_fn *answer);
struct request *call_room_returned(struct request *r);
/* The connection to core. */
struct ipc_client *call_core(void);
/* Replies with core's answer: {"status",...}; with a refusal of the room: {"code","message"}. */
void call_answer_with(struct request *r, yyjson_val *root);
void call_answer_refused(struct request *r, yyjson_val *root);
/* Refuses r, or cuts its connection when the head of the reply has left. */
void call_give_up(struct request *r, int status, const char *message);

/* Asks core who the request's credential belongs to; known is called later with the body of
 * its answer, or the request is refused. */
void call_who(struct request *r, void (*known)(struct request *r, yyjson_val *body));

#endif

/*
 * request: one HTTP request from its head to its reply.
 */
#ifndef CAM_API_REQUEST_H
#define CAM_API_REQUEST_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "auth.h"
#include "conn.h"
#include "http/chunk.h"
#include "http/head.h"
#include "verb/verb.h"

struct upload;
struct download;
struct parts;

struct request {
	struct conn *conn;	/* NULL when the client has gone while core was at work */
	ev_tstamp begun;
	char *bytes;		/* copy of the head; head's slices point into it */
	size_t bytes_len;
	struct http_head head;
	char *path;		/* decoded and normalised; NULL when it could not be */
	const struct verb *verb;
	struct verb_segment segments[VERB_SEGMENTS];
	size_t segment_count;
	struct auth auth;
	bool console;		/* the console signs in: answer with a cookie */
	bool retried;		/* core was asked a second time */
	bool asked;		/* a room owes an answer: r outlives its client until then */
	unsigned epoch;		/* of scopes, when core was asked for one */
	bool streaming;		/* the head of the reply has left: what fails now cuts the connection */
	int status;		/* of the reply, for the log */
	void (*known)(struct request *r, yyjson_val *body);	/* goes on once core said who asks */

	char *cursor;		/* of a list: where the next chunk begins */
	bool listed;		/* an element of the list has been sent */
	struct upload *upload;	/* the body is a file */
	struct download *download;	/* the reply is a file */
	struct parts *parts;	/* the reply is put together from segments */

	uint64_t channel;	/* of an agent: its number */

	char *body;
	size_t body_len, body_cap, body_max;
	size_t received;	/* bytes read for the body, chunk framing included */
	struct http_chunk chunk;
	int refused;		/* status to answer with once the body is read and dropped, or 0 */
	char message[160];	/* that goes with it */
	char allow[64];		/* methods, for 405 */
};

/* A whole head of len bytes has arrived.  Answers, or asks for the body. */
void request_begin(struct conn *c, const char *head, size_t len);

/* Takes bytes of the body; *used is set to how many.  True when the body was
 * complete and the request has moved on. */
bool request_feed(struct request *r, const char *bytes, size_t len, size_t *used);
size_t request_received(const struct request *r);
/* Is a part of the body still to come? */
bool request_unread(const struct request *r);

/* Answers with an error and ends the connection, whether or not there is a request yet. */
void request_refuse_head(struct conn *c, int status, const char *message);

/* Answers with an error.  A short body that is still to come is read first, so that
 * the connection can go on; otherwise it ends. */
void request_refuse(struct request *r, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The client has gone: frees r, or lets it die with core's answer. */
void request_abandon(struct request *r);
void request_free(struct request *r);

/* Is this a method that changes nothing (RFC 9110 §9.2.1)? */
bool request_is_safe(const struct request *r);

#endif

/*
 * reply: writes heads and bodies of responses.
 */
#ifndef CAM_API_REPLY_H
#define CAM_API_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

/* What a reply consists of. */
/* Version of the interface in the words of its clients. */
#define REPLY_RELEASE "4.0.0"

struct reply {
	int status;
	const char *type;	/* Content-Type; NULL without a body */
	const char *cache;	/* Cache-Control */
	const char *policy;	/* Content-Security-Policy */
	char extra[768];	/* further header lines, each with CR LF */
	size_t extra_len;
	char *owned;		/* body from malloc, taken over; or */
	const char *borrowed;	/* body that lives for ever; or */
	const char *lent;	/* body that lives until reply_send returns */
	size_t len;
	bool chunked;		/* of unknown length: owned, if any, is the first piece with its framing */
	conn_more_fn *more;	/* where the body comes from: all of it, or what follows the first piece */
	bool service;		/* below /services: says the release */
};
#define REPLY_ZERO { .cache = "no-store", .policy = "default-src 'none'; frame-ancestors 'none'" }

/* Adds a header line, without CR LF.  Lines that do not fit are a bug. */
void reply_header(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Starts to write it.  The body is left out for HEAD. */
void reply_send(struct conn *c, struct reply *r);

/* Answers {"message": ...}; with Allow for 405. */
void reply_error(struct conn *c, int status, const char *message);

/* A JSON text {"message":...} from malloc, or NULL. */
char *reply_message(const char *message, size_t *len);

/* Writes a whole 503 to a descriptor that no connection was made for. */
void reply_turn_away(int fd);

#endif

/*
 * http: one server called over TLS by libcurl with BearSSL.
 *
 * Each caller (a task) has an own one and uses it from one thread at a time;
 * connections are kept between calls.  No redirect is followed, no cookie kept,
 * no proxy of the environment used; https only.
 */
#ifndef CAM_CLOUD_HTTP_H
#define CAM_CLOUD_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "tls/trust.h"

/* Bytes of a sentence about what went wrong: ours, the server's words, its host. */
#define HTTP_WHY 512
/* Bytes of all header lines of an answer. */
#define HTTP_HEAD_MAX 32768u
/* Bytes of an answer that is kept whole, unless the request says otherwise. */
#define HTTP_ANSWER_MAX (4u << 20)
/* Seconds to resolve, connect and shake hands. */
#define HTTP_CONNECT_SECONDS 15
/* Seconds of one call, from its start to the last byte, unless the request says otherwise.  A create is looked
 * up for longer than this before it is repeated. */
#define HTTP_CALL_SECONDS 60

enum http_result {
	HTTP_INVALID = 0,
	HTTP_DONE,		/* answered, with whatever status */
	HTTP_NOT_SENT,		/* not reached: the server did nothing */
	HTTP_UNKNOWN,		/* sent, and no whole answer: it may have done it */
	HTTP_UNTRUSTED,		/* not the server we were told to reach, or no TLS with it: nothing was asked of it */
	HTTP_TOO_LARGE,		/* the answer passed its bound */
	HTTP_CANCELLED
};

/* Takes a piece of an answer's body (of status 200) as it comes; not 0 ends the call. */
typedef int http_sink_fn(const char *data, size_t len, void *arg);

struct http_request {
	const char *method;		/* "GET", "POST", ... */
	const char *url;		/* https://host[:port]/... */
	const char *const *headers;	/* "Name: value", ends with NULL; may be NULL */
	const char *body;		/* NULL = none */
	size_t len;
	bool once;			/* must not be sent twice: not by libcurl either, when a kept connection ends */
	int seconds;			/* 0 = HTTP_CALL_SECONDS */
	uint64_t answer_max;		/* 0 = HTTP_ANSWER_MAX */
	http_sink_fn *sink;		/* NULL = keep the answer */
	void *arg;
};

struct http;

/* NULL without memory.  trust is borrowed and must outlive it. */
struct http *http_open(const struct tls_trust *trust);
/* Frees; connections end. */
void http_close(struct http *h);

/* Calls from now on end early once *cancelled is true, and no later than `until` (plat_clock_boot, 0 = never).
 * cancelled is borrowed, may be NULL. */
void http_bound(struct http *h, const atomic_bool *cancelled, int64_t until);
/* The addresses of hosts, as core's task has them: {"host":{"addresses":["10.0.0.5",..]} or {"message":"why not"}}; taken as a copy,
 * NULL = none.  No other name is ever looked up: a host that is no address and not among these is not reached. */
void http_addresses(struct http *h, yyjson_val *names);

/* One exchange.  What it leaves behind lives until the next. */
enum http_result http_call(struct http *h, const struct http_request *rq);

int http_status(const struct http *h);
/* The answer's body, ends with NUL; "" when it went to a sink. */
const char *http_body(const struct http *h, size_t *len);
/* Value of a header of the answer (case does not matter), the first one of that name; NULL when absent.
 * Lives until the next http_header or call. */
const char *http_header(struct http *h, const char *name);
/* Why the result was not HTTP_DONE. */
const char *http_why(const struct http *h);
/* SHA-256 of the certificate that was shown last, "" = none yet. */
const char *http_fingerprint(const struct http *h);

/* Once per process, before threads are made.  0, or -1. */
int http_start(void);

#endif

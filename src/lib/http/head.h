/*
 * head: the head of an HTTP/1.x request (RFC 9112), parsed strictly.
 *
 * What two readers could understand in two ways is refused: bare line feeds,
 * folded lines, blanks before the colon, control bytes, a second
 * Content-Length or Host, Content-Length together with Transfer-Encoding.
 * No allocation, no I/O: slices point into the caller's buffer.
 */
#ifndef CAM_HTTP_HEAD_H
#define CAM_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/text.h"

/* Header lines of one request: browsers send about 20; 431 beyond. */
#define HTTP_HEADERS_MAX 64
/* Bytes of the request line: a list filter with 800 ids of 37 bytes fits; 414 beyond. */
#define HTTP_LINE_MAX (40u << 10)
/* Bytes of the whole head; 431 beyond. */
#define HTTP_HEAD_MAX (48u << 10)

struct http_header {
	struct http_slice name, value;
};

struct http_head {
	struct http_slice method;
	struct http_slice target;	/* as sent */
	struct http_slice path;		/* origin form, still encoded; "*" for the asterisk form */
	struct http_slice query;	/* after '?', at = NULL when there is none */
	struct http_slice authority;	/* of the absolute form, else Host; may be empty in HTTP/1.0 */
	unsigned minor;			/* 0 or 1 */
	bool keep_alive;		/* what the client asks for */
	bool has_length;
	uint64_t length;		/* of the body, when has_length */
	bool chunked;
	bool expect_continue;
	bool upgrade;			/* "Connection: upgrade" with an Upgrade header */
	size_t count;
	struct http_header headers[HTTP_HEADERS_MAX];
};

/*
 * Looks for the empty line that ends a head in buf[0..len).  Returns the
 * length of the head with that line, or 0 when it is not there yet.  *seen
 * (0 at first) keeps how far was looked, so that a head that trickles in is
 * not read again and again.
 */
size_t http_head_end(const char *buf, size_t len, size_t *seen);

/*
 * Parses a whole head of len bytes, its empty line included.  Returns 0, or
 * the HTTP status to refuse it with and *why, a constant sentence for the
 * client: 400, 414, 417, 431, 501 or 505.  After a refusal the framing of the
 * connection is unknown: it must be closed.
 */
int http_head_parse(struct http_head *h, const char *buf, size_t len, const char **why);

/* The value of the only header of that name (any case).  False when absent.
 * With several of the name: the first, and *many is set (many may be NULL). */
bool http_head_find(const struct http_head *h, const char *name, struct http_slice *value,
	bool *many);

#endif

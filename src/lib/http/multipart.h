/*
 * multipart: reads a body of multipart/form-data (RFC 7578 over RFC 2046 §5.1)
 * piece by piece, strictly: no preamble, no epilogue but an end of line, every
 * part with a Content-Disposition of form-data and a name, no transfer encoding
 * that changes bytes.  Keeps no content: data is handed on as it comes.
 */
#ifndef CAM_HTTP_MULTIPART_H
#define CAM_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/text.h"

/* RFC 2046 §5.1.1: 1 to 70 characters. */
#define HTTP_BOUNDARY_MAX 70
/* Parts of one body; header bytes of one part. */
#define HTTP_PARTS_MAX 32
#define HTTP_PART_HEAD_MAX 2048
/* Bytes of a name, file name or type with the terminating 0. */
#define HTTP_PART_TEXT 256

struct http_part {
	char name[HTTP_PART_TEXT];	/* UTF-8 */
	char filename[HTTP_PART_TEXT];	/* as sent, "" = none: see http_file_name */
	char type[HTTP_PART_TEXT];	/* Content-Type, "" = none */
};

/* Each answers false to stop the reading. */
struct http_multipart_ops {
	bool (*begin)(void *arg, const struct http_part *part);
	bool (*data)(void *arg, const char *bytes, size_t len);
	bool (*end)(void *arg);
};

struct http_multipart {
	const struct http_multipart_ops *ops;
	void *arg;
	uint8_t state;
	char delimiter[HTTP_BOUNDARY_MAX + 5];	/* CR LF "--" boundary */
	size_t delimiter_len, matched;		/* of the delimiter so far */
	unsigned parts;
	char head[HTTP_PART_HEAD_MAX];
	size_t head_len;
	struct http_part part;
	const char *why;		/* after a refusal, a constant sentence; NULL when an op stopped it */
};

/* The boundary of a Content-Type multipart/form-data.  False when it is not that. */
bool http_multipart_boundary(struct http_slice content_type, char boundary[HTTP_BOUNDARY_MAX + 1]);

void http_multipart_open(struct http_multipart *m, const char *boundary, const struct http_multipart_ops *ops, void *arg);

/* False when the body is malformed (why) or an op stopped it. */
bool http_multipart_feed(struct http_multipart *m, const char *in, size_t len);

/* Has the closing delimiter been read? */
bool http_multipart_done(const struct http_multipart *m);

/* The last component of a file name from a client, safe as one segment of a path: no separators,
 * not "." or "..", no control characters, UTF-8; "blob" when nothing is left.  out holds HTTP_PART_TEXT. */
void http_file_name(const char *from, char out[HTTP_PART_TEXT]);

/* A parameter of a header value like `form-data; name="x"` or `multipart/form-data; boundary=y`.
 * *seen counts how often it is there.  False when the value is malformed, absent or longer than size - 1. */
bool http_parameter(struct http_slice value, const char *name, char *out, size_t size, unsigned *seen);

#endif

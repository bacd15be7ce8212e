/*
 * chunk: decodes a body sent with "Transfer-Encoding: chunked" (RFC 9112 §7.1)
 * piece by piece.  Extensions are skipped, trailers are read and dropped.
 */
#ifndef CAM_HTTP_CHUNK_H
#define CAM_HTTP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of one chunk line with its extensions, and of all trailers. */
#define HTTP_CHUNK_LINE_MAX 512
#define HTTP_CHUNK_TRAILER_MAX 4096

struct http_chunk {
	uint8_t state;
	uint64_t left;		/* bytes of the present chunk still to come */
	size_t line;		/* bytes of the present line, or of the trailers */
	bool done;		/* the last chunk and the trailers have been read */
};
#define HTTP_CHUNK_ZERO { 0, 0, 0, false }

/*
 * Decodes up to len bytes of in.  Data goes to out (which may be in itself,
 * and must hold len bytes); *used is set to the bytes read, which is less than
 * len only when done.  Returns the bytes of data, or -1 for a malformed body.
 */
long http_chunk_decode(struct http_chunk *c, const char *in, size_t len, size_t *used, char *out);

#endif

/*
 * query: the name=value pairs of a query string (WHATWG URL, form encoding).
 */
#ifndef CAM_HTTP_QUERY_H
#define CAM_HTTP_QUERY_H

#include "http/text.h"

/* Pairs of one request; more are refused. */
#define HTTP_QUERY_MAX 64

struct http_query_pair {
	struct http_slice name, value;	/* decoded, NUL terminated, in the scratch memory */
};

/*
 * Decodes the whole query into pairs.  scratch must hold query.len + 2 bytes
 * for each pair at most, query.len + 2 * HTTP_QUERY_MAX always suffices.
 * Returns the number of pairs, or -1: malformed %xx, a NUL byte, invalid UTF-8, or
 * too many pairs.  A name without '=' has an empty value; empty parts are skipped.
 */
int http_query_parse(struct http_slice query, char *scratch,
	struct http_query_pair pairs[HTTP_QUERY_MAX]);

#endif

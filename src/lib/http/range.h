/*
 * range: the part of a representation a client asks for (RFC 9110 §14).
 */
#ifndef CAM_HTTP_RANGE_H
#define CAM_HTTP_RANGE_H

#include <stdint.h>

#include "http/text.h"

enum http_range {
	HTTP_RANGE_NONE = 0,	/* no range, several, or not understood: the whole is the answer (§14.2) */
	HTTP_RANGE_PART,
	HTTP_RANGE_BEYOND	/* nothing of it is there: 416 */
};

/* Reads a Range header for a representation of length bytes; of a part sets *first and
 * *count (at least 1). */
enum http_range http_range_read(struct http_slice header, uint64_t length, uint64_t *first, uint64_t *count);

#endif

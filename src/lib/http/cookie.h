/*
 * cookie: reading a Cookie header (RFC 6265 §4.2).
 */
#ifndef CAM_HTTP_COOKIE_H
#define CAM_HTTP_COOKIE_H

#include "http/text.h"

/* The value of the first cookie of that name (exact case); quotes around it
 * are taken off.  False when there is none. */
bool http_cookie_find(struct http_slice header, const char *name, struct http_slice *value);

#endif

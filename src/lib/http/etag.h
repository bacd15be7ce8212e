/*
 * etag: conditional requests (RFC 9110 §13.1.2) and the dates of replies.
 */
#ifndef CAM_HTTP_ETAG_H
#define CAM_HTTP_ETAG_H

#include <time.h>

#include "http/text.h"

/* Does an If-None-Match header name this entity tag (quotes included)?  Weak
 * comparison, as the method demands; "*" names every tag. */
bool http_etag_match(struct http_slice header, const char *etag);

/* Length of a date with its NUL. */
#define HTTP_DATE_SIZE 30

/* Writes the time in the format of RFC 9110 §5.6.7 (IMF-fixdate). */
void http_date_format(time_t when, char out[HTTP_DATE_SIZE]);

#endif

/*
 * coding: which content codings a client takes (RFC 9110 §12.5.3).
 */
#ifndef CAM_HTTP_CODING_H
#define CAM_HTTP_CODING_H

#include "http/text.h"

/* Does the value of Accept-Encoding allow gzip?  Named gzip or x-gzip counts before "*"; a weight
 * of 0, or one that is no weight, forbids.  No header at all is for the caller to treat as "no". */
bool http_coding_gzip(struct http_slice value);

#endif

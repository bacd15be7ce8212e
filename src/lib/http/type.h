/*
 * type: media types, of files by their name and of requests by their header.
 */
#ifndef CAM_HTTP_TYPE_H
#define CAM_HTTP_TYPE_H

#include "http/text.h"

/* The Content-Type of a file by its suffix, or NULL for one that is not served. */
const char *http_type_of(const char *name);

/* Is this Content-Type JSON that we read: application/json, or a type ending
 * in +json, with no charset but UTF-8 (RFC 8259 §8.1)? */
bool http_type_is_json(struct http_slice value);

/* Does the file name carry a hash of its content ("app.3f2a9c1b.js",
 * "app-3f2a9c1b.css": at least 8 hexadecimal digits between separators)? */
bool http_type_is_hashed(const char *name);

#endif

/*
 * upload: requests whose body is a file.
 *
 * Who asks is known before a byte is kept.  The bytes go into a file without a
 * name that store lends; when all of them are there store gives it its place
 * and core is told of it by the request's verb.
 */
#ifndef CAM_API_UPLOAD_H
#define CAM_API_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

struct request;
struct upload;

/* The head of a request with a file is here, and its credential read. */
void upload_begin(struct request *r);
/* Bytes of its body. False when the request has been refused. */
bool upload_feed(struct request *r, const char *bytes, size_t len);
/* The body is complete. */
void upload_complete(struct request *r);

void upload_free(struct upload *u);

#endif

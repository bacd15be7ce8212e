/*
 * openapi: the interface as an OpenAPI 3.1 document, made of the verb table.
 */
#ifndef CAM_OPENAPI_H
#define CAM_OPENAPI_H

#include <stddef.h>

/* The document as JSON text from malloc; NULL = no memory. release: of the interface, "4.0.0". */
char *openapi_text(const char *release, size_t *len);

/* What a row's reply is: members it always has, as "name:type name:type" (s, i, b, a, o; a '?' behind the
 * type: or null).  "" for replies of which nothing more is promised than that they are objects. */
const char *openapi_members(const char *reply, size_t reply_len);

#endif

/*
 * json: reads JSON texts from outside strictly (RFC 8259 and its warnings about
 * interoperability, §4 and §6): no name twice in an object, no deeper than
 * STRICT_DEPTH, no number that would change its value on the way.
 */
#ifndef CAM_STRICT_JSON_H
#define CAM_STRICT_JSON_H

#include <stddef.h>
#include <yyjson.h>

/* Arrays and objects inside each other: documents are walked recursively. */
#define STRICT_DEPTH 64
/* Bytes of the sentence about what is wrong. */
#define STRICT_MESSAGE 160

/* Parses len bytes of text, with memory of alc (NULL = malloc).  NULL with a sentence for the
 * client in message.  The caller frees the document. */
yyjson_doc *strict_json_read(const char *text, size_t len, const yyjson_alc *alc, char message[STRICT_MESSAGE]);

#endif

/*
 * keyd, inside: the JSON of one request, parsed into memory that is wiped
 * afterwards.  One request at a time: open, use, close.
 */
#ifndef CAM_KEYD_REQUEST_H
#define CAM_KEYD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/ipc.h"

/* Parses the body.  NULL when it is no JSON object or too long; then the request
 * has been refused.  Values live until keyd_request_close. */
yyjson_val *keyd_request_open(struct ipc_conn *c, struct ipc_msg *msg);
/* Wipes what was parsed, and the body. */
void keyd_request_close(struct ipc_msg *msg);

/* A member's text of 1..max bytes without NUL, or NULL. */
const char *keyd_request_text(yyjson_val *root, const char *name, size_t max);
/* Decodes a member's base64url into out; -1 when absent, malformed or longer than cap. */
int keyd_request_bytes(yyjson_val *root, const char *name, uint8_t *out, size_t cap, size_t *len);

/* Answers {"name":"<base64url>"} and leaves no copy behind; len up to KEYD_PLAIN_MAX + SEAL_OVERHEAD. */
void keyd_reply_bytes(struct ipc_conn *c, const struct ipc_msg *msg, const char *name,
	const uint8_t *bytes, size_t len);

#endif

/*
 * base64: octets from base64url without padding (RFC 4648 §5).
 */
#ifndef CAM_HTTP_BASE64_H
#define CAM_HTTP_BASE64_H

#include <stddef.h>

/* Bytes that hold what `len` characters stand for. */
#define HTTP_BASE64_ROOM(len) ((len) / 4 * 3 + 3)

/* Characters that `len` octets become. */
#define HTTP_BASE64_TEXT(len) (((len) * 4 + 2) / 3)

/* Encodes in (len octets) to out, without a NUL. The number of characters. */
size_t http_base64url_encode(char *out, const void *in, size_t len);

/* Decodes in (len characters) to out.  The number of octets, -1 when a character or the length is
 * wrong, or bits that mean nothing are set. */
long http_base64url_decode(char *out, const char *in, size_t len);

#endif

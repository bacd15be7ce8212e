/*
 * path: from what stands in a request target to what is meant.
 */
#ifndef CAM_HTTP_PATH_H
#define CAM_HTTP_PATH_H

#include "http/text.h"

/*
 * Decodes %xx once and resolves "." and ".." segments (RFC 3986 §5.2.4, done
 * after decoding so that %2e%2e is seen as well).  out must hold in.len + 1
 * bytes; the result starts with '/' and ends with NUL.  Returns its length, or
 * 0 for a path that is refused: malformed %xx, an encoded '/' or '\', control
 * bytes, invalid UTF-8, or not starting with '/'.
 */
size_t http_path_normalise(struct http_slice in, char *out);

#endif

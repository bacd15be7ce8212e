/*
 * text: pieces of bytes from outside, and the small questions asked of them.
 * Nothing here allocates; a slice borrows the memory it points into.
 */
#ifndef CAM_HTTP_TEXT_H
#define CAM_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct http_slice {
	const char *at;
	size_t len;
};
#define HTTP_SLICE_ZERO { NULL, 0 }

/* Same bytes as the string; http_slice_is_fold without regard to ASCII case. */
bool http_slice_is(struct http_slice s, const char *text);
bool http_slice_is_fold(struct http_slice s, const char *text);

/* Without the blanks and tabs at both ends. */
struct http_slice http_slice_trim(struct http_slice s);

/* The next element of a comma separated list (RFC 9110 §5.6.1), trimmed; moves
 * *rest past it.  False at the end.  Empty elements are given as such. */
bool http_slice_list(struct http_slice *rest, struct http_slice *element);

/* A "token" of RFC 9110 §5.6.2: not empty, no separators, no controls. */
bool http_token_valid(struct http_slice s);

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
bool http_utf8_valid(struct http_slice s);
/* Puts a '?' for every byte that is no part of well-formed UTF-8: text from outside that may have been cut. */
void http_utf8_mend(char *text);

/* Value of a hexadecimal digit, or -1. */
int http_hex_digit(char c);

#endif

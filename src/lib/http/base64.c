#include <stdint.h>

#include "http/base64.h"

/* The value of one character, 64 when it is none. */
static unsigned value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '-' ? 62 : c == '_' ? 63 : 64;
}

long http_base64url_decode(char *out, const char *in, size_t len)
{
	uint32_t bits = 0;
	unsigned count = 0;
	long done = 0;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		unsigned value = value_of(in[i]);

		if (value > 63)
			return -1;
		bits = bits << 6 | value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		out[done++] = (char)(bits >> count & 0xff);
	}
	return bits & ((1u << count) - 1) ? -1 : done;
}

size_t http_base64url_encode(char *out, const void *in, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *at = in;
	uint32_t bits = 0;
	unsigned count = 0;
	size_t done = 0;

	while (len--) {
		bits = bits << 8 | *at++;
		for (count += 8; count >= 6; count -= 6)
			out[done++] = digits[bits >> (count - 6) & 63];
	}
	if (count)
		out[done++] = digits[bits << (6 - count) & 63];
	return done;
}

#include <string.h>

#include "http/path.h"

/* Decodes one character at *i.  Returns it, or -1 when it may not be in a path. */
static int path_char(struct http_slice in, size_t *i)
{
	unsigned char c = (unsigned char)in.at[(*i)++];

	if (c == '%') {
		int high, low;

		if (in.len - *i < 2)
			return -1;
		high = http_hex_digit(in.at[*i]);
		low = http_hex_digit(in.at[*i + 1]);
		if (high < 0 || low < 0)
			return -1;
		*i += 2;
		c = (unsigned char)(high << 4 | low);
		if (c == '/')
			return -1;
	}
	return c < 0x20 || c == 0x7f || c == '\\' ? -1 : c;
}

/* The segment that starts at out[start] is complete: drops "." and climbs for
 * "..".  Returns where the next segment starts. */
static size_t end_segment(char *out, size_t start, size_t n)
{
	size_t len = n - start;

	if (len == 1 && out[start] == '.')
		return start;
	if (len == 2 && !memcmp(out + start, "..", 2)) {
		if (start < 2)
			return 1;
		for (start--; out[start - 1] != '/'; start--)
			;
		return start;
	}
	return n;
}

size_t http_path_normalise(struct http_slice in, char *out)
{
	size_t i = 1, n = 1, start = 1;

	if (!in.len || in.at[0] != '/')
		return 0;
	out[0] = '/';
	while (i < in.len) {
		int c = path_char(in, &i);

		if (c < 0)
			return 0;
		if (c == '/') {
			size_t kept = end_segment(out, start, n);

			if (kept == n)
				out[n++] = '/';
			else
				n = kept;
			start = n;
			continue;
		}
		out[n++] = (char)c;
	}
	n = end_segment(out, start, n);
	out[n] = '\0';
	if (!http_utf8_valid((struct http_slice){ out, n }))
		return 0;
	return n;
}

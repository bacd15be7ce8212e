#include <string.h>

#include "http/query.h"

/* Decodes s into *out, ends it with NUL and moves *out behind it.  False for
 * what cannot be decoded. */
static bool decode(struct http_slice s, char **out, struct http_slice *result)
{
	char *o = *out;
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high, low;

			if (s.len - i < 3)
				return false;
			high = http_hex_digit(s.at[i + 1]);
			low = http_hex_digit(s.at[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c)
			return false;
		*o++ = c;
	}
	*result = (struct http_slice){ *out, (size_t)(o - *out) };
	*o++ = '\0';
	*out = o;
	return http_utf8_valid(*result);
}

int http_query_parse(struct http_slice query, char *scratch,
	struct http_query_pair pairs[HTTP_QUERY_MAX])
{
	const char *at, *end;
	int n = 0;

	if (!query.len)
		return 0;
	for (at = query.at, end = at + query.len; at < end;) {
		const char *stop = memchr(at, '&', (size_t)(end - at));
		const char *equals;
		struct http_slice name, value;

		if (!stop)
			stop = end;
		equals = memchr(at, '=', (size_t)(stop - at));
		name = (struct http_slice){ at, (size_t)((equals ? equals : stop) - at) };
		value = equals ? (struct http_slice){ equals + 1, (size_t)(stop - equals - 1) }
			: (struct http_slice){ stop, 0 };
		at = stop < end ? stop + 1 : end;
		if (!name.len && !value.len)
			continue;
		if (n == HTTP_QUERY_MAX)
			return -1;
		if (!decode(name, &scratch, &pairs[n].name) || !decode(value, &scratch, &pairs[n].value))
			return -1;
		n++;
	}
	return n;
}

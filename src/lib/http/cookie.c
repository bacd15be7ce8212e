#include <string.h>

#include "http/cookie.h"

bool http_cookie_find(struct http_slice header, const char *name, struct http_slice *value)
{
	const char *at, *end;

	if (!header.len)
		return false;
	for (at = header.at, end = at + header.len; at < end;) {
		const char *stop = memchr(at, ';', (size_t)(end - at));
		const char *equals;
		struct http_slice v;

		if (!stop)
			stop = end;
		equals = memchr(at, '=', (size_t)(stop - at));
		if (equals && http_slice_is(http_slice_trim((struct http_slice){ at,
			(size_t)(equals - at) }), name)) {
			v = http_slice_trim((struct http_slice){ equals + 1, (size_t)(stop - equals - 1) });
			if (v.len >= 2 && v.at[0] == '"' && v.at[v.len - 1] == '"') {
				v.at++;
				v.len -= 2;
			}
			*value = v;
			return true;
		}
		at = stop < end ? stop + 1 : end;
	}
	return false;
}

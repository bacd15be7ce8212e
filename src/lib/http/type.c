#include <string.h>

#include "http/type.h"

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".webmanifest", "application/manifest+json" },
};

const char *http_type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	if (!dot)
		return NULL;
	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(dot, types[i].suffix))
			return types[i].type;
	return NULL;
}

/* Takes what stands before the next ';' off *rest, trimmed. */
static struct http_slice take_part(struct http_slice *rest)
{
	const char *semicolon = memchr(rest->at, ';', rest->len);
	size_t n = semicolon ? (size_t)(semicolon - rest->at) : rest->len;
	struct http_slice part = http_slice_trim((struct http_slice){ rest->at, n });

	if (semicolon)
		n++;
	rest->at += n;
	rest->len -= n;
	return part;
}

bool http_type_is_json(struct http_slice value)
{
	struct http_slice type, parameter;

	if (!value.len)
		return false;
	type = take_part(&value);
	if (!http_slice_is_fold(type, "application/json") && (type.len < 6 ||
	    !http_slice_is_fold((struct http_slice){ type.at + type.len - 5, 5 }, "+json")))
		return false;
	while (value.len) {
		parameter = take_part(&value);
		if (parameter.len < 8 ||
		    !http_slice_is_fold((struct http_slice){ parameter.at, 8 }, "charset="))
			continue;
		parameter.at += 8;
		parameter.len -= 8;
		if (!http_slice_is_fold(parameter, "utf-8") &&
		    !http_slice_is_fold(parameter, "\"utf-8\"") &&
		    !http_slice_is_fold(parameter, "utf8"))
			return false;
	}
	return true;
}

bool http_type_is_hashed(const char *name)
{
	const char *base = strrchr(name, '/');
	size_t digits = 0;
	bool inside = false;

	for (base = base ? base + 1 : name; *base; base++) {
		if (*base == '.' || *base == '-') {
			if (inside && digits >= 8 && *base == '.')
				return true;
			inside = true;
			digits = 0;
		} else if (inside && http_hex_digit(*base) >= 0) {
			digits++;
		} else {
			inside = false;
		}
	}
	return false;
}

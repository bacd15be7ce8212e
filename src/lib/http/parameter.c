/* Parameters of header values: token; name=token; name="quoted" (RFC 9110 §5.6.6). */
#include <string.h>

#include "http/multipart.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_blanks(struct http_slice s, size_t at)
{
	while (at < s.len && is_blank(s.at[at]))
		at++;
	return at;
}

static bool keep(char *out, size_t size, size_t *n, char c)
{
	if (*n + 1 >= size)
		return false;
	out[(*n)++] = c;
	return true;
}

/* From behind the opening quote; the index behind the closing one, 0 when there is none or
 * it does not fit.  A backslash only escapes a quote or itself: browsers send names of
 * files with single ones. */
static size_t read_quoted(struct http_slice s, size_t at, char *out, size_t size)
{
	size_t n = 0;

	for (; at < s.len && s.at[at] != '"'; at++) {
		if (s.at[at] == '\\' && at + 1 < s.len && (s.at[at + 1] == '"' || s.at[at + 1] == '\\'))
			at++;
		if (!keep(out, size, &n, s.at[at]))
			return 0;
	}
	out[n] = '\0';
	return at < s.len ? at + 1 : 0;
}

static size_t read_token(struct http_slice s, size_t at, char *out, size_t size)
{
	size_t from = at, n = 0;

	for (; at < s.len && s.at[at] != ';' && !is_blank(s.at[at]); at++)
		if (!keep(out, size, &n, s.at[at]))
			return 0;
	out[n] = '\0';
	return at > from ? at : 0;
}

bool http_parameter(struct http_slice value, const char *name, char *out, size_t size, unsigned *seen)
{
	char text[HTTP_PART_TEXT];
	size_t at = 0, from;
	struct http_slice key;

	*seen = 0;
	while (at < value.len && value.at[at] != ';')
		at++;
	while (at < value.len) {
		if (value.at[at] != ';')
			return false;
		from = skip_blanks(value, at + 1);
		if (from == value.len)
			break;
		for (at = from; at < value.len && value.at[at] != '='; at++)
			;
		key = (struct http_slice){ value.at + from, at - from };
		if (at + 1 >= value.len || !http_token_valid(key))
			return false;
		at = value.at[at + 1] == '"' ? read_quoted(value, at + 2, text, sizeof text)
			: read_token(value, at + 1, text, sizeof text);
		if (!at)
			return false;
		at = skip_blanks(value, at);
		if (!http_slice_is_fold(key, name))
			continue;
		if (strlen(text) >= size)
			return false;
		memcpy(out, text, strlen(text) + 1);
		++*seen;
	}
	return *seen > 0;
}

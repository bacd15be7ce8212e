#include "http/range.h"

/* A decimal number; *at moves past it. False when there is none or it is too large. */
static bool read_number(struct http_slice s, size_t *at, uint64_t *out)
{
	size_t from = *at;

	*out = 0;
	for (; *at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9'; ++*at) {
		if (*out > (UINT64_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(s.at[*at] - '0');
	}
	return *at > from;
}

/* "-n": the last n bytes. */
static enum http_range suffix(uint64_t n, uint64_t length, uint64_t *first, uint64_t *count)
{
	if (!n || !length)
		return HTTP_RANGE_BEYOND;
	*count = n < length ? n : length;
	*first = length - *count;
	return HTTP_RANGE_PART;
}

enum http_range http_range_read(struct http_slice h, uint64_t length, uint64_t *first, uint64_t *count)
{
	uint64_t from, to = UINT64_MAX;
	size_t at = 6;

	h = http_slice_trim(h);
	if (h.len < 8 || !http_slice_is_fold((struct http_slice){ h.at, 6 }, "bytes="))
		return HTTP_RANGE_NONE;
	if (h.at[at] == '-') {
		at++;
		if (!read_number(h, &at, &from) || at != h.len)
			return HTTP_RANGE_NONE;
		return suffix(from, length, first, count);
	}
	if (!read_number(h, &at, &from) || at == h.len || h.at[at++] != '-')
		return HTTP_RANGE_NONE;
	if (at < h.len && (!read_number(h, &at, &to) || to < from))
		return HTTP_RANGE_NONE;
	if (at != h.len)
		return HTTP_RANGE_NONE;
	if (from >= length)
		return HTTP_RANGE_BEYOND;
	*first = from;
	*count = (to < length - 1 ? to : length - 1) - from + 1;
	return HTTP_RANGE_PART;
}

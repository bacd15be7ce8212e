#include <ctype.h>
#include <string.h>

#include "http/coding.h"

/* qvalue: 0 to 1 with at most three digits behind the dot. */
static bool weight_positive(struct http_slice w)
{
	bool positive = false;
	size_t i;

	if (!w.len || w.len > 5 || (w.at[0] != '0' && w.at[0] != '1') || (w.len > 1 && w.at[1] != '.'))
		return false;
	positive = w.at[0] == '1';
	for (i = 2; i < w.len; i++) {
		if (!isdigit((unsigned char)w.at[i]) || (w.at[0] == '1' && w.at[i] != '0'))
			return false;
		positive |= w.at[i] != '0';
	}
	return positive;
}

/* Cuts the parameters off; false when there is a weight of nothing. */
static bool wanted(struct http_slice *coding)
{
	const char *semicolon = memchr(coding->at, ';', coding->len);
	struct http_slice rest;

	if (!semicolon)
		return true;
	rest = http_slice_trim((struct http_slice){ semicolon + 1, coding->len - (size_t)(semicolon + 1 - coding->at) });
	*coding = http_slice_trim((struct http_slice){ coding->at, (size_t)(semicolon - coding->at) });
	if (rest.len < 2 || (rest.at[0] != 'q' && rest.at[0] != 'Q') || rest.at[1] != '=')
		return false;
	return weight_positive((struct http_slice){ rest.at + 2, rest.len - 2 });
}

bool http_coding_gzip(struct http_slice value)
{
	struct http_slice coding;
	bool any = false;

	while (http_slice_list(&value, &coding)) {
		bool good = coding.len && wanted(&coding);

		if (http_slice_is_fold(coding, "gzip") || http_slice_is_fold(coding, "x-gzip"))
			return good;
		if (http_slice_is(coding, "*"))
			any = good;
	}
	return any;
}

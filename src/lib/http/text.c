#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http/text.h"

bool http_slice_is(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

bool http_slice_is_fold(struct http_slice s, const char *text)
{
	return s.len == strlen(text) && !strncasecmp(s.at, text, s.len);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

struct http_slice http_slice_trim(struct http_slice s)
{
	while (s.len && blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool http_slice_list(struct http_slice *rest, struct http_slice *element)
{
	const char *comma;
	size_t n;

	if (!rest->at || !rest->len)
		return false;
	comma = memchr(rest->at, ',', rest->len);
	n = comma ? (size_t)(comma - rest->at) : rest->len;
	*element = http_slice_trim((struct http_slice){ rest->at, n });
	if (comma)
		n++;
	rest->at += n;
	rest->len -= n;
	return true;
}

bool http_token_valid(struct http_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (!c || !strchr("!#$%&'*+-.^_`|~", c))
			return false;
	}
	return s.len > 0;
}

/* Length of the well-formed sequence that starts at p, 0 when there is none. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;
	/* RFC 3629 §4: the second byte's range depends on the first. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

bool http_utf8_valid(struct http_slice s)
{
	const uint8_t *p = (const uint8_t *)s.at;
	size_t left = s.len, n;

	for (; left; p += n, left -= n)
		if (!(n = utf8_sequence(p, left)))
			return false;
	return true;
}

void http_utf8_mend(char *text)
{
	size_t left = strlen(text), n;

	for (; left; text += n, left -= n)
		if (!(n = utf8_sequence((const uint8_t *)text, left))) {
			*text = '?';
			n = 1;
		}
}

int http_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

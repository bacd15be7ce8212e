#include <string.h>

#include "http/head.h"

size_t http_head_end(const char *buf, size_t len, size_t *seen)
{
	size_t i = *seen;

	for (; i < len; i++) {
		const char *lf = memchr(buf + i, '\n', len - i);

		if (!lf)
			break;
		i = (size_t)(lf - buf);
		if (i >= 2 && buf[i - 1] == '\r' && buf[i - 2] == '\n')
			return i + 1;
		/* Two bare line feeds end a head too: the parser refuses them,
		 * instead of waiting for more until the deadline. */
		if (i >= 1 && buf[i - 1] == '\n')
			return i + 1;
	}
	*seen = len;
	return 0;
}

bool http_head_find(const struct http_head *h, const char *name, struct http_slice *value,
	bool *many)
{
	bool found = false;
	size_t i;

	if (many)
		*many = false;
	for (i = 0; i < h->count; i++) {
		if (!http_slice_is_fold(h->headers[i].name, name))
			continue;
		if (found) {
			if (many)
				*many = true;
			return true;
		}
		*value = h->headers[i].value;
		found = true;
	}
	return found;
}

/* Takes one line, without its CR LF, from *at.  False for a line that does not end so. */
static bool take_line(const char **at, const char *end, struct http_slice *line)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));

	if (!lf || lf == *at || lf[-1] != '\r')
		return false;
	*line = (struct http_slice){ *at, (size_t)(lf - 1 - *at) };
	*at = lf + 1;
	return true;
}

/* Visible ASCII only: what a request target may consist of before decoding. */
static bool target_valid(struct http_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7f || s.at[i] == '#')
			return false;
	return s.len > 0;
}

static bool value_valid(struct http_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* host [":" port]: letters, digits and what addresses and names need. */
static bool authority_valid(struct http_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (!c || !strchr(".-_:[]%", c))
			return false;
	}
	return s.len > 0 && s.len <= 255 + 6;
}

static int split_target(struct http_head *h, const char **why)
{
	struct http_slice t = h->target;
	const char *mark;
	size_t scheme = 0;

	*why = "the request target is not a path";
	if (http_slice_is(t, "*")) {
		h->path = t;
		return http_slice_is(h->method, "OPTIONS") ? 0 : 400;
	}
	if (t.len >= 8 && http_slice_is_fold((struct http_slice){ t.at, 8 }, "https://"))
		scheme = 8;
	else if (t.len >= 7 && http_slice_is_fold((struct http_slice){ t.at, 7 }, "http://"))
		scheme = 7;
	if (scheme) {
		size_t i = scheme;

		while (i < t.len && t.at[i] != '/' && t.at[i] != '?')
			i++;
		h->authority = (struct http_slice){ t.at + scheme, i - scheme };
		if (!authority_valid(h->authority))
			return 400;
		t.at += i;
		t.len -= i;
		if (!t.len)
			t = (struct http_slice){ "/", 1 };
		else if (t.at[0] == '?') {
			h->path = (struct http_slice){ "/", 1 };
			h->query = (struct http_slice){ t.at + 1, t.len - 1 };
			return 0;
		}
	}
	if (t.at[0] != '/')
		return 400;
	mark = memchr(t.at, '?', t.len);
	h->path = (struct http_slice){ t.at, mark ? (size_t)(mark - t.at) : t.len };
	if (mark)
		h->query = (struct http_slice){ mark + 1, t.len - h->path.len - 1 };
	return 0;
}

static int parse_line(struct http_head *h, struct http_slice line, const char **why)
{
	const char *first = memchr(line.at, ' ', line.len);
	const char *last = first ? memrchr(line.at, ' ', line.len) : NULL;
	struct http_slice version;

	*why = "the request line is not method, target and version";
	if (!first || first == last)
		return 400;
	h->method = (struct http_slice){ line.at, (size_t)(first - line.at) };
	h->target = (struct http_slice){ first + 1, (size_t)(last - first - 1) };
	version = (struct http_slice){ last + 1, (size_t)(line.at + line.len - last - 1) };
	if (!http_token_valid(h->method) || h->method.len > 32 || !target_valid(h->target))
		return 400;
	if (version.len != 8 || memcmp(version.at, "HTTP/", 5) || version.at[6] != '.' ||
	    version.at[5] < '0' || version.at[5] > '9' || version.at[7] < '0' || version.at[7] > '9')
		return 400;
	*why = "this server speaks HTTP/1.1";
	if (version.at[5] != '1')
		return 505;
	h->minor = version.at[7] == '0' ? 0 : 1;
	return split_target(h, why);
}

static int parse_header(struct http_head *h, struct http_slice line, const char **why)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct http_header *x;

	*why = "a header line is malformed";
	if (!colon)
		return 400;
	if (h->count == HTTP_HEADERS_MAX) {
		*why = "too many header lines";
		return 431;
	}
	x = &h->headers[h->count];
	x->name = (struct http_slice){ line.at, (size_t)(colon - line.at) };
	x->value = http_slice_trim((struct http_slice){ colon + 1,
		(size_t)(line.at + line.len - colon - 1) });
	if (!http_token_valid(x->name) || !value_valid(x->value))
		return 400;
	h->count++;
	return 0;
}

static bool parse_number(struct http_slice s, uint64_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (!s.len || s.len > 18)
		return false;
	for (i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.at[i] - '0');
	}
	*out = n;
	return true;
}

/* How long is the body (RFC 9112 §6)? */
static int read_framing(struct http_head *h, const char **why)
{
	struct http_slice value;
	bool many;

	if (http_head_find(h, "content-length", &value, &many)) {
		*why = "Content-Length is not one number";
		if (many || !parse_number(value, &h->length))
			return 400;
		h->has_length = true;
	}
	if (!http_head_find(h, "transfer-encoding", &value, &many))
		return 0;
	*why = "Transfer-Encoding together with Content-Length or HTTP/1.0";
	if (h->has_length || h->minor == 0)
		return 400;
	*why = "the only known Transfer-Encoding is chunked";
	if (many || !http_slice_is_fold(value, "chunked"))
		return 501;
	h->chunked = true;
	return 0;
}

static void read_connection(struct http_head *h)
{
	struct http_slice unused, option, rest;
	bool upgrade = false;
	size_t i;

	h->keep_alive = h->minor > 0;
	for (i = 0; i < h->count; i++) {
		if (!http_slice_is_fold(h->headers[i].name, "connection"))
			continue;
		rest = h->headers[i].value;
		while (http_slice_list(&rest, &option)) {
			if (http_slice_is_fold(option, "close")) {
				h->keep_alive = false;
				break;
			}
			if (http_slice_is_fold(option, "upgrade"))
				upgrade = true;
		}
	}
	h->upgrade = upgrade && h->minor > 0 && http_head_find(h, "upgrade", &unused, NULL);
}

static int read_host(struct http_head *h, const char **why)
{
	struct http_slice value;
	bool many;

	*why = "exactly one valid Host header is needed";
	if (!http_head_find(h, "host", &value, &many))
		return h->minor == 0 ? 0 : 400;
	if (many || !authority_valid(value))
		return 400;
	/* RFC 9112 §3.2.2: the absolute form wins over Host. */
	if (!h->authority.at)
		h->authority = value;
	return 0;
}

static int read_expect(struct http_head *h, const char **why)
{
	struct http_slice value;

	if (h->minor == 0 || !http_head_find(h, "expect", &value, NULL))
		return 0;
	*why = "the only known expectation is 100-continue";
	if (!http_slice_is_fold(value, "100-continue"))
		return 417;
	h->expect_continue = true;
	return 0;
}

int http_head_parse(struct http_head *h, const char *buf, size_t len, const char **why)
{
	const char *at = buf, *end = buf + len;
	struct http_slice line;
	int status;

	h->method = h->target = h->path = h->query = h->authority = (struct http_slice)HTTP_SLICE_ZERO;
	h->minor = 1;
	h->keep_alive = h->has_length = h->chunked = h->expect_continue = h->upgrade = false;
	h->length = 0;
	h->count = 0;

	*why = "a line does not end with CR LF";
	if (!take_line(&at, end, &line))
		return 400;
	if (line.len > HTTP_LINE_MAX) {
		*why = "the request target is too long";
		return 414;
	}
	status = parse_line(h, line, why);
	while (!status) {
		*why = "a line does not end with CR LF";
		if (!take_line(&at, end, &line))
			return 400;
		if (!line.len)
			break;
		status = parse_header(h, line, why);
	}
	if (!status && at != end) {
		*why = "a line does not end with CR LF";
		status = 400;
	}
	if (!status)
		status = read_host(h, why);
	if (!status)
		status = read_framing(h, why);
	if (!status)
		status = read_expect(h, why);
	if (!status)
		read_connection(h);
	return status;
}

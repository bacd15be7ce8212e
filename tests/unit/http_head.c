/* Request heads: what is understood, and that everything ambiguous is refused
 * with the right status. */
#include <stdio.h>
#include <string.h>

#include "http/head.h"

static int failures;

static void expect(const char *what, int want, const char *head)
{
	struct http_head h;
	const char *why = "";
	size_t seen = 0, len = http_head_end(head, strlen(head), &seen);
	int got = len ? http_head_parse(&h, head, len, &why) : -1;

	if (got != want) {
		fprintf(stderr, "%s: %d instead of %d (%s)\n", what, got, want, why);
		failures++;
	}
}

static void check(const char *what, int good)
{
	if (!good) {
		fprintf(stderr, "%s\n", what);
		failures++;
	}
}

static void understood(void)
{
	static const char text[] = "POST https://a.b:8443/x/y?q=1 HTTP/1.1\r\nHost: other\r\nContent-Length: 12\r\n"
		"connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nX-Empty:\r\nX-Pad: \t v \t\r\n"
		"Expect: 100-Continue\r\n\r\nbody";
	struct http_head h;
	struct http_slice v;
	const char *why;
	size_t seen = 0, len = http_head_end(text, sizeof text - 1, &seen);
	bool many;

	check("length of the head", len == sizeof text - 1 - 4);
	check("a good head", http_head_parse(&h, text, len, &why) == 0);
	check("method", http_slice_is(h.method, "POST"));
	check("path", http_slice_is(h.path, "/x/y"));
	check("query", http_slice_is(h.query, "q=1"));
	check("authority of the absolute form", http_slice_is(h.authority, "a.b:8443"));
	check("length", h.has_length && h.length == 12 && !h.chunked);
	check("keep-alive, upgrade, expect", h.keep_alive && h.upgrade && h.expect_continue);
	check("empty value", http_head_find(&h, "x-empty", &v, &many) && !v.len && !many);
	check("padded value", http_head_find(&h, "X-PAD", &v, &many) && http_slice_is(v, "v"));
	check("absent", !http_head_find(&h, "x-none", &v, &many));
}

/* However the bytes trickle in, the end is found once and at the same place. */
static void trickled(void)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\nGET";
	size_t seen = 0, i, end = 0;

	for (i = 1; i < sizeof text && !end; i++)
		end = http_head_end(text, i, &seen);
	check("trickled head", end == sizeof text - 1 - 3 && i == end + 1);
}

static void too_much(void)
{
	static char big[HTTP_HEAD_MAX + 100000];
	size_t n, i;

	n = (size_t)sprintf(big, "GET /");
	memset(big + n, 'a', HTTP_LINE_MAX);
	strcpy(big + n + HTTP_LINE_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("long target", 414, big);
	n = (size_t)sprintf(big, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (i = 0; i < HTTP_HEADERS_MAX; i++)
		n += (size_t)sprintf(big + n, "X-%zu: 1\r\n", i);
	strcpy(big + n, "\r\n");
	expect("many headers", 431, big);
}

int main(void)
{
	understood();
	trickled();
	too_much();
	expect("plain", 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("1.0 without host", 0, "GET / HTTP/1.0\r\n\r\n");
	expect("IPv6 host", 0, "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]:443\r\n\r\n");
	expect("obs-text in a value", 0, "GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n");
	expect("chunked", 0, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n");
	expect("no host", 400, "GET / HTTP/1.1\r\n\r\n");
	expect("two hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
	expect("bad host", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
	expect("user in host", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n");
	expect("bare line feeds", 400, "GET / HTTP/1.1\nHost: a\n\n");
	expect("bare line feed in a header", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n");
	expect("carriage return inside", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n");
	expect("folded", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n");
	expect("blank before colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
	expect("no colon", 400, "GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n");
	expect("empty name", 400, "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n");
	expect("control in a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n");
	expect("two lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n");
	expect("list of lengths", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n");
	expect("signed length", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n");
	expect("huge length", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n");
	expect("length and chunked", 400,
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
	expect("chunked in 1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
	expect("other coding", 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
	expect("two codings", 501,
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n");
	expect("other expectation", 417, "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n");
	expect("version 2", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n");
	expect("no version", 400, "GET /\r\nHost: a\r\n\r\n");
	expect("odd version", 400, "GET / HTTP/1.1x\r\nHost: a\r\n\r\n");
	expect("blank in target", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("fragment in target", 400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("relative target", 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("asterisk with GET", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("asterisk with OPTIONS", 0, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	expect("bad method", 400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n");
	return failures != 0;
}

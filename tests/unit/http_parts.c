/* Paths, queries, cookies, chunked bodies, media types, entity tags, dates, base64url. */
#include <stdio.h>
#include <string.h>

#include "http/base64.h"
#include "http/chunk.h"
#include "http/coding.h"
#include "http/cookie.h"
#include "http/etag.h"
#include "http/path.h"
#include "http/query.h"
#include "http/type.h"

static int failures;

static void check(const char *what, int good)
{
	if (!good) {
		fprintf(stderr, "%s\n", what);
		failures++;
	}
}

static struct http_slice slice(const char *s)
{
	return (struct http_slice){ s, strlen(s) };
}

/* want NULL = refused */
static void path(const char *in, const char *want)
{
	char out[256];
	size_t n = http_path_normalise(slice(in), out);

	if (want ? n != strlen(want) || strcmp(out, want) : n != 0) {
		fprintf(stderr, "path %s: %s\n", in, n ? out : "refused");
		failures++;
	}
}

static void paths(void)
{
	path("/", "/");
	path("/a/b", "/a/b");
	path("/a%20b/%C3%A9", "/a b/\xc3\xa9");
	path("/a/./b/../c", "/a/c");
	path("/a/%2e%2E/c", "/c");
	path("/../../etc", "/etc");
	path("/a/..", "/");
	path("/a/b/.", "/a/b/");
	path("/a//b", "/a//b");
	path("/...", "/...");
	path("/.well-known", "/.well-known");
	path("/a%2fb", NULL);
	path("/a%5cb", NULL);
	path("/a%00b", NULL);
	path("/a%0ab", NULL);
	path("/a%4", NULL);
	path("/a%zz", NULL);
	path("/%ff", NULL);
	path("/%c0%af", NULL);
	path("a", NULL);
	path("", NULL);
}

static void queries(void)
{
	struct http_query_pair p[HTTP_QUERY_MAX];
	char scratch[1024];
	char many[HTTP_QUERY_MAX * 2 + 8];
	int i;

	check("query pairs", http_query_parse(slice("a=1&b=x%20y+z&c&&ids=i-1,i-2,"), scratch, p) == 4);
	check("query value", http_slice_is(p[1].value, "x y z") && http_slice_is(p[2].name, "c") && !p[2].value.len);
	check("query trailing comma", http_slice_is(p[3].value, "i-1,i-2,"));
	check("query encoded separators", http_query_parse(slice("a%3d=b%26c"), scratch, p) == 1 &&
		http_slice_is(p[0].name, "a=") && http_slice_is(p[0].value, "b&c"));
	check("query malformed", http_query_parse(slice("a=%g1"), scratch, p) == -1);
	check("query cut", http_query_parse(slice("a=%2"), scratch, p) == -1);
	check("query NUL", http_query_parse(slice("a=%00"), scratch, p) == -1);
	check("query not UTF-8", http_query_parse(slice("a=%ff"), scratch, p) == -1);
	check("query empty", http_query_parse(slice(""), scratch, p) == 0);
	for (i = 0; i <= HTTP_QUERY_MAX; i++)
		memcpy(many + 2 * i, "a&", 3);
	check("query too many", http_query_parse(slice(many), scratch, p) == -1);
}

static void cookies(void)
{
	struct http_slice v;

	check("cookie", http_cookie_find(slice("a=1; cam_session=xyz; b=2"), "cam_session", &v) && http_slice_is(v, "xyz"));
	check("cookie quoted", http_cookie_find(slice("cam_session=\"xyz\""), "cam_session", &v) && http_slice_is(v, "xyz"));
	check("cookie case", !http_cookie_find(slice("CAM_SESSION=1"), "cam_session", &v));
	check("cookie suffix", !http_cookie_find(slice("xcam_session=1"), "cam_session", &v));
	check("cookie first", http_cookie_find(slice("s=1;s=2"), "s", &v) && http_slice_is(v, "1"));
	check("cookie empty", http_cookie_find(slice("s="), "s", &v) && !v.len);
	check("cookie no header", !http_cookie_find((struct http_slice){ NULL, 0 }, "s", &v));
}

/* Decodes the text cut at every place: the result must not depend on it. */
static void chunked(const char *text, const char *want)
{
	size_t len = strlen(text), cut, used;

	for (cut = 0; cut <= len; cut++) {
		struct http_chunk c = HTTP_CHUNK_ZERO;
		char out[256];
		long a, b = 0;

		a = http_chunk_decode(&c, text, cut, &used, out);
		if (a >= 0)
			b = http_chunk_decode(&c, text + used, len - used, &used, out + a);
		if (want ? a < 0 || b < 0 || !c.done || (size_t)(a + b) != strlen(want) || memcmp(out, want, strlen(want))
			: a >= 0 && b >= 0 && c.done) {
			fprintf(stderr, "chunked %s cut at %zu: %ld %ld\n", text, cut, a, b);
			failures++;
			return;
		}
	}
}

static void chunks(void)
{
	char line[HTTP_CHUNK_LINE_MAX + 16];
	struct http_chunk c = HTTP_CHUNK_ZERO;
	size_t used;

	chunked("5\r\nhello\r\n0\r\n\r\n", "hello");
	chunked("5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\nB: y\r\n\r\n", "hello0123456789");
	chunked("00\r\n\r\n", "");
	chunked("5\r\nhelloX\r\n0\r\n\r\n", NULL);
	chunked("5\nhello\n0\n\n", NULL);
	chunked("-1\r\n\r\n", NULL);
	chunked("\r\n", NULL);
	chunked("g\r\n", NULL);
	chunked("fffffffffffffffff\r\n", NULL);
	chunked("5\r\nhel", NULL);
	memset(line, 'x', sizeof line);
	memcpy(line, "1;", 2);
	check("chunk line too long", http_chunk_decode(&c, line, sizeof line, &used, line) == -1);
}

static int decodes(const char *in, const char *want)
{
	char out[HTTP_BASE64_ROOM(16)];
	long n = http_base64url_decode(out, in, strlen(in));

	return want ? n == (long)strlen(want) && !memcmp(out, want, strlen(want)) : n == -1;
}

static void codings(void)
{
	static const char *const yes[] = { "gzip", "gzip, deflate, br", "br;q=1.0, x-gzip;q=0.001", "*", "GZip ; Q=1", "deflate, *;q=0.1" };
	static const char *const no[] = { "", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "br", "gzip;q=", "gzip;q=1.001", "gzip;q=.5", "gzip;x=1",
		"gzipped", "gzip;q=0.1234" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		check(yes[i], http_coding_gzip(slice(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		check(no[i], !http_coding_gzip(slice(no[i])));
}

int main(void)
{
	char date[HTTP_DATE_SIZE];

	paths();
	queries();
	cookies();
	chunks();
	check("json", http_type_is_json(slice("application/json")));
	check("json utf-8", http_type_is_json(slice("Application/JSON; charset=UTF-8")));
	check("json suffix", http_type_is_json(slice("application/problem+json")));
	check("json other charset", !http_type_is_json(slice("application/json; charset=utf-16")));
	check("not json", !http_type_is_json(slice("text/plain")) && !http_type_is_json(slice("")) &&
		!http_type_is_json(slice("application/jsonp")));
	check("type of page", !strcmp(http_type_of("/a/index.html"), "text/html; charset=utf-8"));
	check("type unknown", !http_type_of("/x.map") && !http_type_of("/x"));
	check("hashed", http_type_is_hashed("/assets/app.3f2a9c1b.js") && http_type_is_hashed("/app-0123456789ab.css"));
	check("not hashed", !http_type_is_hashed("/app.js") && !http_type_is_hashed("/feedbeef.js") &&
		!http_type_is_hashed("/a.1234567.js") && !http_type_is_hashed("/app.12345678"));
	codings();
	check("etag", http_etag_match(slice("\"a\", W/\"b\""), "\"b\"") && http_etag_match(slice("*"), "\"b\""));
	check("etag other", !http_etag_match(slice("\"a\""), "\"b\"") && !http_etag_match(slice(""), "\"b\""));
	http_date_format(784111777, date);
	check("date", !strcmp(date, "Sun, 06 Nov 1994 08:49:37 GMT"));
	http_date_format(-5, date);
	check("date before the epoch", !strcmp(date, "Thu, 01 Jan 1970 00:00:00 GMT"));
	check("base64url", decodes("", "") && decodes("Zg", "f") && decodes("Zm8", "fo") && decodes("Zm9v", "foo") &&
		decodes("-_-_", "\xfb\xff\xbf"));
	check("not base64url", decodes("Z", NULL) && decodes("Zh", NULL) && decodes("Zg==", NULL) && decodes("Z+9v", NULL) &&
		decodes("Zm9vY", NULL) && decodes("Zm 8", NULL));
	check("utf-8", http_utf8_valid(slice("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	check("utf-8 overlong", !http_utf8_valid(slice("\xc0\x80")) && !http_utf8_valid(slice("\xe0\x80\x80")));
	check("utf-8 surrogate", !http_utf8_valid(slice("\xed\xa0\x80")));
	check("utf-8 too high", !http_utf8_valid(slice("\xf4\x90\x80\x80")));
	check("utf-8 cut", !http_utf8_valid(slice("\xe2\x82")));
	return failures != 0;
}

/* Any bytes as a request head: no crash; what is accepted has its parts inside
 * the input, and parsing does not depend on how the bytes arrive. */
#include <stdlib.h>
#include <string.h>

#include "http/cookie.h"
#include "http/etag.h"
#include "http/head.h"
#include "http/path.h"
#include "http/query.h"
#include "http/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct http_slice s, const char *buf, size_t len)
{
	if (s.at && s.len && (s.at < buf || s.at + s.len > buf + len) &&
	    !(s.len == 1 && s.at[0] == '/'))
		abort();
}

static void parts(const struct http_head *h)
{
	struct http_query_pair pairs[HTTP_QUERY_MAX];
	struct http_slice v;
	char *path = malloc(h->path.len + 1), *scratch = malloc(h->query.len + 2 * HTTP_QUERY_MAX);
	size_t i, n = http_path_normalise(h->path, path);

	if (n && (path[0] != '/' || strlen(path) != n || strstr(path, "/../") || n > h->path.len))
		abort();
	http_query_parse(h->query, scratch, pairs);
	for (i = 0; i < h->count; i++) {
		http_cookie_find(h->headers[i].value, "cam_session", &v);
		http_type_is_json(h->headers[i].value);
		http_etag_match(h->headers[i].value, "\"x\"");
	}
	free(path);
	free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct http_head h;
	size_t seen = 0, step, end = 0, whole;
	char *buf = malloc(size + 1);
	int status;

	memcpy(buf, data, size);
	whole = http_head_end(buf, size, &seen);
	seen = 0;
	for (step = 1; step <= size && !end; step += 1 + step / 3)
		end = http_head_end(buf, step, &seen);
	if (!end)
		end = http_head_end(buf, size, &seen);
	if (whole != end)
		abort();
	if (end) {
		status = http_head_parse(&h, buf, end, &why);
		if (status && (status < 400 || status > 505 || !why))
			abort();
		if (!status) {
			inside(h.path, buf, end);
			inside(h.query, buf, end);
			inside(h.authority, buf, end);
			if (h.chunked && h.has_length)
				abort();
			parts(&h);
		}
	}
	free(buf);
	return 0;
}

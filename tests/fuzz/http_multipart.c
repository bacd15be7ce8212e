/*
 * Any bytes as a form: no crash; however it is cut, the same parts and bytes come out, or
 * the same refusal.  The first byte says where the cuts are.
 */
#include <stdlib.h>
#include <string.h>

#include "http/multipart.h"
#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was seen, folded into a number. */
struct seen {
	uint64_t hash;
	size_t bytes, parts;
	bool open;
};

static void fold(struct seen *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ (unsigned char)bytes[i]) * 1099511628211u;
}

static bool begin(void *arg, const struct http_part *part)
{
	struct seen *s = arg;
	char name[HTTP_PART_TEXT];

	if (s->open || !part->name[0])
		abort();
	s->open = true;
	s->parts++;
	fold(s, part->name, strlen(part->name));
	http_file_name(part->filename, name);
	if (!name[0] || strchr(name, '/') || strchr(name, '\\') || !strcmp(name, "..") || !strcmp(name, "."))
		abort();
	return true;
}

static bool data_seen(void *arg, const char *bytes, size_t len)
{
	struct seen *s = arg;

	if (!s->open || !len)
		abort();
	s->bytes += len;
	fold(s, bytes, len);
	return true;
}

static bool end(void *arg)
{
	struct seen *s = arg;

	if (!s->open)
		abort();
	s->open = false;
	return true;
}

static bool run(const char *in, size_t len, size_t step, struct seen *s)
{
	static const struct http_multipart_ops ops = { begin, data_seen, end };
	struct http_multipart m;
	bool good = true;

	memset(s, 0, sizeof *s);
	http_multipart_open(&m, "b", &ops, s);
	for (size_t at = 0; good && at < len; at += step)
		good = http_multipart_feed(&m, in + at, len - at < step ? len - at : step);
	if (!good && !m.why)
		abort();
	if (s->bytes > len || s->parts > HTTP_PARTS_MAX)
		abort();
	return good && http_multipart_done(&m) && !s->open;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char boundary[HTTP_BOUNDARY_MAX + 1];
	struct seen whole, cut;
	const char *in = (const char *)data + 1;
	uint64_t first, count;
	bool good;

	if (size < 2 || size > 65536)
		return 0;
	good = run(in, size - 1, size, &whole);
	if (run(in, size - 1, 1 + data[0] % 32, &cut) != good)
		abort();
	if (good && (whole.hash != cut.hash || whole.bytes != cut.bytes || whole.parts != cut.parts))
		abort();
	http_multipart_boundary((struct http_slice){ in, size - 1 }, boundary);
	if (http_range_read((struct http_slice){ in, size - 1 }, data[0], &first, &count) == HTTP_RANGE_PART &&
	    (!count || first + count > data[0]))
		abort();
	return 0;
}

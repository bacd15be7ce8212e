/* Forms with files, byte ranges and names of files; every form also in every cut. */
#include <stdio.h>
#include <string.h>

#include "http/multipart.h"
#include "http/range.h"

static int failures;
static char seen[4096];
static size_t seen_len;

static void add(const char *s, size_t n)
{
	if (seen_len + n < sizeof seen) {
		memcpy(seen + seen_len, s, n);
		seen_len += n;
	}
	seen[seen_len] = 0;
}

static bool begin(void *arg, const struct http_part *p)
{
	(void)arg;
	add("<", 1);
	add(p->name, strlen(p->name));
	add("|", 1);
	add(p->filename, strlen(p->filename));
	add("|", 1);
	add(p->type, strlen(p->type));
	add(">", 1);
	return true;
}

static bool data(void *arg, const char *bytes, size_t len)
{
	(void)arg;
	add(bytes, len);
	return len > 0;
}

static bool end(void *arg)
{
	(void)arg;
	add("$", 1);
	return true;
}

static const struct http_multipart_ops ops = { begin, data, end };

/* Feeds it with a cut after `cut` bytes; NULL when it was whole, else why not. */
static const char *feed(const char *in, size_t cut)
{
	struct http_multipart m;
	size_t n = strlen(in);

	seen_len = 0;
	seen[0] = 0;
	http_multipart_open(&m, "b-1", &ops, NULL);
	if (!http_multipart_feed(&m, in, cut) || !http_multipart_feed(&m, in + cut, n - cut))
		return m.why ? m.why : "stopped";
	return http_multipart_done(&m) ? NULL : "no end";
}

/* bad: a part of the reason, or NULL and what is seen */
static void form(const char *in, const char *want, const char *bad)
{
	const char *why;

	for (size_t cut = 0; cut <= strlen(in); cut++) {
		why = feed(in, cut);
		if (bad ? !why || !strstr(why, bad) : why || strcmp(seen, want)) {
			fprintf(stderr, "form cut at %zu: %s: %s\n%s\n", cut, why ? why : "good", seen, in);
			failures++;
			return;
		}
	}
}

#define CD "Content-Disposition: form-data; "

static void forms(void)
{
	form("--b-1\r\n" CD "name=\"blob\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b-1--\r\n",
		"<blob|a.txt|text/plain>hello$", NULL);
	form("--b-1\r\n" CD "name=blob\r\n\r\nx\r\n--b-1--", "<blob||>x$", NULL);
	form("--b-1\r\n" CD "name=a\r\n\r\n\r\n--b-1 \t\r\n" CD "name=b\r\n\r\n2\r\n--b-1--\r\n", "<a||>$<b||>2$", NULL);
	/* what looks like the end and is not */
	form("--b-1\r\n" CD "name=a\r\n\r\n\r\n--b-\r\n--b-2\r\r\n\r\n-\r\n--b-1--", "<a||>\r\n--b-\r\n--b-2\r\r\n\r\n-$", NULL);
	form("--b-1\r\ncontent-disposition:FORM-DATA;NAME=\"a;b\\\"c\";filename=\"C:\\x.txt\"\r\n\r\n1\r\n--b-1--",
		"<a;b\"c|C:\\x.txt|>1$", NULL);
	form("--b-1\r\n" CD "name=a\r\nContent-Transfer-Encoding: binary\r\nX-Other: y\r\n\r\n1\r\n--b-1--", "<a||>1$", NULL);
	form("x--b-1\r\n" CD "name=a\r\n\r\n1\r\n--b-1--", NULL, "begin with its boundary");
	form("\r\n--b-1\r\n" CD "name=a\r\n\r\n1\r\n--b-1--", NULL, "begin with its boundary");
	form("--b-1x\r\n" CD "name=a\r\n\r\n1\r\n--b-1--", NULL, "behind it");
	form("--b-1\r\n" CD "name=a\r\n\r\n1\r\n--b-1-x", NULL, "behind it");
	form("--b-1\r\n" CD "name=a\r\n\r\n1\r\n--b-1--\r\nx", NULL, "follows its end");
	form("--b-1\r\n" CD "name=a\r\n\r\n1\r\n--b-1--x", NULL, "follows its end");
	form("--b-1\r\n" CD "name=a\r\n\r\n1", NULL, "no end");
	form("--b-1\r\n\r\n1\r\n--b-1--", NULL, "no Content-Disposition");
	form("--b-1\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b-1--", NULL, "no Content-Disposition");
	form("--b-1\r\n" CD "filename=a\r\n\r\n1\r\n--b-1--", NULL, "no name");
	form("--b-1\r\n" CD "name=a; name=b\r\n\r\n1\r\n--b-1--", NULL, "no name");
	form("--b-1\r\n" CD "name=a; filename=b; filename=c\r\n\r\n1\r\n--b-1--", NULL, "two names");
	form("--b-1\r\n" CD "name=a; filename=\"b\r\n\r\n1\r\n--b-1--", NULL, "no name");
	form("--b-1\r\n" CD "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n--b-1--", NULL, "transfer encoding");
	form("--b-1\r\n" CD "name=a\n\r\n1\r\n--b-1--", NULL, "without CR");
	form("--b-1\n" CD "name=a\r\n\r\n1\r\n--b-1--", NULL, "behind it");
	form("--b-1\r\nbad header\r\n\r\n1\r\n--b-1--", NULL, "malformed");
	form("--b-1\r\n" CD "name=\"\xff\"\r\n\r\n1\r\n--b-1--", NULL, "malformed");
}

static void boundary(const char *type, const char *want)
{
	char out[HTTP_BOUNDARY_MAX + 1] = "";
	bool good = http_multipart_boundary((struct http_slice){ type, strlen(type) }, out);

	if (want ? !good || strcmp(out, want) : good) {
		fprintf(stderr, "boundary of %s: %s\n", type, good ? out : "none");
		failures++;
	}
}

static void range(const char *header, uint64_t length, enum http_range want, uint64_t first, uint64_t count)
{
	uint64_t f = 0, n = 0;
	enum http_range got = http_range_read((struct http_slice){ header, strlen(header) }, length, &f, &n);

	if (got != want || (want == HTTP_RANGE_PART && (f != first || n != count))) {
		fprintf(stderr, "range %s of %llu: %d %llu %llu\n", header, (unsigned long long)length, got,
			(unsigned long long)f, (unsigned long long)n);
		failures++;
	}
}

static void name(const char *in, const char *want)
{
	char out[HTTP_PART_TEXT];

	http_file_name(in, out);
	if (strcmp(out, want)) {
		fprintf(stderr, "name %s: %s\n", in, out);
		failures++;
	}
}

int main(void)
{
	char long_name[400];

	forms();
	boundary("multipart/form-data; boundary=abc", "abc");
	boundary("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b:c\"", "a b:c");
	boundary("multipart/form-data", NULL);
	boundary("multipart/form-data; boundary=", NULL);
	boundary("multipart/form-data; boundary=a; boundary=b", NULL);
	boundary("multipart/form-data; boundary=\"a \"", NULL);
	boundary("multipart/form-data; boundary=a\"b", NULL);
	boundary("multipart/mixed; boundary=abc", NULL);
	boundary("multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
		"0123456789012345678901234567890123456789012345678901234567890123456789");
	boundary("multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890", NULL);
	range("bytes=0-0", 10, HTTP_RANGE_PART, 0, 1);
	range("bytes=2-", 10, HTTP_RANGE_PART, 2, 8);
	range("bytes=2-99", 10, HTTP_RANGE_PART, 2, 8);
	range("bytes=-3", 10, HTTP_RANGE_PART, 7, 3);
	range("bytes=-99", 10, HTTP_RANGE_PART, 0, 10);
	range("BYTES=9-9 ", 10, HTTP_RANGE_PART, 9, 1);
	range("bytes=10-", 10, HTTP_RANGE_BEYOND, 0, 0);
	range("bytes=-0", 10, HTTP_RANGE_BEYOND, 0, 0);
	range("bytes=0-", 0, HTTP_RANGE_BEYOND, 0, 0);
	range("bytes=3-2", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=0-1,3-4", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=-", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=  ", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=1", 10, HTTP_RANGE_NONE, 0, 0);
	range("bytes=99999999999999999999-", 10, HTTP_RANGE_NONE, 0, 0);
	range("items=0-1", 10, HTTP_RANGE_NONE, 0, 0);
	name("a.txt", "a.txt");
	name("C:\\dir\\a.txt", "a.txt");
	name("../../etc/passwd", "passwd");
	name("", "blob");
	name("..", "blob");
	name("dir/", "blob");
	name("a\nb", "blob");
	memset(long_name, 'x', 399);
	long_name[399] = 0;
	name(long_name, "blob");
	return failures != 0;
}

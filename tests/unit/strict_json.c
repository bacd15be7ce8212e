/* JSON from outside: what two readers could understand in two ways is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strict/json.h"

static int failures;

/* want: a part of the message, NULL = accepted */
static void text(const char *in, size_t len, const char *want)
{
	char message[STRICT_MESSAGE] = "";
	yyjson_doc *doc = strict_json_read(in, len, NULL, message);

	if (want ? doc || !strstr(message, want) : !doc) {
		fprintf(stderr, "%.60s: %s\n", in, doc ? "accepted" : message);
		failures++;
	}
	yyjson_doc_free(doc);
}

static void t(const char *in, const char *want)
{
	text(in, strlen(in), want);
}

static void nested(int depth, const char *want)
{
	char *s = malloc(2 * (size_t)depth + 1);

	memset(s, '[', (size_t)depth);
	memset(s + depth, ']', (size_t)depth);
	s[2 * depth] = 0;
	t(s, want);
	free(s);
}

int main(void)
{
	t("{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":2}]}", NULL);
	t("{\"a\":1,\"a\":1}", "a is given twice");
	t("{\"x\":[{\"b\":1,\"c\":2,\"b\":3}]}", "b is given twice");
	t("{\"a\":1,\"\\u0061\":2}", "a is given twice");
	t("{\"\\n\":1,\"\\n\":2}", "? is given twice");
	nested(STRICT_DEPTH, NULL);
	nested(STRICT_DEPTH + 1, "deeper than 64");
	nested(10000, "deeper than 64");
	t("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]", NULL);
	t("[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]", NULL);
	t("[18446744073709551615,-9223372036854775808]", NULL);
	t("[18446744073709551616]", "out of range");
	t("[-9223372036854775809]", "out of range");
	t("[1e308]", NULL);
	t("[1e309]", "out of range");
	t("[0.1,1e-400]", NULL);
	t("[01]", "not valid JSON");
	t("[NaN]", "not valid JSON");
	t("[1,]", "not valid JSON");
	t("{\"a\":1", "not valid JSON");
	t("", "not valid JSON");
	t("{} x", "not valid JSON");
	t("[\"\xff\"]", "not valid JSON");
	t("[\"\xed\xa0\x80\"]", "not valid JSON");
	t("[\"\\ud800\"]", "not valid JSON");
	t("[\"\xc0\xaf\"]", "not valid JSON");
	t("\xef\xbb\xbf{}", "not valid JSON");
	text("[\"a\0b\"]", 7, "not valid JSON");
	return failures != 0;
}

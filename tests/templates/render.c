/*
 * render: templates from standard input to their results, for the suite's generator.
 *
 * In: records of two lengths in text, "<context bytes> <template bytes> <engines>\n", then the context (JSON) and the template.
 * Out: "ok <bytes>\n" and the result, or "error <line> <column> <sentence>\n".
 */
#include <stdio.h>
#include <stdlib.h>

#include "jinja/jinja.h"

static char *take(size_t n)
{
	char *s = malloc(n + 1);

	if (!s || fread(s, 1, n, stdin) != n)
		exit(111);
	s[n] = 0;
	return s;
}

int main(void)
{
	size_t context_len, len, out_len;
	struct jinja_error error;
	unsigned engines;

	while (scanf("%zu %zu %u", &context_len, &len, &engines) == 3 && getchar() == '\n') {
		char *context = take(context_len), *text = take(len), *out;
		yyjson_doc *d = yyjson_read(context, context_len, 0);

		if (!d)
			return 100;
		if (jinja_render(text, len, yyjson_doc_get_root(d), engines, &jinja_usual, &out, &out_len, &error) == 0) {
			printf("ok %zu\n", out_len);
			fwrite(out, 1, out_len, stdout);
		} else {
			printf("error %u %u %s\n", error.line, error.column, error.text);
		}
		fflush(stdout);
		free(out);
		free(text);
		free(context);
		yyjson_doc_free(d);
	}
	return 0;
}

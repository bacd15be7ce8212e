/* lease: any variables of a client; whatever is accepted is acceptable again as a fact. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lease/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is lines of name=value; the first line is the applet, the second the event. */
static const char *lookup(const char *name, void *arg)
{
	size_t n = strlen(name);

	for (char *p = arg; *p; p += strlen(p) + 1)
		if (!strncmp(p, name, n) && p[n] == '=')
			return p + n + 1;
	return NULL;
}

static void check(const struct lease *l)
{
	yyjson_mut_doc *m = lease_to_json(l);
	size_t len;
	char *text = yyjson_mut_write(m, 0, &len);
	yyjson_doc *d = yyjson_read(text, len, 0);
	struct lease back;
	const char *why;

	if (lease_from_json(&back, yyjson_doc_get_root(d), &why) < 0 || memcmp(&back, l, sizeof back))
		abort();
	yyjson_doc_free(d);
	yyjson_mut_doc_free(m);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* an end for the last line, and an empty line as the end of all */
	char *text = calloc(1, size + 4), *applet = text, *event;
	const char *why;
	struct lease l;

	memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\n')
			text[i] = 0;
	event = applet + strlen(applet) + 1;
	if (event < text + size && lease_from_event(&l, applet, event, lookup, event + strlen(event) + 1, &why) == 0)
		check(&l);
	free(text);
	return 0;
}

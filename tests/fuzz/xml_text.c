/* Any bytes as XML, in two pieces and with records cut out: no crash, nothing beyond the bounds, and what is read
 * whole is read the same in one piece. */
#include <stdlib.h>
#include <string.h>

#include "xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xml_limits limits = { 65536, 16, 1 << 20 };

static size_t walk(const struct xml_node *n, unsigned depth)
{
	size_t count = 1 + strlen(n->text) + strlen(n->name) + strlen(n->space);

	if (depth > limits.depth)
		abort();
	for (const struct xml_attribute *a = n->attributes; a; a = a->next)
		count += strlen(xml_attribute(n, a->space, a->name));
	for (const struct xml_node *c = n->first; c; c = c->next) {
		if (c->parent != n)
			abort();
		count += walk(c, depth + 1);
	}
	return count;
}

static int record(struct xml_node *n, void *arg)
{
	*(size_t *)arg += walk(n, 1);
	return 0;
}

static size_t read_it(const uint8_t *data, size_t size, size_t cut, const char *name)
{
	size_t seen = 0;
	struct xml_reader *r = xml_open(&limits, name, record, &seen);
	struct xml_node *root;

	xml_feed(r, data, cut);
	xml_feed(r, data + cut, size - cut);
	root = xml_finish(r);
	if (!root != (xml_why(r)[0] != 0))
		abort();
	seen = root ? seen + walk(root, 1) : 0;
	xml_close(r);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 2 * limits.bytes)
		return 0;
	if (read_it(data, size, size, NULL) != read_it(data, size, size / 2, NULL))
		abort();
	read_it(data, size, size / 3, "objects");
	return 0;
}

/* xml: looking into a tree. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xml/xml.h"

struct xml_node *xml_child(const struct xml_node *n, const char *name)
{
	struct xml_node *c = n ? n->first : NULL;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	return c;
}

struct xml_node *xml_again(const struct xml_node *n)
{
	struct xml_node *c = n ? n->next : NULL;

	while (c && strcmp(c->name, n->name) != 0)
		c = c->next;
	return c;
}

static struct xml_node *child_of(const struct xml_node *n, const char *name, size_t len)
{
	struct xml_node *c = n ? n->first : NULL;

	while (c && (strncmp(c->name, name, len) != 0 || c->name[len]))
		c = c->next;
	return c;
}

struct xml_node *xml_path(const struct xml_node *n, const char *path)
{
	struct xml_node *at = (struct xml_node *)(uintptr_t)n;
	size_t len;

	while (at && *path) {
		len = strcspn(path, "/");
		at = child_of(at, path, len);
		path += len + (path[len] == '/');
	}
	return at;
}

const char *xml_text(const struct xml_node *n, const char *path)
{
	const struct xml_node *at = xml_path(n, path);

	return at ? at->text : "";
}

const char *xml_attribute(const struct xml_node *n, const char *space, const char *name)
{
	const struct xml_attribute *a = n ? n->attributes : NULL;

	while (a && (strcmp(a->name, name) != 0 || strcmp(a->space, space) != 0))
		a = a->next;
	return a ? a->value : "";
}

int64_t xml_number(const char *text, int64_t fallback)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	return errno || end == text || *end ? fallback : n;
}

bool xml_true(const char *text)
{
	return !strcmp(text, "true") || !strcmp(text, "1");
}

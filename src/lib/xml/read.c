/* xml: the reader, around expat. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/xml.h"

#define CHUNK 65536u
#define WHY 160
/* expat puts it between namespace and local name. */
#define SEPARATOR '\n'

struct chunk {
	struct chunk *before;
	size_t size, used;
	max_align_t data[];
};

struct place { struct chunk *chunk; size_t used; };

struct xml_reader {
	XML_Parser parser;
	struct xml_limits limits;
	const char *record;
	xml_record_fn *fn;
	void *arg;
	struct chunk *chunks;		/* the newest first */
	size_t memory;
	uint64_t bytes;
	struct xml_node *root, *open;	/* the innermost one */
	unsigned depth, record_depth;	/* of the record that is open, 0 = none */
	struct place record_place;
	char *text;			/* of the element that is open */
	size_t text_len, text_cap;
	char why[WHY];
};

static void stop(struct xml_reader *r, const char *why)
{
	if (!r->why[0])
		snprintf(r->why, sizeof r->why, "%s", why);
	XML_StopParser(r->parser, XML_FALSE);
}

/* ---- memory ---- */

static struct chunk *grow(struct xml_reader *r, size_t size)
{
	size_t room = size > CHUNK ? size : CHUNK;
	struct chunk *c;

	if (r->memory + room > r->limits.memory)
		return NULL;
	c = malloc(sizeof *c + room);
	if (!c)
		return NULL;
	c->before = r->chunks;
	c->size = room;
	c->used = 0;
	r->chunks = c;
	r->memory += room;
	return c;
}

static void *take(struct xml_reader *r, size_t size)
{
	struct chunk *c = r->chunks;
	void *p;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!c || c->size - c->used < size)
		c = grow(r, size);
	if (!c) {
		stop(r, "the document is too large");
		return NULL;
	}
	p = (char *)c->data + c->used;
	c->used += size;
	return p;
}

static char *keep(struct xml_reader *r, const char *text, size_t len)
{
	char *p = take(r, len + 1);

	if (p) {
		memcpy(p, text, len);
		p[len] = 0;
	}
	return p;
}

/* Gives everything back that was taken since. */
static void rewind_to(struct xml_reader *r, struct place place)
{
	struct chunk *c;

	while ((c = r->chunks) != place.chunk) {
		r->chunks = c->before;
		r->memory -= c->size;
		free(c);
	}
	if (c)
		c->used = place.used;
}

/* ---- what expat calls ---- */

static const char *split(struct xml_reader *r, const char *name, const char **space)
{
	const char *at = strrchr(name, SEPARATOR);

	*space = at ? keep(r, name, (size_t)(at - name)) : "";
	return at ? keep(r, at + 1, strlen(at + 1)) : keep(r, name, strlen(name));
}

static void add_attributes(struct xml_reader *r, struct xml_node *n, const char **pairs)
{
	struct xml_attribute **last = &n->attributes, *a;

	for (; pairs[0] && !r->why[0]; pairs += 2) {
		a = take(r, sizeof *a);
		if (!a)
			return;
		a->next = NULL;
		a->name = split(r, pairs[0], &a->space);
		a->value = keep(r, pairs[1], strlen(pairs[1]));
		if (!a->name || !a->space || !a->value)
			return;
		*last = a;
		last = &a->next;
	}
}

static void begin_record(struct xml_reader *r, const char *name)
{
	const char *at = strrchr(name, SEPARATOR);

	if (!r->record || r->record_depth || strcmp(at ? at + 1 : name, r->record) != 0)
		return;
	r->record_depth = r->depth;
	r->record_place.chunk = r->chunks;
	r->record_place.used = r->chunks ? r->chunks->used : 0;
}

static void on_start(void *arg, const char *name, const char **pairs)
{
	struct xml_reader *r = arg;
	struct xml_node *n;

	r->text_len = 0;
	if (++r->depth > r->limits.depth) {
		stop(r, "elements are nested too deep");
		return;
	}
	begin_record(r, name);
	n = take(r, sizeof *n);
	if (!n)
		return;
	memset(n, 0, sizeof *n);
	n->text = "";
	n->name = split(r, name, &n->space);
	if (!n->name || !n->space)
		return;
	add_attributes(r, n, pairs);
	n->parent = r->open;
	if (!r->open)
		r->root = n;
	else if (r->open->last)
		r->open->last = r->open->last->next = n;
	else
		r->open->first = r->open->last = n;
	r->open = n;
}

/* The record is the last child of its parent: nothing came after it yet. */
static void cut(struct xml_node *record)
{
	struct xml_node *parent = record->parent, *n;

	if (!parent)
		return;
	if (parent->first == record) {
		parent->first = parent->last = NULL;
		return;
	}
	for (n = parent->first; n->next != record; n = n->next)
		;
	n->next = NULL;
	parent->last = n;
}

static void end_record(struct xml_reader *r, struct xml_node *n)
{
	if (!r->record_depth || r->record_depth != r->depth)
		return;
	r->record_depth = 0;
	if (r->fn(n, r->arg)) {
		stop(r, "the reading was ended");
		return;
	}
	if (r->root == n)
		return;
	cut(n);
	rewind_to(r, r->record_place);
}

static void on_end(void *arg, const char *name)
{
	struct xml_reader *r = arg;
	struct xml_node *n = r->open;

	(void)name;
	if (r->why[0] || !n)
		return;
	if (!n->first && r->text_len) {
		n->text = keep(r, r->text, r->text_len);
		if (!n->text)
			return;
	}
	r->text_len = 0;
	r->open = n->parent;
	end_record(r, n);
	r->depth--;
}

static void on_text(void *arg, const char *text, int len)
{
	struct xml_reader *r = arg;
	size_t need = r->text_len + (size_t)len;
	char *more;

	if (need > r->limits.memory) {
		stop(r, "a text is too long");
		return;
	}
	if (need > r->text_cap) {
		more = realloc(r->text, need * 2);
		if (!more) {
			stop(r, "out of memory");
			return;
		}
		r->text = more;
		r->text_cap = need * 2;
	}
	memcpy(r->text + r->text_len, text, (size_t)len);
	r->text_len = need;
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	stop(arg, "it has a document type declaration");
}

/* ---- the calls ---- */

struct xml_reader *xml_open(const struct xml_limits *limits, const char *record, xml_record_fn *fn, void *arg)
{
	struct xml_reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->limits = *limits;
	r->record = record;
	r->fn = fn;
	r->arg = arg;
	r->parser = XML_ParserCreateNS(NULL, SEPARATOR);
	if (!r->parser) {
		free(r);
		return NULL;
	}
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	return r;
}

static int parse(struct xml_reader *r, const char *data, size_t len, bool last)
{
	if (r->why[0])
		return -1;
	if (XML_Parse(r->parser, data, (int)len, last) == XML_STATUS_OK)
		return 0;
	if (!r->why[0])
		snprintf(r->why, sizeof r->why, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r->parser),
			XML_ErrorString(XML_GetErrorCode(r->parser)));
	return -1;
}

int xml_feed(struct xml_reader *r, const void *data, size_t len)
{
	const char *at = data;
	size_t piece;

	r->bytes += len;
	if (r->bytes > r->limits.bytes && !r->why[0])
		snprintf(r->why, sizeof r->why, "it is longer than %llu bytes", (unsigned long long)r->limits.bytes);
	for (; len; at += piece, len -= piece) {
		piece = len > CHUNK ? CHUNK : len;
		if (parse(r, at, piece, false))
			return -1;
	}
	return r->why[0] ? -1 : 0;
}

struct xml_node *xml_finish(struct xml_reader *r)
{
	return parse(r, "", 0, true) ? NULL : r->root;
}

const char *xml_why(const struct xml_reader *r)
{
	return r->why;
}

void xml_close(struct xml_reader *r)
{
	struct place nothing = { NULL, 0 };

	if (!r)
		return;
	XML_ParserFree(r->parser);
	rewind_to(r, nothing);
	free(r->text);
	free(r);
}

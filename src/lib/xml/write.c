/* xml: a text that grows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/xml.h"

static char *room(struct xml_out *o, size_t len)
{
	size_t cap = o->cap ? o->cap : 1024;
	char *more;

	if (o->bad)
		return NULL;
	while (cap < o->len + len + 1)
		cap *= 2;
	if (cap != o->cap) {
		/* not realloc: what is left behind may hold a password */
		more = malloc(cap);
		if (!more) {
			o->bad = true;
			return NULL;
		}
		if (o->text) {
			memcpy(more, o->text, o->len);
			explicit_bzero(o->text, o->len);
		}
		free(o->text);
		o->text = more;
		o->cap = cap;
	}
	return o->text + o->len;
}

static void put(struct xml_out *o, const char *text, size_t len)
{
	char *at = room(o, len);

	if (!at)
		return;
	memcpy(at, text, len);
	at[len] = 0;
	o->len += len;
}

void xml_put(struct xml_out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void put_escaped(struct xml_out *o, unsigned char c)
{
	char plain = (char)c;

	switch (c) {
	case '&': xml_put(o, "&amp;"); break;
	case '<': xml_put(o, "&lt;"); break;
	case '>': xml_put(o, "&gt;"); break;
	case '"': xml_put(o, "&quot;"); break;
	case '\r': xml_put(o, "&#13;"); break;
	default:
		if (c < 0x20 && c != '\n' && c != '\t')
			plain = '?';
		put(o, &plain, 1);
	}
}

void xml_put_text(struct xml_out *o, const char *text)
{
	size_t plain;

	while (*text) {
		for (plain = 0; (unsigned char)text[plain] >= 0x20 && !strchr("&<>\"", text[plain]); plain++)
			;
		put(o, text, plain);
		text += plain;
		if (*text)
			put_escaped(o, (unsigned char)*text++);
	}
}

void xml_put_element(struct xml_out *o, const char *name, const char *text)
{
	if (!text)
		return;
	xml_put(o, "<");
	xml_put(o, name);
	xml_put(o, ">");
	xml_put_text(o, text);
	xml_put(o, "</");
	xml_put(o, name);
	xml_put(o, ">");
}

void xml_put_number(struct xml_out *o, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	xml_put_element(o, name, text);
}

void xml_out_free(struct xml_out *o)
{
	if (o->text)
		explicit_bzero(o->text, o->cap);
	free(o->text);
	memset(o, 0, sizeof *o);
}

#include <stdio.h>
#include <string.h>
#include <wctype.h>

#include "template/template_int.h"

void put(struct template *t, struct buffer *b, const char *s, size_t n)
{
	size_t room;
	char *more;

	if (!n)
		return;
	if (n > t->limits.output || b->n > t->limits.output - n)
		fail(t, "the result is longer than %zu KiB", t->limits.output >> 10);
	if (b->room - b->n < n) {
		room = (b->n + n) * 2 + 64;
		more = take(t, room);
		if (b->n)
			memcpy(more, b->s, b->n);
		b->s = more;
		b->room = room;
	}
	memcpy(b->s + b->n, s, n);
	b->n += n;
}

void put_text(struct template *t, struct buffer *b, const char *s)
{
	put(t, b, s, strlen(s));
}

struct value buffer_string(const struct buffer *b)
{
	return of_text(b->s ? b->s : "", b->n);
}

static void put_int(struct template *t, struct buffer *b, int64_t i)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)i);
	put_text(t, b, text);
}

static void put_escaped(struct template *t, struct buffer *b, uint32_t c, const char *s, size_t n, char quote)
{
	char text[16];

	if (c == (uint32_t)quote || c == '\\') {
		snprintf(text, sizeof text, "\\%c", (char)c);
		put_text(t, b, text);
	} else if (c == '\n' || c == '\r' || c == '\t') {
		put_text(t, b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
	} else if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) {
		snprintf(text, sizeof text, "\\x%02x", (unsigned)c);
		put_text(t, b, text);
	} else if (c > 0xa0 && char_blank(c)) {
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		put_text(t, b, text);
	} else {
		put(t, b, s, n);
	}
}

static void put_quoted(struct template *t, struct buffer *b, struct value v)
{
	char quote = memchr(v.s, '\'', v.n) && !memchr(v.s, '"', v.n) ? '"' : '\'';
	size_t i, n;

	put(t, b, &quote, 1);
	for (i = 0; i < v.n; i += n) {
		n = char_len(v.s + i, v.n - i);
		put_escaped(t, b, char_code(v.s + i, n), v.s + i, n, quote);
	}
	put(t, b, &quote, 1);
}

static void put_list(struct template *t, struct buffer *b, struct value v)
{
	if (v.form == L_LAZY || v.form == L_RANGE)
		fail(t, "the items of a filter or a range cannot be written as they are: put |list or |join behind it");
	put(t, b, v.form == L_TUPLE ? "(" : "[", 1);
	for (size_t i = 0; i < v.list->n; i++) {
		if (i)
			put(t, b, ", ", 2);
		put_repr(t, b, v.list->at[i]);
	}
	if (v.form == L_TUPLE && v.list->n == 1)
		put(t, b, ",", 1);
	put(t, b, v.form == L_TUPLE ? ")" : "]", 1);
}

static void put_dict(struct template *t, struct buffer *b, const struct dict *d)
{
	put(t, b, "{", 1);
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			put(t, b, ", ", 2);
		put_repr(t, b, d->at[i].key);
		put(t, b, ": ", 2);
		put_repr(t, b, d->at[i].value);
	}
	put(t, b, "}", 1);
}

void put_repr(struct template *t, struct buffer *b, struct value v)
{
	deeper(t);
	spend(t, 1);
	switch (v.kind) {
	case V_UNDEFINED: put_text(t, b, "Undefined"); break;
	case V_NONE: put_text(t, b, "None"); break;
	case V_BOOL: put_text(t, b, v.i ? "True" : "False"); break;
	case V_INT: put_int(t, b, v.i); break;
	case V_FLOAT: put_float(t, b, v.f); break;
	case V_STRING: put_quoted(t, b, v); break;
	case V_LIST: put_list(t, b, v); break;
	case V_DICT: put_dict(t, b, v.dict); break;
	default: fail(t, "%s cannot be written", kind_name(v));
	}
	t->depth--;
}

void put_value(struct template *t, struct buffer *b, struct value v)
{
	if (v.kind == V_STRING)
		put(t, b, v.s, v.n);
	else if (v.kind != V_UNDEFINED)
		put_repr(t, b, v);
}

#include <stdio.h>
#include <string.h>
#include <wctype.h>

#include "jinja/jinja_int.h"

void jinja_put(struct template *t, struct buffer *b, const char *s, size_t n)
{
	size_t room;
	char *more;

	if (!n)
		return;
	if (n > t->limits.output || b->n > t->limits.output - n)
		jinja_fail(t, "the result is longer than %zu KiB", t->limits.output >> 10);
	if (b->room - b->n < n) {
		room = (b->n + n) * 2 + 64;
		more = jinja_take(t, room);
		if (b->n)
			memcpy(more, b->s, b->n);
		b->s = more;
		b->room = room;
	}
	memcpy(b->s + b->n, s, n);
	b->n += n;
}

void jinja_put_text(struct template *t, struct buffer *b, const char *s)
{
	jinja_put(t, b, s, strlen(s));
}

struct value jinja_buffer_string(const struct buffer *b)
{
	return jinja_of_text(b->s ? b->s : "", b->n);
}

static void put_int(struct template *t, struct buffer *b, int64_t i)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)i);
	jinja_put_text(t, b, text);
}

static void put_escaped(struct template *t, struct buffer *b, uint32_t c, const char *s, size_t n, char quote)
{
	char text[16];

	if (c == (uint32_t)quote || c == '\\') {
		snprintf(text, sizeof text, "\\%c", (char)c);
		jinja_put_text(t, b, text);
	} else if (c == '\n' || c == '\r' || c == '\t') {
		jinja_put_text(t, b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
	} else if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) {
		snprintf(text, sizeof text, "\\x%02x", (unsigned)c);
		jinja_put_text(t, b, text);
	} else if (c > 0xa0 && jinja_char_blank(c)) {
		snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		jinja_put_text(t, b, text);
	} else {
		jinja_put(t, b, s, n);
	}
}

static void put_quoted(struct template *t, struct buffer *b, struct value v)
{
	char quote = memchr(v.s, '\'', v.n) && !memchr(v.s, '"', v.n) ? '"' : '\'';
	size_t i, n;

	jinja_put(t, b, &quote, 1);
	for (i = 0; i < v.n; i += n) {
		n = jinja_char_len(v.s + i, v.n - i);
		put_escaped(t, b, jinja_char_code(v.s + i, n), v.s + i, n, quote);
	}
	jinja_put(t, b, &quote, 1);
}

static void put_list(struct template *t, struct buffer *b, struct value v)
{
	if (v.form == L_LAZY || v.form == L_RANGE)
		jinja_fail(t, "the items of a filter or a range cannot be written as they are: put |list or |join behind it");
	jinja_put(t, b, v.form == L_TUPLE ? "(" : "[", 1);
	for (size_t i = 0; i < v.list->n; i++) {
		if (i)
			jinja_put(t, b, ", ", 2);
		jinja_put_repr(t, b, v.list->at[i]);
	}
	if (v.form == L_TUPLE && v.list->n == 1)
		jinja_put(t, b, ",", 1);
	jinja_put(t, b, v.form == L_TUPLE ? ")" : "]", 1);
}

static void put_dict(struct template *t, struct buffer *b, const struct dict *d)
{
	jinja_put(t, b, "{", 1);
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			jinja_put(t, b, ", ", 2);
		jinja_put_repr(t, b, d->at[i].key);
		jinja_put(t, b, ": ", 2);
		jinja_put_repr(t, b, d->at[i].value);
	}
	jinja_put(t, b, "}", 1);
}

void jinja_put_repr(struct template *t, struct buffer *b, struct value v)
{
	jinja_deeper(t);
	jinja_spend(t, 1);
	switch (v.kind) {
	case V_UNDEFINED: jinja_put_text(t, b, "Undefined"); break;
	case V_NONE: jinja_put_text(t, b, "None"); break;
	case V_BOOL: jinja_put_text(t, b, v.i ? "True" : "False"); break;
	case V_INT: put_int(t, b, v.i); break;
	case V_FLOAT: jinja_put_float(t, b, v.f); break;
	case V_STRING: put_quoted(t, b, v); break;
	case V_LIST: put_list(t, b, v); break;
	case V_DICT: put_dict(t, b, v.dict); break;
	default: jinja_fail(t, "%s cannot be written", jinja_kind_name(v));
	}
	t->depth--;
}

void jinja_put_value(struct template *t, struct buffer *b, struct value v)
{
	if (v.kind == V_STRING)
		jinja_put(t, b, v.s, v.n);
	else if (v.kind != V_UNDEFINED)
		jinja_put_repr(t, b, v);
}

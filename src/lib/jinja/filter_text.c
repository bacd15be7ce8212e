#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/jinja_int.h"

static void defined_only(struct template *t, struct value v)
{
	if (v.kind == V_UNDEFINED)
		jinja_fail(t, "'%.*s' is undefined", (int)(v.n < 60 ? v.n : 60), v.s);
}

/* A whole number given as an argument. */
static int64_t whole(struct template *t, struct value v, int64_t missing, const char *what)
{
	if (v.kind == V_ABSENT)
		return missing;
	if (v.kind != V_INT && v.kind != V_BOOL)
		jinja_fail(t, "%s must be a whole number", what);
	return v.i;
}

static struct value cased(struct template *t, struct value self, enum letter to)
{
	struct value s = jinja_text_of(t, self);
	struct buffer b = { NULL, 0, 0 };

	jinja_put_case(t, &b, s.s, s.n, to);
	return jinja_buffer_string(&b);
}

static struct value f_upper(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return cased(t, self, LETTER_UPPER);
}

static struct value f_lower(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return cased(t, self, LETTER_LOWER);
}

static struct value f_capitalize(struct template *t, struct value self, const struct value *v)
{
	struct value s = jinja_text_of(t, self);
	struct buffer b = { NULL, 0, 0 };
	size_t k = s.n ? jinja_char_len(s.s, s.n) : 0;

	(void)v;
	jinja_put_case(t, &b, s.s, k, LETTER_UPPER);
	jinja_put_case(t, &b, s.s + k, s.n - k, LETTER_LOWER);
	return jinja_buffer_string(&b);
}

static struct value f_title(struct template *t, struct value self, const struct value *v)
{
	struct value s = jinja_text_of(t, self);
	struct buffer b = { NULL, 0, 0 };
	bool first = true;
	size_t i, k;

	(void)v;
	for (i = 0; i < s.n; i += k) {
		k = jinja_char_len(s.s + i, s.n - i);
		jinja_put_case(t, &b, s.s + i, k, first ? LETTER_UPPER : LETTER_LOWER);
		first = jinja_char_blank(jinja_char_code(s.s + i, k)) || (k == 1 && strchr("-({[<", s.s[i]) && s.s[i]);
	}
	return jinja_buffer_string(&b);
}

static struct value f_trim(struct template *t, struct value self, const struct value *v)
{
	if (v[0].kind != V_ABSENT && v[0].kind != V_NONE && v[0].kind != V_STRING)
		jinja_fail(t, "trim: its argument is no text");
	return jinja_chars_strip(jinja_text_of(t, self), v[0], true, true);
}

static struct value f_replace(struct template *t, struct value self, const struct value *v)
{
	int64_t most = v[2].kind == V_NONE ? -1 : whole(t, v[2], -1, "replace: count");

	return jinja_chars_replace(t, jinja_text_of(t, self), jinja_text_of(t, v[0]), jinja_text_of(t, v[1]), most);
}

static struct value f_default(struct template *t, struct value self, const struct value *v)
{
	bool falsy = v[1].kind != V_ABSENT && jinja_truth(v[1]);

	(void)t;
	if (self.kind == V_UNDEFINED || (falsy && !jinja_truth(self)))
		return v[0].kind == V_ABSENT ? jinja_of_text("", 0) : v[0];
	return self;
}

static struct value f_string(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	return jinja_text_of(t, self);
}

static struct value truncated(struct template *t, double f)
{
	if (isnan(f) || isinf(f) || fabs(f) >= 9.2e18)
		jinja_fail(t, "a number that is too large");
	return jinja_of_int((int64_t)f);
}

static struct value f_int(struct template *t, struct value self, const struct value *v)
{
	int64_t i;
	double f;

	defined_only(t, self);
	if (v[1].kind != V_ABSENT && whole(t, v[1], 10, "int: base") != 10)
		jinja_fail(t, "int: only base 10 is known here");
	if (self.kind == V_INT || self.kind == V_BOOL)
		return jinja_of_int(self.i);
	if (self.kind == V_FLOAT && !isnan(self.f))
		return truncated(t, self.f);
	if (self.kind == V_STRING && jinja_read_int(self.s, self.n, &i))
		return jinja_of_int(i);
	if (self.kind == V_STRING && jinja_read_float(self.s, self.n, &f) && !isnan(f))
		return truncated(t, f);
	return v[0].kind == V_ABSENT ? jinja_of_int(0) : v[0];
}

static struct value f_float(struct template *t, struct value self, const struct value *v)
{
	double f;

	defined_only(t, self);
	if (jinja_is_number(self))
		return jinja_of_float(jinja_as_float(self));
	if (self.kind == V_STRING && jinja_read_float(self.s, self.n, &f))
		return jinja_of_float(f);
	return v[0].kind == V_ABSENT ? jinja_of_float(0) : v[0];
}

static struct value f_abs(struct template *t, struct value self, const struct value *v)
{
	(void)v;
	defined_only(t, self);
	if (self.kind == V_FLOAT)
		return jinja_of_float(fabs(self.f));
	if (!jinja_is_number(self) || self.i == INT64_MIN)
		jinja_fail(t, "abs of %s", jinja_kind_name(self));
	return jinja_of_int(self.i < 0 ? -self.i : self.i);
}

static struct value f_round(struct template *t, struct value self, const struct value *v)
{
	int64_t digits = whole(t, v[0], 0, "round: precision");
	struct value method = v[1].kind == V_ABSENT ? jinja_of_text("common", 6) : v[1];
	char text[400];
	double scale;

	defined_only(t, self);
	if (!jinja_is_number(self) || method.kind != V_STRING)
		jinja_fail(t, "round of %s", jinja_kind_name(self));
	if (digits < 0 || digits > 15)
		jinja_fail(t, "round: a precision between 0 and 15 is known here");
	if (method.n == 6 && !memcmp(method.s, "common", 6)) {
		if (self.kind != V_FLOAT)
			return jinja_of_int(self.i);
		snprintf(text, sizeof text, "%.*f", (int)digits, self.f);
		return jinja_of_float(strtod(text, NULL));
	}
	scale = pow(10, (double)digits);
	if (method.n == 4 && !memcmp(method.s, "ceil", 4))
		return jinja_of_float(ceil(jinja_as_float(self) * scale) / scale);
	if (method.n == 5 && !memcmp(method.s, "floor", 5))
		return jinja_of_float(floor(jinja_as_float(self) * scale) / scale);
	jinja_fail(t, "round: its method is common, ceil or floor");
}

static struct value f_indent(struct template *t, struct value self, const struct value *v)
{
	struct buffer by = { NULL, 0, 0 }, b = { NULL, 0, 0 };
	bool first = v[1].kind != V_ABSENT && jinja_truth(v[1]), blank = v[2].kind != V_ABSENT && jinja_truth(v[2]);
	struct value lines, line;

	if (self.kind != V_STRING)
		jinja_fail(t, "indent of %s", jinja_kind_name(self));
	if (v[0].kind == V_STRING)
		jinja_put(t, &by, v[0].s, v[0].n);
	else
		for (int64_t i = whole(t, v[0], 4, "indent: width"); i > 0; i--)
			jinja_put(t, &by, " ", 1);
	jinja_put(t, &b, self.s, self.n);
	jinja_put(t, &b, "\n", 1);
	lines = jinja_chars_lines(t, jinja_buffer_string(&b));
	b = (struct buffer){ NULL, 0, 0 };
	for (size_t i = 0; i < lines.list->n; i++) {
		line = lines.list->at[i];
		if (i)
			jinja_put(t, &b, "\n", 1);
		if (i ? blank || line.n : first)
			jinja_put(t, &b, by.s, by.n);
		jinja_put(t, &b, line.s, line.n);
	}
	return jinja_buffer_string(&b);
}

static bool word_char(const char *s, size_t k)
{
	return k > 1 || *s == '_' || (*s >= '0' && *s <= '9') || ((*s | 32) >= 'a' && (*s | 32) <= 'z');
}

static struct value f_wordcount(struct template *t, struct value self, const struct value *v)
{
	struct value s = jinja_text_of(t, self);
	bool in = false, is;
	int64_t n = 0;
	size_t i, k;

	(void)v;
	for (i = 0; i < s.n; i += k, in = is) {
		k = jinja_char_len(s.s + i, s.n - i);
		is = word_char(s.s + i, k);
		n += is && !in;
	}
	return jinja_of_int(n);
}

static void put_quoted_url(struct template *t, struct buffer *b, struct value v, bool query)
{
	static const char hex[] = "0123456789ABCDEF", safe[] = "_.-~";
	struct value s = jinja_text_of(t, v);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr(safe, c)) || (c == '/' && !query))
			jinja_put(t, b, &s.s[i], 1);
		else if (c == ' ' && query)
			jinja_put(t, b, "+", 1);
		else
			jinja_put(t, b, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
	}
}

static struct value f_urlencode(struct template *t, struct value self, const struct value *v)
{
	struct buffer b = { NULL, 0, 0 };

	(void)v;
	if (self.kind == V_DICT) {
		for (size_t i = 0; i < self.dict->n; i++) {
			if (i)
				jinja_put(t, &b, "&", 1);
			put_quoted_url(t, &b, self.dict->at[i].key, true);
			jinja_put(t, &b, "=", 1);
			put_quoted_url(t, &b, self.dict->at[i].value, true);
		}
		return jinja_buffer_string(&b);
	}
	if (self.kind == V_LIST)
		jinja_fail(t, "urlencode of a list");
	put_quoted_url(t, &b, self, false);
	return jinja_buffer_string(&b);
}

static void put_json_text(struct template *t, struct buffer *b, struct value s)
{
	char text[16];
	uint32_t c;
	size_t i, k;

	jinja_put(t, b, "\"", 1);
	for (i = 0; i < s.n; i += k) {
		k = jinja_char_len(s.s + i, s.n - i);
		c = jinja_char_code(s.s + i, k);
		if (c == '"' || c == '\\')
			snprintf(text, sizeof text, "\\%c", (char)c);
		else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f')
			snprintf(text, sizeof text, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f');
		else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == '\'' || (c > 0x7e && c < 0x10000))
			snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
		else if (c >= 0x10000)
			snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + (unsigned)((c - 0x10000) >> 10), 0xdc00 + (unsigned)(c & 0x3ff));
		else
			snprintf(text, sizeof text, "%c", (char)c);
		if (c == 0x7f)
			snprintf(text, sizeof text, "\x7f");
		jinja_put_text(t, b, text);
	}
	jinja_put(t, b, "\"", 1);
}

static void put_json(struct template *t, struct buffer *b, struct value v);

static void put_json_dict(struct template *t, struct buffer *b, const struct dict *d)
{
	size_t *rank = jinja_take(t, (d->n + 1) * sizeof *rank), at, k;

	for (size_t i = 0; i < d->n; i++) {	/* sorted by key */
		if (d->at[i].key.kind != V_STRING)
			jinja_fail(t, "tojson: a key that is no text");
		for (k = i; k && jinja_order(t, d->at[rank[k - 1]].key, d->at[i].key, "<") > 0; k--)
			rank[k] = rank[k - 1];
		rank[k] = i;
	}
	jinja_put(t, b, "{", 1);
	for (size_t i = 0; i < d->n; i++) {
		at = rank[i];
		if (i)
			jinja_put(t, b, ", ", 2);
		put_json_text(t, b, d->at[at].key);
		jinja_put(t, b, ": ", 2);
		put_json(t, b, d->at[at].value);
	}
	jinja_put(t, b, "}", 1);
}

static void put_json(struct template *t, struct buffer *b, struct value v)
{
	jinja_deeper(t);
	if (v.kind == V_NONE || v.kind == V_BOOL) {
		jinja_put_text(t, b, v.kind == V_NONE ? "null" : v.i ? "true" : "false");
	} else if (v.kind == V_STRING) {
		put_json_text(t, b, v);
	} else if (v.kind == V_LIST && v.form != L_LAZY && v.form != L_RANGE) {
		jinja_put(t, b, "[", 1);
		for (size_t i = 0; i < v.list->n; i++) {
			if (i)
				jinja_put(t, b, ", ", 2);
			put_json(t, b, v.list->at[i]);
		}
		jinja_put(t, b, "]", 1);
	} else if (v.kind == V_DICT) {
		put_json_dict(t, b, v.dict);
	} else if (jinja_is_number(v)) {
		jinja_put_value(t, b, v);
	} else {
		jinja_fail(t, "tojson: %s", jinja_kind_name(v));
	}
	t->depth--;
}

static struct value f_tojson(struct template *t, struct value self, const struct value *v)
{
	struct buffer b = { NULL, 0, 0 };

	(void)v;
	put_json(t, &b, self);
	return jinja_buffer_string(&b);
}

const struct function jinja_filters_text[] = {
	{ "abs", "", f_abs },
	{ "capitalize", "", f_capitalize },
	{ "d", "?default_value boolean", f_default },
	{ "default", "?default_value boolean", f_default },
	{ "float", "?default", f_float },
	{ "indent", "?width first blank", f_indent },
	{ "int", "?default base", f_int },
	{ "lower", "", f_lower },
	{ "replace", "old new ?count", f_replace },
	{ "round", "?precision method", f_round },
	{ "string", "", f_string },
	{ "title", "", f_title },
	{ "tojson", "", f_tojson },
	{ "trim", "?chars", f_trim },
	{ "upper", "", f_upper },
	{ "urlencode", "", f_urlencode },
	{ "wordcount", "", f_wordcount },
	{ NULL, NULL, NULL },
};

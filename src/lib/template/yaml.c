/* The section Parameters of a YAML template (YAML 1.2, chapters 7 and 8: as much as such sections use). */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/template_int.h"

/* One line: its text without indentation, its end and blanks before it. */
struct line {
	const char *text;
	size_t len, indent;
	unsigned number;
	bool tab;			/* in its indentation */
};

struct reader {
	yyjson_mut_doc *doc;
	const char *at, *end;
	struct line line;		/* the present one */
	bool over;			/* there is none */
	bool failed;
	char *message;
	char *text;			/* of one value while it is made: as long as the template */
	size_t text_len;
};

static void fail(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct reader *r, const char *fmt, ...)
{
	char what[120];
	va_list ap;

	if (r->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	snprintf(r->message, TEMPLATE_MESSAGE, "line %u: %s", r->line.number, what);
	r->failed = true;
	r->over = true;
}

/* ---- lines ---- */

static void next_raw(struct reader *r)
{
	const char *end;
	struct line *l = &r->line;

	if (r->at >= r->end || r->failed) {
		r->over = true;
		return;
	}
	end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	end = end ? end : r->end;
	l->number++;
	l->text = r->at;
	l->tab = false;
	while (l->text < end && (*l->text == ' ' || *l->text == '\t'))
		l->tab |= *l->text++ == '\t';
	l->indent = (size_t)(l->text - r->at);
	l->len = (size_t)(end - l->text);
	while (l->len && strchr(" \t\r", l->text[l->len - 1]))
		l->len--;
	r->at = end < r->end ? end + 1 : end;
}

/* The next one that says something. */
static void next(struct reader *r)
{
	do
		next_raw(r);
	while (!r->over && (!r->line.len || r->line.text[0] == '#'));
	if (!r->over && r->line.tab)
		fail(r, "tabs do not indent in YAML.");
}

/* ---- texts ---- */

static void put(struct reader *r, const char *s, size_t n)
{
	memcpy(r->text + r->text_len, s, n);
	r->text_len += n;
}

static yyjson_mut_val *taken(struct reader *r)
{
	yyjson_mut_val *v = yyjson_mut_strncpy(r->doc, r->text, r->text_len);

	r->text_len = 0;
	return v;
}

/* Where a comment or the text ends. */
static size_t plain_len(const char *s, size_t n, const char *stops)
{
	size_t i = 0;

	while (i < n && !strchr(stops, s[i]) && !(s[i] == '#' && (!i || s[i - 1] == ' ' || s[i - 1] == '\t')))
		i++;
	while (i && (s[i - 1] == ' ' || s[i - 1] == '\t'))
		i--;
	return i;
}

static void put_escape(struct reader *r, char c)
{
	switch (c) {
	case 'n':
		put(r, "\n", 1);
		break;
	case 't':
		put(r, "\t", 1);
		break;
	case '"':
	case '\\':
	case '/':
		put(r, &c, 1);
		break;
	default:
		fail(r, "\\%c in a text is not read.", c > ' ' && c < 127 ? c : '?');
	}
}

/* A quoted text at s; the bytes it took, 0 when it fails. */
static size_t quoted(struct reader *r, const char *s, size_t n)
{
	char quote = s[0];
	size_t i = 1;

	for (; i < n && !r->failed; i++) {
		if (s[i] == quote && quote == '\'' && i + 1 < n && s[i + 1] == quote)
			put(r, &s[i++], 1);
		else if (s[i] == quote)
			return i + 1;
		else if (s[i] == '\\' && quote == '"' && i + 1 < n)
			put_escape(r, s[++i]);
		else
			put(r, &s[i], 1);
	}
	fail(r, "a quoted text does not end on its line.");
	return 0;
}

static bool is_comment(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i == n || (s[i] == '#' && i);
}

/* A scalar that is the whole of s, up to a comment. */
static yyjson_mut_val *scalar(struct reader *r, const char *s, size_t n)
{
	size_t used;

	if (n && (s[0] == '"' || s[0] == '\'')) {
		used = quoted(r, s, n);
		if (used && !is_comment(s + used, n - used))
			fail(r, "there is something behind the quoted text.");
		return taken(r);
	}
	if (n && strchr("!&*{}[]|>%@`", s[0])) {
		fail(r, "a value that begins with \"%c\" is not read in Parameters.", s[0]);
		return NULL;
	}
	used = plain_len(s, n, "");
	if ((used == 1 && s[0] == '~') || (used == 4 && !memcmp(s, "null", 4)))
		return yyjson_mut_null(r->doc);
	put(r, s, used);
	return taken(r);
}

/* ---- keys ---- */

/* "key: rest" or "key:" in the present line; the key is copied to the document. */
static const char *split(struct reader *r, const char **rest, size_t *rest_len)
{
	const char *s = r->line.text;
	size_t n = r->line.len, i = 0, used;
	yyjson_mut_val *key;

	if (s[0] == '"' || s[0] == '\'') {
		i = quoted(r, s, n);
	} else {
		while (i < n && !(s[i] == ':' && (i + 1 == n || s[i + 1] == ' ' || s[i + 1] == '\t')))
			i++;
		if (i && strchr("!&*{}[]|>%@`-?,", s[0]) && (s[0] != '-' || i < 2 || s[1] == ' '))
			i = n;
		put(r, s, i < n ? i : 0);
	}
	key = taken(r);
	if (r->failed || i >= n || s[i] != ':' || !yyjson_mut_get_len(key)) {
		fail(r, "must be a name, a colon and a value.");
		return NULL;
	}
	used = i + 1;
	while (used < n && (s[used] == ' ' || s[used] == '\t'))
		used++;
	*rest = s + used;
	*rest_len = n - used;
	if (*rest_len && **rest == '#')
		*rest_len = 0;
	return yyjson_mut_get_str(key);
}

/* ---- values ---- */

/* "| ", "> ": lines deeper than the key. */
static yyjson_mut_val *block(struct reader *r, char style, size_t indent)
{
	const char *gap = style == '|' ? "\n" : " ";
	const char *at;

	for (;;) {
		at = r->at;
		next_raw(r);
		if (r->over)
			break;
		if (r->line.len && r->line.indent <= indent) {
			/* Of the next value. */
			r->at = at;
			r->line.number--;
			break;
		}
		if (r->text_len)
			put(r, gap, 1);
		put(r, r->line.text, r->line.len);
	}
	while (r->text_len && strchr(" \n", r->text[r->text_len - 1]))
		r->text_len--;
	if (!r->failed) {
		r->over = false;
		next(r);
	}
	return taken(r);
}

/* "- a" lines at the key's indentation or deeper. */
static yyjson_mut_val *sequence(struct reader *r, size_t indent)
{
	yyjson_mut_val *list = yyjson_mut_arr(r->doc);
	size_t own = r->line.indent, skip;

	while (!r->over && r->line.indent == own && r->line.text[0] == '-' && (r->line.len == 1 || r->line.text[1] == ' ')) {
		skip = 1;
		while (skip < r->line.len && r->line.text[skip] == ' ')
			skip++;
		yyjson_mut_arr_append(list, scalar(r, r->line.text + skip, r->line.len - skip));
		next(r);
	}
	if (!r->over && r->line.indent > indent)
		fail(r, "must be an element of the list, or the next name.");
	return list;
}

/* "[a, 'b', c]", over several lines if need be. */
static yyjson_mut_val *brackets(struct reader *r, const char *s, size_t n)
{
	yyjson_mut_val *list = yyjson_mut_arr(r->doc);
	size_t i = 1, used;
	bool wanted = false;		/* a comma, or the end */

	while (!r->failed) {
		while (i < n && (s[i] == ' ' || s[i] == '\t'))
			i++;
		if (i >= n || s[i] == '#') {
			next(r);
			if (r->over)
				fail(r, "the list does not end.");
			s = r->line.text;
			n = r->line.len;
			i = 0;
		} else if (s[i] == ']') {
			if (!is_comment(s + i + 1, n - i - 1))
				fail(r, "there is something behind the list.");
			break;
		} else if (wanted) {
			if (s[i] != ',')
				fail(r, "between the elements of a list are commas.");
			i++;
			wanted = false;
		} else if (s[i] == '"' || s[i] == '\'') {
			i += quoted(r, s + i, n - i);
			yyjson_mut_arr_append(list, taken(r));
			wanted = true;
		} else {
			used = plain_len(s + i, n - i, ",]");
			if (!used || strchr("!&*{}[|>%@`", s[i])) {
				fail(r, "an element of the list is not read.");
				break;
			}
			yyjson_mut_arr_append(list, scalar(r, s + i, used));
			i += used;
			wanted = true;
		}
	}
	next(r);
	return list;
}

/* A plain text goes on in deeper lines. */
static yyjson_mut_val *folded(struct reader *r, const char *s, size_t n, size_t indent)
{
	yyjson_mut_val *v = scalar(r, s, n);
	bool plain = n && s[0] != '"' && s[0] != '\'' && yyjson_mut_is_str(v);

	next(r);
	if (!plain || r->over || r->line.indent <= indent)
		return v;
	put(r, yyjson_mut_get_str(v), yyjson_mut_get_len(v));
	for (; !r->over && r->line.indent > indent; next(r)) {
		put(r, " ", 1);
		put(r, r->line.text, plain_len(r->line.text, r->line.len, ""));
	}
	return taken(r);
}

/* Of the key in the present line; afterwards the present line is the next one. */
static yyjson_mut_val *value(struct reader *r, const char *s, size_t n, size_t indent)
{
	if (n && s[0] == '[')
		return brackets(r, s, n);
	if (n && (s[0] == '|' || s[0] == '>'))
		return block(r, s[0], indent);
	if (n)
		return folded(r, s, n, indent);
	next(r);
	if (r->over || r->line.indent < indent)
		return yyjson_mut_null(r->doc);
	if (r->line.text[0] == '-' && (r->line.len == 1 || r->line.text[1] == ' '))
		return sequence(r, indent);
	if (r->line.indent > indent)
		fail(r, "a value with names of its own is not read in Parameters.");
	return yyjson_mut_null(r->doc);
}

/* The lines of one parameter. */
static yyjson_mut_val *parameter(struct reader *r, size_t above)
{
	yyjson_mut_val *out = yyjson_mut_obj(r->doc);
	size_t indent = r->line.indent, n;
	const char *key, *s;

	while (!r->over && r->line.indent > above) {
		if (r->line.indent != indent)
			fail(r, "is indented differently from the lines above.");
		key = r->failed ? NULL : split(r, &s, &n);
		if (!key)
			break;
		if (yyjson_mut_obj_get(out, key))
			fail(r, "\"%.64s\" is there twice.", key);
		yyjson_mut_obj_add(out, yyjson_mut_strcpy(r->doc, key), value(r, s, n, indent));
	}
	return out;
}

static void parameters(struct reader *r, yyjson_mut_val *out)
{
	size_t indent = r->line.indent, n;
	const char *key, *s;

	while (!r->over && r->line.indent) {
		if (r->line.indent != indent)
			fail(r, "is indented differently from the lines above.");
		key = r->failed ? NULL : split(r, &s, &n);
		if (!key)
			return;
		if (yyjson_mut_obj_get(out, key))
			fail(r, "the parameter \"%.64s\" is there twice.", key);
		if (n)
			fail(r, "the parameter \"%.64s\" must have its values on lines of their own.", key);
		next(r);
		yyjson_mut_obj_add(out, yyjson_mut_strcpy(r->doc, key),
			r->over || r->line.indent <= indent ? yyjson_mut_obj(r->doc) : parameter(r, indent));
	}
}

/* The line "Parameters:" without indentation. */
static bool find(struct reader *r)
{
	static const char *const names[] = { "Parameters:", "\"Parameters\":", "'Parameters':" };
	size_t n;

	for (next_raw(r); !r->over; next_raw(r))
		for (size_t i = 0; !r->line.indent && i < sizeof names / sizeof names[0]; i++) {
			n = strlen(names[i]);
			if (r->line.len < n || memcmp(r->line.text, names[i], n))
				continue;
			if (r->line.len > n && !is_comment(r->line.text + n, r->line.len - n))
				fail(r, "Parameters must be written in lines of their own.");
			return !r->failed;
		}
	return false;
}

yyjson_mut_val *template_yaml(yyjson_mut_doc *doc, const char *text, size_t len, char message[TEMPLATE_MESSAGE])
{
	/* A folded text is copied once more. */
	struct reader r = { .doc = doc, .at = text, .end = text + len, .message = message, .text = malloc(2 * len + 2) };
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	if (!r.text) {
		snprintf(message, TEMPLATE_MESSAGE, "there is no memory to read it.");
		return NULL;
	}
	if (find(&r)) {
		next(&r);
		parameters(&r, out);
	}
	free(r.text);
	return r.failed ? NULL : out;
}

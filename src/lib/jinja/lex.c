#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/jinja_int.h"

static const struct { const char *text; enum operator op; int mode; } operators[] = {
	/* longest first; mode 1: of Velocity only */
	{ "//", O_FLOORDIV, 0 }, { "**", O_POW, 0 }, { "==", O_EQ, 0 }, { "!=", O_NE, 0 }, { ">=", O_GE, 0 }, { "<=", O_LE, 0 },
	{ "&&", O_BOTH, 1 }, { "||", O_EITHER, 1 }, { "!", O_BANG, 1 }, { "$", O_DOLLAR, 1 },
	{ "+", O_ADD, 0 }, { "-", O_SUB, 0 }, { "/", O_DIV, 0 }, { "*", O_MUL, 0 }, { "%", O_MOD, 0 }, { "~", O_TILDE, 0 },
	{ "[", O_LIST_OPEN, 0 }, { "]", O_LIST_CLOSE, 0 }, { "(", O_OPEN, 0 }, { ")", O_CLOSE, 0 }, { "{", O_DICT_OPEN, 0 },
	{ "}", O_DICT_CLOSE, 0 }, { ">", O_GT, 0 }, { "<", O_LT, 0 }, { "=", O_ASSIGN, 0 }, { ".", O_DOT, 0 }, { ":", O_COLON, 0 },
	{ "|", O_PIPE, 0 }, { ",", O_COMMA, 0 },
};

static bool starts(const struct template *t, const char *s)
{
	size_t n = strlen(s);

	return t->len - t->at >= n && !memcmp(t->text + t->at, s, n);
}

static void skip_blank(struct template *t)
{
	size_t k;

	while (t->at < t->len) {
		k = jinja_char_len(t->text + t->at, t->len - t->at);
		if (!jinja_char_blank(jinja_char_code(t->text + t->at, k)))
			break;
		t->at += k;
	}
}

/* The end of the tag, if it stands here outside of all brackets. */
static bool end_here(struct template *t)
{
	const char *end = t->mode == MODE_VARIABLE ? "}}" : t->mode == MODE_BLOCK ? "%}" : ")";
	char sign;

	if (t->balanced)
		return false;
	if (starts(t, end)) {
		t->at += strlen(end);
		return true;
	}
	sign = t->at < t->len ? t->text[t->at] : 0;
	if (t->mode == MODE_VELOCITY || (sign != '-' && (sign != '+' || t->mode == MODE_VARIABLE)))
		return false;
	t->at++;
	if (!starts(t, end)) {
		t->at--;
		return false;
	}
	t->at += 2;
	if (sign == '-')
		skip_blank(t);
	return true;
}

static void lex_name(struct template *t)
{
	size_t from = t->at;

	while (t->at < t->len && (isalnum((unsigned char)t->text[t->at]) || t->text[t->at] == '_'))
		t->at++;
	t->token.type = T_NAME;
	t->token.value = jinja_of_text(t->text + from, t->at - from);
}

/* Digits with single underscores between them, from at; where they end. */
static size_t digits(const struct template *t, size_t at)
{
	size_t from = at;

	while (at < t->len && (isdigit((unsigned char)t->text[at]) ||
		(t->text[at] == '_' && at > from && at + 1 < t->len && isdigit((unsigned char)t->text[at - 1]) &&
		isdigit((unsigned char)t->text[at + 1]))))
		at++;
	return at;
}

static void lex_number(struct template *t)
{
	size_t from = t->at, at = digits(t, from), whole = at, more;
	bool after_dot = from && t->text[from - 1] == '.';
	bool real = false;

	if (!after_dot && at + 1 < t->len && t->text[at] == '.' && digits(t, at + 1) > at + 1) {
		at = digits(t, at + 1);
		real = true;
	}
	if (!after_dot && at < t->len && (t->text[at] == 'e' || t->text[at] == 'E')) {
		more = at + 1;
		if (more < t->len && (t->text[more] == '+' || t->text[more] == '-'))
			more++;
		if (digits(t, more) > more) {
			at = digits(t, more);
			real = true;
		}
	}
	if (real) {
		t->token = (struct token){ T_FLOAT, O_NONE, t->token.at, jinja_of_float(0) };
		t->at = at;
		if (!jinja_read_float(t->text + from, at - from, &t->token.value.f))
			jinja_fail_at(t, t->token.at, "a number that cannot be read");
		return;
	}
	if (t->text[from] == '0')	/* 007 is three numbers */
		for (at = from + 1; at < whole && t->text[at] == '0'; at++)
			;
	else
		at = whole;
	t->at = at;
	t->token = (struct token){ T_INT, O_NONE, t->token.at, jinja_of_int(0) };
	if (!jinja_read_int(t->text + from, at - from, &t->token.value.i))
		jinja_fail_at(t, t->token.at, "a number that is too large");
}

static uint32_t escape_number(struct template *t, size_t *i, size_t end, unsigned count)
{
	uint32_t c = 0;

	for (unsigned k = 0; k < count; k++, (*i)++) {
		if (*i >= end || !isxdigit((unsigned char)t->text[*i]))
			jinja_fail_at(t, t->token.at, "a text with an escape that is cut short");
		c = c << 4 | (uint32_t)(isdigit((unsigned char)t->text[*i]) ? t->text[*i] - '0' : (t->text[*i] | 32) - 'a' + 10);
	}
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		jinja_fail_at(t, t->token.at, "a text with an escape that is no character");
	return c;
}

static void escape(struct template *t, struct buffer *b, size_t *i, size_t end)
{
	static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
	char c = t->text[(*i)++];
	const char *p = c ? strchr(from, c) : NULL;
	uint32_t code = 0;

	if (p) {
		jinja_put(t, b, &to[p - from], 1);
	} else if (c == '\n') {
		return;
	} else if (c == 'x' || c == 'u' || c == 'U') {
		jinja_put_char(t, b, escape_number(t, i, end, c == 'x' ? 2 : c == 'u' ? 4 : 8));
	} else if (c >= '0' && c <= '7') {
		(*i)--;
		for (unsigned k = 0; k < 3 && *i < end && t->text[*i] >= '0' && t->text[*i] <= '7'; k++)
			code = code << 3 | (uint32_t)(t->text[(*i)++] - '0');
		jinja_put_char(t, b, code);
	} else if (c == 'N') {
		jinja_fail_at(t, t->token.at, "a text with an escape that is not known");
	} else {
		jinja_put(t, b, "\\", 1);
		jinja_put(t, b, &c, 1);
	}
}

static void lex_string(struct template *t)
{
	char quote = t->text[t->at];
	struct buffer b = { NULL, 0, 0 };
	size_t end, i, k;

	for (end = t->at + 1; end < t->len && t->text[end] != quote; end++)
		if (t->text[end] == '\\')
			end++;
	if (end >= t->len)
		jinja_fail_at(t, t->token.at, "a text without its closing %c", quote);
	for (i = t->at + 1; i < end;) {
		if (t->text[i] == '\\' && t->mode != MODE_VELOCITY) {
			i++;
			escape(t, &b, &i, end);
			continue;
		}
		k = jinja_char_len(t->text + i, end - i);
		jinja_put(t, &b, t->text + i, k);
		i += k;
	}
	t->at = end + 1;
	t->token.type = T_STRING;
	t->token.value = jinja_buffer_string(&b);
}

static void balance(struct template *t, enum operator op)
{
	static const enum operator open[] = { O_OPEN, O_LIST_OPEN, O_DICT_OPEN }, close[] = { O_CLOSE, O_LIST_CLOSE, O_DICT_CLOSE };
	static const char names[] = ")]}";

	for (int i = 0; i < 3; i++) {
		if (op == open[i]) {
			if (t->balanced == DEPTH_MAX)
				jinja_fail_at(t, t->token.at, "nested deeper than %d levels", DEPTH_MAX);
			t->balance[t->balanced++] = names[i];
		} else if (op == close[i]) {
			if (!t->balanced)
				jinja_fail_at(t, t->token.at, "unexpected '%c'", names[i]);
			if (t->balance[--t->balanced] != names[i])
				jinja_fail_at(t, t->token.at, "unexpected '%c', expected '%c'", names[i], t->balance[t->balanced]);
		}
	}
}

static void lex_operator(struct template *t)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (!starts(t, operators[i].text) || (operators[i].mode && t->mode != MODE_VELOCITY))
			continue;
		t->at += strlen(operators[i].text);
		t->token.type = T_OPERATOR;
		t->token.op = operators[i].op;
		balance(t, operators[i].op);
		return;
	}
	jinja_fail_at(t, t->token.at, "unexpected character");
}

void jinja_lex_next(struct template *t)
{
	char c;

	skip_blank(t);
	t->token = (struct token){ T_END, O_NONE, (uint32_t)t->at, jinja_none() };
	t->here = t->token.at;
	if (t->at >= t->len)
		jinja_fail_at(t, t->token.at, "the text ends inside of a tag");
	if (end_here(t))
		return;
	c = t->text[t->at];
	if (isalpha((unsigned char)c) || c == '_')
		lex_name(t);
	else if (isdigit((unsigned char)c))
		lex_number(t);
	else if (c == '\'' || c == '"')
		lex_string(t);
	else
		lex_operator(t);
}

void jinja_lex_start(struct template *t, int mode)
{
	t->mode = mode;
	t->balanced = 0;
	jinja_lex_next(t);
}

bool jinja_lex_is_op(const struct template *t, enum operator op)
{
	return t->token.type == T_OPERATOR && t->token.op == op;
}

bool jinja_lex_is_name(const struct template *t, const char *name)
{
	return t->token.type == T_NAME && t->token.value.n == strlen(name) && !memcmp(t->token.value.s, name, t->token.value.n);
}

bool jinja_lex_take_op(struct template *t, enum operator op)
{
	if (!jinja_lex_is_op(t, op))
		return false;
	jinja_lex_next(t);
	return true;
}

bool jinja_lex_take_name(struct template *t, const char *name)
{
	if (!jinja_lex_is_name(t, name))
		return false;
	jinja_lex_next(t);
	return true;
}

void jinja_lex_unexpected(struct template *t, const char *wanted)
{
	static const char *const what[] = { "the end of the tag", "a name", "a text", "a number", "a number", "this" };
	int n = (int)(t->at - t->token.at);

	if (t->token.type == T_END)
		jinja_fail_at(t, t->token.at, "the tag ends where %s is expected", wanted);
	jinja_fail_at(t, t->token.at, "%s is expected, not %s: %.*s", wanted, what[t->token.type], n > 30 ? 30 : n, t->text + t->token.at);
}

void jinja_lex_expect(struct template *t, enum operator op, const char *what)
{
	if (!jinja_lex_take_op(t, op))
		jinja_lex_unexpected(t, what);
}

bool jinja_lex_followed_by(struct template *t, enum operator op)
{
	struct token token = t->token;
	size_t at = t->at;
	unsigned balanced = t->balanced;
	char top = balanced ? t->balance[balanced - 1] : 0;
	bool is;

	jinja_lex_next(t);
	is = jinja_lex_is_op(t, op);
	if (balanced)
		t->balance[balanced - 1] = top;
	t->balanced = balanced;
	t->token = token;
	t->at = at;
	return is;
}

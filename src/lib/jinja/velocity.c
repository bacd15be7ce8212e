#include <ctype.h>
#include <string.h>

#include "jinja/jinja_int.h"

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static char char_at(const struct template *t, size_t at)
{
	return at < t->len ? t->text[at] : 0;
}

/* "{name.name}" at this place: its end, 0 when it is something else. */
static size_t reference_end(const struct template *t, size_t at)
{
	if (char_at(t, at++) != '{')
		return 0;
	for (;;) {
		if (!isalpha((unsigned char)char_at(t, at)) && char_at(t, at) != '_')
			return 0;
		while (name_char(char_at(t, at)))
			at++;
		if (char_at(t, at) != '.')
			break;
		at++;
	}
	return char_at(t, at) == '}' ? at + 1 : 0;
}

/* Where the parenthesis behind "#if" stands, 0 when there is none. */
static size_t parenthesis(const struct template *t, size_t at)
{
	while (char_at(t, at) == ' ' || char_at(t, at) == '\t')
		at++;
	return char_at(t, at) == '(' ? at : 0;
}

static bool word_at(const struct template *t, size_t at, const char *word, size_t *end)
{
	size_t n = strlen(word);

	if (t->len - at < n || memcmp(t->text + at, word, n))
		return false;
	*end = at + n;
	return true;
}

static bool bare_word(const struct template *t, size_t at, const char *word, const char *braced, size_t *end)
{
	if (word_at(t, at, braced, end))
		return true;
	return word_at(t, at, word, end) && !name_char(char_at(t, *end));
}

static enum velocity directive(const struct template *t, size_t at, size_t *end)
{
	if (word_at(t, at, "#if", end) && (*end = parenthesis(t, *end)))
		return VELOCITY_IF;
	if (word_at(t, at, "#elseif", end) && (*end = parenthesis(t, *end)))
		return VELOCITY_ELSEIF;
	if (word_at(t, at, "#foreach", end) && (*end = parenthesis(t, *end)))
		return VELOCITY_FOREACH;
	if (bare_word(t, at, "#else", "#{else}", end))
		return VELOCITY_ELSE;
	if (bare_word(t, at, "#end", "#{end}", end))
		return VELOCITY_END;
	return VELOCITY_NONE;
}

enum velocity jinja_velocity_at(const struct template *t, size_t at)
{
	size_t end;

	if (at && t->text[at - 1] == '\\')
		return VELOCITY_NONE;
	if (t->text[at] == '#')
		return directive(t, at, &end);
	return reference_end(t, at + 1 + (char_at(t, at + 1) == '!')) ? VELOCITY_REFERENCE : VELOCITY_NONE;
}

struct node *jinja_velocity_reference(struct template *t)
{
	size_t at = t->at, from, end;
	bool quiet = char_at(t, at + 1) == '!';
	struct node *n = jinja_node_new(t, S_REFERENCE, (uint32_t)at), *part;

	end = reference_end(t, at + 1 + quiet);
	n->value = quiet ? jinja_of_text("", 0) : jinja_of_text(t->text + at, end - at);
	for (from = at + 2 + quiet; from < end; from = at + 1) {
		for (at = from; name_char(t->text[at]); at++)
			;
		part = jinja_node_new(t, n->a ? N_ATTR : N_NAME, (uint32_t)from);
		part->op = O_DOLLAR;
		part->a = n->a;
		part->value = jinja_of_text(t->text + from, at - from);
		n->a = part;
	}
	t->at = end;
	return n;
}

void jinja_velocity_skip(struct template *t)
{
	size_t end = t->at + 1;

	directive(t, t->at, &end);
	t->at = end;
}

/* To behind the parenthesis. */
static void open_head(struct template *t)
{
	size_t end = 0;

	directive(t, t->at, &end);
	t->at = end + 1;
	jinja_lex_start(t, MODE_VELOCITY);
}

static void close_head(struct template *t)
{
	if (t->token.type != T_END)
		jinja_lex_unexpected(t, "')'");
}

/* if, or elseif which ends with the same #end */
struct node *jinja_velocity_if(struct template *t)
{
	static const char *const until[] = { "#elseif", "#else", "#end", NULL }, *const last[] = { "#end", NULL };
	struct node *n = jinja_node_new(t, S_IF, (uint32_t)t->at);
	const char *word;

	jinja_deeper(t);
	open_head(t);
	n->a = jinja_parse_expression(t);
	close_head(t);
	n->b = jinja_parse_body(t, until, &word);
	if (word && !strcmp(word, "#elseif")) {
		n->c = jinja_velocity_if(t);
		t->depth--;
		return n;
	}
	if (word)
		jinja_velocity_skip(t);
	if (word && !strcmp(word, "#else")) {
		n->c = jinja_parse_body(t, last, &word);
		if (word)
			jinja_velocity_skip(t);
	}
	if (!word)
		jinja_fail_at(t, n->at, "#if without its #end");
	t->depth--;
	return n;
}

struct node *jinja_velocity_foreach(struct template *t)
{
	static const char *const until[] = { "#end", NULL };
	struct node *n = jinja_node_new(t, S_FOR, (uint32_t)t->at);
	const char *word;

	open_head(t);
	n->op = O_DOLLAR;
	n->a = jinja_node_new(t, N_NAME, t->token.at);
	jinja_lex_expect(t, O_DOLLAR, "'$'");
	if (t->token.type != T_NAME)
		jinja_lex_unexpected(t, "the name of a variable");
	n->a->value = t->token.value;
	jinja_lex_next(t);
	if (!jinja_lex_take_name(t, "in"))
		jinja_lex_unexpected(t, "'in'");
	n->b = jinja_parse_expression(t);
	close_head(t);
	n->list = jinja_parse_body(t, until, &word);
	if (!word)
		jinja_fail_at(t, n->at, "#foreach without its #end");
	jinja_velocity_skip(t);
	return n;
}

#include <ctype.h>
#include <string.h>

#include "jinja/jinja_int.h"

enum found { FOUND_END, FOUND_PRINT, FOUND_TAG, FOUND_COMMENT, FOUND_VELOCITY };

static bool at_text(const struct template *t, size_t at, const char *s)
{
	size_t n = strlen(s);

	return at <= t->len && t->len - at >= n && !memcmp(t->text + at, s, n);
}

/* Where the next tag begins, from t->at on. ${#name} is of the shell, not a comment. */
static enum found find_tag(const struct template *t, size_t *where)
{
	size_t i;

	for (i = t->at; i < t->len; i++) {
		*where = i;
		if (t->text[i] == '{' && (t->engines & JINJA_JINJA2)) {
			if (at_text(t, i, "{{"))
				return FOUND_PRINT;
			if (at_text(t, i, "{%"))
				return FOUND_TAG;
			if (at_text(t, i, "{#") && !(i && t->text[i - 1] == '$' && (t->engines & JINJA_VELOCITY)))
				return FOUND_COMMENT;
		}
		if ((t->text[i] == '$' || t->text[i] == '#') && (t->engines & JINJA_VELOCITY) && jinja_velocity_at(t, i))
			return FOUND_VELOCITY;
	}
	*where = t->len;
	return FOUND_END;
}

static size_t skip_blanks(const struct template *t, size_t at)
{
	struct value rest = jinja_of_text(t->text + at, t->len - at);

	return (size_t)(jinja_chars_strip(rest, jinja_none(), true, false).s - t->text);
}

/* Reads the sign behind "{%"; '-' takes the blanks before the tag away. */
static void begin_tag(struct template *t, size_t tag, struct node *data)
{
	t->at = tag + 2;
	if (t->at < t->len && (t->text[t->at] == '-' || t->text[t->at] == '+')) {
		if (t->text[t->at] == '-' && data)
			data->value = jinja_chars_strip(data->value, jinja_none(), false, true);
		t->at++;
	}
}

/* Reads "word" and the end of the tag that begins at at; where it goes on, 0 when something else stands here. */
static size_t fixed_tag(const struct template *t, size_t at, const char *word, bool plus, char *before)
{
	if (!at_text(t, at, "{%"))
		return 0;
	at += 2;
	*before = 0;
	if (at < t->len && (t->text[at] == '-' || t->text[at] == '+'))
		*before = t->text[at++];
	at = skip_blanks(t, at);
	if (!at_text(t, at, word))
		return 0;
	at = skip_blanks(t, at + strlen(word));
	if (at_text(t, at, "-%}"))
		return skip_blanks(t, at + 3);
	if (plus && at_text(t, at, "+%}"))
		return at + 3;
	return at_text(t, at, "%}") ? at + 2 : 0;
}

static struct node *data_node(struct template *t, size_t from, size_t to)
{
	struct node *n = jinja_node_new(t, S_DATA, (uint32_t)from);

	n->value = jinja_of_text(t->text + from, to - from);
	return n;
}

/* {% raw %}: NULL when none begins at the tag. */
static struct node *parse_raw(struct template *t, size_t tag, struct node *data)
{
	char before, end_before;
	size_t from = fixed_tag(t, tag, "raw", false, &before), i, after;
	struct node *n;

	if (!from)
		return NULL;
	for (i = from; i < t->len; i++) {
		after = fixed_tag(t, i, "endraw", true, &end_before);
		if (!after)
			continue;
		if (before == '-' && data)
			data->value = jinja_chars_strip(data->value, jinja_none(), false, true);
		n = data_node(t, from, i);
		if (end_before == '-')
			n->value = jinja_chars_strip(n->value, jinja_none(), false, true);
		t->at = after;
		return n;
	}
	jinja_fail_at(t, (uint32_t)tag, "raw without its endraw");
}

static void parse_comment(struct template *t, size_t tag, struct node *data)
{
	const char *end;

	t->at = tag + 2;
	/* A sign that is part of the end, as in {#-#}, takes no blanks away in front. */
	if (t->at < t->len && (t->text[t->at] == '-' || t->text[t->at] == '+'))
		begin_tag(t, tag, data);
	end = memmem(t->text + t->at, t->len - t->at, "#}", 2);
	if (!end)
		jinja_fail_at(t, (uint32_t)tag, "a comment without its end");
	t->at = (size_t)(end - t->text) + 2;
	if (end > t->text + tag + 2 && end[-1] == '-')
		t->at = skip_blanks(t, t->at);
}

static struct node *parse_print(struct template *t, size_t tag)
{
	struct node *n = jinja_node_new(t, S_PRINT, (uint32_t)tag);

	jinja_lex_start(t, MODE_VARIABLE);
	n->a = jinja_parse_tuple(t, true);
	if (t->token.type != T_END)
		jinja_lex_unexpected(t, "the end of the tag");
	return n;
}

static void end_tag(struct template *t)
{
	if (t->token.type != T_END)
		jinja_lex_unexpected(t, "the end of the tag");
}

static void end_head(struct template *t)
{
	jinja_lex_take_op(t, O_COLON);
	end_tag(t);
}

static _Noreturn void unended(struct template *t, const struct node *n, const char *what)
{
	jinja_fail_at(t, n->at, "%s without its end", what);
}

static struct node *parse_if(struct template *t, struct node *n)
{
	static const char *const until[] = { "elif", "else", "endif", NULL }, *const last[] = { "endif", NULL };
	const char *word;

	n->type = S_IF;
	n->a = jinja_parse_tuple(t, false);
	end_head(t);
	n->b = jinja_parse_body(t, until, &word);
	if (!word)
		unended(t, n, "if");
	if (!strcmp(word, "elif")) {
		struct node *more = jinja_node_new(t, S_IF, t->token.at);

		jinja_lex_next(t);
		jinja_deeper(t);
		n->c = parse_if(t, more);
		t->depth--;
		return n;
	}
	jinja_lex_next(t);
	if (!strcmp(word, "else")) {
		end_head(t);
		n->c = jinja_parse_body(t, last, &word);
		if (!word)
			unended(t, n, "if");
		jinja_lex_next(t);
	}
	end_tag(t);
	return n;
}

static struct node *parse_for(struct template *t, struct node *n)
{
	static const char *const until[] = { "else", "endfor", NULL }, *const last[] = { "endfor", NULL };
	const char *word;

	n->type = S_FOR;
	n->a = jinja_parse_target(t, false);
	if (n->a->type == N_NAME && n->a->value.n == 4 && !memcmp(n->a->value.s, "loop", 4))
		jinja_fail_at(t, n->a->at, "loop is the loop itself: it cannot be given another value");
	if (!jinja_lex_take_name(t, "in"))
		jinja_lex_unexpected(t, "'in'");
	n->b = jinja_parse_tuple(t, false);
	if (jinja_lex_take_name(t, "if"))
		n->b->next = jinja_parse_expression(t);
	end_head(t);
	n->list = jinja_parse_body(t, until, &word);
	if (!word)
		unended(t, n, "for");
	jinja_lex_next(t);
	if (!strcmp(word, "else")) {
		end_head(t);
		n->c = jinja_parse_body(t, last, &word);
		if (!word)
			unended(t, n, "for");
		jinja_lex_next(t);
	}
	end_tag(t);
	return n;
}

static struct node *parse_set(struct template *t, struct node *n)
{
	static const char *const until[] = { "endset", NULL };
	const char *word;

	n->type = S_SET;
	n->a = jinja_parse_target(t, true);
	if (jinja_lex_take_op(t, O_ASSIGN)) {
		n->b = jinja_parse_tuple(t, true);
		end_tag(t);
		return n;
	}
	n->type = S_CAPTURE;
	end_head(t);
	n->list = jinja_parse_body(t, until, &word);
	if (!word)
		unended(t, n, "set");
	jinja_lex_next(t);
	end_tag(t);
	return n;
}

/* A statement; *word is the one of until that stands here instead. */
static struct node *parse_statement(struct template *t, size_t tag, const char *const *until, const char **word)
{
	struct node *n = jinja_node_new(t, S_IF, (uint32_t)tag);

	jinja_lex_start(t, MODE_BLOCK);
	if (t->token.type != T_NAME)
		jinja_lex_unexpected(t, "the name of a statement");
	for (; until && *until; until++)
		if (jinja_lex_is_name(t, *until)) {
			*word = *until;
			return NULL;
		}
	if (jinja_lex_take_name(t, "if"))
		return parse_if(t, n);
	if (jinja_lex_take_name(t, "for"))
		return parse_for(t, n);
	if (jinja_lex_take_name(t, "set"))
		return parse_set(t, n);
	jinja_fail_at(t, t->token.at, "%.*s is no statement that is known here", (int)(t->token.value.n < 40 ? t->token.value.n : 40),
		t->token.value.s);
}

static struct node *parse_velocity(struct template *t, size_t at, const char *const *until, const char **word)
{
	static const char *const words[] = { [VELOCITY_ELSEIF] = "#elseif", [VELOCITY_ELSE] = "#else", [VELOCITY_END] = "#end",
		[VELOCITY_FOREACH] = NULL };
	enum velocity what = jinja_velocity_at(t, at);

	t->at = at;
	if (what == VELOCITY_REFERENCE)
		return jinja_velocity_reference(t);
	if (what == VELOCITY_IF)
		return jinja_velocity_if(t);
	if (what == VELOCITY_FOREACH)
		return jinja_velocity_foreach(t);
	for (; until && *until; until++)
		if (!strcmp(*until, words[what])) {
			*word = *until;
			return NULL;
		}
	t->at = at + 1;	/* outside of any #if: text */
	return data_node(t, at, at + 1);
}

struct node *jinja_parse_body(struct template *t, const char *const *until, const char **ended)
{
	struct node *first = NULL, **tail = &first, *data, *n;
	enum found found;
	size_t from, where;

	jinja_deeper(t);
	*ended = NULL;
	for (;;) {
		from = t->at;
		found = find_tag(t, &where);
		data = data_node(t, from, where);
		*tail = data;
		tail = &data->next;
		t->here = (uint32_t)where;
		if (found == FOUND_END) {
			t->at = t->len;
			break;
		}
		if (found == FOUND_COMMENT) {
			parse_comment(t, where, data);
			continue;
		}
		n = NULL;
		if (found == FOUND_VELOCITY) {
			n = parse_velocity(t, where, until, ended);
		} else if (found == FOUND_TAG && (n = parse_raw(t, where, data))) {
			;
		} else {
			begin_tag(t, where, data);
			n = found == FOUND_PRINT ? parse_print(t, where) : parse_statement(t, where, until, ended);
		}
		if (!n)
			break;
		*tail = n;
		tail = &n->next;
	}
	t->depth--;
	return first;
}

struct node *jinja_parse_template(struct template *t)
{
	const char *word;

	t->at = 0;
	return jinja_parse_body(t, NULL, &word);
}

#include <string.h>

#include "jinja/jinja_int.h"

struct node *jinja_node_new(struct template *t, enum node_type type, uint32_t at)
{
	struct node *n = jinja_take(t, sizeof *n);

	n->type = type;
	n->at = at;
	return n;
}

static struct node *two(struct template *t, enum node_type type, enum operator op, struct node *a, struct node *b)
{
	struct node *n = jinja_node_new(t, type, a->at);

	n->op = op;
	n->a = a;
	n->b = b;
	return n;
}

static struct node *constant(struct template *t, struct value v)
{
	struct node *n = jinja_node_new(t, N_CONST, t->token.at);

	n->value = v;
	return n;
}

/* Appends to a list of nodes whose last link is *tail. */
static void add(struct node ***tail, struct node *n)
{
	**tail = n;
	*tail = &n->next;
}

static struct node *parse_name(struct template *t)
{
	static const struct { const char *name; int kind, truth; } fixed[] = { { "true", V_BOOL, 1 }, { "True", V_BOOL, 1 },
		{ "false", V_BOOL, 0 }, { "False", V_BOOL, 0 }, { "none", V_NONE, 0 }, { "None", V_NONE, 0 } };
	struct node *n;

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (jinja_lex_is_name(t, fixed[i].name)) {
			n = constant(t, fixed[i].kind == V_BOOL ? jinja_of_bool(fixed[i].truth) : jinja_none());
			jinja_lex_next(t);
			return n;
		}
	n = jinja_node_new(t, N_NAME, t->token.at);
	n->value = t->token.value;
	jinja_lex_next(t);
	return n;
}

static struct node *parse_string(struct template *t)
{
	struct node *n = constant(t, t->token.value);
	struct buffer b = { NULL, 0, 0 };

	jinja_lex_next(t);
	if (t->token.type != T_STRING)
		return n;
	jinja_put(t, &b, n->value.s, n->value.n);
	for (; t->token.type == T_STRING; jinja_lex_next(t))
		jinja_put(t, &b, t->token.value.s, t->token.value.n);
	n->value = jinja_buffer_string(&b);
	return n;
}

static struct node *parse_list(struct template *t)
{
	struct node *n = jinja_node_new(t, N_LIST, t->token.at), **tail = &n->list;

	jinja_lex_next(t);
	while (!jinja_lex_is_op(t, O_LIST_CLOSE)) {
		if (n->list)
			jinja_lex_expect(t, O_COMMA, "','");
		if (jinja_lex_is_op(t, O_LIST_CLOSE))
			break;
		add(&tail, jinja_parse_expression(t));
	}
	jinja_lex_next(t);
	return n;
}

static struct node *parse_dict(struct template *t)
{
	struct node *n = jinja_node_new(t, N_DICT, t->token.at), **tail = &n->list, *key;

	jinja_lex_next(t);
	while (!jinja_lex_is_op(t, O_DICT_CLOSE)) {
		if (n->list)
			jinja_lex_expect(t, O_COMMA, "','");
		if (jinja_lex_is_op(t, O_DICT_CLOSE))
			break;
		key = jinja_parse_expression(t);
		jinja_lex_expect(t, O_COLON, "':'");
		add(&tail, two(t, N_KEYWORD, O_NONE, key, jinja_parse_expression(t)));
	}
	jinja_lex_next(t);
	return n;
}

static struct node *parse_parentheses(struct template *t)
{
	struct node *n;

	jinja_lex_next(t);
	if (jinja_lex_is_op(t, O_CLOSE)) {
		n = jinja_node_new(t, N_TUPLE, t->token.at);
		jinja_lex_next(t);
		return n;
	}
	n = jinja_parse_tuple(t, true);
	jinja_lex_expect(t, O_CLOSE, "')'");
	return n;
}

/* $name, $!name, ${name}: soft, a member of nothing is nothing */
static struct node *parse_dollar(struct template *t)
{
	struct node *n;
	bool braces;

	jinja_lex_next(t);
	jinja_lex_take_op(t, O_BANG);
	braces = jinja_lex_take_op(t, O_DICT_OPEN);
	if (t->token.type != T_NAME)
		jinja_lex_unexpected(t, "the name of a variable");
	n = jinja_node_new(t, N_NAME, t->token.at);
	n->value = t->token.value;
	jinja_lex_next(t);
	while (jinja_lex_take_op(t, O_DOT)) {
		if (t->token.type != T_NAME)
			jinja_lex_unexpected(t, "a name");
		n = two(t, N_ATTR, O_DOLLAR, n, NULL);
		n->value = t->token.value;
		jinja_lex_next(t);
	}
	if (braces)
		jinja_lex_expect(t, O_DICT_CLOSE, "'}'");
	return n;
}

static struct node *parse_primary(struct template *t)
{
	struct node *n;

	if (t->mode == MODE_VELOCITY && jinja_lex_is_op(t, O_DOLLAR))
		return parse_dollar(t);
	switch (t->token.type) {
	case T_NAME:
		return parse_name(t);
	case T_STRING:
		return parse_string(t);
	case T_INT:
	case T_FLOAT:
		n = constant(t, t->token.value);
		jinja_lex_next(t);
		return n;
	default:
		if (jinja_lex_is_op(t, O_OPEN))
			return parse_parentheses(t);
		if (jinja_lex_is_op(t, O_LIST_OPEN))
			return parse_list(t);
		if (jinja_lex_is_op(t, O_DICT_OPEN))
			return parse_dict(t);
		jinja_lex_unexpected(t, "an expression");
	}
}

/* What stands between [ and ]. */
static struct node *parse_item(struct template *t, struct node *of)
{
	struct node *n = two(t, N_ITEM, O_NONE, of, NULL), *parts[3] = { NULL, NULL, NULL };
	int i = 0;

	if (!jinja_lex_is_op(t, O_COLON))
		n->b = jinja_parse_expression(t);
	if (jinja_lex_is_op(t, O_COLON)) {
		n->type = N_SLICE;
		parts[0] = n->b;
		while (i < 2 && jinja_lex_take_op(t, O_COLON)) {
			i++;
			if (!jinja_lex_is_op(t, O_COLON) && !jinja_lex_is_op(t, O_LIST_CLOSE))
				parts[i] = jinja_parse_expression(t);
		}
		n->b = parts[0];
		n->c = parts[1];
		n->list = parts[2];
	}
	jinja_lex_expect(t, O_LIST_CLOSE, "']'");
	return n;
}

static struct node *parse_member(struct template *t, struct node *of)
{
	struct node *n = two(t, N_ATTR, O_NONE, of, NULL);

	if (t->token.type == T_NAME) {
		n->value = t->token.value;
	} else if (t->token.type == T_INT) {
		n->type = N_ITEM;
		n->b = constant(t, t->token.value);
	} else {
		jinja_lex_unexpected(t, "a name or a number");
	}
	jinja_lex_next(t);
	return n;
}

/* The arguments of a call, as the list of n. */
static void parse_arguments(struct template *t, struct node *n)
{
	struct node **tail = &n->list, *keyword;
	bool named = false;
	unsigned count = 0;

	while (!jinja_lex_is_op(t, O_CLOSE)) {
		if (n->list)
			jinja_lex_expect(t, O_COMMA, "','");
		if (n->list && jinja_lex_is_op(t, O_CLOSE))
			break;
		if (++count > ARGS_MAX)
			jinja_fail_at(t, t->token.at, "more than %d arguments", ARGS_MAX);
		if (t->token.type == T_NAME && jinja_lex_followed_by(t, O_ASSIGN)) {
			keyword = jinja_node_new(t, N_KEYWORD, t->token.at);
			keyword->value = t->token.value;
			jinja_lex_next(t);
			jinja_lex_next(t);
			keyword->b = jinja_parse_expression(t);
			add(&tail, keyword);
			named = true;
		} else if (named || jinja_lex_is_op(t, O_MUL) || jinja_lex_is_op(t, O_POW)) {
			jinja_fail_at(t, t->token.at, "an argument that cannot stand here");
		} else {
			add(&tail, jinja_parse_expression(t));
		}
	}
	jinja_lex_next(t);
}

static struct node *parse_call(struct template *t, struct node *callee)
{
	struct node *n = two(t, N_CALL, O_NONE, callee, NULL);

	jinja_lex_next(t);
	parse_arguments(t, n);
	return n;
}

static struct node *parse_postfix(struct template *t, struct node *n)
{
	for (;;) {
		if (jinja_lex_take_op(t, O_DOT))
			n = parse_member(t, n);
		else if (jinja_lex_take_op(t, O_LIST_OPEN))
			n = parse_item(t, n);
		else if (jinja_lex_is_op(t, O_OPEN))
			n = parse_call(t, n);
		else
			return n;
	}
}

static struct node *parse_filter(struct template *t, struct node *of)
{
	struct node *n = jinja_node_new(t, N_FILTER, t->token.at);

	if (t->token.type != T_NAME)
		jinja_lex_unexpected(t, "the name of a filter");
	n->a = of;
	n->value = t->token.value;
	jinja_lex_next(t);
	if (jinja_lex_take_op(t, O_OPEN))
		parse_arguments(t, n);
	return n;
}

static struct node *parse_test(struct template *t, struct node *of)
{
	bool negated = jinja_lex_take_name(t, "not");
	struct node *n = jinja_node_new(t, N_TEST, t->token.at);
	bool argument;

	if (t->token.type != T_NAME)
		jinja_lex_unexpected(t, "the name of a test");
	n->a = of;
	n->value = t->token.value;
	jinja_lex_next(t);
	argument = t->token.type == T_NAME || t->token.type == T_STRING || t->token.type == T_INT || t->token.type == T_FLOAT ||
		jinja_lex_is_op(t, O_LIST_OPEN) || jinja_lex_is_op(t, O_DICT_OPEN);
	if (jinja_lex_take_op(t, O_OPEN)) {
		parse_arguments(t, n);
	} else if (jinja_lex_is_name(t, "is")) {
		jinja_fail_at(t, t->token.at, "a test of a test");
	} else if (argument && !jinja_lex_is_name(t, "else") && !jinja_lex_is_name(t, "or") && !jinja_lex_is_name(t, "and")) {
		n->list = parse_postfix(t, parse_primary(t));
	}
	return negated ? two(t, N_NOT, O_NONE, n, NULL) : n;
}

static struct node *parse_filters(struct template *t, struct node *n)
{
	for (;;) {
		if (jinja_lex_take_op(t, O_PIPE))
			n = parse_filter(t, n);
		else if (jinja_lex_take_name(t, "is"))
			n = parse_test(t, n);
		else if (jinja_lex_is_op(t, O_OPEN))
			n = parse_call(t, n);
		else
			return n;
	}
}

static struct node *parse_unary(struct template *t, bool filters)
{
	struct node *n;
	uint32_t at = t->token.at;

	jinja_deeper(t);
	if (jinja_lex_take_op(t, O_SUB) || (t->mode == MODE_VELOCITY && jinja_lex_is_op(t, O_BANG))) {
		enum node_type type = jinja_lex_take_op(t, O_BANG) ? N_NOT : N_NEG;

		n = jinja_node_new(t, type, at);
		n->a = parse_unary(t, false);
	} else if (jinja_lex_take_op(t, O_ADD)) {
		n = jinja_node_new(t, N_POS, at);
		n->a = parse_unary(t, false);
	} else {
		n = parse_primary(t);
	}
	n = parse_postfix(t, n);
	if (filters)
		n = parse_filters(t, n);
	t->depth--;
	return n;
}

static struct node *parse_power(struct template *t)
{
	struct node *n = parse_unary(t, true);

	while (jinja_lex_take_op(t, O_POW))
		n = two(t, N_BINARY, O_POW, n, parse_unary(t, true));
	return n;
}

static struct node *parse_product(struct template *t)
{
	struct node *n = parse_power(t);
	enum operator op;

	while (jinja_lex_is_op(t, O_MUL) || jinja_lex_is_op(t, O_DIV) || jinja_lex_is_op(t, O_FLOORDIV) || jinja_lex_is_op(t, O_MOD)) {
		op = t->token.op;
		jinja_lex_next(t);
		n = two(t, N_BINARY, op, n, parse_power(t));
	}
	return n;
}

static struct node *parse_concat(struct template *t)
{
	struct node *first = parse_product(t), *n, **tail;

	if (!jinja_lex_is_op(t, O_TILDE))
		return first;
	n = jinja_node_new(t, N_CONCAT, first->at);
	tail = &n->list;
	add(&tail, first);
	while (jinja_lex_take_op(t, O_TILDE))
		add(&tail, parse_product(t));
	return n;
}

static struct node *parse_sum(struct template *t)
{
	struct node *n = parse_concat(t);
	enum operator op;

	while (jinja_lex_is_op(t, O_ADD) || jinja_lex_is_op(t, O_SUB)) {
		op = t->token.op;
		jinja_lex_next(t);
		n = two(t, N_BINARY, op, n, parse_concat(t));
	}
	return n;
}

/* The comparison that stands here, O_NONE when there is none. */
static enum operator comparison(struct template *t)
{
	static const struct { const char *name; enum operator op; } words[] = { { "eq", O_EQ }, { "ne", O_NE }, { "lt", O_LT },
		{ "le", O_LE }, { "gt", O_GT }, { "ge", O_GE } };
	enum operator op = O_NONE;
	struct token token = t->token;
	size_t at = t->at;

	if (t->token.type == T_OPERATOR && t->token.op >= O_EQ && t->token.op <= O_GE)
		op = t->token.op;
	else if (jinja_lex_is_name(t, "in"))
		op = O_IN;
	for (size_t i = 0; t->mode == MODE_VELOCITY && i < sizeof words / sizeof *words; i++)
		if (jinja_lex_is_name(t, words[i].name))
			op = words[i].op;
	if (op) {
		jinja_lex_next(t);
		return op;
	}
	if (!jinja_lex_take_name(t, "not"))
		return O_NONE;
	if (jinja_lex_take_name(t, "in"))
		return O_NOT_IN;
	t->token = token;
	t->at = at;
	return O_NONE;
}

static struct node *parse_compare(struct template *t)
{
	struct node *first = parse_sum(t), *n = NULL, **tail = NULL, *part;
	enum operator op;

	while ((op = comparison(t))) {
		if (!n) {
			n = jinja_node_new(t, N_COMPARE, first->at);
			n->a = first;
			tail = &n->list;
		}
		part = jinja_node_new(t, N_KEYWORD, t->token.at);
		part->op = op;
		part->b = parse_sum(t);
		add(&tail, part);
	}
	return n ? n : first;
}

static struct node *parse_not(struct template *t)
{
	uint32_t at = t->token.at;
	struct node *n;

	if (!jinja_lex_take_name(t, "not"))
		return parse_compare(t);
	jinja_deeper(t);
	n = jinja_node_new(t, N_NOT, at);
	n->a = parse_not(t);
	t->depth--;
	return n;
}

static struct node *parse_and(struct template *t)
{
	struct node *n = parse_not(t);

	while (jinja_lex_take_name(t, "and") || (t->mode == MODE_VELOCITY && jinja_lex_take_op(t, O_BOTH)))
		n = two(t, N_AND, O_NONE, n, parse_not(t));
	return n;
}

static struct node *parse_or(struct template *t)
{
	struct node *n = parse_and(t);

	while (jinja_lex_take_name(t, "or") || (t->mode == MODE_VELOCITY && jinja_lex_take_op(t, O_EITHER)))
		n = two(t, N_OR, O_NONE, n, parse_and(t));
	return n;
}

struct node *jinja_parse_expression(struct template *t)
{
	struct node *n, *choice;

	jinja_deeper(t);
	n = parse_or(t);
	while (jinja_lex_take_name(t, "if")) {
		choice = jinja_node_new(t, N_CHOICE, n->at);
		choice->b = n;
		choice->a = parse_or(t);
		if (jinja_lex_take_name(t, "else"))
			choice->c = jinja_parse_expression(t);
		n = choice;
	}
	t->depth--;
	return n;
}

static bool tuple_ends(struct template *t)
{
	return t->token.type == T_END || jinja_lex_is_op(t, O_CLOSE);
}

struct node *jinja_parse_tuple(struct template *t, bool choice)
{
	struct node *n = jinja_node_new(t, N_TUPLE, t->token.at), **tail = &n->list;

	do {
		if (n->list && tuple_ends(t))
			return n;
		add(&tail, choice ? jinja_parse_expression(t) : parse_or(t));
		if (!jinja_lex_is_op(t, O_COMMA))
			return n->list->next ? n : n->list;
	} while (jinja_lex_take_op(t, O_COMMA));
	return n;
}

static struct node *target_name(struct template *t)
{
	struct node *n;

	if (t->token.type != T_NAME && !jinja_lex_is_op(t, O_OPEN))
		jinja_lex_unexpected(t, "the name of a variable");
	if (jinja_lex_take_op(t, O_OPEN)) {
		jinja_deeper(t);
		n = jinja_parse_target(t, false);
		t->depth--;
		jinja_lex_expect(t, O_CLOSE, "')'");
		return n;
	}
	n = parse_name(t);
	if (n->type != N_NAME)
		jinja_fail_at(t, n->at, "this name cannot be given a value");
	return n;
}

struct node *jinja_parse_target(struct template *t, bool attribute)
{
	struct node *n = jinja_node_new(t, N_TUPLE, t->token.at), **tail = &n->list, *first;

	if (attribute && t->token.type == T_NAME && jinja_lex_followed_by(t, O_DOT)) {
		first = parse_name(t);
		jinja_lex_next(t);
		return parse_member(t, first);
	}
	do {
		if (n->list && (tuple_ends(t) || jinja_lex_is_name(t, "in") || jinja_lex_is_op(t, O_ASSIGN)))
			return n;
		add(&tail, target_name(t));
		if (!jinja_lex_is_op(t, O_COMMA))
			return n->list->next ? n : n->list;
	} while (jinja_lex_take_op(t, O_COMMA));
	return n;
}

/* jinja: what its files share. */
#ifndef CAM_JINJA_INT_H
#define CAM_JINJA_INT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "jinja/jinja.h"

/* Expressions and blocks inside each other: they are walked recursively. */
#define DEPTH_MAX 100
/* Arguments of one call, and names of one signature. */
#define ARGS_MAX 16

/* ---- values ---- */

enum kind {
	V_UNDEFINED = 0, V_NONE, V_BOOL, V_INT, V_FLOAT, V_STRING, V_LIST, V_DICT, V_NAMESPACE, V_METHOD, V_LOOP,
	V_ABSENT	/* an argument that was not given */
};

enum list_form {
	L_LIST = 0, L_TUPLE,
	L_BINDING,	/* of the context: members are asked of the first element */
	L_RANGE,	/* has a length, but is no list */
	L_LAZY		/* can only be gone through */
};

struct value {
	enum kind kind;
	enum list_form form;
	union {
		int64_t i;		/* V_BOOL too */
		double f;
		struct { const char *s; size_t n; };	/* V_STRING; V_UNDEFINED: its name */
		struct list *list;
		struct dict *dict;	/* V_NAMESPACE too */
		struct method *method;
		struct loop *loop;
	};
};

struct list { size_t n, room; struct value *at; };
struct pair { struct value key, value; };
struct dict { size_t n, room; struct pair *at; };
struct loop { struct value items; size_t index; unsigned depth; };

struct template;

/* Arguments as they stand in the call. */
struct args {
	size_t n, named;
	struct value at[ARGS_MAX];
	struct { const char *s; size_t n; struct value value; } name[ARGS_MAX];
};

/* A function of filters, tests, methods and globals: v has a value for each name of its signature. */
typedef struct value function_fn(struct template *t, struct value self, const struct value *v);
struct function {
	const char *name;
	const char *signature;	/* "old new ?count": what follows the mark may be left out */
	function_fn *call;
};
struct method { struct value self; const struct function *function; };

/* ---- nodes ---- */

enum node_type {
	N_CONST, N_NAME, N_LIST, N_TUPLE, N_DICT, N_ATTR, N_ITEM, N_SLICE, N_CALL, N_FILTER, N_TEST, N_NOT, N_NEG, N_POS,
	N_BINARY, N_CONCAT, N_AND, N_OR, N_COMPARE, N_CHOICE, N_KEYWORD,
	S_DATA, S_PRINT, S_REFERENCE, S_IF, S_FOR, S_SET, S_CAPTURE
};

enum operator {
	O_NONE = 0, O_ADD, O_SUB, O_MUL, O_DIV, O_FLOORDIV, O_MOD, O_POW, O_TILDE, O_EQ, O_NE, O_LT, O_LE, O_GT, O_GE, O_IN,
	O_NOT_IN, O_ASSIGN, O_DOT, O_COLON, O_PIPE, O_COMMA, O_OPEN, O_CLOSE, O_LIST_OPEN, O_LIST_CLOSE, O_DICT_OPEN,
	O_DICT_CLOSE, O_BANG, O_BOTH, O_EITHER, O_DOLLAR
};

struct node {
	enum node_type type;
	enum operator op;
	uint32_t at;		/* where it stands in the text */
	struct value value;	/* constants, data, names as strings */
	struct node *a, *b, *c;
	struct node *list;	/* parts: linked by next */
	struct node *next;
};

/* ---- one rendering ---- */

struct scope {
	struct scope *outer;
	struct dict vars;
};

struct buffer { char *s; size_t n, room; };

struct template {
	/* text */
	const char *text;
	size_t len;
	unsigned engines;
	/* reading; tokens are in lex.c */
	size_t at;
	struct token { int type; enum operator op; uint32_t at; struct value value; } token;
	int mode;
	char balance[DEPTH_MAX];
	unsigned balanced, depth;
	/* memory */
	struct chunk *chunks;
	size_t used;
	/* work */
	struct jinja_limits limits;
	uint64_t steps;
	struct value context;
	struct scope *scope;
	struct loop *loop;
	struct buffer *out;
	uint32_t here;		/* what is being evaluated */
	jmp_buf end;
	struct jinja_error *error;
};

/* jinja.c: memory of one rendering, its bounds, its end */
void *jinja_take(struct template *t, size_t size);
void jinja_spend(struct template *t, uint64_t steps);
_Noreturn void jinja_fail(struct template *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void jinja_fail_at(struct template *t, uint32_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void jinja_deeper(struct template *t);

/* buffer.c */
void jinja_put(struct template *t, struct buffer *b, const char *s, size_t n);
void jinja_put_text(struct template *t, struct buffer *b, const char *s);
/* str() and repr() of Python */
void jinja_put_value(struct template *t, struct buffer *b, struct value v);
void jinja_put_repr(struct template *t, struct buffer *b, struct value v);
struct value jinja_buffer_string(const struct buffer *b);

/* lex.c */
enum { T_END, T_NAME, T_STRING, T_INT, T_FLOAT, T_OPERATOR };
enum { MODE_VARIABLE, MODE_BLOCK, MODE_VELOCITY };
void jinja_lex_start(struct template *t, int mode);
void jinja_lex_next(struct template *t);
bool jinja_lex_is_op(const struct template *t, enum operator op);
bool jinja_lex_is_name(const struct template *t, const char *name);
bool jinja_lex_take_op(struct template *t, enum operator op);
bool jinja_lex_take_name(struct template *t, const char *name);
void jinja_lex_expect(struct template *t, enum operator op, const char *what);
/* Is the token after this one the operator? */
bool jinja_lex_followed_by(struct template *t, enum operator op);
_Noreturn void jinja_lex_unexpected(struct template *t, const char *wanted);

/* parse.c, expression.c, velocity.c */
struct node *jinja_parse_template(struct template *t);
struct node *jinja_node_new(struct template *t, enum node_type type, uint32_t at);
struct node *jinja_parse_expression(struct template *t);
/* A list of expressions is a tuple; choice: "a if b else c" may stand in it. */
struct node *jinja_parse_tuple(struct template *t, bool choice);
struct node *jinja_parse_target(struct template *t, bool attribute);
/* Reads the statements up to one of the words (NULL-terminated), which it returns; the end of the text is
 * NULL. The word's tag is not read to its end. */
struct node *jinja_parse_body(struct template *t, const char *const *until, const char **ended);
enum velocity { VELOCITY_NONE = 0, VELOCITY_REFERENCE, VELOCITY_IF, VELOCITY_ELSEIF, VELOCITY_ELSE, VELOCITY_END, VELOCITY_FOREACH };
/* What begins at this place of the text. */
enum velocity jinja_velocity_at(const struct template *t, size_t at);
struct node *jinja_velocity_reference(struct template *t);
struct node *jinja_velocity_if(struct template *t);
struct node *jinja_velocity_foreach(struct template *t);
/* Reads the directive #else or #end at this place. */
void jinja_velocity_skip(struct template *t);

/* eval.c, run.c, operators.c */
struct value jinja_eval(struct template *t, const struct node *n);
void jinja_run(struct template *t, const struct node *n);
struct value jinja_binary(struct template *t, enum operator op, struct value a, struct value b);
bool jinja_contains(struct template *t, struct value container, struct value item);
struct value jinja_item_of(struct template *t, struct value v, struct value key);
struct value jinja_attribute_of(struct template *t, struct value v, const char *name, size_t len);
struct value jinja_slice_of(struct template *t, struct value v, struct value start, struct value stop, struct value step);
/* "a.b.0" of an item, as filters name it */
struct value jinja_path_of(struct template *t, struct value v, struct value path);
void jinja_assign(struct template *t, const struct node *target, struct value v);

/* value.c */
struct value jinja_of_int(int64_t i);
struct value jinja_of_bool(bool b);
struct value jinja_of_float(double f);
struct value jinja_of_text(const char *s, size_t n);
struct value jinja_none(void);
struct value jinja_undefined(const char *name, size_t len);
struct value jinja_list_new(struct template *t, enum list_form form);
void jinja_list_add(struct template *t, struct value list, struct value v);
struct value jinja_dict_new(struct template *t);
struct value *jinja_dict_find(struct template *t, const struct dict *d, struct value key);
void jinja_dict_set(struct template *t, struct dict *d, struct value key, struct value v);
struct value jinja_of_json(struct template *t, yyjson_val *v);
bool jinja_is_number(struct value v);
double jinja_as_float(struct value v);
bool jinja_truth(struct value v);
/* Can it be a key? Lists and dictionaries cannot. */
bool jinja_hashable(struct value v);
bool jinja_same(struct template *t, struct value a, struct value b);
/* <0, 0, >0; fails for what has no order. */
int jinja_order(struct template *t, struct value a, struct value b, const char *op);
/* Items as a list: characters of a string, keys of a dict; fails for what cannot be gone through. */
struct value jinja_items_of(struct template *t, struct value v);
struct value jinja_text_of(struct template *t, struct value v);
const char *jinja_kind_name(struct value v);

/* number.c: as Python reads and writes them */
void jinja_put_float(struct template *t, struct buffer *b, double f);
bool jinja_read_int(const char *s, size_t n, int64_t *out);
bool jinja_read_float(const char *s, size_t n, double *out);

/* chars.c: UTF-8 text, a character at a time */
size_t jinja_char_len(const char *s, size_t left);
uint32_t jinja_char_code(const char *s, size_t n);
size_t jinja_char_count(const char *s, size_t n);
/* Byte of the character with this index. */
size_t jinja_char_byte(const char *s, size_t n, size_t index);
bool jinja_char_blank(uint32_t c);
void jinja_put_char(struct template *t, struct buffer *b, uint32_t c);
enum letter { LETTER_UPPER, LETTER_LOWER };
void jinja_put_case(struct template *t, struct buffer *b, const char *s, size_t n, enum letter to);
struct value jinja_chars_strip(struct value s, struct value set, bool left, bool right);
struct value jinja_chars_split(struct template *t, struct value s, struct value by, int64_t most);
struct value jinja_chars_lines(struct template *t, struct value s);
struct value jinja_chars_replace(struct template *t, struct value s, struct value old, struct value by, int64_t most);

/* call.c */
struct value jinja_call_function(struct template *t, const struct function *f, struct value self, const struct args *args);
const struct function *jinja_function_find(const struct function *table, const char *name, size_t len);
/* Filters and tests that are named by a value: of map, select and their like. */
struct value jinja_call_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args);
bool jinja_call_test(struct template *t, const char *name, size_t len, struct value self, const struct args *args);
extern const struct function jinja_filters_text[], jinja_filters_list[], jinja_tests[], jinja_methods_text[], jinja_methods_dict[], jinja_methods_list[],
	jinja_methods_loop[], jinja_globals[];
/* filter_each.c: map, select, reject and their like; false when the name is none of them. */
bool jinja_each_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args, struct value *out);

#endif

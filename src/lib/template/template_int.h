/* template: what its files share. */
#ifndef CAM_TEMPLATE_INT_H
#define CAM_TEMPLATE_INT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "template/template.h"

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
	struct template_limits limits;
	uint64_t steps;
	struct value context;
	struct scope *scope;
	struct loop *loop;
	struct buffer *out;
	uint32_t here;		/* what is being evaluated */
	jmp_buf end;
	struct template_error *error;
};

/* template.c: memory of one rendering, its bounds, its end */
void *take(struct template *t, size_t size);
void spend(struct template *t, uint64_t steps);
_Noreturn void fail(struct template *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fail_at(struct template *t, uint32_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void deeper(struct template *t);

/* buffer.c */
void put(struct template *t, struct buffer *b, const char *s, size_t n);
void put_text(struct template *t, struct buffer *b, const char *s);
/* str() and repr() of Python */
void put_value(struct template *t, struct buffer *b, struct value v);
void put_repr(struct template *t, struct buffer *b, struct value v);
struct value buffer_string(const struct buffer *b);

/* lex.c */
enum { T_END, T_NAME, T_STRING, T_INT, T_FLOAT, T_OPERATOR };
enum { MODE_VARIABLE, MODE_BLOCK, MODE_VELOCITY };
void lex_start(struct template *t, int mode);
void lex_next(struct template *t);
bool lex_is_op(const struct template *t, enum operator op);
bool lex_is_name(const struct template *t, const char *name);
bool lex_take_op(struct template *t, enum operator op);
bool lex_take_name(struct template *t, const char *name);
void lex_expect(struct template *t, enum operator op, const char *what);
/* Is the token after this one the operator? */
bool lex_followed_by(struct template *t, enum operator op);
_Noreturn void lex_unexpected(struct template *t, const char *wanted);

/* parse.c, expression.c, velocity.c */
struct node *parse_template(struct template *t);
struct node *node_new(struct template *t, enum node_type type, uint32_t at);
struct node *parse_expression(struct template *t);
/* A list of expressions is a tuple; choice: "a if b else c" may stand in it. */
struct node *parse_tuple(struct template *t, bool choice);
struct node *parse_target(struct template *t, bool attribute);
/* Reads the statements up to one of the words (NULL-terminated), which it returns; the end of the text is
 * NULL. The word's tag is not read to its end. */
struct node *parse_body(struct template *t, const char *const *until, const char **ended);
enum velocity { VELOCITY_NONE = 0, VELOCITY_REFERENCE, VELOCITY_IF, VELOCITY_ELSEIF, VELOCITY_ELSE, VELOCITY_END, VELOCITY_FOREACH };
/* What begins at this place of the text. */
enum velocity velocity_at(const struct template *t, size_t at);
struct node *velocity_reference(struct template *t);
struct node *velocity_if(struct template *t);
struct node *velocity_foreach(struct template *t);
/* Reads the directive #else or #end at this place. */
void velocity_skip(struct template *t);

/* eval.c, run.c, operators.c */
struct value eval(struct template *t, const struct node *n);
void run(struct template *t, const struct node *n);
struct value binary(struct template *t, enum operator op, struct value a, struct value b);
bool contains(struct template *t, struct value container, struct value item);
struct value item_of(struct template *t, struct value v, struct value key);
struct value attribute_of(struct template *t, struct value v, const char *name, size_t len);
struct value slice_of(struct template *t, struct value v, struct value start, struct value stop, struct value step);
/* "a.b.0" of an item, as filters name it */
struct value path_of(struct template *t, struct value v, struct value path);
void assign(struct template *t, const struct node *target, struct value v);

/* value.c */
struct value of_int(int64_t i);
struct value of_bool(bool b);
struct value of_float(double f);
struct value of_text(const char *s, size_t n);
struct value none(void);
struct value undefined(const char *name, size_t len);
struct value list_new(struct template *t, enum list_form form);
void list_add(struct template *t, struct value list, struct value v);
struct value dict_new(struct template *t);
struct value *dict_find(struct template *t, const struct dict *d, struct value key);
void dict_set(struct template *t, struct dict *d, struct value key, struct value v);
struct value of_json(struct template *t, yyjson_val *v);
bool is_number(struct value v);
double as_float(struct value v);
bool truth(struct value v);
/* Can it be a key? Lists and dictionaries cannot. */
bool hashable(struct value v);
bool same(struct template *t, struct value a, struct value b);
/* <0, 0, >0; fails for what has no order. */
int order(struct template *t, struct value a, struct value b, const char *op);
/* Items as a list: characters of a string, keys of a dict; fails for what cannot be gone through. */
struct value items_of(struct template *t, struct value v);
struct value text_of(struct template *t, struct value v);
const char *kind_name(struct value v);

/* number.c: as Python reads and writes them */
void put_float(struct template *t, struct buffer *b, double f);
bool read_int(const char *s, size_t n, int64_t *out);
bool read_float(const char *s, size_t n, double *out);

/* chars.c: UTF-8 text, a character at a time */
size_t char_len(const char *s, size_t left);
uint32_t char_code(const char *s, size_t n);
size_t char_count(const char *s, size_t n);
/* Byte of the character with this index. */
size_t char_byte(const char *s, size_t n, size_t index);
bool char_blank(uint32_t c);
void put_char(struct template *t, struct buffer *b, uint32_t c);
enum letter { LETTER_UPPER, LETTER_LOWER };
void put_case(struct template *t, struct buffer *b, const char *s, size_t n, enum letter to);
struct value chars_strip(struct value s, struct value set, bool left, bool right);
struct value chars_split(struct template *t, struct value s, struct value by, int64_t most);
struct value chars_lines(struct template *t, struct value s);
struct value chars_replace(struct template *t, struct value s, struct value old, struct value by, int64_t most);

/* call.c */
struct value call_function(struct template *t, const struct function *f, struct value self, const struct args *args);
const struct function *function_find(const struct function *table, const char *name, size_t len);
/* Filters and tests that are named by a value: of map, select and their like. */
struct value call_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args);
bool call_test(struct template *t, const char *name, size_t len, struct value self, const struct args *args);
extern const struct function filters_text[], filters_list[], tests[], methods_text[], methods_dict[], methods_list[],
	methods_loop[], globals[];
/* filter_each.c: map, select, reject and their like; false when the name is none of them. */
bool each_filter(struct template *t, const char *name, size_t len, struct value self, const struct args *args, struct value *out);

#endif

/*
 * jinja: the text of scripts and files with their variables put in.
 *
 * A subset of Jinja2 and the few forms of Velocity that scripts use, in one pass over one text: what a variable holds is
 * never read as template.  The grammar is in docs/templates.md.  No input or output, no clock, no global state; the work
 * is bounded in steps, memory and length of the result, and a text that asks for more fails like any other mistake.
 */
#ifndef CAM_JINJA_H
#define CAM_JINJA_H

#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

/* Which forms are read; both may be. */
#define JINJA_JINJA2 1u
#define JINJA_VELOCITY 2u

/* Bytes of the sentence about what is wrong. */
#define JINJA_MESSAGE 160

struct jinja_limits {
	size_t memory;		/* bytes, for everything but the result */
	size_t output;		/* bytes of the result */
	uint64_t steps;		/* nodes evaluated, items visited, characters compared */
};

/* 64 MiB, 8 MiB, 20 million: some seconds on a slow machine. */
extern const struct jinja_limits jinja_usual;

struct jinja_error {
	unsigned line, column;	/* from 1; a column counts characters */
	char text[JINJA_MESSAGE];
};

/* Renders text (len bytes, UTF-8) with the members of context (an object, NULL = none) as variables.  Arrays of
 * context are bindings: a member asked of one is asked of its first element.  Returns 0 with the result in *out (malloc, a 0
 * behind it) and its length, or -1 with error filled in. */
int jinja_render(const char *text, size_t len, yyjson_val *context, unsigned engines,
	const struct jinja_limits *limits, char **out, size_t *out_len, struct jinja_error *error);

#endif

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/jinja_int.h"

#define CHUNK (16u << 10)

const struct jinja_limits jinja_usual = { 64u << 20, 8u << 20, 20000000 };

struct chunk {
	struct chunk *next;
	size_t used, room;
	_Alignas(16) char bytes[];
};

void jinja_fail_at(struct template *t, uint32_t at, const char *fmt, ...)
{
	va_list ap;
	size_t line = 0, i;

	t->error->line = 1;
	for (i = 0; i < at && i < t->len; i++)
		if (t->text[i] == '\n') {
			t->error->line++;
			line = i + 1;
		}
	t->error->column = 1 + (unsigned)jinja_char_count(t->text + line, i - line);
	va_start(ap, fmt);
	vsnprintf(t->error->text, sizeof t->error->text, fmt, ap);
	va_end(ap);
	longjmp(t->end, 1);
}

void jinja_fail(struct template *t, const char *fmt, ...)
{
	char text[JINJA_MESSAGE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	jinja_fail_at(t, t->here, "%s", text);
}

void jinja_spend(struct template *t, uint64_t steps)
{
	if (t->steps < steps)
		jinja_fail(t, "the template takes too long: more than %llu steps", (unsigned long long)t->limits.steps);
	t->steps -= steps;
}

void *jinja_take(struct template *t, size_t size)
{
	struct chunk *c = t->chunks;
	size_t room = CHUNK;
	void *at;

	if (size > t->limits.memory || t->used > t->limits.memory - size)
		jinja_fail(t, "the template needs more than %zu MiB of memory", t->limits.memory >> 20);
	size = (size + 15) & ~(size_t)15;
	if (!c || c->room - c->used < size) {
		if (size > room)
			room = size;
		c = malloc(sizeof *c + room);
		if (!c)
			jinja_fail(t, "out of memory");
		c->next = t->chunks;
		c->used = 0;
		c->room = room;
		t->chunks = c;
		t->used += sizeof *c + room;
	}
	at = c->bytes + c->used;
	c->used += size;
	return memset(at, 0, size);
}

void jinja_deeper(struct template *t)
{
	if (++t->depth > DEPTH_MAX)
		jinja_fail(t, "nested deeper than %d levels", DEPTH_MAX);
}

/* A copy with line ends as \n: what line and column count. */
static void normalise(struct template *t, const char *text, size_t len)
{
	char *copy = jinja_take(t, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		copy[n++] = text[i] == '\r' ? '\n' : text[i];
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			i++;
	}
	t->text = copy;
	t->len = n;
}

static void chunks_free(struct template *t)
{
	struct chunk *c, *next;

	for (c = t->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
}

/* Everything that may fail; 0 or -1. */
static int render(struct template *t, const char *text, size_t len, yyjson_val *context, struct buffer *result)
{
	struct scope root = { NULL, { 0, 0, NULL } };

	if (setjmp(t->end))
		return -1;
	normalise(t, text, len);
	t->context = context ? jinja_of_json(t, context) : jinja_dict_new(t);
	t->scope = &root;
	t->out = result;
	jinja_run(t, jinja_parse_template(t));
	return 0;
}

int jinja_render(const char *text, size_t len, yyjson_val *context, unsigned engines,
	const struct jinja_limits *limits, char **out, size_t *out_len, struct jinja_error *error)
{
	struct template t = { .engines = engines, .limits = *limits, .steps = limits->steps, .error = error };
	struct buffer result = { NULL, 0, 0 };
	int rc;

	*error = (struct jinja_error){ 1, 1, "" };
	*out = NULL;
	*out_len = 0;
	rc = render(&t, text, len, context, &result);
	if (rc == 0) {
		*out = malloc(result.n + 1);
		if (*out) {
			if (result.n)
				memcpy(*out, result.s, result.n);
			(*out)[result.n] = 0;
			*out_len = result.n;
		} else {
			snprintf(error->text, sizeof error->text, "out of memory");
			rc = -1;
		}
	}
	chunks_free(&t);
	return rc;
}

/* command: command lines of children. */
#include <stdarg.h>
#include <string.h>

#include "net.h"

static void add_word(struct command *c, const char *word)
{
	size_t n = strlen(word) + 1;

	if (c->count == NET_ARGS_MAX || n > sizeof c->bytes - c->len) {
		c->full = true;
		return;
	}
	memcpy(c->bytes + c->len, word, n);
	c->len += n;
	c->count++;
}

static void add_words(struct command *c, va_list words)
{
	const char *word;

	while ((word = va_arg(words, const char *)))
		add_word(c, word);
}

void command_set(struct command *c, ...)
{
	va_list words;

	memset(c, 0, sizeof *c);
	va_start(words, c);
	add_words(c, words);
	va_end(words);
}

void command_add(struct command *c, ...)
{
	va_list words;

	va_start(words, c);
	add_words(c, words);
	va_end(words);
}

bool command_equal(const struct command *a, const struct command *b)
{
	return a->len == b->len && a->count == b->count && !memcmp(a->bytes, b->bytes, a->len);
}

void command_argv(struct command *c, char *argv[NET_ARGS_MAX + 1])
{
	char *p = c->bytes;

	for (unsigned i = 0; i < c->count; i++) {
		argv[i] = p;
		p += strlen(p) + 1;
	}
	argv[c->count] = NULL;
}

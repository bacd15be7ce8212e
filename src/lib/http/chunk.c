#include <string.h>

#include "http/chunk.h"
#include "http/text.h"

enum state {
	CHUNK_SIZE_FIRST = 0,	/* before the first digit */
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_LF,		/* after the CR of the size line */
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_FIRST,	/* at the start of a line */
	CHUNK_TRAILER,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

static int size_char(struct http_chunk *c, char x)
{
	int digit = http_hex_digit(x);

	if (digit >= 0) {
		if (c->left >> 56)
			return -1;
		c->left = c->left << 4 | (uint64_t)digit;
		c->state = CHUNK_SIZE;
	} else if (c->state == CHUNK_SIZE_FIRST) {
		return -1;
	} else if (x == ';' || x == ' ' || x == '\t') {
		c->state = CHUNK_EXTENSION;
	} else if (x == '\r') {
		c->state = CHUNK_LF;
	} else {
		return -1;
	}
	return 0;
}

static int line_char(struct http_chunk *c, char x)
{
	switch (c->state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		return size_char(c, x);
	case CHUNK_EXTENSION:
		if (x == '\r')
			c->state = CHUNK_LF;
		return x == '\n' || !x ? -1 : 0;
	case CHUNK_LF:
		c->line = 0;
		c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER_FIRST;
		return x == '\n' ? 0 : -1;
	case CHUNK_DATA_CR:
		c->state = CHUNK_DATA_LF;
		return x == '\r' ? 0 : -1;
	case CHUNK_DATA_LF:
		c->line = 0;
		c->state = CHUNK_SIZE_FIRST;
		return x == '\n' ? 0 : -1;
	case CHUNK_TRAILER_FIRST:
	case CHUNK_TRAILER:
		if (x == '\r')
			c->state = c->state == CHUNK_TRAILER_FIRST ? CHUNK_END_LF : CHUNK_TRAILER_LF;
		else
			c->state = CHUNK_TRAILER;
		return x == '\n' || !x ? -1 : 0;
	case CHUNK_TRAILER_LF:
		c->state = CHUNK_TRAILER_FIRST;
		return x == '\n' ? 0 : -1;
	default: /* CHUNK_END_LF */
		c->done = true;
		return x == '\n' ? 0 : -1;
	}
}

long http_chunk_decode(struct http_chunk *c, const char *in, size_t len, size_t *used, char *out)
{
	size_t i = 0, n = 0;

	while (i < len && !c->done) {
		if (c->state == CHUNK_DATA) {
			size_t take = len - i < c->left ? len - i : (size_t)c->left;

			memmove(out + n, in + i, take);
			n += take;
			i += take;
			c->left -= take;
			if (!c->left)
				c->state = CHUNK_DATA_CR;
			continue;
		}
		if (++c->line > (c->state >= CHUNK_TRAILER_FIRST ? HTTP_CHUNK_TRAILER_MAX
			: HTTP_CHUNK_LINE_MAX))
			return -1;
		if (line_char(c, in[i++]))
			return -1;
	}
	*used = i;
	return (long)n;
}

/* Draws states and the ways between them as SVG: states on a circle, one arrow for each pair, its events beside it. */
#ifndef TESTS_DRAW_H
#define TESTS_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#define DRAWING_MAX (1 << 18)
#define DRAWING_STATES 32

struct drawing {
	char text[DRAWING_MAX];
	size_t len;
	unsigned count;
	char moves[DRAWING_STATES][DRAWING_STATES][200];
};

void draw_begin(struct drawing *d, const char *title, unsigned states);
void draw_state(struct drawing *d, unsigned at, const char *word, bool last);
void draw_move(struct drawing *d, unsigned from, unsigned to, const char *event);
void draw_end(struct drawing *d);

#endif

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"

#define SIZE 1000.
#define CENTRE (SIZE / 2)
#define RADIUS 400.
#define WIDTH 130.
#define HEIGHT 34.

static void add(struct drawing *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct drawing *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	d->len += (size_t)vsnprintf(d->text + d->len, sizeof d->text - d->len, fmt, ap);
	va_end(ap);
}

static void place(const struct drawing *d, unsigned at, double *x, double *y)
{
	double angle = 2 * M_PI * at / d->count - M_PI / 2;

	*x = CENTRE + RADIUS * cos(angle);
	*y = CENTRE + RADIUS * sin(angle);
}

void draw_begin(struct drawing *d, const char *title, unsigned states)
{
	memset(d, 0, sizeof *d);
	d->count = states;
	add(d, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"13\">\n"
		"<title>%s</title>\n<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\""
		" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#456\"/></marker></defs>\n"
		"<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fff\"/>\n", SIZE, SIZE, title, SIZE, SIZE);
}

void draw_state(struct drawing *d, unsigned at, const char *word, bool last)
{
	double x, y;

	place(d, at, &x, &y);
	add(d, "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" rx=\"8\" fill=\"%s\" stroke=\"#234\"%s/>\n", x - WIDTH / 2,
		y - HEIGHT / 2, WIDTH, HEIGHT, at ? last ? "#e8e8e8" : "#eef4fb" : "#dff2df", last ? " stroke-width=\"3\"" : "");
	add(d, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n", x, y + 5, word);
}

void draw_move(struct drawing *d, unsigned from, unsigned to, const char *event)
{
	char *all = d->moves[from][to];
	size_t n = strlen(all);

	snprintf(all + n, sizeof d->moves[0][0] - n, "%s%s", n ? ", " : "", event);
}

/* Where the line to (x, y) leaves the box around (*bx, *by). */
static void edge(double *bx, double *by, double x, double y)
{
	double dx = x - *bx, dy = y - *by, k = 1e9;

	if (fabs(dx) > 1e-6)
		k = fmin(k, (WIDTH / 2 + 3) / fabs(dx));
	if (fabs(dy) > 1e-6)
		k = fmin(k, (HEIGHT / 2 + 3) / fabs(dy));
	*bx += dx * k;
	*by += dy * k;
}

static void arrow(struct drawing *d, unsigned from, unsigned to)
{
	double x, y, tx, ty, mx, my, length;

	place(d, from, &x, &y);
	place(d, to, &tx, &ty);
	/* Bent to one side, so that both directions are seen. */
	length = hypot(tx - x, ty - y);
	mx = (x + tx) / 2 - (ty - y) / length * length * .12;
	my = (y + ty) / 2 + (tx - x) / length * length * .12;
	edge(&x, &y, mx, my);
	edge(&tx, &ty, mx, my);
	add(d, "<path d=\"M%.0f %.0fQ%.0f %.0f %.0f %.0f\" fill=\"none\" stroke=\"#456\" marker-end=\"url(#a)\"/>\n", x, y, mx, my, tx, ty);
	add(d, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\" font-size=\"10\" fill=\"#234\" stroke=\"#fff\" stroke-width=\"3\""
		" paint-order=\"stroke\">%s</text>\n", .3 * x + .45 * mx + .25 * tx, .3 * y + .45 * my + .25 * ty, d->moves[from][to]);
}

void draw_end(struct drawing *d)
{
	for (unsigned i = 0; i < d->count; i++)
		for (unsigned j = 0; j < d->count; j++)
			if (d->moves[i][j][0])
				arrow(d, i, j);
	add(d, "</svg>\n");
}

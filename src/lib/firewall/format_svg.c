/* firewall: a picture of who talks to whom (SVG 1.1): one line for each peer and direction. */
#include <string.h>

#include "firewall/formats.h"

#define ROW 64
#define TOP 70
#define BOX 250

static void escaped(FILE *o, const char *t)
{
	for (; *t; t++)
		if (*t == '&')
			fputs("&amp;", o);
		else if (*t == '<')
			fputs("&lt;", o);
		else if (*t == '>')
			fputs("&gt;", o);
		else
			fputc(*t, o);
}

static void label(FILE *o, int x, int y, int size, const char *anchor, const char *text)
{
	fprintf(o, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" text-anchor=\"%s\">", x, y, size, anchor);
	escaped(o, text);
	fputs("</text>\n", o);
}

/* What a peer and direction have together, as "tcp 443, 8085; udp 500"; false when nothing. */
static bool gather(const struct fw_policy *p, unsigned peer, enum fw_direction d, char *out, size_t size)
{
	char ranges[FW_RANGES_TEXT];
	size_t n = 0;

	for (unsigned i = 0; i < p->count && n < size; i++) {
		const struct fw_rule *r = p->lines[i].rule;

		if (r->peer != peer || r->direction != d)
			continue;
		fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
		n += (size_t)snprintf(out + n, size - n, "%s%s %s", n ? "; " : "", fw_protocol_name(r->protocol), ranges);
	}
	if (n >= 80)	/* does not fit: the table has all */
		memcpy(out + 77, "...", 4);
	return n > 0;
}

static void arrow(const struct fw_policy *p, FILE *o, unsigned row, unsigned peer, enum fw_direction d, const char *what)
{
	int y = TOP + (int)row * ROW;

	fprintf(o, "<rect x=\"720\" y=\"%d\" width=\"%d\" height=\"44\" rx=\"4\"/>\n", y, BOX + 100);
	label(o, 735, y + 27, 13, "start", p->tables->peers[peer].text);
	fprintf(o, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#a)\"/>\n", d == FW_IN ? 715 : 285, y + 22,
		d == FW_IN ? 285 : 715, y + 22);
	label(o, 500, y + 15, 12, "middle", what);
}

static unsigned rows(const struct fw_policy *p, FILE *o)
{
	char what[512];
	unsigned n = 0;

	for (int d = FW_IN; d <= FW_OUT; d++)
		for (unsigned peer = 0; peer < p->tables->peer_count; peer++) {
			if (!gather(p, peer, d, what, sizeof what))
				continue;
			if (o)
				arrow(p, o, n, peer, d, what);
			n++;
		}
	return n;
}

static void write(const struct fw_policy *p, FILE *o)
{
	unsigned n = rows(p, NULL);
	int height = TOP + (int)(n ? n : 1) * ROW + 10;

	fprintf(o, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1090 %d\" width=\"1090\" height=\"%d\" font-family=\"sans-serif\">\n",
		height, height);
	fputs("<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
		"<path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n<g fill=\"#fff\" stroke=\"#333\">\n", o);
	fprintf(o, "<rect x=\"20\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n</g>\n", TOP, BOX + 10, height - TOP - 30);
	fputs("<style>rect{fill:#fff;stroke:#333}line{stroke:#333;stroke-width:1.5}text{fill:#111}</style>\n", o);
	label(o, 20, 36, 18, "start", p->tables->profiles[p->profile].text);
	label(o, 35, TOP + 27, 13, "start", p->tables->profiles[p->profile].name);
	rows(p, o);
	fputs("</svg>\n", o);
}

const struct fw_format fw_format_svg = {
	.name = "svg", .title = "picture of who talks to whom", .suffix = "svg", .check = FW_CHECK_CONSUMER,
	.how = "any browser", .note = "a row for each peer; long lists are cut", .write = write,
};

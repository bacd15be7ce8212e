/* firewall: comma-separated values (RFC 4180), a row for each line. */
#include <string.h>

#include "firewall/formats.h"

static void cell(FILE *o, const char *text, const char *after)
{
	/* a program that calculates must not take a cell for a formula */
	bool formula = strchr("=+-@", text[0]) && text[0];

	fputc('"', o);
	if (formula)
		fputc('\'', o);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', o);
		fputc(*text, o);
	}
	fprintf(o, "\"%s", after);
}

static void addresses(FILE *o, const struct fw_line *l)
{
	char text[ADDR_PREFIX_TEXT_MAX];

	fputc('"', o);
	for (unsigned i = 0; i < l->peers.count; i++) {
		addr_prefix_format(&l->peers.list[i], text);
		fprintf(o, "%s%s", i ? " " : "", text);
	}
	fputs(l->peers.count ? "\"," : "any\",", o);
}

static void write(const struct fw_policy *p, FILE *o)
{
	char ranges[FW_RANGES_TEXT];

	fputs("\"id\",\"profile\",\"direction\",\"protocol\",\"ports or types\",\"peer\",\"addresses\",\"condition\",\"purpose\",\"source\","
		"\"line\"\r\n", o);
	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_rule *r = p->lines[i].rule;

		fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
		cell(o, r->id, ",");
		cell(o, p->tables->profiles[r->profile].name, ",");
		cell(o, fw_direction_name(r->direction), ",");
		cell(o, fw_protocol_name(r->protocol), ",");
		cell(o, ranges, ",");
		cell(o, fw_peer_text(p, &p->lines[i]), ",");
		addresses(o, &p->lines[i]);
		cell(o, r->condition == FW_ALWAYS ? "always" : p->tables->conditions[r->condition].text, ",");
		cell(o, r->purpose, ",");
		cell(o, p->tables->sources[r->source].text, ",");
		fprintf(o, "\"%s:%u\"\r\n", r->place.file, r->place.line);
	}
}

const struct fw_format fw_format_csv = {
	.name = "csv", .title = "CSV", .suffix = "csv", .check = FW_CHECK_CONSUMER,
	.how = "any spreadsheet", .note = "", .write = write,
};

/* firewall: tables for people, of a policy and of all the tables. */
#include <string.h>

#include "firewall/formats.h"

/* A bar would end the cell, an asterisk begin emphasis. */
static void text(FILE *o, const char *t)
{
	for (; *t; t++) {
		if (*t == '|' || *t == '*')
			fputc('\\', o);
		fputc(*t, o);
	}
}

static void what(FILE *o, const struct fw_rule *r)
{
	char ranges[FW_RANGES_TEXT];

	fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
	for (char *p = ranges; *p; p++) {	/* lists break where they have spaces */
		fputc(*p, o);
		if (*p == ',')
			fputc(' ', o);
	}
}

static void row_begin(FILE *o, const struct fw_rule *r)
{
	fprintf(o, "| `%s` | %s | %s | ", r->id, fw_direction_name(r->direction), fw_protocol_name(r->protocol));
	what(o, r);
	fputs(" | ", o);
}

static void row_end(FILE *o, const struct fw_tables *t, const struct fw_rule *r)
{
	fputs(" | ", o);
	text(o, r->condition == FW_ALWAYS ? "always" : t->conditions[r->condition].text);
	fputs(" | ", o);
	text(o, r->purpose);
	fprintf(o, " | %s |\n", t->sources[r->source].name);
}

#define HEAD "| line | | protocol | ports, types | peer | when | purpose | source |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"

static void write(const struct fw_policy *p, FILE *o)
{
	char address[ADDR_PREFIX_TEXT_MAX];

	fprintf(o, "# %s\n\n" HEAD, p->tables->profiles[p->profile].text);
	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_line *l = &p->lines[i];

		row_begin(o, l->rule);
		text(o, fw_peer_text(p, l));
		for (unsigned k = 0; k < l->peers.count; k++) {
			addr_prefix_format(&l->peers.list[k], address);
			fprintf(o, "%s%s", k ? ", " : ": ", address);
		}
		row_end(o, p->tables, l->rule);
	}
	fputs("\nSources:\n\n", o);
	for (unsigned i = 0; i < p->tables->source_count; i++)
		fprintf(o, "- %s: %s\n", p->tables->sources[i].name, p->tables->sources[i].text);
}

static void document_profile(const struct fw_tables *t, unsigned profile, FILE *o)
{
	fprintf(o, "### %s (`%s`)\n\n" HEAD, t->profiles[profile].text, t->profiles[profile].name);
	for (unsigned i = 0; i < t->rule_count; i++) {
		const struct fw_rule *r = &t->rules[i];

		if (r->profile != profile)
			continue;
		row_begin(o, r);
		text(o, t->peers[r->peer].text);
		if (r->room[0])
			fprintf(o, " (room %s)", r->room);
		row_end(o, t, r);
	}
	fputc('\n', o);
}

void fw_document(const struct fw_tables *t, FILE *o)
{
	for (unsigned i = 0; i < t->profile_count; i++)
		document_profile(t, i, o);
	fputs("Sources:\n\n", o);
	for (unsigned i = 0; i < t->source_count; i++)
		fprintf(o, "- %s: %s\n", t->sources[i].name, t->sources[i].text);
	for (unsigned i = 0; i < t->rule_count; i++)
		if (t->rules[i].rate)
			fprintf(o, "\nLimit of `%s`, for each source (a v6 source is its /64): %u new connections a second, %u at once,"
				" %u open.\n", t->rules[i].id, t->rules[i].rate, t->rules[i].burst, t->rules[i].open);
}

const struct fw_format fw_format_markdown = {
	.name = "markdown", .title = "Markdown", .suffix = "md", .check = FW_CHECK_EYE,
	.how = "for people", .note = "", .write = write,
};

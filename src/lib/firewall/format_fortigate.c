/* firewall: objects and policies of a FortiGate. */
#include <string.h>

#include "firewall/formats.h"

static void addresses(FILE *o, const struct fw_policy *p)
{
	char text[ADDR_PREFIX_TEXT_MAX];

	for (int six = 0; six < 2; six++) {
		fprintf(o, "config firewall address%s\n", six ? "6" : "");
		for (unsigned i = 0; i < p->count; i++)
			for (unsigned k = 0; k < p->lines[i].peers.count; k++) {
				const struct addr_prefix *x = &p->lines[i].peers.list[k];

				if ((x->addr.family == ADDR_V6) != six)
					continue;
				addr_prefix_format(x, text);
				fprintf(o, "    edit \"cam-%s-%u\"\n        set %s %s\n    next\n", p->lines[i].rule->id, k + 1,
					six ? "ip6" : "subnet", text);
			}
		fputs("end\n", o);
	}
}

static void services(FILE *o, const struct fw_policy *p)
{
	fputs("config firewall service custom\n", o);
	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_rule *r = p->lines[i].rule;
		char ranges[FW_RANGES_TEXT];

		fprintf(o, "    edit \"cam-%s\"\n        set comment \"%s\"\n", r->id, r->purpose);
		if (r->protocol == FW_ICMP || r->protocol == FW_ICMP6) {
			/* one type in an object: several are left to the whole protocol */
			fprintf(o, "        set protocol %s\n", r->protocol == FW_ICMP ? "ICMP" : "ICMP6");
			if (r->range_count == 1 && r->ranges[0].first == r->ranges[0].last)
				fprintf(o, "        set icmptype %u\n", r->ranges[0].first);
		} else {
			fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
			for (char *c = ranges; *c; c++)
				if (*c == ',')
					*c = ' ';
			fprintf(o, "        set %s-portrange %s\n", fw_protocol_name(r->protocol), ranges);
		}
		fputs("    next\n", o);
	}
	fputs("end\n", o);
}

static void names(FILE *o, const struct fw_line *l, enum addr_family family)
{
	bool any = true;

	for (unsigned k = 0; k < l->peers.count; k++)
		if (l->peers.list[k].addr.family == family) {
			fprintf(o, " \"cam-%s-%u\"", l->rule->id, k + 1);
			any = false;
		}
	fputs(any ? " \"none\"\n" : "\n", o);
}

static void policy(FILE *o, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	const char *peer = r->direction == FW_IN ? "src" : "dst", *self = r->direction == FW_IN ? "dst" : "src";

	fprintf(o, "    edit 0\n        set name \"cam-%.30s\"\n        set srcintf \"any\"\n        set dstintf \"any\"\n", r->id);
	fprintf(o, "        set %saddr \"all\"\n        set %saddr6 \"all\"\n", self, self);
	if (!l->peers.count) {
		fprintf(o, "        set %saddr \"all\"\n        set %saddr6 \"all\"\n", peer, peer);
	} else {
		fprintf(o, "        set %saddr", peer);
		names(o, l, ADDR_V4);
		fprintf(o, "        set %saddr6", peer);
		names(o, l, ADDR_V6);
	}
	fprintf(o, "        set service \"cam-%s\"\n        set schedule \"always\"\n        set action accept\n"
		"        set logtraffic all\n    next\n", r->id);
}

static void write(const struct fw_policy *p, FILE *o)
{
	fw_head(p, o, "# ");
	fputs("# NOT CHECKED BY A CONSUMER. Put the interfaces in the place of \"any\".\n", o);
	addresses(o, p);
	services(o, p);
	fputs("config firewall policy\n", o);
	for (unsigned i = 0; i < p->count; i++)
		policy(o, &p->lines[i]);
	fputs("end\n", o);
}

const struct fw_format fw_format_fortigate = {
	.name = "fortigate", .title = "FortiGate", .suffix = "conf", .check = FW_CHECK_UNCHECKED,
	.how = "in the command line, or as a script", .note = "rooms, limits per source, several ICMP types in one line",
	.write = write,
};

/* firewall: set commands of PAN-OS. */
#include <string.h>

#include "firewall/formats.h"

static void service(FILE *o, const struct fw_rule *r)
{
	char ranges[FW_RANGES_TEXT];

	if (r->protocol != FW_TCP && r->protocol != FW_UDP)
		return;
	fw_ranges_text(r->ranges, r->range_count, "-", ranges, sizeof ranges);
	fprintf(o, "set service cam-%s protocol %s port %s\n", r->id, fw_protocol_name(r->protocol), ranges);
}

static void peers(FILE *o, const struct fw_line *l)
{
	char text[ADDR_PREFIX_TEXT_MAX];

	if (!l->peers.count) {
		fputs(" any", o);
		return;
	}
	fputs(" [", o);
	for (unsigned i = 0; i < l->peers.count; i++) {
		addr_prefix_format(&l->peers.list[i], text);
		fprintf(o, " %s", text);
	}
	fputs(" ]", o);
}

static void line(FILE *o, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	bool in = r->direction == FW_IN, ports = r->protocol == FW_TCP || r->protocol == FW_UDP;

	service(o, r);
	fprintf(o, "set rulebase security rules cam-%s from any to any source", r->id);
	if (in)
		peers(o, l);
	else
		fputs(" any", o);
	fputs(" destination", o);
	if (in)
		fputs(" any", o);
	else
		peers(o, l);
	if (ports)
		fprintf(o, " application any service cam-%s", r->id);
	else
		fprintf(o, " application %s service application-default", r->protocol == FW_ICMP ? "icmp" : "ipv6-icmp");
	fprintf(o, " action allow description \"%s\"\n", r->purpose);
}

static void write(const struct fw_policy *p, FILE *o)
{
	fw_head(p, o, "# ");
	fputs("# NOT CHECKED BY A CONSUMER. Put the zones in the place of \"any\".\n", o);
	for (unsigned i = 0; i < p->count; i++)
		line(o, &p->lines[i]);
	fputs("set rulebase security rules cam-deny from any to any source any destination any application any service any action deny\n", o);
}

const struct fw_format fw_format_paloalto = {
	.name = "paloalto", .title = "Palo Alto PAN-OS", .suffix = "set", .check = FW_CHECK_UNCHECKED,
	.how = "in configuration mode", .note = "rooms, limits per source, ICMP types", .write = write,
};

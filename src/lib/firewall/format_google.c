/* firewall: commands for Google Cloud's VPC firewall. */
#include <string.h>

#include "firewall/formats.h"

static void one(FILE *o, const struct fw_policy *p, const struct fw_line *l, enum addr_family family)
{
	const struct fw_rule *r = l->rule;
	bool in = r->direction == FW_IN, ports = r->protocol == FW_TCP || r->protocol == FW_UDP;
	char address[ADDR_PREFIX_TEXT_MAX], text[16];
	unsigned n = 0;

	for (unsigned i = 0; i < l->peers.count; i++)
		n += l->peers.list[i].addr.family == family;
	if ((l->peers.count && !n) || (family == ADDR_V6 && r->protocol == FW_ICMP) || (family == ADDR_V4 && r->protocol == FW_ICMP6))
		return;
	fprintf(o, "gcloud compute firewall-rules create cam-%s%s --network=\"$NETWORK\" --target-tags=cam-%s --direction=%s --priority=1000"
		" --action=ALLOW --rules=", r->id, family == ADDR_V6 ? "-v6" : "", p->tables->profiles[p->profile].name,
		in ? "INGRESS" : "EGRESS");
	for (unsigned i = 0; i < (ports ? r->range_count : 1); i++) {
		fw_ranges_text(&r->ranges[i], 1, "-", text, sizeof text);
		fprintf(o, "%s%s", i ? "," : "", r->protocol == FW_ICMP6 ? "58" : fw_protocol_name(r->protocol));
		if (ports)
			fprintf(o, ":%s", text);
	}
	fprintf(o, " --%s-ranges=", in ? "source" : "destination");
	if (!l->peers.count)
		fputs(family == ADDR_V4 ? "0.0.0.0/0" : "::/0", o);
	n = 0;
	for (unsigned i = 0; i < l->peers.count; i++)
		if (l->peers.list[i].addr.family == family) {
			addr_prefix_format(&l->peers.list[i], address);
			fprintf(o, "%s%s", n++ ? "," : "", address);
		}
	fprintf(o, " --description=\"%s\"\n", r->purpose);
}

static void write(const struct fw_policy *p, FILE *o)
{
	const char *name = p->tables->profiles[p->profile].name;

	fputs("#!/bin/sh\n", o);
	fw_head(p, o, "# ");
	fputs("# NOT CHECKED BY A CONSUMER.\nset -e\n: \"${NETWORK:?the name of the VPC network}\"\n", o);
	for (unsigned i = 0; i < p->count; i++) {
		one(o, p, &p->lines[i], ADDR_V4);
		one(o, p, &p->lines[i], ADDR_V6);
	}
	for (int in = 1; in >= 0; in--)
		for (int six = 0; six < 2; six++)
			fprintf(o, "gcloud compute firewall-rules create cam-%s-deny-%s%s --network=\"$NETWORK\" --target-tags=cam-%s --direction=%s"
				" --priority=65000 --action=DENY --rules=all --%s-ranges=%s\n", name, in ? "in" : "out", six ? "-v6" : "", name,
				in ? "INGRESS" : "EGRESS", in ? "source" : "destination", six ? "::/0" : "0.0.0.0/0");
}

const struct fw_format fw_format_google = {
	.name = "google", .title = "Google Cloud firewall rules", .suffix = "sh", .check = FW_CHECK_UNCHECKED,
	.how = "NETWORK=name sh FILE", .note = "rooms, limits per source, ICMP types", .write = write,
};

/* firewall: pf.conf(5). */
#include <string.h>

#include "firewall/formats.h"

static void peers(FILE *o, const struct fw_line *l, enum addr_family family)
{
	char text[ADDR_PREFIX_TEXT_MAX];
	unsigned n = 0;

	if (!l->peers.count) {
		fputs("any", o);
		return;
	}
	fputs("{ ", o);
	for (unsigned i = 0; i < l->peers.count; i++) {
		if (l->peers.list[i].addr.family != family)
			continue;
		addr_prefix_format(&l->peers.list[i], text);
		fprintf(o, "%s%s", n++ ? ", " : "", text);
	}
	fputs(" }", o);
}

static void numbers(FILE *o, const struct fw_rule *r)
{
	bool icmp = r->protocol == FW_ICMP || r->protocol == FW_ICMP6, more = false;

	fprintf(o, " %s { ", r->protocol == FW_ICMP ? "icmp-type" : r->protocol == FW_ICMP6 ? "icmp6-type" : "port");
	for (unsigned i = 0; i < r->range_count; i++)
		for (unsigned n = r->ranges[i].first; n <= (icmp ? r->ranges[i].last : r->ranges[i].first); n++) {
			fprintf(o, "%s%u", more ? ", " : "", n);
			if (!icmp && r->ranges[i].last != r->ranges[i].first)
				fprintf(o, ":%u", r->ranges[i].last);
			more = true;
		}
	fputs(" }", o);
}

static void line(FILE *o, const struct fw_line *l, enum addr_family family)
{
	const struct fw_rule *r = l->rule;
	bool in = r->direction == FW_IN;
	unsigned n = 0;

	for (unsigned i = 0; i < l->peers.count; i++)
		n += l->peers.list[i].addr.family == family;
	if ((l->peers.count && !n) || (family == ADDR_V4 && r->protocol == FW_ICMP6) || (family == ADDR_V6 && r->protocol == FW_ICMP))
		return;
	fprintf(o, "pass %s quick %s proto %s from ", fw_direction_name(r->direction), family == ADDR_V4 ? "inet" : "inet6",
		r->protocol == FW_ICMP6 ? "icmp6" : fw_protocol_name(r->protocol));
	if (in)
		peers(o, l, family);
	else
		fputs("any", o);
	fputs(" to ", o);
	if (in)
		fputs("any", o);
	else
		peers(o, l, family);
	numbers(o, r);
	if (r->protocol == FW_TCP)
		fputs(" flags S/SA", o);
	fputs(" keep state", o);
	if (r->rate)
		fprintf(o, " (max-src-conn %u, max-src-conn-rate %u/1)", r->open, r->rate);
	fprintf(o, " # %s\n", r->id);
}

static void write(const struct fw_policy *p, FILE *o)
{
	fw_head(p, o, "# ");
	fputs("# NOT CHECKED BY A CONSUMER.\nset block-policy drop\nset skip on lo\nscrub in all fragment reassemble\nblock log all\n"
		"block in quick from urpf-failed\n", o);
	for (unsigned i = 0; i < p->count; i++) {
		line(o, &p->lines[i], ADDR_V4);
		line(o, &p->lines[i], ADDR_V6);
	}
}

const struct fw_format fw_format_pf = {
	.name = "pf", .title = "pf", .suffix = "conf", .check = FW_CHECK_UNCHECKED,
	.how = "pfctl -f FILE", .note = "rooms, bursts", .write = write,
};

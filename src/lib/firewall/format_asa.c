/* firewall: access lists of a Cisco ASA. */
#include <string.h>

#include "firewall/formats.h"

static void mask(FILE *o, const struct addr_prefix *x)
{
	char text[ADDR_PREFIX_TEXT_MAX], netmask[ADDR_TEXT_MAX];

	if (x->len == 0) {
		fputs(x->addr.family == ADDR_V4 ? "any4" : "any6", o);
		return;
	}
	addr_format(&x->addr, text);
	if (x->len == addr_bits(x->addr.family)) {
		fprintf(o, "host %s", text);
	} else if (x->addr.family == ADDR_V4) {
		addr_netmask_format(x->len, netmask);
		fprintf(o, "%s %s", text, netmask);
	} else {
		fprintf(o, "%s/%u", text, x->len);
	}
}

static void one(const struct fw_flat *f, void *arg)
{
	const struct fw_rule *r = f->line->rule;
	bool icmp = r->protocol == FW_ICMP || r->protocol == FW_ICMP6, in = r->direction == FW_IN, v4 = f->prefix.addr.family == ADDR_V4;
	FILE *o = arg;

	for (unsigned n = f->range.first; n <= (icmp ? f->range.last : f->range.first); n++) {
		fprintf(o, "access-list cam-%s extended permit %s ", fw_direction_name(r->direction), fw_protocol_name(r->protocol));
		if (in)
			mask(o, &f->prefix);
		else
			fputs(v4 ? "any4" : "any6", o);
		fputc(' ', o);
		if (in)
			fputs(v4 ? "any4" : "any6", o);
		else
			mask(o, &f->prefix);
		if (icmp)
			fprintf(o, " %u\n", n);
		else if (f->range.first == f->range.last)
			fprintf(o, " eq %u\n", n);
		else
			fprintf(o, " range %u %u\n", f->range.first, f->range.last);
	}
}

static void write(const struct fw_policy *p, FILE *o)
{
	fw_head(p, o, "! ");
	fputs("! NOT CHECKED BY A CONSUMER.\n", o);
	for (unsigned i = 0; i < p->count; i++)
		fprintf(o, "! %s: %s\n", p->lines[i].rule->id, p->lines[i].rule->purpose);
	fw_each(p, one, o);
	fputs("access-list cam-in extended deny ip any any log\naccess-list cam-out extended deny ip any any log\n"
		"! Then: access-group cam-in in interface OUTSIDE, access-group cam-out in interface INSIDE\n", o);
}

const struct fw_format fw_format_asa = {
	.name = "asa", .title = "Cisco ASA", .suffix = "cfg", .check = FW_CHECK_UNCHECKED,
	.how = "in configuration mode", .note = "rooms, limits per source", .write = write,
};

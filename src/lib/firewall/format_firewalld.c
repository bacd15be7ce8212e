/* firewall: commands for firewalld: a zone for what comes in, a policy for what goes out. */
#include <string.h>

#include "firewall/formats.h"

/* firewalld's names of ICMP types; NULL = it has none. */
static const char *icmp_name(enum fw_protocol p, unsigned type)
{
	static const struct { enum fw_protocol p; unsigned type; const char *name; } names[] = {
		{ FW_ICMP, 0, "echo-reply" }, { FW_ICMP, 3, "destination-unreachable" }, { FW_ICMP, 8, "echo-request" },
		{ FW_ICMP, 11, "time-exceeded" }, { FW_ICMP, 12, "parameter-problem" },
		{ FW_ICMP6, 1, "destination-unreachable" }, { FW_ICMP6, 2, "packet-too-big" }, { FW_ICMP6, 3, "time-exceeded" },
		{ FW_ICMP6, 4, "parameter-problem" }, { FW_ICMP6, 128, "echo-request" }, { FW_ICMP6, 129, "echo-reply" },
		{ FW_ICMP6, 133, "router-solicitation" }, { FW_ICMP6, 134, "router-advertisement" },
		{ FW_ICMP6, 135, "neighbour-solicitation" }, { FW_ICMP6, 136, "neighbour-advertisement" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].p == p && names[i].type == type)
			return names[i].name;
	return NULL;
}

static void begin(FILE *o, const struct fw_flat *f)
{
	const struct fw_rule *r = f->line->rule;
	bool in = r->direction == FW_IN;

	fprintf(o, "set -- \"$@\" --add-rich-rule='rule family=\"%s\"", f->prefix.addr.family == ADDR_V4 ? "ipv4" : "ipv6");
	if (f->prefix.len)
		fprintf(o, " %s address=\"%s\"", in ? "source" : "destination", f->address);
}

struct half {
	FILE *o;
	enum fw_direction direction;
};

static void one(const struct fw_flat *f, void *arg)
{
	const struct fw_rule *r = f->line->rule;
	const struct half *h = arg;
	FILE *o = h->o;

	if (r->direction != h->direction)
		return;
	if (r->protocol == FW_TCP || r->protocol == FW_UDP) {
		begin(o, f);
		fprintf(o, " port port=\"%u", f->range.first);
		if (f->range.last != f->range.first)
			fprintf(o, "-%u", f->range.last);
		fprintf(o, "\" protocol=\"%s\" accept' # %s\n", fw_protocol_name(r->protocol), r->id);
		return;
	}
	for (unsigned type = f->range.first; type <= f->range.last; type++) {
		const char *name = icmp_name(r->protocol, type);

		if (!name) {
			fprintf(o, "# %s: firewalld has no name for %s type %u\n", r->id, fw_protocol_name(r->protocol), type);
			continue;
		}
		begin(o, f);
		fprintf(o, " icmp-type name=\"%s\" accept' # %s\n", name, r->id);
	}
}

/* All rules of a direction in one command: each start of it takes a while. */
static void half(const struct fw_policy *p, FILE *o, enum fw_direction d, const char *where)
{
	struct half h = { o, d };

	fputs("set --\n", o);
	fw_each(p, one, &h);
	fprintf(o, "[ $# = 0 ] || $FIREWALL --%s \"$@\"\n", where);
}

static void write(const struct fw_policy *p, FILE *o)
{
	fputs("#!/bin/sh\n", o);
	fw_head(p, o, "# ");
	fputs("# Then: firewall-cmd --reload, and firewall-cmd --permanent --zone=cam --change-interface=NAME\n"
		"set -e\n: \"${FIREWALL:=firewall-cmd --permanent}\"\n"
		"$FIREWALL --new-zone=cam\n$FIREWALL --zone=cam --set-target=DROP\n"
		"$FIREWALL --new-policy=cam-out\n$FIREWALL --policy=cam-out --set-target=DROP\n"
		"$FIREWALL --policy=cam-out --add-ingress-zone=HOST\n$FIREWALL --policy=cam-out --add-egress-zone=ANY\n", o);
	half(p, o, FW_IN, "zone=cam");
	half(p, o, FW_OUT, "policy=cam-out");
}

const struct fw_format fw_format_firewalld = {
	.name = "firewalld", .title = "firewalld", .suffix = "sh", .check = FW_CHECK_CONSUMER,
	.how = "sh FILE", .note = "rooms, limits per source, multicast listener discovery", .write = write,
};

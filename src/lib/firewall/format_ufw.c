/* firewall: commands for ufw. */
#include <string.h>

#include "firewall/formats.h"

/* Ports ufw takes in one rule; a range counts twice. */
#define PORTS 15

static void one(FILE *o, const struct fw_line *l, const char *address, const char *ports)
{
	const struct fw_rule *r = l->rule;
	bool in = r->direction == FW_IN;

	fprintf(o, "ufw allow %s proto %s from %s to %s port %s comment '%s'\n", fw_direction_name(r->direction),
		fw_protocol_name(r->protocol), in ? address : "any", in ? "any" : address, ports, r->id);
}

static void addresses(FILE *o, const struct fw_line *l, const char *ports)
{
	char address[ADDR_PREFIX_TEXT_MAX];

	if (!l->peers.count)
		one(o, l, "any", ports);
	for (unsigned i = 0; i < l->peers.count; i++) {
		addr_prefix_format(&l->peers.list[i], address);
		one(o, l, address, ports);
	}
}

static void line(FILE *o, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	char ports[FW_RANGES_TEXT];
	unsigned begin = 0, slots = 0;

	if (r->protocol != FW_TCP && r->protocol != FW_UDP) {
		fprintf(o, "# %s: %s is ufw's own matter (before.rules, before6.rules)\n", r->id, fw_protocol_name(r->protocol));
		return;
	}
	for (unsigned i = 0; i <= r->range_count; i++) {
		unsigned cost = i == r->range_count ? PORTS + 1 : r->ranges[i].first == r->ranges[i].last ? 1 : 2;

		if (slots + cost > PORTS) {
			fw_ranges_text(r->ranges + begin, i - begin, ":", ports, sizeof ports);
			addresses(o, l, ports);
			begin = i;
			slots = 0;
		}
		slots += cost;
	}
}

static void write(const struct fw_policy *p, FILE *o)
{
	fputs("#!/bin/sh\n", o);
	fw_head(p, o, "# ");
	fputs("set -e\nufw default deny incoming\nufw default deny outgoing\nufw default deny routed\n", o);
	for (unsigned i = 0; i < p->count; i++)
		line(o, &p->lines[i]);
	fputs("# Then: ufw enable\n", o);
}

const struct fw_format fw_format_ufw = {
	.name = "ufw", .title = "ufw", .suffix = "sh", .check = FW_CHECK_CONSUMER,
	.how = "sh FILE, then ufw enable", .note = "rooms, limits per source, ICMP (ufw has rules of its own)", .write = write,
};

/* firewall: a security group as a Heat template (OS::Neutron::SecurityGroup). */
#include <string.h>

#include "firewall/formats.h"

static void one(const struct fw_flat *f, void *arg)
{
	const struct fw_rule *r = f->line->rule;
	bool icmp = r->protocol == FW_ICMP || r->protocol == FW_ICMP6;
	FILE *o = arg;

	/* of ICMP the lower number is the type; without an upper one any code goes */
	for (unsigned n = f->range.first; n <= (icmp ? f->range.last : f->range.first); n++) {
		fprintf(o, "        # %s: %s\n", r->id, r->purpose);
		fprintf(o, "        - direction: %s\n", r->direction == FW_IN ? "ingress" : "egress");
		fprintf(o, "          ethertype: %s\n", f->prefix.addr.family == ADDR_V4 ? "IPv4" : "IPv6");
		fprintf(o, "          protocol: %s\n", icmp ? "icmp" : fw_protocol_name(r->protocol));
		fprintf(o, "          port_range_min: %u\n", n);
		if (!icmp)
			fprintf(o, "          port_range_max: %u\n", f->range.last);
		fprintf(o, "          remote_ip_prefix: \"%s\"\n", f->address);
	}
}

static void write(const struct fw_policy *p, FILE *o)
{
	const struct fw_word *profile = &p->tables->profiles[p->profile];

	fw_head(p, o, "# ");
	fprintf(o, "heat_template_version: 2016-10-14\n\ndescription: \"%s\"\n\nresources:\n  security_group:\n"
		"    type: OS::Neutron::SecurityGroup\n    properties:\n      name: cam-%s\n      description: \"%s\"\n      rules:\n",
		profile->text, profile->name, profile->text);
	fw_each(p, one, o);
	fputs("\noutputs:\n  security_group:\n    value: { get_resource: security_group }\n", o);
}

const struct fw_format fw_format_heat = {
	.name = "heat", .title = "OpenStack security group, Heat", .suffix = "yaml", .check = FW_CHECK_CONSUMER,
	.how = "openstack stack create -t FILE NAME", .note = "rooms, limits per source", .write = write,
};

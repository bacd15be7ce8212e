/* firewall: PowerShell for the Windows firewall (New-NetFirewallRule). */
#include <string.h>

#include "firewall/formats.h"

/* In single quotes nothing is expanded; a quote is written twice. */
static void quoted(FILE *o, const char *t)
{
	fputc('\'', o);
	for (; *t; t++) {
		if (*t == '\'')
			fputc('\'', o);
		fputc(*t, o);
	}
	fputc('\'', o);
}

static void list(FILE *o, const char *option, const struct fw_rule *r)
{
	char text[16];

	fprintf(o, " %s ", option);
	for (unsigned i = 0; i < r->range_count; i++) {
		fw_ranges_text(&r->ranges[i], 1, "-", text, sizeof text);
		fprintf(o, "%s'%s'", i ? "," : "", text);
	}
}

/* Types of ICMP one by one: a range is not taken. */
static void types(FILE *o, const struct fw_rule *r)
{
	bool more = false;

	fputs(" -IcmpType ", o);
	for (unsigned i = 0; i < r->range_count; i++)
		for (unsigned n = r->ranges[i].first; n <= r->ranges[i].last; n++) {
			fprintf(o, "%s'%u'", more ? "," : "", n);
			more = true;
		}
}

static void line(FILE *o, const struct fw_policy *p, const struct fw_line *l)
{
	const struct fw_rule *r = l->rule;
	bool icmp = r->protocol == FW_ICMP || r->protocol == FW_ICMP6, in = r->direction == FW_IN;
	char address[ADDR_PREFIX_TEXT_MAX];

	fprintf(o, "New-NetFirewallRule -Group 'CAM' -Name 'cam-%s' -DisplayName ", r->id);
	quoted(o, r->purpose);
	fputs(" -Description ", o);
	quoted(o, fw_peer_text(p, l));
	fprintf(o, " -Direction %s -Action Allow -Protocol %s", in ? "Inbound" : "Outbound", r->protocol == FW_TCP ? "TCP" :
		r->protocol == FW_UDP ? "UDP" : r->protocol == FW_ICMP ? "ICMPv4" : "ICMPv6");
	if (icmp)
		types(o, r);
	else
		list(o, in ? "-LocalPort" : "-RemotePort", r);
	for (unsigned i = 0; i < l->peers.count; i++) {
		addr_prefix_format(&l->peers.list[i], address);
		fprintf(o, "%s'%s'", i ? "," : " -RemoteAddress ", address);
	}
	fputs(" | Out-Null\n", o);
}

static void write(const struct fw_policy *p, FILE *o)
{
	fw_head(p, o, "# ");
	fputs("$ErrorActionPreference = 'Stop'\nGet-NetFirewallRule -Group 'CAM' -ErrorAction SilentlyContinue | Remove-NetFirewallRule\n", o);
	for (unsigned i = 0; i < p->count; i++)
		line(o, p, &p->lines[i]);
	fputs("Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block -DefaultOutboundAction Block\n", o);
}

const struct fw_format fw_format_windows = {
	.name = "windows", .title = "Windows firewall, PowerShell", .suffix = "ps1", .check = FW_CHECK_EYE,
	.how = "powershell -File FILE", .note = "rooms, limits per source", .write = write,
};

/* firewall: a network security group as an ARM template (Microsoft.Network/networkSecurityGroups). */
#include <string.h>

#include "firewall/formats.h"
#include "firewall/json.h"

struct writer {
	struct json j;
	yyjson_mut_val *rules;
	unsigned in, out;	/* priorities given */
};

static const char *protocol(const struct fw_rule *r)
{
	return r->protocol == FW_TCP ? "Tcp" : r->protocol == FW_UDP ? "Udp" : "Icmp";
}

static yyjson_mut_val *rule(struct writer *w, const char *name, const char *text, bool in, unsigned priority)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(w->j.d, w->rules), *p;

	json_text(&w->j, o, "name", name);
	p = json_object(&w->j, o, "properties");
	char cut[141];

	snprintf(cut, sizeof cut, "%s", text);
	json_text(&w->j, p, "description", cut);
	json_text(&w->j, p, "direction", in ? "Inbound" : "Outbound");
	json_number(&w->j, p, "priority", priority);
	json_text(&w->j, p, "sourcePortRange", "*");
	return p;
}

static void ports(struct writer *w, yyjson_mut_val *p, const struct fw_rule *r)
{
	yyjson_mut_val *list;
	char text[16];

	if (r->protocol != FW_TCP && r->protocol != FW_UDP) {
		json_text(&w->j, p, "destinationPortRange", "*");
		return;
	}
	list = json_array(&w->j, p, "destinationPortRanges");
	for (unsigned i = 0; i < r->range_count; i++) {
		fw_ranges_text(&r->ranges[i], 1, "-", text, sizeof text);
		yyjson_mut_arr_add_strcpy(w->j.d, list, text);
	}
}

/* A rule's addresses are of one family. */
static void line(struct writer *w, const struct fw_line *l, enum addr_family family)
{
	const struct fw_rule *r = l->rule;
	bool in = r->direction == FW_IN;
	char name[FW_NAME + 4], address[ADDR_PREFIX_TEXT_MAX];
	yyjson_mut_val *p, *list;
	unsigned n = 0;

	for (unsigned i = 0; i < l->peers.count; i++)
		n += l->peers.list[i].addr.family == family;
	if (r->protocol == FW_ICMP6 || (l->peers.count ? !n : family == ADDR_V6))
		return;
	snprintf(name, sizeof name, "%s%s", r->id, l->peers.count && family == ADDR_V6 ? "-v6" : "");
	p = rule(w, name, r->purpose, in, 100 + 10 * (in ? w->in++ : w->out++));
	json_text(&w->j, p, "protocol", protocol(r));
	ports(w, p, r);
	json_text(&w->j, p, in ? "destinationAddressPrefix" : "sourceAddressPrefix", "*");
	if (!l->peers.count) {
		json_text(&w->j, p, in ? "sourceAddressPrefix" : "destinationAddressPrefix", "*");
	} else {
		list = json_array(&w->j, p, in ? "sourceAddressPrefixes" : "destinationAddressPrefixes");
		for (unsigned i = 0; i < l->peers.count; i++)
			if (l->peers.list[i].addr.family == family) {
				addr_prefix_format(&l->peers.list[i], address);
				yyjson_mut_arr_add_strcpy(w->j.d, list, address);
			}
	}
	json_text(&w->j, p, "access", "Allow");
}

static void deny(struct writer *w, bool in)
{
	yyjson_mut_val *p = rule(w, in ? "deny-in" : "deny-out", "what no line opens is closed", in, 4096);

	json_text(&w->j, p, "protocol", "*");
	json_text(&w->j, p, "destinationPortRange", "*");
	json_text(&w->j, p, "sourceAddressPrefix", "*");
	json_text(&w->j, p, "destinationAddressPrefix", "*");
	json_text(&w->j, p, "access", "Deny");
}

static void write(const struct fw_policy *p, FILE *out)
{
	struct writer w = { .in = 0 };
	yyjson_mut_val *o, *group;
	char name[FW_NAME + 8];

	json_begin(&w.j);
	json_text(&w.j, w.j.root, "$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#");
	json_text(&w.j, w.j.root, "contentVersion", "1.0.0.0");
	o = json_object(&w.j, json_object(&w.j, w.j.root, "parameters"), "location");
	json_text(&w.j, o, "type", "string");
	json_text(&w.j, o, "defaultValue", "[resourceGroup().location]");
	group = yyjson_mut_arr_add_obj(w.j.d, json_array(&w.j, w.j.root, "resources"));
	json_text(&w.j, group, "type", "Microsoft.Network/networkSecurityGroups");
	json_text(&w.j, group, "apiVersion", "2023-04-01");
	snprintf(name, sizeof name, "cam-%s", p->tables->profiles[p->profile].name);
	json_text(&w.j, group, "name", name);
	json_text(&w.j, group, "location", "[parameters('location')]");
	w.rules = json_array(&w.j, json_object(&w.j, group, "properties"), "securityRules");
	for (unsigned i = 0; i < p->count; i++) {
		line(&w, &p->lines[i], ADDR_V4);
		line(&w, &p->lines[i], ADDR_V6);
	}
	deny(&w, true);
	deny(&w, false);
	json_end(&w.j, out);
}

const struct fw_format fw_format_azure = {
	.name = "azure", .title = "Azure network security group, ARM", .suffix = "json", .check = FW_CHECK_EYE,
	.how = "az deployment group create --template-file FILE", .note = "rooms, limits per source, ICMP types, ICMPv6",
	.write = write,
};

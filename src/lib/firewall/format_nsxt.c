/* firewall: a security policy of NSX-T's policy interface. */
#include <string.h>

#include "firewall/formats.h"
#include "firewall/json.h"

static void service(struct json *j, yyjson_mut_val *rule, const struct fw_rule *r)
{
	yyjson_mut_val *list = json_array(j, rule, "service_entries"), *o, *ports;
	char text[16];

	for (unsigned i = 0; r->protocol == FW_ICMP || r->protocol == FW_ICMP6 ? i < r->range_count : false; i++)
		for (unsigned n = r->ranges[i].first; n <= r->ranges[i].last; n++) {
			o = yyjson_mut_arr_add_obj(j->d, list);
			json_text(j, o, "resource_type", "ICMPTypeServiceEntry");
			json_text(j, o, "protocol", r->protocol == FW_ICMP ? "ICMPv4" : "ICMPv6");
			json_number(j, o, "icmp_type", n);
		}
	if (r->protocol != FW_TCP && r->protocol != FW_UDP)
		return;
	o = yyjson_mut_arr_add_obj(j->d, list);
	json_text(j, o, "resource_type", "L4PortSetServiceEntry");
	json_text(j, o, "l4_protocol", r->protocol == FW_TCP ? "TCP" : "UDP");
	ports = json_array(j, o, "destination_ports");
	for (unsigned i = 0; i < r->range_count; i++) {
		fw_ranges_text(&r->ranges[i], 1, "-", text, sizeof text);
		yyjson_mut_arr_add_strcpy(j->d, ports, text);
	}
}

static yyjson_mut_val *rule(struct json *j, yyjson_mut_val *list, const char *id, bool in, unsigned n, const char *action)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(j->d, list);

	json_text(j, o, "resource_type", "Rule");
	json_text(j, o, "id", id);
	json_text(j, o, "display_name", id);
	json_number(j, o, "sequence_number", n);
	json_text(j, o, "direction", in ? "IN" : "OUT");
	json_text(j, o, "action", action);
	return o;
}

static void peers(struct json *j, yyjson_mut_val *o, const struct fw_line *l, const char *name)
{
	yyjson_mut_val *list = json_array(j, o, name);
	char address[ADDR_PREFIX_TEXT_MAX];

	if (!l->peers.count)
		yyjson_mut_arr_add_str(j->d, list, "ANY");
	for (unsigned i = 0; i < l->peers.count; i++) {
		addr_prefix_format(&l->peers.list[i], address);
		yyjson_mut_arr_add_strcpy(j->d, list, address);
	}
}

static void write(const struct fw_policy *p, FILE *out)
{
	const struct fw_word *profile = &p->tables->profiles[p->profile];
	yyjson_mut_val *list, *o;
	struct json j;
	char id[FW_NAME + 8];

	json_begin(&j);
	json_text(&j, j.root, "resource_type", "SecurityPolicy");
	snprintf(id, sizeof id, "cam-%s", profile->name);
	json_text(&j, j.root, "id", id);
	json_text(&j, j.root, "display_name", profile->text);
	json_text(&j, j.root, "description", "NOT CHECKED BY A CONSUMER. Made by camfw.");
	json_text(&j, j.root, "category", "Application");
	yyjson_mut_arr_add_str(j.d, json_array(&j, j.root, "scope"), "ANY");
	list = json_array(&j, j.root, "rules");
	for (unsigned i = 0; i < p->count; i++) {
		const struct fw_rule *r = p->lines[i].rule;
		bool in = r->direction == FW_IN;

		o = rule(&j, list, r->id, in, 10 * (i + 1), "ALLOW");
		json_text(&j, o, "description", r->purpose);
		peers(&j, o, &p->lines[i], in ? "source_groups" : "destination_groups");
		yyjson_mut_arr_add_str(j.d, json_array(&j, o, in ? "destination_groups" : "source_groups"), "ANY");
		service(&j, o, r);
		yyjson_mut_arr_add_str(j.d, json_array(&j, o, "services"), "ANY");
	}
	for (int in = 1; in >= 0; in--) {
		o = rule(&j, list, in ? "deny-in" : "deny-out", in, 10 * (p->count + 2u), "DROP");
		yyjson_mut_arr_add_str(j.d, json_array(&j, o, "source_groups"), "ANY");
		yyjson_mut_arr_add_str(j.d, json_array(&j, o, "destination_groups"), "ANY");
		yyjson_mut_arr_add_str(j.d, json_array(&j, o, "services"), "ANY");
	}
	json_end(&j, out);
}

const struct fw_format fw_format_nsxt = {
	.name = "nsxt", .title = "NSX-T security policy", .suffix = "json", .check = FW_CHECK_UNCHECKED,
	.how = "PATCH /policy/api/v1/infra/domains/default/security-policies/ID", .note = "rooms, limits per source", .write = write,
};

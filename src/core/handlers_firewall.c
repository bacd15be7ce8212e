/* Who does the verbs of the firewall. */
#include "firewall.h"

const struct core_handler core_handlers_firewall[] = {
	{ .verb = "firewall.profiles", .run = verb_firewall_profiles_run },
	{ .verb = "firewall.rules", .run = verb_firewall_rules_run },
	{ .verb = "firewall.export", .run = verb_firewall_export_run },
	{ .verb = "firewall.explain", .start = verb_firewall_explain_start },
	{ .verb = "firewall.status", .start = verb_firewall_status_start },
	{ .verb = "firewall.own.get", .run = verb_firewall_own_get_run },
	{ .verb = "firewall.own.put", .start = verb_firewall_own_put_start },
	{ .verb = "firewall.confirm", .start = verb_firewall_confirm_start },
	{ .verb = "firewall.model", .run = verb_firewall_model_run },
	{ .verb = NULL },
};

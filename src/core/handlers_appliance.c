/* Who does the verbs of the appliance itself and of signing in. */
#include "verbs.h"

const struct core_handler core_handlers_appliance[] = {
	{ .verb = "appliance.status", .start = verb_status_start },
	{ .verb = "appliance.ca", .start = verb_ca_start },
	{ .verb = "appliance.agents", .start = verb_agents_start },
	{ .verb = "appliance.crl", .start = verb_crl_start },
	{ .verb = "appliance.setup", .start = verb_setup_start },
	{ .verb = "security.token", .start = verb_token_start },
	{ .verb = "security.signout", .run = verb_signout_run, .essential = true },
	{ .verb = "security.session", .run = verb_session_run },
	{ .verb = "appliance.settings.get", .run = verb_settings_get_run, .after = verb_settings_after },
	{ .verb = "appliance.settings.put", .start = verb_settings_put_start },
	{ .verb = "appliance.network.get", .start = verb_network_get_start },
	{ .verb = "appliance.network.put", .start = verb_network_put_start },
	{ .verb = "appliance.network.confirm", .start = verb_network_confirm_start },
	{ .verb = "appliance.screen", .start = verb_screen_start },
	{ .verb = "appliance.facts", .start = verb_facts_start },
	{ .verb = "appliance.services", .start = verb_services_start },
	{ .verb = "appliance.health", .run = verb_health_run, .after = verb_health_after },
	{ .verb = NULL },
};

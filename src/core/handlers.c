/* Verb by verb, who does it. */
#include <string.h>

#include "verbs.h"
#include "log/log.h"

static const struct core_handler handlers[] = {
	{ .verb = "appliance.status", .start = verb_status_start },
	{ .verb = "appliance.ca", .start = verb_ca_start },
	{ .verb = "appliance.crl", .start = verb_crl_start },
	{ .verb = "appliance.setup", .start = verb_setup_start },
	{ .verb = "security.token", .start = verb_token_start },
	{ .verb = "security.signout", .run = verb_signout_run, .essential = true },
	{ .verb = "security.session", .run = verb_session_run },
	{ .verb = "appliance.settings.get", .run = verb_settings_get_run, .after = verb_settings_after },
	{ .verb = "appliance.settings.put", .start = verb_settings_put_start },
	{ .verb = "appliance.screen", .start = verb_screen_start },
	{ .verb = "appliance.facts", .start = verb_facts_start },
};

const struct core_handler *core_handler_by_verb(const char *name)
{
	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
		if (!strcmp(handlers[i].verb, name))
			return &handlers[i];
	return NULL;
}

void core_handlers_check(void)
{
	const struct verb *v;

	for (size_t i = 0; (v = verb_at(i)); i++)
		if (!core_handler_by_verb(v->name))
			log_usage("%s: the verb has no handler", v->name);
	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
		if (!verb_by_name(handlers[i].verb))
			log_usage("%s: the handler has no verb", handlers[i].verb);
}

/* Verb by verb, who does it: each part has a list of its own. */
#include <string.h>

#include "core.h"
#include "log/log.h"

static const struct core_handler *const parts[] = {
	core_handlers_appliance, core_handlers_places, core_handlers_users, core_handlers_boxes,
	core_handlers_instances, core_handlers_blobs, core_handlers_firewall,
};

#define PARTS (sizeof parts / sizeof parts[0])

const struct core_handler *core_handler_by_verb(const char *name)
{
	for (size_t p = 0; p < PARTS; p++)
		for (const struct core_handler *h = parts[p]; h->verb; h++)
			if (!strcmp(h->verb, name))
				return h;
	return NULL;
}

void core_handlers_check(void)
{
	const struct core_handler *handler;
	const struct verb *v;

	for (size_t i = 0; (v = verb_at(i)); i++) {
		handler = core_handler_by_verb(v->name);
		if (!handler)
			log_usage("%s: the verb has no handler", v->name);
		if (v->list != (handler->chunk != NULL))
			log_usage("%s: a list needs a handler with chunk, and only a list has one", v->name);
	}
	for (size_t p = 0; p < PARTS; p++)
		for (handler = parts[p]; handler->verb; handler++)
			if (!verb_by_name(handler->verb))
				log_usage("%s: the handler has no verb", handler->verb);
}

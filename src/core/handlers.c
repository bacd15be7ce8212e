/* Verb by verb, who does it: each part has a list of its own. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "log/log.h"

static const struct core_handler *const parts[] = {
	core_handlers_appliance, core_handlers_places, core_handlers_users, core_handlers_boxes,
	core_handlers_instances, core_handlers_blobs, core_handlers_firewall,
};

#define PARTS (sizeof parts / sizeof parts[0])

#define HANDLERS_MAX 512

static const struct core_handler *named[HANDLERS_MAX];
static size_t count;

static int name_compare(const void *a, const void *b)
{
	return strcmp((*(const struct core_handler *const *)a)->verb, (*(const struct core_handler *const *)b)->verb);
}

static void index_make(void)
{
	for (size_t p = 0; p < PARTS; p++)
		for (const struct core_handler *h = parts[p]; h->verb; h++) {
			if (count == HANDLERS_MAX)
				log_bug("more handlers than HANDLERS_MAX");
			named[count++] = h;
		}
	qsort(named, count, sizeof named[0], name_compare);
}

const struct core_handler *core_handler_by_verb(const char *name)
{
	const struct core_handler key = { .verb = name }, *at = &key, **found;

	if (!count)
		index_make();
	found = bsearch(&at, named, count, sizeof named[0], name_compare);
	return found ? *found : NULL;
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

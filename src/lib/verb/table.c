/* The verbs.  One row in a part's file and one handler in core make a verb: docs/adding-a-verb.md. */
#include <string.h>

#include "verb/verb.h"

static const struct verb *const parts[] = {
	verb_rows_appliance, verb_rows_places, verb_rows_users, verb_rows_boxes, verb_rows_instances, verb_rows_blobs,
	verb_rows_firewall,
};

#define PARTS (sizeof parts / sizeof parts[0])

const struct verb *verb_at(size_t i)
{
	for (size_t p = 0; p < PARTS; p++)
		for (const struct verb *v = parts[p]; v->name; v++)
			if (!i--)
				return v;
	return NULL;
}

const struct verb *verb_by_name(const char *name)
{
	for (size_t p = 0; p < PARTS; p++)
		for (const struct verb *v = parts[p]; v->name; v++)
			if (!strcmp(v->name, name))
				return v;
	return NULL;
}

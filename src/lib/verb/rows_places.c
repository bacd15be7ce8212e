/* Verbs of organizations, cost centers and workspaces. */
#include "verb/verb.h"

const struct verb verb_rows_places[] = {
	{ .name = NULL },
};

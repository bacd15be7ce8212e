/* Who does the verbs of organizations, cost centers and workspaces. */
#include "core.h"

const struct core_handler core_handlers_places[] = {
	{ .verb = NULL },
};

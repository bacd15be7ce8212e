/* Who does the verbs of instances and providers. */
#include "core.h"

const struct core_handler core_handlers_instances[] = {
	{ .verb = NULL },
};

/* Who does the verbs of boxes. */
#include "core.h"

const struct core_handler core_handlers_boxes[] = {
	{ .verb = NULL },
};

/* Who does the verbs of blobs. */
#include "core.h"

const struct core_handler core_handlers_blobs[] = {
	{ .verb = NULL },
};

/* Who does the verbs of users and tokens. */
#include "core.h"

const struct core_handler core_handlers_users[] = {
	{ .verb = NULL },
};

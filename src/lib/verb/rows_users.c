/* Verbs of users and tokens. */
#include "verb/verb.h"

const struct verb verb_rows_users[] = {
	{ .name = NULL },
};

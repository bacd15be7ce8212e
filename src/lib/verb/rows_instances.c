/* Verbs of instances and providers. */
#include "verb/verb.h"

const struct verb verb_rows_instances[] = {
	{ .name = NULL },
};

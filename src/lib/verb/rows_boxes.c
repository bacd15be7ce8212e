/* Verbs of boxes. */
#include "verb/verb.h"

const struct verb verb_rows_boxes[] = {
	{ .name = NULL },
};

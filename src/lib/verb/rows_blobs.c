/* Verbs of blobs. */
#include "verb/verb.h"

const struct verb verb_rows_blobs[] = {
	{ .name = NULL },
};

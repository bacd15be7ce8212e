/* Who does the verbs of blobs. */
#include "blobs.h"

const struct core_handler core_handlers_blobs[] = {
	{ .verb = "blobs.add", .start = verb_blob_add_start, .run = verb_blob_add_run },
	{ .verb = "blobs.add.named", .start = verb_blob_add_start, .run = verb_blob_add_run },
	{ .verb = "blobs.get", .start = verb_blob_get_start, .run = verb_blob_get_run },
	{ .verb = "blobs.credential", .start = verb_blob_credential_start, .run = verb_blob_credential_run },
	{ .verb = NULL },
};

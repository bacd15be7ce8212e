/* Verbs of blobs. */
#include "verb/verb.h"

/* A File variable's limit, bytes. */
#define FILE_MAX (10 << 20)

/* api's, made from the bytes it took in; the name is the path's or the form's. */
static const struct verb_arg add_args[] = {
	{ "digest", VERB_STRING, true, 64, 64, "SHA-256 of the content" },
	{ "length", VERB_INTEGER, true, 0, FILE_MAX, "bytes" },
	{ "name", VERB_STRING, true, 1, 255, "name of the file" },
	{ "content_type", VERB_STRING, true, 1, 255, "media type of the file" },
	{ .type = VERB_NONE },
};

static const struct verb_arg get_args[] = {
	{ "id", VERB_STRING, true, 1, 64, "the blob" },
	{ "name", VERB_STRING, true, 1, 255, "name of the file" },
	{ "credential", VERB_SECRET, false, 1, 128, "opens the file to an instance's machines" },
	{ .type = VERB_NONE },
};

static const struct verb_arg credential_args[] = {
	{ "blob", VERB_STRING, true, 24, 24, "the blob" },
	{ "instance", VERB_STRING, true, 1, 64, "an instance that names it" },
	{ .type = VERB_NONE },
};

const struct verb verb_rows_blobs[] = {
	{ .name = "blobs.add", .method = "POST", .path = "/services/blobs/upload", .role = VERB_ROLE_USER, .writes = true,
	  .args = add_args, .help = "keep a file: the part \"blob\" of a form", .status = 200, .reply = "blob",
	  .body = VERB_BODY_MULTIPART },
	{ .name = "blobs.add.named", .method = "POST", .path = "/services/blobs/upload/{name}", .role = VERB_ROLE_USER,
	  .writes = true, .args = add_args, .help = "keep a file: the body as it is", .status = 200, .reply = "blob",
	  .body = VERB_BODY_RAW },
	{ .name = "blobs.get", .method = "GET", .path = "/services/blobs/download/{id}/{name}", .role = VERB_ROLE_PUBLIC,
	  .args = get_args, .help = "a file, for who may see it or has an instance's credential",
	  .kind = OBJECT_BLOB, .need = ACCESS_SEE, .status = 200,
	  .answer = VERB_ANSWER_BYTES },
	{ .name = "blobs.credential", .method = "POST", .path = "/services/blobs/credential", .role = VERB_ROLE_USER,
	  .args = credential_args, .help = "the address of a file for an instance's machines",
	  .kind = OBJECT_INSTANCE, .need = ACCESS_USE, .status = 200,
	  .reply = "blob-address" },
	{ .name = NULL },
};

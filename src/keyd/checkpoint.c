/* keyd: signs how far the activity's chain goes.  The statement is made here, so that
 * the key signs nothing else. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "request.h"

#define HASH_TEXT 64
#define DATE_TEXT 26

static const char *member_of(yyjson_val *root, const char *name, size_t len, const char *letters)
{
	const char *text = keyd_request_text(root, name, len);

	return text && strlen(text) == len && strspn(text, letters) == len ? text : NULL;
}

/* The statement as JSON text (free it), NULL when the request is malformed. */
static char *statement(const struct keyd *k, yyjson_val *root)
{
	const char *prev = member_of(root, "prev", HASH_TEXT, "0123456789abcdef");
	const char *hash = member_of(root, "hash", HASH_TEXT, "0123456789abcdef");
	const char *time = member_of(root, "time", DATE_TEXT, "0123456789-:. ");
	yyjson_val *first = yyjson_obj_get(root, "first"), *last = yyjson_obj_get(root, "last");
	yyjson_mut_doc *doc;
	char *text;

	if (!prev || !hash || !time || !yyjson_is_int(first) || !yyjson_is_int(last) || yyjson_get_sint(first) < 1
			|| yyjson_get_sint(last) < yyjson_get_sint(first) - 1)
		return NULL;
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "appliance", k->ring.id);
	yyjson_mut_obj_add_sint(doc, doc->root, "first", yyjson_get_sint(first));
	yyjson_mut_obj_add_str(doc, doc->root, "prev", prev);
	yyjson_mut_obj_add_sint(doc, doc->root, "last", yyjson_get_sint(last));
	yyjson_mut_obj_add_str(doc, doc->root, "hash", hash);
	yyjson_mut_obj_add_str(doc, doc->root, "time", time);
	text = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

void keyd_checkpoint(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	char encoded[sodium_base64_ENCODED_LEN(ECDSA_SIGNATURE_MAX, sodium_base64_VARIANT_ORIGINAL)], *text;
	uint8_t hash[32], signature[ECDSA_SIGNATURE_MAX];
	yyjson_val *root = keyd_request_open(c, msg);
	yyjson_mut_doc *doc;
	size_t len;

	if (!root)
		return;
	text = statement(k, root);
	keyd_request_close(msg);
	if (!text) {
		ipc_reply_error(c, msg, 400, "a checkpoint has first, prev, last, hash and time");
		return;
	}
	ecdsa_sha256(hash, text, strlen(text));
	len = ecdsa_sign(signature, k->ring.secrets->activity, ECDSA_SHA256, hash, sizeof hash);
	sodium_bin2base64(encoded, sizeof encoded, signature, len, sodium_base64_VARIANT_ORIGINAL);
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "statement", text);
	yyjson_mut_obj_add_str(doc, doc->root, "signature", encoded);
	ipc_send_json(c, IPC_REPLY, msg->type, msg->seq, doc);
	free(text);
}

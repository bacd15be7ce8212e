/* keyd: requests and answers that hold secrets. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "keyd.h"
#include "request.h"

/* What yyjson needs at most for n bytes (yyjson_read_max_memory_usage), and what its
 * pool keeps for itself. */
#define POOL_FOR(n) ((size_t)(n) * 14 + 4096)

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define ANSWER_MAX (sodium_base64_ENCODED_LEN(KEYD_PLAIN_MAX + SEAL_OVERHEAD, BASE64) + 64)

static _Alignas(16) uint8_t pool[POOL_FOR(KEYD_BODY_MAX)];

yyjson_val *keyd_request_open(struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_alc memory;
	yyjson_doc *doc;

	if (msg->len > KEYD_BODY_MAX) {
		ipc_reply_error(c, msg, 413, "the request is longer than %u bytes", KEYD_BODY_MAX);
		return NULL;
	}
	yyjson_alc_pool_init(&memory, pool, POOL_FOR(msg->len));
	/* yyjson only reads the text: it works on a copy in the pool */
	doc = yyjson_read_opts((char *)(uintptr_t)msg->body, msg->len, 0, &memory, NULL);
	if (!doc || !yyjson_is_obj(yyjson_doc_get_root(doc))) {
		keyd_request_close(msg);
		ipc_reply_error(c, msg, 400, "the request is not a JSON object");
		return NULL;
	}
	return yyjson_doc_get_root(doc);
}

void keyd_request_close(struct ipc_msg *msg)
{
	sodium_memzero(pool, POOL_FOR(msg->len));
	/* the bytes lie in the connection's buffer, which is ours for the callback */
	sodium_memzero((uint8_t *)(uintptr_t)msg->body, msg->len);
}

const char *keyd_request_text(yyjson_val *root, const char *name, size_t max)
{
	yyjson_val *value = yyjson_obj_get(root, name);
	const char *text = yyjson_get_str(value);
	size_t len = yyjson_get_len(value);

	return text && len && len <= max && strlen(text) == len ? text : NULL;
}

int keyd_request_bytes(yyjson_val *root, const char *name, uint8_t *out, size_t cap, size_t *len)
{
	yyjson_val *value = yyjson_obj_get(root, name);

	if (!yyjson_is_str(value))
		return -1;
	return sodium_base642bin(out, cap, yyjson_get_str(value), yyjson_get_len(value), NULL, len, NULL, BASE64);
}

void keyd_reply_bytes(struct ipc_conn *c, const struct ipc_msg *msg, const char *name,
	const uint8_t *bytes, size_t len)
{
	static char answer[ANSWER_MAX];
	size_t at = (size_t)snprintf(answer, 64, "{\"%s\":\"", name);

	sodium_bin2base64(answer + at, sizeof answer - at, bytes, len, BASE64);
	at += strlen(answer + at);
	memcpy(answer + at, "\"}", 2);
	at += 2;
	ipc_reply(c, msg, answer, (uint32_t)at, NULL, 0);
	sodium_memzero(answer, at);
}

/* keyd: signatures for handshakes. */
#include "keyd.h"
#include "ipc/proto.h"

/* leaf and hash in front of the hash value. */
#define HEAD 2

void keyd_sign(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	uint8_t signature[ECDSA_SIGNATURE_MAX];
	const uint8_t *secret;
	size_t len;

	if (msg->len < HEAD) {
		ipc_reply_error(c, msg, 400, "a request to sign holds leaf, hash and hash value");
		return;
	}
	switch (msg->body[0]) {
	case PROTO_LEAF_SERVER: secret = keyring_server_secret(&k->ring); break;
	case PROTO_LEAF_AGENTS: secret = k->ring.secrets->leaf[KEYRING_AGENTS]; break;
	default:
		ipc_reply_error(c, msg, 400, "there is no leaf %u", msg->body[0]);
		return;
	}
	len = ecdsa_sign(signature, secret, msg->body[1], msg->body + HEAD, msg->len - HEAD);
	if (!len) {
		ipc_reply_error(c, msg, 400, "hash %u is not one of SHA-256, SHA-384, SHA-512, or not %u bytes long",
			msg->body[1], msg->len - HEAD);
		return;
	}
	ipc_reply(c, msg, signature, (uint32_t)len, NULL, 0);
}

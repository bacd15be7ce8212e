#include "signer.h"

#include <errno.h>
#include <string.h>

#include "ipc/ipc.h"
#include "limits.h"
#include "pump.h"
#include "tally.h"

/* Largest hash value, SHA-512, bytes. */
#define HASH_MAX 64
/* keyd's error object, when it refuses, bytes. */
#define REPLY_MAX 512

static struct ipc_sync keyd = { .fd = -1, .to = ROOM_KEYD };
static struct tally failed = { .what = "keyd: no signature" };
static bool failing;

size_t signer_sign(enum proto_leaf leaf, unsigned hash, const uint8_t *value, size_t len,
	uint8_t *signature)
{
	uint8_t body[2 + HASH_MAX], reply[REPLY_MAX];
	uint32_t n = sizeof reply;

	if (len > HASH_MAX)
		return 0;
	body[0] = (uint8_t)leaf;
	body[1] = (uint8_t)hash;
	memcpy(body + 2, value, len);
	if (ipc_sync_call(&keyd, PROTO_KEYD_SIGN, body, (uint32_t)(2 + len), reply, &n,
			failing ? GATE_SIGN_SHORT_MS : GATE_SIGN_MS) < 0) {
		/* a refusal came from a keyd that is there */
		failing = errno != EREMOTEIO;
		tally_add(&failed, pump_now(), "%s", strerror(errno));
		return 0;
	}
	failing = false;
	if (n == 0 || n > TLS_SIGNATURE_MAX) {
		tally_add(&failed, pump_now(), "a signature of %u bytes", n);
		return 0;
	}
	memcpy(signature, reply, n);
	return n;
}

int signer_flush(uint64_t now)
{
	return tally_flush(&failed, now);
}

/* gate/signer: signatures by keyd, for the handshake thread, which may wait. */
#ifndef CAM_GATE_SIGNER_H
#define CAM_GATE_SIGNER_H

#include "tls/server.h"

/* A tls_sign_fn: PROTO_KEYD_SIGN.  One thread only. */
size_t signer_sign(enum proto_leaf leaf, unsigned hash, const uint8_t *value, size_t len,
	uint8_t *signature);

/* Says what was refused and is due to be said; see tally_flush. */
int signer_flush(uint64_t now);

#endif

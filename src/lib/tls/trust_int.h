/* tls/trust, inside. */
#ifndef CAM_TLS_TRUST_INT_H
#define CAM_TLS_TRUST_INT_H

#include "tls/trust.h"

struct tls_trust {
	br_x509_trust_anchor anchors[TLS_AUTHORITIES_MAX];
	size_t count;
	uint8_t pin[br_sha256_SIZE];
	bool pinned;
};

#endif

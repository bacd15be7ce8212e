/*
 * tls/ec: the two curves of the house for BearSSL's curve slot.
 *
 * X25519 (RFC 7748) is libsodium's code, three times as fast as BearSSL 0.6's;
 * P-256 stays BearSSL's.  No other curve is offered, so no peer can pick the
 * slow generic code.
 */
#ifndef CAM_TLS_EC_H
#define CAM_TLS_EC_H

#include <bearssl.h>

/* Stricter than BearSSL: a point of low order makes mul fail (RFC 7748 §6.1).
 * Call sodium_init() before use: without it libsodium stays on its slow code. */
extern const br_ec_impl tls_ec;

#endif

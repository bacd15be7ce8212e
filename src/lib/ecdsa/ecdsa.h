/*
 * ecdsa: keys and signatures on the curve P-256 (FIPS 186-4, RFC 6979).
 *
 * Uses BearSSL's constant-time 31-bit code by name, so that none of its other
 * curves or field implementations is linked.  A key is its secret scalar, 32
 * bytes big-endian; whoever holds one wipes it.
 */
#ifndef CAM_ECDSA_H
#define CAM_ECDSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECDSA_SECRET 32
#define ECDSA_PUBLIC 65		/* 0x04, x, y: uncompressed point (SEC 1 §2.3.3) */
#define ECDSA_SIGNATURE_MAX 72	/* bytes of DER for two 256-bit numbers */

/* Hash functions by their number in TLS (RFC 5246 §7.4.1.4.1). */
enum ecdsa_hash { ECDSA_HASH_INVALID = 0, ECDSA_SHA256 = 4, ECDSA_SHA384 = 5, ECDSA_SHA512 = 6 };

/* Length of the hash value, bytes; 0 when the hash is not one of ours. */
size_t ecdsa_hash_len(unsigned hash);

/* A new random key. */
void ecdsa_key_make(uint8_t secret[ECDSA_SECRET]);
/* The public point; false when the secret is not in 1..n-1. */
bool ecdsa_key_public(uint8_t point[ECDSA_PUBLIC], const uint8_t secret[ECDSA_SECRET]);

/* Signs a hash value, deterministically (RFC 6979).  Returns the length of the DER
 * signature in out, 0 when the key or the hash are not acceptable. */
size_t ecdsa_sign(uint8_t out[ECDSA_SIGNATURE_MAX], const uint8_t secret[ECDSA_SECRET],
	unsigned hash, const uint8_t *value, size_t len);

/* SHA-256 of bytes (FIPS 180-4). */
void ecdsa_sha256(uint8_t out[32], const void *bytes, size_t len);

#endif

/* ecdsa: P-256 by BearSSL's m31 field and i31 signatures. */
#include <bearssl.h>
#include <sodium.h>
#include <string.h>

#include "ecdsa/ecdsa.h"

/* Bytes of kernel randomness behind one new key: its own length and half as much again. */
#define SEED 48

static const br_hash_class *hash_class(unsigned hash)
{
	switch (hash) {
	case ECDSA_SHA256: return &br_sha256_vtable;
	case ECDSA_SHA384: return &br_sha384_vtable;
	case ECDSA_SHA512: return &br_sha512_vtable;
	}
	return NULL;
}

size_t ecdsa_hash_len(unsigned hash)
{
	switch (hash) {
	case ECDSA_SHA256: return br_sha256_SIZE;
	case ECDSA_SHA384: return br_sha384_SIZE;
	case ECDSA_SHA512: return br_sha512_SIZE;
	}
	return 0;
}

void ecdsa_key_make(uint8_t secret[ECDSA_SECRET])
{
	br_hmac_drbg_context drbg;
	uint8_t seed[SEED], kbuf[BR_EC_KBUF_PRIV_MAX_SIZE];
	br_ec_private_key key;

	randombytes_buf(seed, sizeof seed);
	br_hmac_drbg_init(&drbg, &br_sha256_vtable, seed, sizeof seed);
	br_ec_keygen(&drbg.vtable, &br_ec_p256_m31, &key, kbuf, BR_EC_secp256r1);
	memcpy(secret, kbuf, ECDSA_SECRET);
	sodium_memzero(&drbg, sizeof drbg);
	sodium_memzero(seed, sizeof seed);
	sodium_memzero(kbuf, sizeof kbuf);
}

/* 1 <= secret < n, without a branch on its bits. */
static bool key_acceptable(const uint8_t secret[ECDSA_SECRET])
{
	size_t len;
	const unsigned char *order = br_ec_p256_m31.order(BR_EC_secp256r1, &len);
	unsigned borrow = 0;

	for (size_t i = ECDSA_SECRET; i-- > 0;)
		borrow = (unsigned)(secret[i] - order[i] - (int)borrow) >> 31;
	return borrow && !sodium_is_zero(secret, ECDSA_SECRET);
}

bool ecdsa_key_public(uint8_t point[ECDSA_PUBLIC], const uint8_t secret[ECDSA_SECRET])
{
	if (!key_acceptable(secret))
		return false;
	return br_ec_p256_m31.mulgen(point, secret, ECDSA_SECRET, BR_EC_secp256r1) == ECDSA_PUBLIC;
}

size_t ecdsa_sign(uint8_t out[ECDSA_SIGNATURE_MAX], const uint8_t secret[ECDSA_SECRET],
	unsigned hash, const uint8_t *value, size_t len)
{
	const br_hash_class *class = hash_class(hash);
	/* BearSSL only reads through the pointer */
	const br_ec_private_key key = { BR_EC_secp256r1, (unsigned char *)secret, ECDSA_SECRET };

	if (!class || len != ecdsa_hash_len(hash))
		return 0;
	return br_ecdsa_i31_sign_asn1(&br_ec_p256_m31, class, value, &key, out);
}

void ecdsa_sha256(uint8_t out[32], const void *bytes, size_t len)
{
	br_sha256_context c;

	br_sha256_init(&c);
	br_sha256_update(&c, bytes, len);
	br_sha256_out(&c, out);
}

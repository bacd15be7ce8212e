#include "tls/ec.h"

#include <sodium.h>
#include <string.h>

#define X25519_LEN crypto_scalarmult_curve25519_BYTES

static const br_ec_impl *ec_bearssl(int curve)
{
	return curve == BR_EC_curve25519 ? &br_ec_c25519_m31 : &br_ec_p256_m31;
}

static const unsigned char *ec_generator(int curve, size_t *len)
{
	return ec_bearssl(curve)->generator(curve, len);
}

static const unsigned char *ec_order(int curve, size_t *len)
{
	return ec_bearssl(curve)->order(curve, len);
}

static size_t ec_xoff(int curve, size_t *len)
{
	return ec_bearssl(curve)->xoff(curve, len);
}

/* BearSSL 0.6 hands the X25519 scalar over little endian, as libsodium wants
 * it; a short one is padded at the end. */
static void x25519_scalar(unsigned char k[X25519_LEN], const unsigned char *x, size_t xlen)
{
	memset(k, 0, X25519_LEN);
	memcpy(k, x, xlen);
}

static uint32_t ec_mul(unsigned char *G, size_t Glen, const unsigned char *x, size_t xlen, int curve)
{
	unsigned char k[X25519_LEN], r[X25519_LEN];
	int bad;

	if (curve != BR_EC_curve25519)
		return br_ec_p256_m31.mul(G, Glen, x, xlen, curve);
	if (Glen != X25519_LEN || xlen > X25519_LEN)
		return 0;
	x25519_scalar(k, x, xlen);
	bad = crypto_scalarmult_curve25519(r, k, G);
	memcpy(G, r, sizeof r);
	sodium_memzero(k, sizeof k);
	sodium_memzero(r, sizeof r);
	return bad == 0;
}

static size_t ec_mulgen(unsigned char *R, const unsigned char *x, size_t xlen, int curve)
{
	unsigned char k[X25519_LEN];

	if (curve != BR_EC_curve25519)
		return br_ec_p256_m31.mulgen(R, x, xlen, curve);
	if (xlen > X25519_LEN)
		return 0;
	x25519_scalar(k, x, xlen);
	crypto_scalarmult_curve25519_base(R, k);
	sodium_memzero(k, sizeof k);
	return X25519_LEN;
}

static uint32_t ec_muladd(unsigned char *A, const unsigned char *B, size_t len,
	const unsigned char *x, size_t xlen, const unsigned char *y, size_t ylen, int curve)
{
	return ec_bearssl(curve)->muladd(A, B, len, x, xlen, y, ylen, curve);
}

const br_ec_impl tls_ec = {
	(uint32_t)1 << BR_EC_secp256r1 | (uint32_t)1 << BR_EC_curve25519,
	ec_generator,
	ec_order,
	ec_xoff,
	ec_mul,
	ec_mulgen,
	ec_muladd
};

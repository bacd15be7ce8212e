/* tls/ec: libsodium's X25519 in BearSSL's slot computes what BearSSL's own does. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "tls/ec.h"

#define ROUNDS 300

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static void check_mul(const unsigned char *point, const unsigned char *x, size_t xlen)
{
	unsigned char a[32], b[32];

	memcpy(a, point, 32);
	memcpy(b, point, 32);
	CHECK(tls_ec.mul(a, 32, x, xlen, BR_EC_curve25519) == 1);
	CHECK(br_ec_c25519_m31.mul(b, 32, x, xlen, BR_EC_curve25519) == 1);
	CHECK(memcmp(a, b, 32) == 0);
	CHECK(tls_ec.mulgen(a, x, xlen, BR_EC_curve25519) == 32);
	br_ec_c25519_m31.mulgen(b, x, xlen, BR_EC_curve25519);
	CHECK(memcmp(a, b, 32) == 0);
}

static void check_x25519(void)
{
	unsigned char point[32], x[32];

	for (int i = 0; i < ROUNDS; i++) {
		randombytes_buf(point, sizeof point);
		randombytes_buf(x, sizeof x);
		/* edges: the high bit, shorter scalars, small coordinates */
		if (i % 4 == 1)
			point[31] |= 0x80;
		if (i % 4 == 2)
			memset(point + 1, 0, 31), point[0] = (unsigned char)(2 + i % 7);
		check_mul(point, x, i % 4 == 3 ? 20 : 32);
	}
}

static void check_refusals(void)
{
	unsigned char zero[32] = { 0 }, x[32] = { 9 };

	/* a point of low order: the shared secret would be known */
	CHECK(tls_ec.mul(zero, 32, x, 32, BR_EC_curve25519) == 0);
	CHECK(tls_ec.mul(zero, 31, x, 32, BR_EC_curve25519) == 0);
	CHECK(tls_ec.supported_curves == ((uint32_t)1 << 23 | (uint32_t)1 << 29));
}

static void check_p256(void)
{
	unsigned char a[65], b[65], x[32];
	size_t len;

	randombytes_buf(x, sizeof x);
	x[0] &= 0x7F;
	CHECK(tls_ec.mulgen(a, x, sizeof x, BR_EC_secp256r1) == 65);
	br_ec_p256_m31.mulgen(b, x, sizeof x, BR_EC_secp256r1);
	CHECK(memcmp(a, b, 65) == 0);
	CHECK(tls_ec.mul(a, 65, x, sizeof x, BR_EC_secp256r1) == 1);
	br_ec_p256_m31.mul(b, 65, x, sizeof x, BR_EC_secp256r1);
	CHECK(memcmp(a, b, 65) == 0);
	CHECK(tls_ec.order(BR_EC_secp256r1, &len)[0] == 0xFF && len == 32);
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	check_x25519();
	check_refusals();
	check_p256();
	return failed;
}

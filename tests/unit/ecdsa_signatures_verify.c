/* ecdsa: signatures verify with another implementation of the curve, and only
 * for their hash value; RFC 6979's own example comes out byte for byte. */
#include <bearssl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ecdsa/ecdsa.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static bool verifies(const uint8_t *value, size_t len, uint8_t *point, const uint8_t *signature, size_t sig_len)
{
	const br_ec_public_key key = { BR_EC_secp256r1, point, ECDSA_PUBLIC };

	return br_ecdsa_i15_vrfy_asn1(&br_ec_p256_m15, value, len, &key, signature, sig_len) == 1;
}

static void every_hash(void)
{
	static const unsigned hashes[] = { ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 };
	uint8_t secret[ECDSA_SECRET], point[ECDSA_PUBLIC], value[64], signature[ECDSA_SIGNATURE_MAX];

	for (int round = 0; round < 8; round++)
		for (size_t i = 0; i < 3; i++) {
			size_t len = ecdsa_hash_len(hashes[i]), sig_len;

			ecdsa_key_make(secret);
			CHECK(ecdsa_key_public(point, secret) && point[0] == 4);
			randombytes_buf(value, sizeof value);
			sig_len = ecdsa_sign(signature, secret, hashes[i], value, len);
			CHECK(sig_len && verifies(value, len, point, signature, sig_len));
			value[round] ^= 1;
			CHECK(!verifies(value, len, point, signature, sig_len));
		}
}

static void refusals(void)
{
	uint8_t secret[ECDSA_SECRET], value[65] = "", signature[ECDSA_SIGNATURE_MAX];

	ecdsa_key_make(secret);
	for (unsigned hash = 0; hash < 256; hash++)
		for (size_t len = 0; len <= 65; len++) {
			bool good = (hash == 4 && len == 32) || (hash == 5 && len == 48) || (hash == 6 && len == 64);

			if (good)
				continue;
			if (ecdsa_sign(signature, secret, hash, value, len)) {
				failed = 1;
				printf("hash %u of %zu bytes was signed\n", hash, len);
			}
		}
}

static void bad_keys(void)
{
	/* n, n-1: FIPS 186-4 D.1.2.3 */
	uint8_t key[ECDSA_SECRET] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };
	uint8_t zero[ECDSA_SECRET] = "", ones[ECDSA_SECRET], point[ECDSA_PUBLIC];

	memset(ones, 0xff, sizeof ones);
	CHECK(!ecdsa_key_public(point, key));
	CHECK(!ecdsa_key_public(point, zero));
	CHECK(!ecdsa_key_public(point, ones));
	key[31]--;
	CHECK(ecdsa_key_public(point, key));
}

/* RFC 6979 A.2.5, SHA-256, message "sample". */
static void known_answer(void)
{
	uint8_t secret[ECDSA_SECRET], value[32], signature[ECDSA_SIGNATURE_MAX], r[32], s[32];
	size_t len;

	sodium_hex2bin(secret, sizeof secret, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", 64,
		NULL, &len, NULL);
	sodium_hex2bin(r, sizeof r, "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716", 64,
		NULL, &len, NULL);
	sodium_hex2bin(s, sizeof s, "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", 64,
		NULL, &len, NULL);
	ecdsa_sha256(value, "sample", 6);
	len = ecdsa_sign(signature, secret, ECDSA_SHA256, value, sizeof value);
	/* 30 46 02 21 00 r 02 21 00 s */
	CHECK(len == 72 && !memcmp(signature + 5, r, 32) && !memcmp(signature + 40, s, 32));
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	every_hash();
	refusals();
	bad_keys();
	known_answer();
	return failed;
}

/* jwt: the key. */
#include <bearssl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "jwt/jwt.h"

#define BITS 2048
#define EXPONENT 65537
#define EXPONENT_TEXT "AQAB"
/* Bytes of kernel randomness behind one key: more than the strength of 2048 bits asks for. */
#define SEED 48
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define MODULUS_TEXT sodium_base64_ENCODED_LEN(JWT_MODULUS, BASE64)

/* Takes a part of the key into a field of fixed length: parts may have leading zeros left out. */
static void take(uint8_t *out, size_t size, const unsigned char *part, size_t len)
{
	memset(out, 0, size);
	memcpy(out + size - len, part, len);
}

void jwt_key_name(struct jwt_public *public)
{
	char n[MODULUS_TEXT], text[MODULUS_TEXT + 64];
	uint8_t hash[crypto_hash_sha256_BYTES];
	int len;

	/* RFC 7638 §3: the required members, in order of their names, without space */
	sodium_bin2base64(n, sizeof n, public->n, JWT_MODULUS, BASE64);
	len = snprintf(text, sizeof text, "{\"e\":\"" EXPONENT_TEXT "\",\"kty\":\"RSA\",\"n\":\"%s\"}", n);
	crypto_hash_sha256(hash, (const uint8_t *)text, (size_t)len);
	sodium_bin2base64(public->kid, sizeof public->kid, hash, sizeof hash, BASE64);
}

bool jwt_key_make(struct jwt_secret *secret, struct jwt_public *public)
{
	unsigned char private_bytes[BR_RSA_KBUF_PRIV_SIZE(BITS)], public_bytes[BR_RSA_KBUF_PUB_SIZE(BITS)];
	br_hmac_drbg_context drbg;
	br_rsa_private_key sk;
	br_rsa_public_key pk;
	uint8_t seed[SEED];
	bool made;

	randombytes_buf(seed, sizeof seed);
	br_hmac_drbg_init(&drbg, &br_sha256_vtable, seed, sizeof seed);
	made = br_rsa_keygen_get_default()(&drbg.vtable, &sk, private_bytes, &pk, public_bytes, BITS, EXPONENT) == 1;
	if (made) {
		take(secret->p, JWT_PRIME, sk.p, sk.plen);
		take(secret->q, JWT_PRIME, sk.q, sk.qlen);
		take(secret->dp, JWT_PRIME, sk.dp, sk.dplen);
		take(secret->dq, JWT_PRIME, sk.dq, sk.dqlen);
		take(secret->iq, JWT_PRIME, sk.iq, sk.iqlen);
		take(public->n, JWT_MODULUS, pk.n, pk.nlen);
		jwt_key_name(public);
	}
	sodium_memzero(&drbg, sizeof drbg);
	sodium_memzero(seed, sizeof seed);
	sodium_memzero(private_bytes, sizeof private_bytes);
	return made && jwt_key_good(secret, public);
}

bool jwt_key_good(const struct jwt_secret *secret, const struct jwt_public *public)
{
	struct jwt_claims claims = { .type = JWT_TYPE_USER, .sub = "a", .name = "a", .organization = "a", .jti = "a" }, read;
	char token[JWT_TOKEN_MAX + 1];
	size_t len = jwt_sign(token, &claims, secret, public);

	return len && jwt_check(&read, token, len, public, 0) == JWT_GOOD;
}

yyjson_mut_val *jwt_key_jwk(yyjson_mut_doc *doc, const struct jwt_public *public)
{
	yyjson_mut_val *jwk = yyjson_mut_obj(doc);
	char n[MODULUS_TEXT];

	sodium_bin2base64(n, sizeof n, public->n, JWT_MODULUS, BASE64);
	yyjson_mut_obj_add_str(doc, jwk, "kty", "RSA");
	yyjson_mut_obj_add_str(doc, jwk, "use", "sig");
	yyjson_mut_obj_add_str(doc, jwk, "alg", "RS256");
	yyjson_mut_obj_add_strcpy(doc, jwk, "kid", public->kid);
	yyjson_mut_obj_add_strcpy(doc, jwk, "n", n);
	yyjson_mut_obj_add_str(doc, jwk, "e", EXPONENT_TEXT);
	return jwk;
}

int jwt_key_read(struct jwt_public *public, yyjson_val *jwk)
{
	const char *n = yyjson_get_str(yyjson_obj_get(jwk, "n")), *e = yyjson_get_str(yyjson_obj_get(jwk, "e"));
	size_t len;

	if (!n || !e || strcmp(e, EXPONENT_TEXT) || sodium_base642bin(public->n, JWT_MODULUS, n, strlen(n), NULL, &len,
			NULL, BASE64) || len != JWT_MODULUS || !(public->n[0] & 0x80))
		return -1;
	jwt_key_name(public);
	return 0;
}

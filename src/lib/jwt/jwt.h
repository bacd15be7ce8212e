/*
 * jwt: JSON Web Tokens (RFC 7519) signed with RS256 (RFC 7518 §3.3), and the
 * key's public half as a JSON Web Key (RFC 7517).
 *
 * Only RS256 with a key of 2048 bits is made or accepted: a token's own
 * header chooses nothing (RFC 8725 §3.1).  Claims are those clients of this
 * product read: users' and services' tokens.
 */
#ifndef CAM_JWT_H
#define CAM_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#define JWT_MODULUS 256			/* bytes of 2048 bits */
#define JWT_PRIME 128
/* Longest token that is looked at, bytes: api takes no longer credential. */
#define JWT_TOKEN_MAX 4096
/* Longest text of one claim, bytes. */
#define JWT_TEXT_MAX 256
/* SHA-256 thumbprint of the key (RFC 7638) in base64url, with its terminating 0. */
#define JWT_KID 44

struct jwt_secret {
	uint8_t p[JWT_PRIME], q[JWT_PRIME], dp[JWT_PRIME], dq[JWT_PRIME], iq[JWT_PRIME];	/* big-endian */
};

/* The exponent is 65537. */
struct jwt_public {
	uint8_t n[JWT_MODULUS];		/* big-endian */
	char kid[JWT_KID];
};

enum jwt_type { JWT_TYPE_INVALID = 0, JWT_TYPE_USER, JWT_TYPE_SERVICE };

struct jwt_claims {
	enum jwt_type type;
	char sub[JWT_TEXT_MAX + 1], name[JWT_TEXT_MAX + 1], organization[JWT_TEXT_MAX + 1];		/* users */
	char instance[JWT_TEXT_MAX + 1], service[JWT_TEXT_MAX + 1], machine[JWT_TEXT_MAX + 1];	/* services */
	char jti[JWT_TEXT_MAX + 1];
	int64_t iat, exp;		/* seconds since 1970 UTC; exp 0 = never */
};

/* ---- keys ---- */

/* A new key; takes up to some seconds, touches nothing but its arguments. False when the generator gave up. */
bool jwt_key_make(struct jwt_secret *secret, struct jwt_public *public);
/* Fills the kid from the modulus. */
void jwt_key_name(struct jwt_public *public);
/* Do the halves belong together?  Signs and verifies once. */
bool jwt_key_good(const struct jwt_secret *secret, const struct jwt_public *public);
/* {"kty":"RSA","use":"sig","alg":"RS256","kid":..,"n":..,"e":"AQAB"} as an object of doc. */
yyjson_mut_val *jwt_key_jwk(yyjson_mut_doc *doc, const struct jwt_public *public);
/* Reads one that jwt_key_jwk made; 0, or -1. */
int jwt_key_read(struct jwt_public *public, yyjson_val *jwk);

/* ---- tokens ---- */

/* Reads claims from a JSON object: of a known type, every member known, given once, of its type and
 * length.  Returns NULL, or a few words about what is wrong. */
const char *jwt_claims_read(struct jwt_claims *claims, yyjson_val *object);

/* Writes header, claims and signature in their compact form with a terminating 0.  Returns its length, 0 when
 * it is longer than JWT_TOKEN_MAX. */
size_t jwt_sign(char out[JWT_TOKEN_MAX + 1], const struct jwt_claims *claims, const struct jwt_secret *secret,
	const struct jwt_public *public);

enum jwt_result { JWT_GOOD = 0, JWT_MALFORMED, JWT_FORGED, JWT_EXPIRED };

/* Has the text the form of a token: three parts, two dots?  Opaque tokens have not. */
bool jwt_plausible(const char *token);
/* Verifies it and reads the claims; now: seconds since 1970 UTC. */
enum jwt_result jwt_check(struct jwt_claims *claims, const char *token, size_t len, const struct jwt_public *public,
	int64_t now);

#endif

/* jwt: the compact form, signed and verified. */
#include <bearssl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/jwt.h"

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
/* Longest header we make: its fixed text and the key's name. */
#define HEADER_MAX 128
#define PAYLOAD_MAX (JWT_TOKEN_MAX * 3 / 4 + 3)
#define HASH 32

static const unsigned char exponent[] = { 1, 0, 1 };

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *name, const char *text)
{
	yyjson_mut_obj_add_str(doc, o, name, text);
}

static char *payload_write(const struct jwt_claims *c)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	char *text;

	yyjson_mut_doc_set_root(doc, o);
	if (c->type == JWT_TYPE_USER) {
		add_text(doc, o, "type", "user");
		add_text(doc, o, "sub", c->sub);
		add_text(doc, o, "name", c->name);
		add_text(doc, o, "organization", c->organization);
	} else {
		add_text(doc, o, "type", "service");
		add_text(doc, o, "instance", c->instance);
		add_text(doc, o, "service", c->service);
		add_text(doc, o, "machine", c->machine);
	}
	yyjson_mut_obj_add_sint(doc, o, "iat", c->iat);
	if (c->exp)
		yyjson_mut_obj_add_sint(doc, o, "exp", c->exp);
	add_text(doc, o, "jti", c->jti);
	text = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

/* Appends one part in base64url; the length written, 0 when there is no room. */
static size_t put_part(char *out, size_t room, const void *bytes, size_t len)
{
	if (sodium_base64_encoded_len(len, BASE64) > room)
		return 0;
	sodium_bin2base64(out, room, bytes, len, BASE64);
	return strlen(out);
}

static void hash_of(const char *text, size_t len, unsigned char hash[HASH])
{
	crypto_hash_sha256(hash, (const unsigned char *)text, len);
}

static bool sign_hash(unsigned char signature[JWT_MODULUS], const unsigned char hash[HASH], const struct jwt_secret *s)
{
	/* BearSSL only reads through the pointers */
	const br_rsa_private_key key = {
		.n_bitlen = JWT_MODULUS * 8,
		.p = (unsigned char *)(uintptr_t)s->p, .plen = JWT_PRIME, .q = (unsigned char *)(uintptr_t)s->q, .qlen = JWT_PRIME,
		.dp = (unsigned char *)(uintptr_t)s->dp, .dplen = JWT_PRIME, .dq = (unsigned char *)(uintptr_t)s->dq, .dqlen = JWT_PRIME,
		.iq = (unsigned char *)(uintptr_t)s->iq, .iqlen = JWT_PRIME,
	};

	return br_rsa_pkcs1_sign_get_default()(BR_HASH_OID_SHA256, hash, HASH, &key, signature) == 1;
}

static bool signature_good(const unsigned char signature[JWT_MODULUS], const unsigned char hash[HASH],
	const struct jwt_public *public)
{
	const br_rsa_public_key key = {
		.n = (unsigned char *)(uintptr_t)public->n, .nlen = JWT_MODULUS,
		.e = (unsigned char *)(uintptr_t)exponent, .elen = sizeof exponent,
	};
	unsigned char signed_hash[HASH];

	return br_rsa_pkcs1_vrfy_get_default()(signature, JWT_MODULUS, BR_HASH_OID_SHA256, HASH, &key, signed_hash) == 1
		&& !sodium_memcmp(signed_hash, hash, HASH);
}

size_t jwt_sign(char out[JWT_TOKEN_MAX + 1], const struct jwt_claims *claims, const struct jwt_secret *secret,
	const struct jwt_public *public)
{
	char header[HEADER_MAX], *payload = payload_write(claims);
	unsigned char hash[HASH], signature[JWT_MODULUS];
	size_t at, n;

	if (!payload)
		return 0;
	snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", public->kid);
	at = put_part(out, JWT_TOKEN_MAX, header, strlen(header));
	out[at++] = '.';
	n = put_part(out + at, JWT_TOKEN_MAX - at, payload, strlen(payload));
	free(payload);
	if (!n)
		return 0;
	at += n;
	hash_of(out, at, hash);
	out[at++] = '.';
	if (!sign_hash(signature, hash, secret) || !signature_good(signature, hash, public))
		return 0;
	n = put_part(out + at, JWT_TOKEN_MAX + 1 - at, signature, sizeof signature);
	return n ? at + n : 0;
}

bool jwt_plausible(const char *token)
{
	const char *dot = strchr(token, '.');

	return dot && strchr(dot + 1, '.');
}

/* The three parts: lengths; false unless there are exactly three and none is empty. */
static bool split(const char *token, size_t len, size_t *header, size_t *payload)
{
	const char *first = memchr(token, '.', len), *second;

	if (!first)
		return false;
	*header = (size_t)(first - token);
	second = memchr(first + 1, '.', len - *header - 1);
	if (!second)
		return false;
	*payload = (size_t)(second - first - 1);
	return *header && *payload && !memchr(second + 1, '.', len - *header - *payload - 2);
}

/* RFC 7515 §4: alg is ours; members we do not understand and must ("crit") are refused. */
static bool header_good(const char *part, size_t len)
{
	char text[HEADER_MAX * 4];
	yyjson_doc *doc;
	yyjson_val *root;
	size_t n;
	bool good;

	if (sodium_base642bin((unsigned char *)text, sizeof text, part, len, NULL, &n, NULL, BASE64))
		return false;
	doc = yyjson_read(text, n, 0);
	root = yyjson_doc_get_root(doc);
	good = yyjson_equals_str(yyjson_obj_get(root, "alg"), "RS256") && !yyjson_obj_get(root, "crit");
	yyjson_doc_free(doc);
	return good;
}

static bool payload_good(struct jwt_claims *claims, const char *part, size_t len)
{
	char text[PAYLOAD_MAX];
	yyjson_doc *doc;
	size_t n;
	bool good;

	if (sodium_base642bin((unsigned char *)text, sizeof text, part, len, NULL, &n, NULL, BASE64))
		return false;
	doc = yyjson_read(text, n, 0);
	good = doc && !jwt_claims_read(claims, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return good;
}

/* The signature first: nobody without the key gets his JSON parsed. */
enum jwt_result jwt_check(struct jwt_claims *claims, const char *token, size_t len, const struct jwt_public *public,
	int64_t now)
{
	unsigned char signature[JWT_MODULUS], hash[HASH];
	size_t header, payload, signed_len, n;

	if (len > JWT_TOKEN_MAX || !split(token, len, &header, &payload))
		return JWT_MALFORMED;
	signed_len = header + 1 + payload;
	if (sodium_base642bin(signature, sizeof signature, token + signed_len + 1, len - signed_len - 1, NULL, &n, NULL, BASE64)
			|| n != sizeof signature)
		return JWT_MALFORMED;
	hash_of(token, signed_len, hash);
	if (!signature_good(signature, hash, public))
		return JWT_FORGED;
	if (!header_good(token, header) || !payload_good(claims, token + header + 1, payload))
		return JWT_MALFORMED;
	return claims->exp && claims->exp <= now ? JWT_EXPIRED : JWT_GOOD;
}

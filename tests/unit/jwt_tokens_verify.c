/* jwt: openssl verifies what we sign; every changed character of a token, another algorithm, another key
 * and an end in the past are refused; claims are strict. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jwt/jwt.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static char dir[] = "/tmp/jwt-XXXXXX";

static void write_file(const char *name, const void *bytes, size_t len)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	CHECK(f && fwrite(bytes, 1, len, f) == len);
	if (f)
		fclose(f);
}

/* RSAPublicKey of RFC 8017 appendix A.1.1, by hand: nothing of ours is in it but the modulus. */
static void write_key(const struct jwt_public *public)
{
	static const uint8_t head[] = { 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00 };
	static const uint8_t tail[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };
	uint8_t der[sizeof head + JWT_MODULUS + sizeof tail];

	memcpy(der, head, sizeof head);
	memcpy(der + sizeof head, public->n, JWT_MODULUS);
	memcpy(der + sizeof head + JWT_MODULUS, tail, sizeof tail);
	write_file("key.der", der, sizeof der);
}

static bool openssl_agrees(const char *token)
{
	const char *dot = strrchr(token, '.');
	uint8_t signature[JWT_MODULUS];
	char command[512];
	size_t len;

	CHECK(dot && !sodium_base642bin(signature, sizeof signature, dot + 1, strlen(dot + 1), NULL, &len, NULL, BASE64));
	write_file("signed", token, (size_t)(dot - token));
	write_file("signature", signature, len);
	snprintf(command, sizeof command, "cd %s && openssl rsa -RSAPublicKey_in -inform DER -in key.der -pubout -out key.pem"
		" 2>/dev/null && openssl dgst -sha256 -verify key.pem -signature signature signed >/dev/null", dir);
	return system(command) == 0;
}

static enum jwt_result check(const char *token, const struct jwt_public *public, int64_t now)
{
	struct jwt_claims claims;

	return jwt_check(&claims, token, strlen(token), public, now);
}

/* A token with a header of our choice, signed as it should be. */
static void other_header(char *out, const char *token, const char *header)
{
	char part[256];

	sodium_bin2base64(part, sizeof part, (const uint8_t *)header, strlen(header), BASE64);
	snprintf(out, JWT_TOKEN_MAX + 1, "%s%s", part, strchr(token, '.'));
}

static bool claims_good(const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	struct jwt_claims claims;
	bool good = doc && !jwt_claims_read(&claims, yyjson_doc_get_root(doc));

	yyjson_doc_free(doc);
	return good;
}

static void claims_are_strict(void)
{
#define USER "\"type\":\"user\",\"sub\":\"a\",\"name\":\"b\",\"organization\":\"c\",\"jti\":\"d\""
	CHECK(claims_good("{" USER ",\"iat\":1}"));
	CHECK(claims_good("{" USER ",\"iat\":1,\"exp\":0}"));
	CHECK(claims_good("{\"type\":\"service\",\"instance\":\"i-1\",\"service\":\"eb-1\",\"machine\":\"m\",\"jti\":\"d\",\"iat\":1}"));
	CHECK(!claims_good("{" USER "}"));
	CHECK(!claims_good("{" USER ",\"iat\":\"1\"}"));
	CHECK(!claims_good("{" USER ",\"iat\":-1}"));
	CHECK(!claims_good("{" USER ",\"iat\":1,\"iat\":1}"));
	CHECK(!claims_good("{" USER ",\"iat\":1,\"admin\":true}"));
	CHECK(!claims_good("{" USER ",\"iat\":1,\"machine\":\"m\"}"));
	CHECK(!claims_good("{\"type\":\"root\",\"sub\":\"a\",\"name\":\"b\",\"organization\":\"c\",\"jti\":\"d\",\"iat\":1}"));
	CHECK(!claims_good("{\"type\":\"user\",\"sub\":\"\",\"name\":\"b\",\"organization\":\"c\",\"jti\":\"d\",\"iat\":1}"));
	CHECK(!claims_good("[]"));
}

int main(void)
{
	struct jwt_claims claims = { .type = JWT_TYPE_USER, .sub = "jane", .name = "Jane \"Ä\" Doe", .organization = "acme",
		.jti = "0d6b0b1e-0000-4000-8000-000000000000", .iat = 1700000000 }, read;
	char token[JWT_TOKEN_MAX + 1], changed[JWT_TOKEN_MAX + 1], command[64];
	struct jwt_public public, other_public, reread;
	struct jwt_secret secret, other;
	yyjson_mut_doc *doc;
	yyjson_doc *jwk;
	size_t len;

	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	CHECK(jwt_key_make(&secret, &public) && jwt_key_make(&other, &other_public));
	CHECK(!jwt_key_good(&secret, &other_public));
	write_key(&public);
	len = jwt_sign(token, &claims, &secret, &public);
	CHECK(len && len == strlen(token) && jwt_plausible(token));
	CHECK(openssl_agrees(token));
	CHECK(jwt_check(&read, token, len, &public, 1) == JWT_GOOD);
	CHECK(!strcmp(read.sub, claims.sub) && !strcmp(read.name, claims.name) && !strcmp(read.organization, claims.organization)
		&& !strcmp(read.jti, claims.jti) && read.iat == claims.iat && !read.exp && read.type == JWT_TYPE_USER);
	CHECK(check(token, &other_public, 1) == JWT_FORGED);
	for (size_t i = 0; i < len; i++) {
		strcpy(changed, token);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		CHECK(check(changed, &public, 1) != JWT_GOOD);
		strcpy(changed, token);
		changed[i] = 0;
		CHECK(check(changed, &public, 1) != JWT_GOOD);
	}
	other_header(changed, token, "{\"alg\":\"none\"}");
	CHECK(check(changed, &public, 1) != JWT_GOOD);
	other_header(changed, token, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
	CHECK(check(changed, &public, 1) != JWT_GOOD);
	snprintf(changed, sizeof changed, "%.*s.", (int)(strrchr(token, '.') - token), token);
	CHECK(check(changed, &public, 1) == JWT_MALFORMED);
	CHECK(check("", &public, 1) == JWT_MALFORMED && check("..", &public, 1) == JWT_MALFORMED);
	claims.exp = 1700000100;
	CHECK(jwt_sign(token, &claims, &secret, &public) && check(token, &public, 1700000099) == JWT_GOOD
		&& check(token, &public, 1700000100) == JWT_EXPIRED);
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, jwt_key_jwk(doc, &public));
	jwk = yyjson_mut_doc_imut_copy(doc, NULL);
	CHECK(!jwt_key_read(&reread, yyjson_doc_get_root(jwk)) && !memcmp(&reread, &public, sizeof public));
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(jwk);
	claims_are_strict();
	snprintf(command, sizeof command, "rm -r %s", dir);
	CHECK(system(command) == 0);
	return failed;
}

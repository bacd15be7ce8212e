/* A token from outside: never good unless it is the one we signed; and claims from any JSON that is signed. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jwt_secret secret;
static struct jwt_public public;

static void claims_of(const uint8_t *data, size_t size)
{
	yyjson_doc *doc = yyjson_read((const char *)data, size, 0);
	char token[JWT_TOKEN_MAX + 1];
	struct jwt_claims claims, read;
	size_t len;

	if (doc && !jwt_claims_read(&claims, yyjson_doc_get_root(doc))) {
		len = jwt_sign(token, &claims, &secret, &public);
		/* what was signed is read back the same */
		if (len && (jwt_check(&read, token, len, &public, 0) != JWT_GOOD || strcmp(read.jti, claims.jti)
				|| read.exp != claims.exp))
			abort();
	}
	yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jwt_claims claims;

	if (!public.kid[0] && (sodium_init() < 0 || !jwt_key_make(&secret, &public)))
		abort();
	if (jwt_check(&claims, (const char *)data, size, &public, 1) == JWT_GOOD)
		abort();
	claims_of(data, size);
	return 0;
}

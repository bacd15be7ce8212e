/* keyring: the key that signs tokens.  Made after the first boot, because that takes seconds. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"

/* What the file holds: the private key's parts, then the modulus. */
struct payload {
	struct jwt_secret secret;
	uint8_t n[JWT_MODULUS];
};

static void use(struct keyring *k, const struct jwt_secret *secret, const struct jwt_public *public)
{
	sodium_mprotect_readwrite(k->jwt_place);
	*k->jwt_place = *secret;
	sodium_mprotect_readonly(k->jwt_place);
	k->jwt = k->jwt_place;
	k->jwt_public = *public;
}

int keyring_jwt_load(struct keyring *k)
{
	struct jwt_public public;
	struct payload payload;
	size_t len;

	if (keyring_file_read(k->dir, KEYRING_FILE_JWT, &payload, sizeof payload, &len))
		return errno == ENOENT || errno == EBADMSG ? 0 : -1;
	memcpy(public.n, payload.n, sizeof public.n);
	jwt_key_name(&public);
	if (len == sizeof payload && jwt_key_good(&payload.secret, &public))
		use(k, &payload.secret, &public);
	sodium_memzero(&payload, sizeof payload);
	return 0;
}

int keyring_jwt_keep(struct keyring *k, const struct jwt_secret *secret, const struct jwt_public *public)
{
	struct payload payload = { .secret = *secret };
	int result;

	memcpy(payload.n, public->n, sizeof payload.n);
	result = keyring_file_write(k->dir, KEYRING_FILE_JWT, &payload, sizeof payload);
	sodium_memzero(&payload, sizeof payload);
	if (result)
		return -1;
	use(k, secret, public);
	return 0;
}

/* seal: secrets bound to their place. */
#include <sodium.h>
#include <string.h>

#include "seal/seal.h"
#include "seal/seal_int.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
_Static_assert(SEAL_OVERHEAD == 1 + NONCE + TAG, "layout of a sealed value");

static uint8_t *put_text(uint8_t *at, const char *text, size_t len)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(len >> shift);
	memcpy(at, text, len);
	return at + len;
}

size_t seal_place_bytes(uint8_t out[SEAL_PLACE_MAX], const struct seal_place *place)
{
	size_t object = strlen(place->object), field = strlen(place->field);
	uint8_t *at = out;

	if (!object || !field || object > SEAL_NAME_MAX || field > SEAL_NAME_MAX)
		return 0;
	*at++ = SEAL_VERSION;
	at = put_text(at, place->object, object);
	at = put_text(at, place->field, field);
	return (size_t)(at - out);
}

int seal_close(uint8_t *out, const uint8_t key[SEAL_KEY], const struct seal_place *place,
	const uint8_t *plain, size_t len)
{
	uint8_t where[SEAL_PLACE_MAX];
	size_t where_len = seal_place_bytes(where, place);

	if (!where_len)
		return -1;
	out[0] = SEAL_VERSION;
	randombytes_buf(out + 1, NONCE);
	return crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE, NULL, plain, len,
		where, where_len, NULL, out + 1, key);
}

int seal_open(uint8_t *plain, size_t *plain_len, const uint8_t key[SEAL_KEY],
	const struct seal_place *place, const uint8_t *sealed, size_t len)
{
	uint8_t where[SEAL_PLACE_MAX];
	size_t where_len = seal_place_bytes(where, place);

	if (!where_len || len < SEAL_OVERHEAD || sealed[0] != SEAL_VERSION)
		return -1;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + 1 + NONCE,
			len - 1 - NONCE, where, where_len, sealed + 1, key))
		return -1;
	*plain_len = len - SEAL_OVERHEAD;
	return 0;
}

/* seal: tickets. */
#include <sodium.h>
#include <string.h>

#include "seal/seal.h"
#include "seal/seal_int.h"

#define HEAD (1 + 1 + 8)
_Static_assert(SEAL_TICKET == HEAD + crypto_auth_hmacsha256_BYTES, "layout of a ticket");

/* Separates this use of the kept key from any other. */
static const char purpose[] = "cam ticket, boot ";

void seal_ticket_key(uint8_t out[SEAL_KEY], const uint8_t kept[SEAL_KEY], const char *boot_id)
{
	crypto_auth_hmacsha256_state s;

	crypto_auth_hmacsha256_init(&s, kept, SEAL_KEY);
	crypto_auth_hmacsha256_update(&s, (const uint8_t *)purpose, sizeof purpose - 1);
	crypto_auth_hmacsha256_update(&s, (const uint8_t *)boot_id, strlen(boot_id));
	crypto_auth_hmacsha256_final(&s, out);
	sodium_memzero(&s, sizeof s);
}

static int ticket_mac(uint8_t out[crypto_auth_hmacsha256_BYTES], const uint8_t key[SEAL_KEY],
	const uint8_t head[HEAD], const struct seal_place *place)
{
	crypto_auth_hmacsha256_state s;
	uint8_t where[SEAL_PLACE_MAX];
	size_t len = seal_place_bytes(where, place);

	if (!len)
		return -1;
	crypto_auth_hmacsha256_init(&s, key, SEAL_KEY);
	crypto_auth_hmacsha256_update(&s, head, HEAD);
	crypto_auth_hmacsha256_update(&s, where, len);
	crypto_auth_hmacsha256_final(&s, out);
	sodium_memzero(&s, sizeof s);
	return 0;
}

int seal_ticket_make(uint8_t out[SEAL_TICKET], const uint8_t key[SEAL_KEY], unsigned room,
	int64_t expires, const struct seal_place *place)
{
	if (!room || room > 255 || expires < 0)
		return -1;
	out[0] = SEAL_VERSION;
	out[1] = (uint8_t)room;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)((uint64_t)expires >> (56 - 8 * i));
	return ticket_mac(out + HEAD, key, out, place);
}

enum seal_ticket_state seal_ticket_check(const uint8_t *ticket, size_t len, const uint8_t key[SEAL_KEY],
	unsigned room, int64_t now, const struct seal_place *place)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	uint64_t expires = 0;

	if (len != SEAL_TICKET || ticket[0] != SEAL_VERSION || ticket[1] != room)
		return SEAL_TICKET_INVALID;
	if (ticket_mac(mac, key, ticket, place) || sodium_memcmp(mac, ticket + HEAD, sizeof mac))
		return SEAL_TICKET_INVALID;
	for (int i = 0; i < 8; i++)
		expires = expires << 8 | ticket[2 + i];
	return now < 0 || expires <= (uint64_t)now ? SEAL_TICKET_EXPIRED : SEAL_TICKET_GOOD;
}

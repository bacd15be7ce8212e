/* seal: a ticket is good for its room, its place, its time and its boot only. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "seal/seal.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

int main(void)
{
	static const struct seal_place here = { "provider/7", "password" };
	uint8_t kept[SEAL_KEY], key[SEAL_KEY], next_boot[SEAL_KEY], ticket[SEAL_TICKET + 1] = "";
	const int64_t end = 90000000;

	if (sodium_init() < 0)
		return 1;
	randombytes_buf(kept, sizeof kept);
	seal_ticket_key(key, kept, "11111111-1111-4111-8111-111111111111");
	seal_ticket_key(next_boot, kept, "21111111-1111-4111-8111-111111111111");
	CHECK(!seal_ticket_make(ticket, key, 5, end, &here));
#define STATE(k, room, now, ...) \
	seal_ticket_check(ticket, SEAL_TICKET, k, room, now, &(struct seal_place){ __VA_ARGS__ })
	CHECK(STATE(key, 5, end - 1, "provider/7", "password") == SEAL_TICKET_GOOD);
	CHECK(STATE(key, 5, 0, "provider/7", "password") == SEAL_TICKET_GOOD);
	CHECK(STATE(key, 5, end, "provider/7", "password") == SEAL_TICKET_EXPIRED);
	CHECK(STATE(key, 6, 0, "provider/7", "password") == SEAL_TICKET_INVALID);
	CHECK(STATE(key, 5, 0, "provider/8", "password") == SEAL_TICKET_INVALID);
	CHECK(STATE(key, 5, 0, "provider/7", "user") == SEAL_TICKET_INVALID);
	CHECK(STATE(next_boot, 5, 0, "provider/7", "password") == SEAL_TICKET_INVALID);
	for (size_t i = 0; i < SEAL_TICKET; i++)
		for (int bit = 0; bit < 8; bit++) {
			ticket[i] ^= (uint8_t)(1 << bit);
			CHECK(STATE(key, 5, 0, "provider/7", "password") == SEAL_TICKET_INVALID);
			ticket[i] ^= (uint8_t)(1 << bit);
		}
	CHECK(seal_ticket_check(ticket, SEAL_TICKET - 1, key, 5, 0, &here) == SEAL_TICKET_INVALID);
	CHECK(seal_ticket_check(ticket, SEAL_TICKET + 1, key, 5, 0, &here) == SEAL_TICKET_INVALID);
	CHECK(seal_ticket_make(ticket, key, 0, end, &here));
	CHECK(seal_ticket_make(ticket, key, 256, end, &here));
	CHECK(seal_ticket_make(ticket, key, 5, -1, &here));
	return failed;
}

/*
 * seal: secrets at rest, and tickets to read one of them.
 *
 * A sealed secret is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, by
 * libsodium) with a random nonce: version byte, 24-byte nonce, ciphertext,
 * 16-byte tag.  The associated data binds it to one field of one object:
 * version byte, then object and field each with its length in four bytes, so
 * that no two pairs give the same bytes.  A sealed value that was moved to
 * another object or field does not open.
 *
 * A ticket lets one room open one field of one object for a while: version
 * byte, room, time of expiry (CLOCK_BOOTTIME, microseconds, big-endian), then
 * HMAC-SHA-256 over these, object and field.  Its key is made anew for each
 * boot, so no ticket outlives one.
 */
#ifndef CAM_SEAL_H
#define CAM_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY 32
#define SEAL_VERSION 1
/* Bytes a sealed value is longer than the plain one. */
#define SEAL_OVERHEAD (1 + 24 + 16)
#define SEAL_TICKET (1 + 1 + 8 + 32)
/* Longest object id and field name, bytes. */
#define SEAL_NAME_MAX 255

/* The place of a secret; both NUL-terminated, 1..SEAL_NAME_MAX bytes. */
struct seal_place { const char *object, *field; };

/* Seals len bytes; out holds len + SEAL_OVERHEAD.  Returns 0, -1 when the place is not acceptable. */
int seal_close(uint8_t *out, const uint8_t key[SEAL_KEY], const struct seal_place *place,
	const uint8_t *plain, size_t len);

/* Opens a sealed value of len bytes; plain holds len - SEAL_OVERHEAD.  Returns 0 and
 * sets *plain_len; -1 when it is not ours, was changed, or belongs elsewhere. */
int seal_open(uint8_t *plain, size_t *plain_len, const uint8_t key[SEAL_KEY],
	const struct seal_place *place, const uint8_t *sealed, size_t len);

/* The ticket key of this boot, from the kept one and the kernel's boot id. */
void seal_ticket_key(uint8_t out[SEAL_KEY], const uint8_t kept[SEAL_KEY], const char *boot_id);

enum seal_ticket_state {
	SEAL_TICKET_INVALID = 0,	/* not made by us for this place and room */
	SEAL_TICKET_EXPIRED,
	SEAL_TICKET_GOOD
};

/* Makes a ticket for a room (1..255) until `expires` (CLOCK_BOOTTIME, microseconds).
 * Returns 0, -1 when room or place are not acceptable. */
int seal_ticket_make(uint8_t out[SEAL_TICKET], const uint8_t key[SEAL_KEY], unsigned room,
	int64_t expires, const struct seal_place *place);
/* Judges a ticket of len bytes in constant time. */
enum seal_ticket_state seal_ticket_check(const uint8_t *ticket, size_t len, const uint8_t key[SEAL_KEY],
	unsigned room, int64_t now, const struct seal_place *place);

#endif

/* ike: the wire format (RFC 7296 §3). */
#include <string.h>

#include "ike/ike.h"

enum { HEAD = 28, VERSION_1 = 0x10, VERSION_2 = 0x20, EXCHANGE_INIT = 34, FLAG_INITIATOR = 0x08, FLAG_RESPONSE = 0x20 };
enum { PAYLOAD_NONE = 0, PAYLOAD_SA = 33, PAYLOAD_KE = 34, PAYLOAD_NONCE = 40, PAYLOAD_NOTIFY = 41 };
/* §3.10.1 */
enum { NOTIFY_ERRORS_END = 16384, NOTIFY_COOKIE = 16390 };
/* MODP 2048 (RFC 3526 §3): every gateway of the last twenty years has it; bytes of its public value. */
enum { GROUP = 14, GROUP_BYTES = 256, NONCE_BYTES = 32 };

struct out {
	uint8_t *bytes;
	size_t len;
};

static void put(struct out *o, unsigned v, unsigned bytes)
{
	while (bytes--)
		o->bytes[o->len++] = (uint8_t)(v >> (8 * bytes));
}

static void put_bytes(struct out *o, const uint8_t *from, size_t n)
{
	memcpy(o->bytes + o->len, from, n);
	o->len += n;
}

/* The general head of a payload; its place, for end(). */
static size_t begin(struct out *o, unsigned next)
{
	put(o, next, 1);
	put(o, 0, 3);
	return o->len - 4;
}

static void end(struct out *o, size_t at)
{
	struct out length = { o->bytes, at + 2 };

	put(&length, (unsigned)(o->len - at), 2);
}

static void transform(struct out *o, bool last, unsigned type, unsigned id, unsigned bits)
{
	size_t at = begin(o, last ? 0 : 3);

	put(o, type, 1);
	put(o, 0, 1);
	put(o, id, 2);
	if (bits)
		put(o, 0x800e0000u | bits, 4);	/* key length (§3.3.5) */
	end(o, at);
}

/* One proposal: AES-CBC of both sizes, SHA-2 and SHA-1, the group. */
static void proposal(struct out *o)
{
	size_t sa = begin(o, PAYLOAD_KE), at = begin(o, 0);

	put(o, 1, 1);		/* its number */
	put(o, 1, 1);		/* of IKE */
	put(o, 0, 1);		/* no SPI */
	put(o, 7, 1);		/* transforms */
	transform(o, false, 1, 12, 256);	/* ENCR_AES_CBC */
	transform(o, false, 1, 12, 128);
	transform(o, false, 2, 5, 0);		/* PRF_HMAC_SHA2_256 */
	transform(o, false, 2, 2, 0);		/* PRF_HMAC_SHA1 */
	transform(o, false, 3, 12, 0);		/* AUTH_HMAC_SHA2_256_128 */
	transform(o, false, 3, 2, 0);		/* AUTH_HMAC_SHA1_96 */
	transform(o, true, 4, GROUP, 0);
	end(o, at);
	end(o, sa);
}

size_t ike_init(uint8_t out[IKE_INIT_MAX], const uint8_t random[IKE_RANDOM])
{
	struct out o = { out, 0 }, length = { out, 24 };
	size_t at;

	put_bytes(&o, random, IKE_SPI);
	memset(out + o.len, 0, IKE_SPI);	/* the responder's */
	o.len += IKE_SPI;
	put(&o, (unsigned)PAYLOAD_SA << 24 | VERSION_2 << 16 | EXCHANGE_INIT << 8 | FLAG_INITIATOR, 4);
	put(&o, 0, 4);		/* message number */
	put(&o, 0, 4);		/* length, at the end */
	proposal(&o);
	at = begin(&o, PAYLOAD_NONCE);
	put(&o, GROUP, 2);
	put(&o, 0, 2);
	put_bytes(&o, random + IKE_SPI + NONCE_BYTES, GROUP_BYTES);
	end(&o, at);
	at = begin(&o, PAYLOAD_NONE);
	put_bytes(&o, random + IKE_SPI, NONCE_BYTES);
	end(&o, at);
	put(&length, (unsigned)o.len, 4);
	return o.len;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

enum ike_answer ike_answer_read(const uint8_t *msg, size_t len, const uint8_t spi[IKE_SPI], unsigned *notify)
{
	bool sa = false, cookie = false;
	unsigned next, type, error = 0;
	size_t at = HEAD, n;

	*notify = 0;
	if (len < HEAD || memcmp(msg, spi, IKE_SPI) || ((size_t)get16(msg + 24) << 16 | get16(msg + 26)) != len)
		return IKE_FOREIGN;
	if (msg[17] >> 4 == VERSION_1 >> 4)
		return IKE_OLD;
	if (msg[17] >> 4 != VERSION_2 >> 4 || msg[18] != EXCHANGE_INIT || !(msg[19] & FLAG_RESPONSE) || (msg[19] & FLAG_INITIATOR))
		return IKE_FOREIGN;
	for (next = msg[16]; next != PAYLOAD_NONE; at += n) {
		if (len - at < 4 || (n = get16(msg + at + 2)) < 4 || n > len - at)
			return IKE_FOREIGN;
		if (next == PAYLOAD_NOTIFY && n >= 8) {
			type = get16(msg + at + 6);
			cookie |= type == NOTIFY_COOKIE;
			if (type < NOTIFY_ERRORS_END && !error)
				error = type;
		}
		sa |= next == PAYLOAD_SA;
		next = msg[at];
	}
	*notify = error;
	return error ? IKE_REFUSES : sa ? IKE_ACCEPTS : cookie ? IKE_COOKIE : IKE_FOREIGN;
}

const char *ike_notify_name(unsigned notify)
{
	switch (notify) {
	case 5: return "INVALID_MAJOR_VERSION";
	case 7: return "INVALID_SYNTAX";
	case 14: return "NO_PROPOSAL_CHOSEN";
	case 17: return "INVALID_KE_PAYLOAD";
	case 24: return "AUTHENTICATION_FAILED";
	default: return NULL;
	}
}

#include "bucket/bucket.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 8u
#define TOKEN 1000u		/* parts of a token: one per millisecond and token a second */

struct slot {
	uint64_t who;		/* keyed hash of the source; 0 = free */
	uint64_t seen;		/* milliseconds */
	uint64_t parts;
};

struct bucket_table {
	uint8_t key[crypto_shorthash_KEYBYTES];
	uint64_t full, rate;
	unsigned sets;
	struct slot slots[];
};

struct bucket_table *bucket_new(unsigned sources, unsigned burst, unsigned rate)
{
	unsigned sets = (sources + WAYS - 1) / WAYS;
	struct bucket_table *t;

	if (sets == 0)
		sets = 1;
	t = calloc(1, sizeof *t + (size_t)sets * WAYS * sizeof t->slots[0]);
	if (t == NULL)
		return NULL;
	crypto_shorthash_keygen(t->key);
	t->full = (uint64_t)burst * TOKEN;
	t->rate = rate;
	t->sets = sets;
	return t;
}

void bucket_free(struct bucket_table *t)
{
	free(t);
}

/* The bytes that make the source: IPv4, mapped or not, as four. */
static size_t source_bytes(const struct sockaddr *from, uint8_t out[8])
{
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		memcpy(out, &in->sin_addr, 4);
		return 4;
	}
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			memcpy(out, &in6->sin6_addr.s6_addr[12], 4);
			return 4;
		}
		memcpy(out, &in6->sin6_addr, 8);
		return 8;
	}
	return 0;
}

static uint64_t source_hash(const struct bucket_table *t, const struct sockaddr *from)
{
	uint8_t bytes[8], out[crypto_shorthash_BYTES];
	uint64_t who;

	crypto_shorthash(out, bytes, source_bytes(from, bytes), t->key);
	memcpy(&who, out, sizeof who);
	return who != 0 ? who : 1;
}

static struct slot *slot_of(struct bucket_table *t, uint64_t who, uint64_t now_ms)
{
	struct slot *set = &t->slots[who % t->sets * WAYS], *oldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
		if (set[i].who == 0 || (oldest->who != 0 && set[i].seen < oldest->seen))
			oldest = &set[i];
	}
	*oldest = (struct slot){ .who = who, .seen = now_ms, .parts = t->full };
	return oldest;
}

bool bucket_take(struct bucket_table *t, const struct sockaddr *from, uint64_t now_ms)
{
	struct slot *s = slot_of(t, source_hash(t, from), now_ms);
	uint64_t gap = now_ms > s->seen ? now_ms - s->seen : 0;

	/* a day fills any bucket: keeps the product in range */
	if (gap > 86400000)
		gap = 86400000;
	s->parts += gap * t->rate;
	if (s->parts > t->full)
		s->parts = t->full;
	s->seen = now_ms;
	if (s->parts < TOKEN)
		return false;
	s->parts -= TOKEN;
	return true;
}

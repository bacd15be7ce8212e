#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "throttle.h"
#include "log/log.h"
#include "plat/clock.h"
#include "plat/random.h"

struct rule {
	uint32_t free;		/* tries without waiting */
	int first, longest;	/* seconds */
	int forget;		/* failures are forgotten after so many quiet seconds */
};

static const struct rule rules[CORE_THROTTLE_KINDS] = {
	[CORE_THROTTLE_ACCOUNT] = { 5, 2, 300, 900 },
	/* Many people may share one address. */
	[CORE_THROTTLE_PEER] = { 30, 2, 600, 900 },
	[CORE_THROTTLE_CODE] = { 5, 10, 3600, 7200 },
	/* 40 bits against a try each 2 seconds at best. */
	[CORE_THROTTLE_INVITE] = { 5, 10, 3600, 7200 },
	[CORE_THROTTLE_CODES] = { 60, 2, 2, 900 },
};

void core_throttle_init(struct core_throttle *t)
{
	t->count = 0;
	t->entries = calloc(CORE_THROTTLE_NAMES, sizeof t->entries[0]);
	if (!t->entries)
		log_fatal("throttle");
	plat_random(t->salt, sizeof t->salt);
}

static void make_key(const struct core_throttle *t, enum core_throttle_kind kind, const char *name, uint8_t key[16])
{
	crypto_generichash_state st;
	uint8_t k = (uint8_t)kind;

	crypto_generichash_init(&st, t->salt, sizeof t->salt, 16);
	crypto_generichash_update(&st, &k, 1);
	crypto_generichash_update(&st, (const uint8_t *)name, strlen(name));
	crypto_generichash_final(&st, key, 16);
}

static struct core_throttle_entry *find(struct core_throttle *t, const uint8_t key[16])
{
	for (uint32_t i = 0; i < t->count; i++)
		if (!memcmp(t->entries[i].key, key, 16))
			return &t->entries[i];
	return NULL;
}

/* A free place, or the one with the fewest failures, of those the oldest. */
static struct core_throttle_entry *place(struct core_throttle *t)
{
	struct core_throttle_entry *best = &t->entries[0], *e;

	if (t->count < CORE_THROTTLE_NAMES)
		return &t->entries[t->count++];
	for (uint32_t i = 1; i < t->count; i++) {
		e = &t->entries[i];
		if (e->failures < best->failures || (e->failures == best->failures && e->last < best->last))
			best = e;
	}
	return best;
}

static int wait_after(const struct rule *r, uint32_t failures)
{
	uint32_t over;
	int wait = r->first;

	if (failures < r->free)
		return 0;
	for (over = failures - r->free; over && wait < r->longest; over--)
		wait *= 2;
	return wait < r->longest ? wait : r->longest;
}

int core_throttle_charge(struct core_throttle *t, enum core_throttle_kind kind, const char *name)
{
	const struct rule *r = &rules[kind];
	struct core_throttle_entry *e;
	int64_t now = plat_clock_boot();
	uint8_t key[16];

	make_key(t, kind, name, key);
	e = find(t, key);
	if (!e) {
		e = place(t);
		memset(e, 0, sizeof *e);
		memcpy(e->key, key, sizeof key);
	} else if (now - e->last > r->forget * PLAT_SECOND) {
		e->failures = 0;
		e->until = 0;
	}
	if (e->until > now)
		return (int)((e->until - now + PLAT_SECOND - 1) / PLAT_SECOND);
	e->failures++;
	e->last = now;
	e->until = now + wait_after(r, e->failures) * PLAT_SECOND;
	return 0;
}

void core_throttle_refund(struct core_throttle *t, enum core_throttle_kind kind, const char *name)
{
	struct core_throttle_entry *e;
	uint8_t key[16];

	make_key(t, kind, name, key);
	e = find(t, key);
	if (!e || !e->failures)
		return;
	e->failures--;
	e->until = 0;
}

void core_throttle_forgive(struct core_throttle *t, enum core_throttle_kind kind, const char *name)
{
	struct core_throttle_entry *e;
	uint8_t key[16];

	make_key(t, kind, name, key);
	e = find(t, key);
	if (!e)
		return;
	*e = t->entries[--t->count];
}

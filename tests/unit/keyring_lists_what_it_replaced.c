/* keyring: a certificate that is replaced because it is no longer true stands on the revocation list, across restarts,
 * until after its end; a routine renewal revokes nothing; the list is renewed in time and bounded. */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/keyring.h"
#include "keyring/keyring_int.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define DAY INT64_C(86400)
#define BUILT INT64_C(1793491200)

static struct keyring k, again;

static void open_at(struct keyring *ring, int64_t now, enum keyring_state want)
{
	const char *what = "";
	enum keyring_state state = keyring_open(ring, ".", BUILT, now, &what);

	if (state != want) {
		printf("open: state %d, %s\n", state, what);
		exit(1);
	}
}

static enum keyring_change rename_to(const char *name, int64_t now)
{
	static struct x509_names names;
	const char *why;

	names.count = 1;
	CHECK(!x509_name_parse(&names.name[0], name, strlen(name), &why));
	return keyring_rename(&k, &names, now);
}

static void serial_of(uint8_t out[X509_SERIAL], enum keyring_leaf_id leaf)
{
	CHECK(!x509_serial(out, k.leaf[leaf].der, k.leaf[leaf].len));
}

static bool listed(const struct keyring *ring, const uint8_t serial[X509_SERIAL])
{
	for (size_t i = 0; i < ring->crl.count; i++)
		if (!memcmp(ring->crl.entry[i].serial, serial, X509_SERIAL))
			return true;
	return false;
}

/* The same list after a restart. */
static void same_after_restart(int64_t now)
{
	open_at(&again, now, KEYRING_OPENED);
	CHECK(again.crl.number == k.crl.number && again.crl.len == k.crl.len && !memcmp(again.crl.der, k.crl.der, k.crl.len));
	CHECK(again.leaf[0].len == k.leaf[0].len && !memcmp(again.leaf[0].der, k.leaf[0].der, k.leaf[0].len));
	keyring_close(&again);
}

static void names_change(int64_t now)
{
	uint8_t first[X509_SERIAL], second[X509_SERIAL], agents[X509_SERIAL];
	uint64_t number = k.crl.number;

	serial_of(first, KEYRING_SERVER);
	serial_of(agents, KEYRING_AGENTS);
	CHECK(k.crl.len && !k.crl.count);
	same_after_restart(now);
	CHECK(rename_to("cam.example.org", now) == KEYRING_CHANGED);
	CHECK(k.crl.count == 1 && listed(&k, first) && k.crl.number > number && !keyring_unsaved(&k));
	CHECK(memmem(k.leaf[0].der, k.leaf[0].len, "https://cam.example.org/services/appliance/crl", 46));
	same_after_restart(now);
	serial_of(second, KEYRING_SERVER);
	CHECK(rename_to("fd00::5", now) == KEYRING_CHANGED);
	CHECK(k.crl.count == 2 && listed(&k, first) && listed(&k, second) && !listed(&k, agents));
	CHECK(memmem(k.leaf[0].der, k.leaf[0].len, "https://[fd00::5]/services/appliance/crl", 40));
	CHECK(rename_to("fe80::5", now) == KEYRING_CHANGED);
	CHECK(!memmem(k.leaf[0].der, k.leaf[0].len, "https://", 8));
	same_after_restart(now);
}

/* A cut between list and leaf: the leaf on the disk is on the list, and must not be used. */
static void cut_in_between(int64_t now)
{
	uint8_t serial[X509_SERIAL];

	serial_of(serial, KEYRING_SERVER);
	keyring_crl_revoke(&k, KEYRING_SERVER, now);
	CHECK(!keyring_crl_write(&k, k.dir));
	keyring_close(&k);
	open_at(&k, now, KEYRING_OPENED);
	CHECK(listed(&k, serial) && !keyring_crl_lists(&k, KEYRING_SERVER));
	CHECK(x509_names_have(&k.names[KEYRING_SERVER], "fe80::5"));
}

static void the_clock(int64_t now)
{
	size_t count = k.crl.count;
	uint64_t number = k.crl.number;
	uint8_t future[X509_SERIAL];

	/* half of its life */
	CHECK(keyring_crl_renew(&k, now + 4 * DAY) == KEYRING_SAME);
	CHECK(keyring_next(&k, now) > now + 4 * DAY && keyring_next(&k, now) <= now + 5 * DAY);
	CHECK(keyring_crl_renew(&k, now + 5 * DAY) == KEYRING_CHANGED && k.crl.number > number);
	CHECK(k.crl.this_update <= now + 5 * DAY && k.crl.next_update > now + 14 * DAY);
	CHECK(keyring_crl_renew(&k, now + 5 * DAY) == KEYRING_SAME);
	/* back: a list that begins in the future is worth nothing, and the number grows all the same */
	number = k.crl.number;
	CHECK(keyring_crl_renew(&k, now) == KEYRING_CHANGED && k.crl.number > number && k.crl.this_update <= now);
	CHECK(keyring_crl_renew(&k, now) == KEYRING_SAME);

	/* a routine renewal revokes nothing; one of the future does when the clock comes back */
	CHECK(keyring_renew(&k, now + 300 * DAY) == KEYRING_CHANGED && k.crl.count == count);
	serial_of(future, KEYRING_SERVER);
	CHECK(keyring_renew(&k, now) == KEYRING_CHANGED && k.crl.count == count + 2 && listed(&k, future));
	same_after_restart(now);

	/* ended: on one more list, then gone */
	CHECK(keyring_crl_renew(&k, now + 398 * DAY) == KEYRING_CHANGED && k.crl.count == count + 2);
	CHECK(keyring_crl_renew(&k, now + 404 * DAY) == KEYRING_CHANGED && k.crl.count == 2 && listed(&k, future));
	CHECK(keyring_crl_renew(&k, now) == KEYRING_CHANGED);
	/* beyond the authority's end nothing is made again and again */
	keyring_crl_renew(&k, BUILT + KEYRING_CA_LIFE + DAY);
	CHECK(keyring_crl_renew(&k, BUILT + KEYRING_CA_LIFE + DAY) == KEYRING_SAME);
	keyring_crl_renew(&k, now);
}

static void many(int64_t now)
{
	uint8_t last[X509_SERIAL];
	char name[32];

	for (int i = 0; i < X509_REVOKED_MAX + 20; i++) {
		serial_of(last, KEYRING_SERVER);
		snprintf(name, sizeof name, "cam%d.example.org", i);
		CHECK(rename_to(name, now + i) == KEYRING_CHANGED);
	}
	CHECK(k.crl.count == X509_REVOKED_MAX && listed(&k, last));
	same_after_restart(now + X509_REVOKED_MAX);
}

/* The list is lost or damaged: a new one, empty, with a greater number. */
static void lost(int64_t now)
{
	uint64_t number;

	keyring_close(&k);
	CHECK(!system("rm -r keys"));
	open_at(&k, now, KEYRING_MADE);
	CHECK(rename_to("cam.example.org", now) == KEYRING_CHANGED && k.crl.count == 1);
	number = k.crl.number;
	CHECK(!system("rm keys/revoked"));
	open_at(&again, now + 60, KEYRING_OPENED);
	CHECK(!again.crl.count && again.crl.len && again.crl.number > number && !keyring_unsaved(&again));
	number = again.crl.number;
	keyring_close(&again);
	CHECK(!system("printf x >>keys/revoked"));
	open_at(&again, now + 120, KEYRING_OPENED);
	CHECK(again.crl.len && again.crl.number > number && !keyring_unsaved(&again));
	keyring_close(&again);
	/* that of another ring means nothing here */
	CHECK(!system("cp keys/revoked other && rm -r keys"));
	keyring_close(&k);
	open_at(&k, now, KEYRING_MADE);
	CHECK(!system("cp other keys/revoked"));
	open_at(&again, now + 180, KEYRING_OPENED);
	CHECK(again.crl.number == (uint64_t)(now + 180) && !keyring_unsaved(&again));
	keyring_close(&again);
}

int main(void)
{
	int64_t now = BUILT + 30 * DAY;

	if (sodium_init() < 0)
		return 1;
	open_at(&k, now, KEYRING_MADE);
	names_change(now);
	cut_in_between(now);
	the_clock(now);
	many(now);
	lost(now);
	keyring_close(&k);
	return failed;
}

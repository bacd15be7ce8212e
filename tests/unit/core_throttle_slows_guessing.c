/* core: guesses are slowed, names are kept apart, success and time forgive. */
/* with: core/throttle.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/throttle.h"
#include "plat/clock.h"

static int failed;
static int64_t now = 1000 * PLAT_SECOND;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define ACCOUNT CORE_THROTTLE_ACCOUNT

static int64_t boot(void)
{
	return now;
}

int main(void)
{
	struct core_throttle t;
	char name[32];
	int wait = 0, tries = 0;

	if (sodium_init() < 0)
		return 111;
	plat_clock_replace(NULL, boot);
	core_throttle_init(&t);
	for (int i = 0; i < 5; i++)
		CHECK(!core_throttle_charge(&t, ACCOUNT, "a"));
	CHECK(core_throttle_charge(&t, ACCOUNT, "a") == 2);
	CHECK(!core_throttle_charge(&t, ACCOUNT, "b"));
	CHECK(!core_throttle_charge(&t, CORE_THROTTLE_PEER, "a"));
	/* Each further try waits twice as long, up to a bound. */
	for (int i = 0; i < 12; i++) {
		wait = core_throttle_charge(&t, ACCOUNT, "a");
		now += wait * PLAT_SECOND;
		CHECK(!core_throttle_charge(&t, ACCOUNT, "a"));
	}
	CHECK(core_throttle_charge(&t, ACCOUNT, "a") == 300);
	/* In a day of guessing there are few guesses. */
	for (int64_t end = now + 86400 * PLAT_SECOND; now < end; tries++) {
		wait = core_throttle_charge(&t, ACCOUNT, "a");
		now += wait * PLAT_SECOND;
	}
	CHECK(tries < 600);
	/* Quiet for long: forgotten. */
	now += 901 * PLAT_SECOND;
	CHECK(!core_throttle_charge(&t, ACCOUNT, "a") && !core_throttle_charge(&t, ACCOUNT, "a"));
	/* Success forgives; a try that did not count leaves no trace. */
	for (int i = 0; i < 4; i++)
		core_throttle_charge(&t, ACCOUNT, "c");
	core_throttle_refund(&t, ACCOUNT, "c");
	CHECK(!core_throttle_charge(&t, ACCOUNT, "c") && !core_throttle_charge(&t, ACCOUNT, "c"));
	CHECK(core_throttle_charge(&t, ACCOUNT, "c"));
	core_throttle_forgive(&t, ACCOUNT, "c");
	CHECK(!core_throttle_charge(&t, ACCOUNT, "c"));
	/* A flood of names does not wash a guilty one out. */
	for (int i = 0; i < 6; i++)
		core_throttle_charge(&t, ACCOUNT, "guilty");
	for (int i = 0; i < 2 * CORE_THROTTLE_NAMES; i++) {
		snprintf(name, sizeof name, "flood-%d", i);
		core_throttle_charge(&t, ACCOUNT, name);
	}
	CHECK(core_throttle_charge(&t, ACCOUNT, "guilty"));
	free(t.entries);
	return failed;
}

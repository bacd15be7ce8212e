/* bucket: each source has its own tokens, refilled with time, in bounded memory. */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bucket/bucket.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static bool take(struct bucket_table *t, const char *text, uint64_t now)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return bucket_take(t, (const struct sockaddr *)&in, now);
	if (inet_pton(AF_INET6, text, &sa.sin6_addr) != 1)
		failed = 1;
	return bucket_take(t, (const struct sockaddr *)&sa, now);
}

static unsigned take_all(struct bucket_table *t, const char *text, uint64_t now, unsigned tries)
{
	unsigned n = 0;

	while (tries--)
		n += take(t, text, now);
	return n;
}

static void check_burst_and_rate(void)
{
	struct bucket_table *t = bucket_new(1024, 100, 10);

	CHECK(take_all(t, "10.0.0.1", 5000, 150) == 100);
	/* others are not touched */
	CHECK(take_all(t, "10.0.0.2", 5000, 150) == 100);
	CHECK(take_all(t, "10.0.0.1", 5099, 10) == 0);
	CHECK(take_all(t, "10.0.0.1", 5100, 10) == 1);
	CHECK(take_all(t, "10.0.0.1", 7100, 100) == 20);
	/* never more than the burst, however long it was quiet */
	CHECK(take_all(t, "10.0.0.1", 7100 + 86400000ull * 400, 1000) == 100);
	/* a clock that went back gives nothing and takes nothing */
	CHECK(take_all(t, "10.0.0.1", 9000, 10) == 0);
	bucket_free(t);
}

static void check_sources(void)
{
	struct bucket_table *t = bucket_new(1024, 5, 1);

	CHECK(take_all(t, "::ffff:10.0.0.1", 1, 10) == 5);
	CHECK(take_all(t, "10.0.0.1", 1, 10) == 0);
	/* one /64 is one source */
	CHECK(take_all(t, "fd00:1:2:3::1", 1, 10) == 5);
	CHECK(take_all(t, "fd00:1:2:3:ffff::9", 1, 10) == 0);
	CHECK(take_all(t, "fd00:1:2:4::1", 1, 10) == 5);
	bucket_free(t);
}

static void check_bounded(void)
{
	struct bucket_table *t = bucket_new(64, 5, 1);
	char text[32];
	unsigned again = 0;

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		CHECK(take(t, text, 1000 + i));
	}
	/* the newest sources are still known */
	CHECK(take_all(t, text, 21000, 10) <= 5);
	for (unsigned i = 19990; i < 20000; i++) {
		snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		again += take_all(t, text, 21000, 10) <= 5;
	}
	CHECK(again == 10);
	bucket_free(t);
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	check_burst_and_rate();
	check_sources();
	check_bounded();
	return failed;
}

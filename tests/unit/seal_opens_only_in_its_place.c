/* seal: a sealed value opens unchanged, in its own place, with its own key, and in no other way. */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "seal/seal.h"
#include "seal/seal_int.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static const struct seal_place here = { "provider/7", "password" };
static const uint8_t secret[] = "correct horse battery staple";

static bool opens(const uint8_t *key, const struct seal_place *place, const uint8_t *sealed, size_t len)
{
	uint8_t plain[256];
	size_t plain_len = 0;

	if (seal_open(plain, &plain_len, key, place, sealed, len))
		return false;
	return plain_len == sizeof secret && !memcmp(plain, secret, sizeof secret);
}

/* No two places may stand for the same bytes, however the text is cut. */
static void places_differ(void)
{
	static const struct seal_place places[] = {
		{ "ab", "c" }, { "a", "bc" }, { "abc", "c" }, { "c", "ab" }, { "a", "b" }, { "b", "a" },
		{ "ab\x01", "c" }, { "provider/7", "password" }, { "provider/7/password", "x" } };
	uint8_t a[SEAL_PLACE_MAX], b[SEAL_PLACE_MAX];
	size_t n = sizeof places / sizeof *places;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			size_t la = seal_place_bytes(a, &places[i]), lb = seal_place_bytes(b, &places[j]);

			CHECK(la && lb);
			CHECK((i == j) == (la == lb && !memcmp(a, b, la)));
		}
}

static void empty_or_long(const uint8_t *key)
{
	char text[SEAL_NAME_MAX + 2];
	uint8_t sealed[64];

	memset(text, 'x', sizeof text);
	text[SEAL_NAME_MAX + 1] = 0;
	CHECK(seal_close(sealed, key, &(struct seal_place){ text, "f" }, NULL, 0));
	CHECK(seal_close(sealed, key, &(struct seal_place){ "o", text }, NULL, 0));
	CHECK(seal_close(sealed, key, &(struct seal_place){ "", "f" }, NULL, 0));
	CHECK(seal_close(sealed, key, &(struct seal_place){ "o", "" }, NULL, 0));
	text[SEAL_NAME_MAX] = 0;
	CHECK(!seal_close(sealed, key, &(struct seal_place){ text, text }, NULL, 0));
}

int main(void)
{
	uint8_t key[SEAL_KEY], other[SEAL_KEY], sealed[sizeof secret + SEAL_OVERHEAD], again[sizeof sealed];

	if (sodium_init() < 0)
		return 1;
	randombytes_buf(key, sizeof key);
	randombytes_buf(other, sizeof other);
	CHECK(!seal_close(sealed, key, &here, secret, sizeof secret));
	CHECK(!seal_close(again, key, &here, secret, sizeof secret));
	CHECK(memcmp(sealed, again, sizeof sealed));
	CHECK(opens(key, &here, sealed, sizeof sealed));
	CHECK(!opens(other, &here, sealed, sizeof sealed));
	CHECK(!opens(key, &(struct seal_place){ "provider/8", "password" }, sealed, sizeof sealed));
	CHECK(!opens(key, &(struct seal_place){ "provider/7", "user" }, sealed, sizeof sealed));
	CHECK(!opens(key, &(struct seal_place){ "provider/7p", "assword" }, sealed, sizeof sealed));
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 0x10;
		CHECK(!opens(key, &here, sealed, sizeof sealed));
		sealed[i] ^= 0x10;
		CHECK(!opens(key, &here, sealed, i));
	}
	places_differ();
	empty_or_long(key);
	return failed;
}

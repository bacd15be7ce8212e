/* der: lengths, integers, bit strings and times as X.690 and RFC 5280 want them. */
#include <stdio.h>
#include <string.h>

#include "der/der.h"

static int failed;

static void check(const char *what, const struct der *d, const char *want, size_t want_len)
{
	size_t len;
	const uint8_t *at = der_result(d, &len);

	if (at && len == want_len && !memcmp(at, want, len))
		return;
	failed = 1;
	printf("%s: wrong bytes:", what);
	for (size_t i = 0; at && i < len; i++)
		printf(" %02x", at[i]);
	putchar('\n');
}

#define CHECK(what, d, want) check(what, d, want, sizeof want - 1)

static void integers(void)
{
	uint8_t buf[64];
	struct der d;

	der_open(&d, buf, sizeof buf);
	der_unsigned(&d, (const uint8_t *)"\x00\x00\x80", 3);
	CHECK("a set first bit gets a zero", &d, "\x02\x02\x00\x80");
	der_open(&d, buf, sizeof buf);
	der_unsigned(&d, (const uint8_t *)"\x00\x7f\x01", 3);
	CHECK("leading zeros go", &d, "\x02\x02\x7f\x01");
	der_open(&d, buf, sizeof buf);
	der_unsigned(&d, (const uint8_t *)"\x00\x00", 2);
	CHECK("zero is one byte", &d, "\x02\x01\x00");
	der_open(&d, buf, sizeof buf);
	der_named_bits(&d, 0x06);
	CHECK("named bits lose trailing zeros", &d, "\x03\x02\x01\x06");
	der_open(&d, buf, sizeof buf);
	der_named_bits(&d, 0x80);
	CHECK("one named bit", &d, "\x03\x02\x07\x80");
	der_open(&d, buf, sizeof buf);
	der_true(&d);
	CHECK("true", &d, "\x01\x01\xff");
}

static void lengths(void)
{
	static const size_t sizes[] = { 0, 127, 128, 255, 256, 65535, 65536 };
	static const char *const heads[] = { "\x00", "\x7f", "\x81\x80", "\x81\xff", "\x82\x01\x00",
		"\x82\xff\xff", "\x83\x01\x00\x00" };
	static const size_t head_len[] = { 1, 1, 2, 2, 3, 3, 4 };
	static uint8_t body[65536], buf[65600];
	struct der d;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t len;
		const uint8_t *at;

		der_open(&d, buf, sizeof buf);
		der_raw(&d, body, sizes[i]);
		der_wrap(&d, DER_SEQUENCE, sizeof buf);
		at = der_result(&d, &len);
		if (!at || at[0] != DER_SEQUENCE || len != 1 + head_len[i] + sizes[i]
				|| memcmp(at + 1, heads[i], head_len[i])) {
			failed = 1;
			printf("length %zu is written wrong\n", sizes[i]);
		}
	}
}

static void times(void)
{
	uint8_t buf[64];
	struct der d;
	size_t len;

	der_open(&d, buf, sizeof buf);
	der_time(&d, 2524607999);
	CHECK("the last second of 2049", &d, "\x17\x0d" "491231235959Z");
	der_open(&d, buf, sizeof buf);
	der_time(&d, 2524608000);
	CHECK("the first second of 2050", &d, "\x18\x0f" "20500101000000Z");
	der_open(&d, buf, sizeof buf);
	der_time(&d, -1000000000000);
	if (der_result(&d, &len)) {
		failed = 1;
		puts("a year before 1950 was written");
	}
}

static void space(void)
{
	uint8_t buf[8];

	for (size_t cap = 0; cap <= sizeof buf; cap++) {
		struct der d;
		size_t len;

		der_open(&d, buf, cap);
		der_put(&d, DER_OCTET_STRING, "12345", 5);
		if ((der_result(&d, &len) != NULL) != (cap >= 7)) {
			failed = 1;
			printf("7 bytes into %zu\n", cap);
		}
	}
}

int main(void)
{
	integers();
	lengths();
	times();
	space();
	return failed;
}

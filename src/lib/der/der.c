/* der: a writer that goes from the end to the front. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "der/der.h"

void der_open(struct der *d, uint8_t *buf, size_t cap)
{
	*d = (struct der){ .buf = buf, .cap = cap, .at = cap };
}

size_t der_mark(const struct der *d)
{
	return d->at;
}

void der_raw(struct der *d, const void *bytes, size_t len)
{
	if (d->full || len > d->at) {
		d->full = true;
		return;
	}
	if (!len)
		return;
	d->at -= len;
	memcpy(d->buf + d->at, bytes, len);
}

static void put_byte(struct der *d, unsigned byte)
{
	uint8_t b = (uint8_t)byte;

	der_raw(d, &b, 1);
}

/* X.690 §8.1.3: short form below 128, else the fewest bytes. */
static void put_length(struct der *d, size_t len)
{
	unsigned bytes = 0;

	if (len < 0x80) {
		put_byte(d, (unsigned)len);
		return;
	}
	for (; len; len >>= 8, bytes++)
		put_byte(d, len & 0xff);
	put_byte(d, 0x80 | bytes);
}

void der_wrap(struct der *d, unsigned tag, size_t mark)
{
	put_length(d, mark - d->at);
	put_byte(d, tag);
}

void der_put(struct der *d, unsigned tag, const void *bytes, size_t len)
{
	der_raw(d, bytes, len);
	put_length(d, len);
	put_byte(d, tag);
}

void der_unsigned(struct der *d, const uint8_t *bytes, size_t len)
{
	size_t mark = der_mark(d);

	while (len && !*bytes)
		bytes++, len--;
	der_raw(d, bytes, len);
	/* the first bit is the sign, and zero is one byte */
	if (!len || *bytes & 0x80)
		put_byte(d, 0);
	der_wrap(d, DER_INTEGER, mark);
}

void der_bits(struct der *d, const void *bytes, size_t len)
{
	size_t mark = der_mark(d);

	der_raw(d, bytes, len);
	put_byte(d, 0);
	der_wrap(d, DER_BIT_STRING, mark);
}

void der_named_bits(struct der *d, uint8_t bits)
{
	uint8_t body[2] = { 0, bits };

	if (!bits) {
		der_put(d, DER_BIT_STRING, body, 1);
		return;
	}
	while (!(bits & 1)) {
		bits >>= 1;
		body[0]++;
	}
	der_put(d, DER_BIT_STRING, body, 2);
}

void der_true(struct der *d)
{
	uint8_t yes = 0xff;

	der_put(d, DER_BOOLEAN, &yes, 1);
}

void der_time(struct der *d, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[24];
	int year;

	if (!gmtime_r(&t, &tm) || tm.tm_year < 50 || tm.tm_year > 8099) {
		d->full = true;
		return;
	}
	year = tm.tm_year + 1900;
	snprintf(text, sizeof text, "%04u%02u%02u%02u%02u%02uZ", (unsigned)year % 10000,
		(unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
		(unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	if (year < 2050)
		der_put(d, DER_UTC_TIME, text + 2, strlen(text + 2));
	else
		der_put(d, DER_GENERALIZED_TIME, text, strlen(text));
}

const uint8_t *der_result(const struct der *d, size_t *len)
{
	*len = d->full ? 0 : d->cap - d->at;
	return d->full ? NULL : d->buf + d->at;
}

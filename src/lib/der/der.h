/*
 * der: writes ASN.1 in the distinguished encoding (ITU-T X.690).
 *
 * The writer fills its buffer from the end to the front, so that a length is
 * known when it is written: put the last element first, and close a group
 * with der_wrap when all its members are there.  Running out of space is
 * remembered; ask once, at the end, through der_result.
 */
#ifndef CAM_DER_H
#define CAM_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,		/* | number */
	DER_CONTEXT_GROUP = 0xa0	/* | number */
};

struct der {
	uint8_t *buf;
	size_t cap;
	size_t at;		/* first byte written; cap = nothing yet */
	bool full;
};

/* Starts in buf, which stays the caller's. */
void der_open(struct der *d, uint8_t *buf, size_t cap);

/* The place to give to der_wrap for a group that begins (ends, in the file) here. */
size_t der_mark(const struct der *d);
/* Puts tag and length in front of everything written since mark. */
void der_wrap(struct der *d, unsigned tag, size_t mark);

/* Bytes as they are: something that is DER already. */
void der_raw(struct der *d, const void *bytes, size_t len);
/* One primitive element. */
void der_put(struct der *d, unsigned tag, const void *bytes, size_t len);
/* INTEGER from an unsigned big-endian number. */
void der_unsigned(struct der *d, const uint8_t *bytes, size_t len);
/* BIT STRING of whole bytes. */
void der_bits(struct der *d, const void *bytes, size_t len);
/* BIT STRING of named bits, bit 0 = 0x80 of the first byte; trailing zeros go (X.690 §11.2.2). */
void der_named_bits(struct der *d, uint8_t bits);
void der_true(struct der *d);
/* Time as RFC 5280 §4.1.2.5 wants it: UTCTime until 2049, then GeneralizedTime.
 * Seconds since 1970 UTC; outside the years 1950..9999 counts as full. */
void der_time(struct der *d, int64_t when);

/* Where the result begins (inside buf) and its length; NULL when it did not fit. */
const uint8_t *der_result(const struct der *d, size_t *len);

#endif

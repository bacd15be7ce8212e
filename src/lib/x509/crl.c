/* x509: revocation lists, RFC 5280 §5; written from the end to the front (der.h). */
#include <string.h>

#include "x509/x509_int.h"

static const uint8_t oid_crl_number[] = { 0x55, 0x1d, 0x14 };
static const uint8_t oid_reason[] = { 0x55, 0x1d, 0x15 };

/* CRLReason, RFC 5280 §5.3.1. */
#define REASON_SUPERSEDED 4

static void put_number(struct der *d, uint64_t number)
{
	size_t mark = der_mark(d);
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(number >> 8 * (7 - i));
	der_unsigned(d, bytes, sizeof bytes);
	X509_END_EXTENSION(d, oid_crl_number, false, mark);
}

static void put_extensions(struct der *d, const struct x509_crl *crl)
{
	size_t mark = der_mark(d);

	put_number(d, crl->number);
	x509_put_authority_key(d, crl->issuer_point);
	der_wrap(d, DER_SEQUENCE, mark);
	der_wrap(d, DER_CONTEXT_GROUP | 0, mark);
}

static void put_revoked(struct der *d, const struct x509_revoked *one)
{
	static const uint8_t reason = REASON_SUPERSEDED;
	size_t mark = der_mark(d);

	der_put(d, DER_ENUMERATED, &reason, 1);
	X509_END_EXTENSION(d, oid_reason, false, mark);
	der_wrap(d, DER_SEQUENCE, mark);
	der_time(d, one->when);
	der_unsigned(d, one->serial, X509_SERIAL);
	der_wrap(d, DER_SEQUENCE, mark);
}

/* TBSCertList, RFC 5280 §5.1.2; an empty list is left out. */
static void put_body(struct der *d, const struct x509_crl *crl)
{
	static const uint8_t version2 = 1;
	size_t mark = der_mark(d), list;

	put_extensions(d, crl);
	list = der_mark(d);
	for (size_t i = crl->count; i-- > 0;)
		put_revoked(d, &crl->revoked[i]);
	if (crl->count)
		der_wrap(d, DER_SEQUENCE, list);
	der_time(d, crl->next_update);
	der_time(d, crl->this_update);
	x509_put_name(d, crl->issuer);
	x509_put_algorithm(d);
	der_unsigned(d, &version2, 1);
	der_wrap(d, DER_SEQUENCE, mark);
}

size_t x509_crl_make(uint8_t *out, const struct x509_crl *crl, const uint8_t issuer_secret[ECDSA_SECRET])
{
	uint8_t body[X509_CRL_MAX];
	size_t len = strlen(crl->issuer);
	const uint8_t *at;
	struct der d;

	if (!len || len > X509_COMMON_MAX || crl->count > X509_REVOKED_MAX || crl->this_update >= crl->next_update)
		return 0;
	der_open(&d, body, sizeof body);
	put_body(&d, crl);
	at = der_result(&d, &len);
	return at ? x509_sign(out, X509_CRL_MAX, at, len, issuer_secret) : 0;
}

/* ---- which certificate is it? ---- */

struct span { const uint8_t *at, *end; };

/* Takes one element's content out of the front of s; an empty span at NULL when it is not this one. */
static struct span take(struct span *s, unsigned tag)
{
	struct span none = { NULL, NULL }, in;
	size_t len, bytes;

	if (!s->at || s->end - s->at < 2 || *s->at != tag)
		return none;
	len = s->at[1];
	s->at += 2;
	if (len & 0x80) {
		bytes = len & 0x7f;
		if (bytes < 1 || bytes > 2 || (size_t)(s->end - s->at) < bytes)
			return none;
		for (len = 0; bytes; bytes--)
			len = len << 8 | *s->at++;
	}
	if ((size_t)(s->end - s->at) < len)
		return none;
	in = (struct span){ s->at, s->at + len };
	s->at += len;
	return in;
}

int x509_serial(uint8_t out[X509_SERIAL], const uint8_t *der, size_t len)
{
	struct span s = { der, der + len }, serial;
	size_t n;

	s = take(&s, DER_SEQUENCE);
	s = take(&s, DER_SEQUENCE);
	if (!take(&s, DER_CONTEXT_GROUP | 0).at)
		return -1;
	serial = take(&s, DER_INTEGER);
	if (!serial.at)
		return -1;
	/* a zero in front keeps the sign bit clear */
	while (serial.at < serial.end && !*serial.at)
		serial.at++;
	n = (size_t)(serial.end - serial.at);
	if (n > X509_SERIAL)
		return -1;
	memset(out, 0, X509_SERIAL);
	memcpy(out + X509_SERIAL - n, serial.at, n);
	return 0;
}

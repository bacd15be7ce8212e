/* keyring: the record of a key with its certificate. */
#include <string.h>

#include "keyring/file.h"
#include "keyring/record.h"

_Static_assert(KEYRING_RECORD_MAX <= KEYRING_PAYLOAD_MAX, "a record fits into a file");

static uint8_t *put_number(uint8_t *at, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> 8 * bytes);
	return at;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

size_t keyring_record_put(uint8_t *out, const uint8_t secret[ECDSA_SECRET], const uint8_t issuer[32],
	const struct x509_names *names, const struct keyring_cert *cert)
{
	uint8_t *at = put_bytes(out, secret, ECDSA_SECRET);

	at = put_bytes(at, issuer, 32);
	at = put_number(at, (uint64_t)cert->not_before, 8);
	at = put_number(at, (uint64_t)cert->not_after, 8);
	at = put_number(at, names ? names->count : 0, 2);
	for (size_t i = 0; names && i < names->count; i++) {
		size_t len = strlen(names->name[i].text);

		at = put_number(at, len, 1);
		at = put_bytes(at, names->name[i].text, len);
	}
	at = put_bytes(at, cert->der, cert->len);
	return (size_t)(at - out);
}

/* What is left to read; once something was missing, everything is. */
struct reader { const uint8_t *at; size_t left; int bad; };

static const uint8_t *get_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || len > r->left) {
		r->bad = 1;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

static uint64_t get_number(struct reader *r, size_t bytes)
{
	const uint8_t *at = get_bytes(r, bytes);
	uint64_t value = 0;

	for (size_t i = 0; at && i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static void get_copy(struct reader *r, void *out, size_t len)
{
	const uint8_t *at = get_bytes(r, len);

	if (at)
		memcpy(out, at, len);
}

static void get_name(struct reader *r, struct x509_names *names)
{
	size_t len = get_number(r, 1);
	const uint8_t *at = get_bytes(r, len);
	struct x509_name name;
	const char *why;

	if (!at || !names || x509_name_parse(&name, (const char *)at, len, &why)
			|| x509_names_add(names, &name))
		r->bad = 1;
}

int keyring_record_get(const uint8_t *record, size_t len, uint8_t secret[ECDSA_SECRET], uint8_t issuer[32],
	struct x509_names *names, struct keyring_cert *cert)
{
	struct reader r = { record, len, 0 };
	uint64_t count;

	if (names)
		names->count = 0;
	get_copy(&r, secret, ECDSA_SECRET);
	get_copy(&r, issuer, 32);
	cert->not_before = (int64_t)get_number(&r, 8);
	cert->not_after = (int64_t)get_number(&r, 8);
	count = get_number(&r, 2);
	while (!r.bad && count--)
		get_name(&r, names);
	if (r.bad || !r.left || r.left > sizeof cert->der)
		return -1;
	cert->len = r.left;
	memcpy(cert->der, r.at, r.left);
	return 0;
}

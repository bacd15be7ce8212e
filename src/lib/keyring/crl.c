/*
 * keyring: the revocation list of the authority for servers.
 *
 * Its file holds what the list is made from; signatures are deterministic, so the same list is
 * made from it at each start:
 *
 *   32 bytes   SHA-256 of the issuer's certificate
 *   8          number of the list
 *   8 + 8      this and next update: seconds since 1970, big-endian
 *   2          number of entries, then each: 16 bytes serial, 8 revoked, 8 end of the certificate
 */
#include <errno.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"
#include "log/log.h"

#define HEAD (32 + 8 + 8 + 8 + 2)
#define ENTRY (X509_SERIAL + 8 + 8)
#define RECORD_MAX (HEAD + X509_REVOKED_MAX * ENTRY)

_Static_assert(RECORD_MAX <= KEYRING_PAYLOAD_MAX, "a list fits into a file");

/* ---- making ---- */

static void window(const struct keyring *k, int64_t now, int64_t *from, int64_t *to)
{
	int64_t ca_end = k->ca[KEYRING_CA_SERVERS].not_after;

	*from = now - KEYRING_LEAF_BACK;
	if (*from < k->built || *from >= ca_end)
		*from = k->built;
	*to = *from + KEYRING_CRL_LIFE < ca_end ? *from + KEYRING_CRL_LIFE : ca_end;
}

bool keyring_crl_due(const struct keyring *k, int64_t now)
{
	const struct keyring_crl *crl = &k->crl;
	int64_t from, to;

	window(k, now, &from, &to);
	if (now < crl->this_update)
		return from < crl->this_update;
	return now >= crl->this_update + (crl->next_update - crl->this_update) / 2 && to > crl->next_update;
}

/* False when a member cannot be put into a list: one read from a file might not. */
static bool sign(struct keyring *k)
{
	const uint8_t *secret = k->secrets->ca[KEYRING_CA_SERVERS];
	struct x509_revoked revoked[X509_REVOKED_MAX];
	struct keyring_crl *crl = &k->crl;
	uint8_t point[ECDSA_PUBLIC];
	char issuer[X509_COMMON_MAX + 1];
	struct x509_crl list = { .issuer = issuer, .issuer_point = point, .number = crl->number,
		.this_update = crl->this_update, .next_update = crl->next_update,
		.revoked = revoked, .count = crl->count };

	keyring_ca_name(k, KEYRING_CA_SERVERS, issuer);
	for (size_t i = 0; i < crl->count; i++) {
		memcpy(revoked[i].serial, crl->entry[i].serial, X509_SERIAL);
		revoked[i].when = crl->entry[i].when;
	}
	crl->len = ecdsa_key_public(point, secret) ? x509_crl_make(crl->der, &list, secret) : 0;
	return crl->len != 0;
}

static void drop(struct keyring_crl *crl, size_t i)
{
	crl->count--;
	memmove(&crl->entry[i], &crl->entry[i + 1], (crl->count - i) * sizeof crl->entry[0]);
}

/* RFC 5280 §3.3: an entry goes after it stood on a list that was made after its certificate's end. */
static void drop_ended(struct keyring_crl *crl)
{
	for (size_t i = crl->count; i-- > 0;)
		if (crl->entry[i].until < crl->this_update)
			drop(crl, i);
}

void keyring_crl_issue(struct keyring *k, int64_t now)
{
	struct keyring_crl *crl = &k->crl;

	drop_ended(crl);
	/* grows even if the file was lost: then from the time on */
	crl->number = crl->number < (uint64_t)(now > 0 ? now : 0) ? (uint64_t)now : crl->number + 1;
	window(k, now, &crl->this_update, &crl->next_update);
	if (!sign(k))
		log_bug("a revocation list could not be written");
	k->crl_unsaved = true;
}

/* ---- revoking ---- */

bool keyring_crl_lists(const struct keyring *k, enum keyring_leaf_id leaf)
{
	const struct keyring_cert *cert = &k->leaf[leaf];
	uint8_t serial[X509_SERIAL];

	if (x509_serial(serial, cert->der, cert->len))
		return false;
	for (size_t i = 0; i < k->crl.count; i++)
		if (!memcmp(k->crl.entry[i].serial, serial, sizeof serial))
			return true;
	return false;
}

/* The list is full: the entry goes that would go first. */
static void make_room(struct keyring_crl *crl)
{
	size_t first = 0;

	if (crl->count < X509_REVOKED_MAX)
		return;
	for (size_t i = 1; i < crl->count; i++)
		if (crl->entry[i].until < crl->entry[first].until)
			first = i;
	drop(crl, first);
}

void keyring_crl_revoke(struct keyring *k, enum keyring_leaf_id leaf, int64_t now)
{
	const struct keyring_cert *cert = &k->leaf[leaf];
	struct keyring_crl *crl = &k->crl;
	struct keyring_revoked one = { .until = cert->not_after };
	int64_t end;

	if (now > cert->not_after || keyring_crl_lists(k, leaf) || x509_serial(one.serial, cert->der, cert->len))
		return;
	window(k, now, &one.when, &end);
	make_room(crl);
	crl->entry[crl->count++] = one;
	keyring_crl_issue(k, now);
}

/* ---- on the disk ---- */

static uint8_t *put_number(uint8_t *at, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> 8 * bytes);
	return at;
}

static uint64_t get_number(const uint8_t **at, int bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *(*at)++;
	return value;
}

int keyring_crl_write(const struct keyring *k, int dir)
{
	const struct keyring_crl *crl = &k->crl;
	uint8_t record[RECORD_MAX], *at = record + 32;

	keyring_leaf_issuer(k, record);
	at = put_number(at, crl->number, 8);
	at = put_number(at, (uint64_t)crl->this_update, 8);
	at = put_number(at, (uint64_t)crl->next_update, 8);
	at = put_number(at, crl->count, 2);
	for (size_t i = 0; i < crl->count; i++) {
		memcpy(at, crl->entry[i].serial, X509_SERIAL);
		at = put_number(at + X509_SERIAL, (uint64_t)crl->entry[i].when, 8);
		at = put_number(at, (uint64_t)crl->entry[i].until, 8);
	}
	return keyring_file_write(dir, KEYRING_FILE_CRL, record, (size_t)(at - record));
}

int keyring_crl_get(struct keyring_crl *crl, const uint8_t *record, size_t len, const uint8_t issuer[32])
{
	const uint8_t *at = record + 32;
	size_t count;

	if (len < HEAD || memcmp(record, issuer, 32))
		return -1;
	crl->number = get_number(&at, 8);
	crl->this_update = (int64_t)get_number(&at, 8);
	crl->next_update = (int64_t)get_number(&at, 8);
	count = get_number(&at, 2);
	if (count > X509_REVOKED_MAX || len != HEAD + count * ENTRY || crl->this_update >= crl->next_update)
		return -1;
	for (size_t i = 0; i < count; i++) {
		memcpy(crl->entry[i].serial, at, X509_SERIAL);
		at += X509_SERIAL;
		crl->entry[i].when = (int64_t)get_number(&at, 8);
		crl->entry[i].until = (int64_t)get_number(&at, 8);
	}
	crl->count = count;
	return 0;
}

enum keyring_state keyring_crl_load(struct keyring *k)
{
	uint8_t record[RECORD_MAX], issuer[32];
	size_t len;
	int bad = keyring_file_read(k->dir, KEYRING_FILE_CRL, record, sizeof record, &len);

	if (bad && errno != EBADMSG && errno != ENOENT)
		return KEYRING_SYSTEM;
	keyring_leaf_issuer(k, issuer);
	if (bad || keyring_crl_get(&k->crl, record, len, issuer) || !sign(k)) {
		/* no key is lost with it: the certificates on it were only out of date */
		log_warn("keys/%s: damaged or missing: the revocation list begins anew", KEYRING_FILE_CRL);
		memset(&k->crl, 0, sizeof k->crl);
	}
	return KEYRING_OPENED;
}

/* keyring: a certificate of somebody else's authority, from its request to its end. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"
#include "keyring/record.h"
#include "log/log.h"

/* An uploaded one's file: the secret, then each certificate behind its length, in two bytes. */
#define UPLOADED_MAX (ECDSA_SECRET + 2 * X509_CHAIN_CERTS + X509_CHAIN_BYTES)
_Static_assert(UPLOADED_MAX <= KEYRING_PAYLOAD_MAX, "a chain fits into a file");

/* Sets one of the ring's secrets, which are read-only otherwise; NULL wipes it. */
static void secret_set(struct keyring *k, uint8_t *place, const uint8_t *secret)
{
	uint8_t copy[ECDSA_SECRET] = { 0 };

	if (secret)
		memcpy(copy, secret, sizeof copy);
	sodium_mprotect_readwrite(k->secrets);
	memcpy(place, copy, sizeof copy);
	sodium_mprotect_readonly(k->secrets);
	sodium_memzero(copy, sizeof copy);
}

const uint8_t *keyring_server_secret(const struct keyring *k)
{
	return k->uploaded_on ? k->secrets->uploaded : k->secrets->leaf[KEYRING_SERVER];
}

bool keyring_uploaded_ends(const struct keyring *k, int64_t now)
{
	return k->uploaded_on && now >= k->uploaded.cert[0].not_after - KEYRING_UPLOADED_WARN;
}

/* ---- the request ---- */

/* The record of a leaf serves: instead of the issuer one byte says whether the key is its own, the certificate is the request. */
static int request_write(const struct keyring *k, const struct keyring_request *r, const uint8_t *secret)
{
	static struct keyring_cert cert;
	uint8_t record[KEYRING_RECORD_MAX], kind[32] = { r->fresh };
	size_t len;
	int result;

	cert.not_before = cert.not_after = r->created;
	cert.len = r->len;
	memcpy(cert.der, r->der, r->len);
	len = keyring_record_put(record, secret, kind, &r->names, &cert);
	result = keyring_file_write(k->dir, KEYRING_FILE_REQUEST, record, len);
	sodium_memzero(record, sizeof record);
	return result;
}

int keyring_request_make(struct keyring *k, const struct x509_request *request, bool fresh, int64_t now)
{
	static struct keyring_request r;
	uint8_t secret[ECDSA_SECRET];
	int result = -1;

	if (fresh)
		ecdsa_key_make(secret);
	else
		memcpy(secret, keyring_server_secret(k), sizeof secret);
	r = (struct keyring_request){ .on = true, .fresh = fresh, .created = now, .names = *request->names };
	r.len = x509_request_make(r.der, request, secret);
	if (!r.len)
		errno = EINVAL;
	else
		result = request_write(k, &r, secret);
	if (!result) {
		k->request = r;
		secret_set(k, k->secrets->request, secret);
	}
	sodium_memzero(secret, sizeof secret);
	return result;
}

int keyring_request_forget(struct keyring *k)
{
	if (keyring_file_remove(k->dir, KEYRING_FILE_REQUEST))
		return -1;
	k->request.on = false;
	secret_set(k, k->secrets->request, NULL);
	return 0;
}

/* ---- what it may be for ---- */

/* In this order: the request's key, the one in use, the own leaf's. */
static size_t our_keys(const struct keyring *k, const uint8_t *secrets[X509_CHAIN_KEYS])
{
	size_t n = 0;

	if (k->request.on)
		secrets[n++] = k->secrets->request;
	if (k->uploaded_on)
		secrets[n++] = k->secrets->uploaded;
	secrets[n++] = k->secrets->leaf[KEYRING_SERVER];
	return n;
}

int keyring_chain_read(const struct keyring *k, struct x509_chain *c, const char *pem, size_t len, int64_t now,
	char why[X509_CHAIN_WHY])
{
	uint8_t points[X509_CHAIN_KEYS][ECDSA_PUBLIC];
	const uint8_t *secrets[X509_CHAIN_KEYS];
	size_t n = our_keys(k, secrets);

	for (size_t i = 0; i < n; i++)
		if (!ecdsa_key_public(points[i], secrets[i]))
			log_bug("a key of the ring is not acceptable");
	x509_chain_init(c);
	if (x509_chain_add_pem(c, pem, len, why) || x509_chain_order(c, (const uint8_t (*)[ECDSA_PUBLIC])points, n, why))
		return -1;
	return x509_chain_dates(c, now, why);
}

/* ---- the uploaded one ---- */

static int uploaded_write(const struct keyring *k)
{
	uint8_t payload[UPLOADED_MAX], *at = payload;
	int result;

	memcpy(at, k->secrets->uploaded, ECDSA_SECRET);
	at += ECDSA_SECRET;
	for (size_t i = 0; i < k->uploaded.count; i++) {
		struct x509_bytes one = x509_chain_bytes(&k->uploaded, i);

		*at++ = (uint8_t)(one.len >> 8);
		*at++ = (uint8_t)one.len;
		memcpy(at, one.at, one.len);
		at += one.len;
	}
	result = keyring_file_write(k->dir, KEYRING_FILE_UPLOADED, payload, (size_t)(at - payload));
	sodium_memzero(payload, sizeof payload);
	return result;
}

/* The ring on the disk becomes what is shown.  The request goes last: a cut in between leaves a request that has been answered. */
static int uploaded_save(struct keyring *k)
{
	if (!k->uploaded_on)
		return keyring_file_remove(k->dir, KEYRING_FILE_UPLOADED);
	if (uploaded_write(k))
		return -1;
	if (k->request.on && !sodium_memcmp(k->secrets->request, k->secrets->uploaded, ECDSA_SECRET) && keyring_request_forget(k))
		log_warn_errno("certificate: its request cannot be taken away");
	return 0;
}

static void remember_former(struct keyring *k)
{
	k->former_on = k->uploaded_on;
	k->former = k->uploaded;
	secret_set(k, k->secrets->former, k->uploaded_on ? k->secrets->uploaded : NULL);
}

static void bring_back(struct keyring *k)
{
	k->uploaded_on = k->former_on;
	k->uploaded = k->former;
	secret_set(k, k->secrets->uploaded, k->former_on ? k->secrets->former : NULL);
}

static void forget_former(struct keyring *k)
{
	k->trial = k->former_on = false;
	secret_set(k, k->secrets->former, NULL);
}

int keyring_show(struct keyring *k, const struct x509_chain *c, bool trial)
{
	const uint8_t *secrets[X509_CHAIN_KEYS];
	uint8_t secret[ECDSA_SECRET];

	/* a second change while the first is on trial: what is on the disk stays the way back */
	if (c) {
		our_keys(k, secrets);
		memcpy(secret, secrets[c->key], sizeof secret);
	}
	if (!k->trial)
		remember_former(k);
	k->trial = true;
	k->uploaded_on = c != NULL;
	if (c)
		k->uploaded = *c;
	secret_set(k, k->secrets->uploaded, c ? secret : NULL);
	sodium_memzero(secret, sizeof secret);
	if (trial)
		return 0;
	if (!keyring_confirm(k))
		return 0;
	keyring_revert(k);
	return -1;
}

int keyring_confirm(struct keyring *k)
{
	if (!k->trial) {
		errno = ENOENT;
		return -1;
	}
	if (uploaded_save(k))
		return -1;
	forget_former(k);
	return 0;
}

void keyring_revert(struct keyring *k)
{
	int error = errno;

	if (k->trial) {
		bring_back(k);
		forget_former(k);
	}
	errno = error;
}

/* ---- at the start ---- */

static int chain_get(struct x509_chain *c, const uint8_t *at, size_t left, const uint8_t *secret)
{
	uint8_t point[1][ECDSA_PUBLIC];
	char why[X509_CHAIN_WHY];

	x509_chain_init(c);
	while (left) {
		size_t len = left < 2 ? 0 : (size_t)at[0] << 8 | at[1];

		if (left < 2 || len > left - 2 || x509_chain_add(c, at + 2, len, why))
			return -1;
		at += 2 + len;
		left -= 2 + len;
	}
	/* an expired one is still what the administrator wants to be shown */
	return ecdsa_key_public(point[0], secret) ? x509_chain_order(c, (const uint8_t (*)[ECDSA_PUBLIC])point, 1, why) : -1;
}

/* 0, 1 when there is none that can be used, -1 with errno. */
static int read_payload(const struct keyring *k, const char *file, uint8_t *payload, size_t cap, size_t *len)
{
	if (!keyring_file_read(k->dir, file, payload, cap, len))
		return 0;
	if (errno == EBADMSG)
		log_warn("%s: damaged: not used", file);
	return errno == EBADMSG || errno == ENOENT ? 1 : -1;
}

static int load_uploaded(struct keyring *k)
{
	uint8_t payload[UPLOADED_MAX];
	size_t len = 0;
	int rc = read_payload(k, KEYRING_FILE_UPLOADED, payload, sizeof payload, &len);

	if (rc)
		return rc < 0 ? -1 : 0;
	memcpy(k->secrets->uploaded, payload, len < ECDSA_SECRET ? len : ECDSA_SECRET);
	k->uploaded_on = len > ECDSA_SECRET
		&& !chain_get(&k->uploaded, payload + ECDSA_SECRET, len - ECDSA_SECRET, k->secrets->uploaded);
	sodium_memzero(payload, sizeof payload);
	if (!k->uploaded_on)
		log_warn("%s: not a chain: the appliance's own certificate is shown", KEYRING_FILE_UPLOADED);
	return 0;
}

static int load_request(struct keyring *k)
{
	static struct keyring_cert cert;
	struct keyring_request *r = &k->request;
	uint8_t record[KEYRING_RECORD_MAX], kind[32], point[ECDSA_PUBLIC];
	size_t len = 0;
	int rc = read_payload(k, KEYRING_FILE_REQUEST, record, sizeof record, &len);

	if (rc)
		return rc < 0 ? -1 : 0;
	r->on = !keyring_record_get(record, len, k->secrets->request, kind, &r->names, &cert)
		&& ecdsa_key_public(point, k->secrets->request);
	sodium_memzero(record, sizeof record);
	if (!r->on)
		return 0;
	r->fresh = kind[0];
	r->created = cert.not_before;
	r->len = cert.len;
	memcpy(r->der, cert.der, cert.len);
	/* answered when the power was cut */
	if (k->uploaded_on && !sodium_memcmp(k->secrets->request, k->secrets->uploaded, ECDSA_SECRET) && r->fresh)
		r->on = false;
	return 0;
}

int keyring_uploaded_load(struct keyring *k, const char **what)
{
	*what = KEYRING_FILE_UPLOADED;
	if (load_uploaded(k))
		return -1;
	*what = KEYRING_FILE_REQUEST;
	return load_request(k);
}

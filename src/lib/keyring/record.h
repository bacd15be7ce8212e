/*
 * keyring, inside: what the payload of an authority's or a leaf's file holds.
 *
 *   32 bytes   secret scalar
 *   32 bytes   SHA-256 of the issuer's certificate; zeros for an authority
 *   8 + 8      not before, not after: seconds since 1970, big-endian
 *   2          number of names, then each: 1 byte length, text
 *   the rest   certificate, DER
 */
#ifndef CAM_KEYRING_RECORD_H
#define CAM_KEYRING_RECORD_H

#include "keyring/keyring.h"

#define KEYRING_RECORD_MAX (32 + 32 + 16 + 2 + X509_NAMES_MAX * (1 + X509_NAME_MAX) + X509_CERT_MAX)

/* Writes a record; out holds KEYRING_RECORD_MAX.  Returns its length.  names may be NULL (none). */
size_t keyring_record_put(uint8_t *out, const uint8_t secret[ECDSA_SECRET], const uint8_t issuer[32],
	const struct x509_names *names, const struct keyring_cert *cert);
/* Reads one; 0, or -1 when it is malformed.  names may be NULL (then there must be none). */
int keyring_record_get(const uint8_t *record, size_t len, uint8_t secret[ECDSA_SECRET], uint8_t issuer[32],
	struct x509_names *names, struct keyring_cert *cert);

#endif

/* x509, inside: what certificates and revocation lists have in common. */
#ifndef CAM_X509_INT_H
#define CAM_X509_INT_H

#include "der/der.h"
#include "x509/x509.h"

/* A name that has only a common name. */
void x509_put_name(struct der *d, const char *text);
/* The same, with an organization and a country of two letters in front where they are not NULL; text may be NULL too. */
void x509_put_subject(struct der *d, const char *country, const char *organization, const char *text);
/* SubjectPublicKeyInfo of a point on P-256. */
void x509_put_public_key(struct der *d, const uint8_t *point);
/* Extension: names and addresses. */
void x509_put_alt_names(struct der *d, const struct x509_names *names);
/* ecdsa-with-SHA256. */
void x509_put_algorithm(struct der *d);
/* Extension: which key signed (RFC 5280 §4.2.1.1, §5.2.1). */
void x509_put_authority_key(struct der *d, const uint8_t *point);
/* Closes an extension whose value was written since `value`. */
void x509_end_extension(struct der *d, const uint8_t *oid, size_t oid_len, bool critical, size_t value);
#define X509_END_EXTENSION(d, oid, critical, value) x509_end_extension(d, oid, sizeof oid, critical, value)

/* body, the algorithm and the signature of both as one element in out.  Its length, 0 when it failed. */
size_t x509_sign(uint8_t *out, size_t cap, const uint8_t *body, size_t len, const uint8_t secret[ECDSA_SECRET]);

#endif

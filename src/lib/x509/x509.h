/*
 * x509: makes certificates and revocation lists (RFC 5280) with P-256 keys and SHA-256.
 *
 * Three kinds: an authority for servers, an authority for clients (each may
 * only sign end certificates: path length 0), and a server's certificate.
 * All of it works on memory and asks no clock.
 */
#ifndef CAM_X509_H
#define CAM_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecdsa/ecdsa.h"

/* Longest host name, bytes (RFC 1035 §2.3.4, without the last dot). */
#define X509_NAME_MAX 253
/* Names in one certificate: an appliance with several interfaces, both families, and aliases. */
#define X509_NAMES_MAX 32
/* Longest common name, characters (RFC 5280 appendix A, ub-common-name). */
#define X509_COMMON_MAX 64
/* Ways to reach the revocation list that a certificate names: by a host name, by an address. */
#define X509_CRL_URLS 2
/* Longest of them, bytes: a whole host name and a path. */
#define X509_URL_MAX 320
/* Bytes that hold every certificate we make: all names at full length and the fixed parts. */
#define X509_CERT_MAX (X509_NAMES_MAX * (X509_NAME_MAX + 4) + X509_CRL_URLS * (X509_URL_MAX + 4) + 1024)
#define X509_SERIAL 16
/* Certificates in one revocation list. */
#define X509_REVOKED_MAX 256
/* Bytes that hold every list we make. */
#define X509_CRL_MAX (X509_REVOKED_MAX * 64 + 512)

enum x509_kind { X509_KIND_INVALID = 0, X509_KIND_DNS, X509_KIND_IP4, X509_KIND_IP6 };

struct x509_name {
	enum x509_kind kind;
	char text[X509_NAME_MAX + 1];	/* lower case; addresses in their canonical form */
	uint8_t address[16];		/* network order; 4 or 16 bytes are used */
};

struct x509_names {
	size_t count;
	struct x509_name name[X509_NAMES_MAX];
};

/* Reads a host name (letters, digits, hyphens and dots; no wildcard) or an address.
 * Returns 0, or -1 with *why set to a few words. */
int x509_name_parse(struct x509_name *name, const char *text, size_t len, const char **why);
/* Adds one unless it is there already; -1 when the list is full. */
int x509_names_add(struct x509_names *names, const struct x509_name *name);
/* The same names, in whatever order. */
bool x509_names_equal(const struct x509_names *a, const struct x509_names *b);
/* Is this text (as in struct x509_name) among them? */
bool x509_names_have(const struct x509_names *names, const char *text);

enum x509_use {
	X509_USE_INVALID = 0,
	X509_USE_CA_SERVERS,	/* signs certificates of servers only */
	X509_USE_CA_CLIENTS,	/* signs certificates of clients only */
	X509_USE_SERVER
};

struct x509_spec {
	enum x509_use use;
	const char *issuer;			/* common names, UTF-8 */
	const char *subject;
	const struct x509_names *names;		/* of a server; NULL for an authority */
	const char *crl_url[X509_CRL_URLS];	/* of a server; NULL = none, the first ones first */
	int64_t not_before, not_after;		/* seconds since 1970 UTC, both inclusive */
	const uint8_t *serial;			/* X509_SERIAL bytes, random */
	const uint8_t *subject_point;		/* ECDSA_PUBLIC bytes each */
	const uint8_t *issuer_point;
};

/* Writes the certificate, signed with the issuer's key; out holds X509_CERT_MAX bytes.
 * Returns its length, 0 when the specification cannot be put into a certificate. */
size_t x509_make(uint8_t *out, const struct x509_spec *spec, const uint8_t issuer_secret[ECDSA_SECRET]);

/* The serial number of a certificate we made.  0, or -1 when it is none of ours. */
int x509_serial(uint8_t out[X509_SERIAL], const uint8_t *der, size_t len);

struct x509_revoked {
	uint8_t serial[X509_SERIAL];
	int64_t when;				/* seconds since 1970 UTC */
};

/* A revocation list, version 2, of all certificates of its issuer: RFC 5280 §5. */
struct x509_crl {
	const char *issuer;			/* common name */
	const uint8_t *issuer_point;
	uint64_t number;			/* grows from list to list */
	int64_t this_update, next_update;	/* seconds since 1970 UTC */
	const struct x509_revoked *revoked;
	size_t count;
};

/* Writes the list, signed with the issuer's key; out holds X509_CRL_MAX bytes.  Every certificate in it
 * was superseded.  Returns its length, 0 when it cannot be put into a list.  The same list and key give the
 * same bytes. */
size_t x509_crl_make(uint8_t *out, const struct x509_crl *crl, const uint8_t issuer_secret[ECDSA_SECRET]);

/* A request for a certificate (PKCS #10, RFC 2986), signed with the key it is for. */
struct x509_request {
	const struct x509_names *names;		/* 1 at least; the first short one is also the common name */
	const char *organization, *country;	/* NULL = none; a country has two capital letters (ISO 3166-1) */
};
/* Longest organization, bytes (RFC 5280 appendix A, ub-organization-name). */
#define X509_ORGANIZATION_MAX 64
/* Writes the request; out holds X509_CERT_MAX bytes.  Its length, 0 when it cannot be made. */
size_t x509_request_make(uint8_t *out, const struct x509_request *request, const uint8_t secret[ECDSA_SECRET]);

/* PEM (RFC 7468), a NUL at the end.  Bytes that hold it for `len` bytes of DER: */
#define X509_PEM_MAX(len) (((len) + 2) / 3 * 4 + ((len) / 48 + 1) + 80)
void x509_pem(char *out, const uint8_t *der, size_t len);
/* The same, as a CERTIFICATE REQUEST. */
void x509_pem_request(char *out, const uint8_t *der, size_t len);

/* "AA:BB:...": SHA-256 over the certificate, as browsers show it. */
#define X509_FINGERPRINT 96
void x509_fingerprint(char out[X509_FINGERPRINT], const uint8_t *der, size_t len);

#endif

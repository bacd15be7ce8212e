/*
 * tls/trust: how a program that calls out decides whether it reached the server it was told to reach.
 *
 * A trust is made of authorities (PEM, RFC 7468) and, or, of the SHA-256
 * fingerprint of the one certificate that is accepted.  There is no trust that
 * accepts everything.  On top of BearSSL's engine it takes chains in any order,
 * names of hosts and addresses (RFC 5280 §4.2.1.6), and wants a certificate
 * that may be a server's (§4.2.1.12).
 *
 * A fingerprint is exact: neither names nor dates of that certificate are looked at.
 */
#ifndef CAM_TLS_TRUST_H
#define CAM_TLS_TRUST_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509/x509.h"

/* Certificates in one file of authorities, and in a server's chain. */
#define TLS_AUTHORITIES_MAX 64
#define TLS_CHAIN_MAX 16
/* Bytes of all certificates of a chain. */
#define TLS_CHAIN_BYTES 65536u
/* Bytes of a sentence about what is wrong. */
#define TLS_WHY 320

struct tls_trust;

/* pem and fingerprint may be NULL or "", which is to trust nothing: the check then fails with a
 * sentence that names the fingerprint.  NULL with a sentence in why when one cannot be read. */
struct tls_trust *tls_trust_new(const char *pem, const char *fingerprint, char why[TLS_WHY]);
void tls_trust_free(struct tls_trust *t);

/* One connection's check.  It must not move and must live until the handshake is over. */
struct tls_check {
	const br_x509_class *vtable;
	const struct tls_trust *trust;		/* borrowed */
	char host[X509_NAME_MAX + 1];		/* a name, or an address without brackets */
	int64_t now;				/* seconds since 1970 UTC */
	uint8_t *bytes;				/* the chain, one certificate after the other */
	size_t used, count, ends[TLS_CHAIN_MAX];
	bool over;				/* too much was sent */
	br_x509_minimal_context minimal;
	br_x509_decoder_context leaf;		/* when the fingerprint decided */
	bool pinned;
	char fingerprint[X509_FINGERPRINT];	/* of what the server showed, "" = nothing yet */
	char why[TLS_WHY];			/* "" = nothing wrong so far */
};

/* Makes cc, whose buffers are set, a TLS 1.2 client with forward secrecy and AEAD suites only (RFC 5246, 8422,
 * 5288, 7905) that asks this check.  host: as in the address that is called. */
void tls_check_install(struct tls_check *check, br_ssl_client_context *cc, const struct tls_trust *trust, const char *host);
/* Frees what the check holds. */
void tls_check_end(struct tls_check *check);

/* A sentence about an error of a client's engine (br_ssl_engine_last_error) that was no matter of trust. */
void tls_client_error(int error, const char *host, char why[TLS_WHY]);

#endif

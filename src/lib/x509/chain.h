/*
 * x509/chain: certificates that somebody else issued for a key of ours (RFC 5280 §6, RFC 7468).
 *
 * Certificates come in any order and go out in the order of TLS (RFC 5246
 * §7.4.2): the leaf, who signed it, and so on, the self-signed root last when
 * it was among them.  Names, signatures, constraints and uses are checked, pair
 * by pair, so that what is wrong is said of the certificate at fault.  Works on
 * memory, asks no clock.
 *
 * Not looked at: name constraints, policies, revocation: they are the client's to judge.
 */
#ifndef CAM_X509_CHAIN_H
#define CAM_X509_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509/view.h"
#include "x509/x509.h"

/* Certificates of one chain: what gate takes (tls/chains.h). */
#define X509_CHAIN_CERTS 8
/* Bytes of all of them: what a file of the ring holds besides a key. */
#define X509_CHAIN_BYTES 16384u
/* Bytes of a sentence about what is wrong. */
#define X509_CHAIN_WHY 320
/* Keys of ours that the leaf may be for. */
#define X509_CHAIN_KEYS 3
/* Shown of a name: bytes. */
#define X509_LABEL 96

struct x509_chain_cert {
	size_t at, len;				/* within bytes */
	int64_t not_before, not_after;		/* seconds since 1970 UTC */
};

struct x509_chain {
	size_t count;				/* certificates; ordered by x509_chain_order */
	struct x509_chain_cert cert[X509_CHAIN_CERTS];
	size_t strangers;			/* after ordering: left out, because nothing leads to them */
	bool rooted;				/* the last one is self-signed */
	size_t key;				/* which of the keys the leaf is for */
	struct x509_names names;		/* of the leaf, the first X509_NAMES_MAX; "*.example.com" too */
	size_t len;
	uint8_t bytes[X509_CHAIN_BYTES];
};

void x509_chain_init(struct x509_chain *c);
/* Adds one certificate; the same one twice is once.  0, or -1 with a sentence in why. */
int x509_chain_add(struct x509_chain *c, const uint8_t *der, size_t len, char why[X509_CHAIN_WHY]);
/* Adds every CERTIFICATE of a PEM text.  A private key among them is refused. */
int x509_chain_add_pem(struct x509_chain *c, const char *pem, size_t len, char why[X509_CHAIN_WHY]);
/* Finds the leaf, whose key is one of the points (ECDSA_PUBLIC bytes each), and orders the others behind it. */
int x509_chain_order(struct x509_chain *c, const uint8_t (*points)[ECDSA_PUBLIC], size_t count, char why[X509_CHAIN_WHY]);
/* Are all of them valid at this moment (seconds since 1970)? */
int x509_chain_dates(const struct x509_chain *c, int64_t now, char why[X509_CHAIN_WHY]);

/* One certificate of an ordered chain. */
struct x509_bytes x509_chain_bytes(const struct x509_chain *c, size_t i);
/* Whom it is for, or who signed it, as a person calls it: the common name, else another part. */
void x509_chain_label(const struct x509_chain *c, size_t i, bool issuer, char out[X509_LABEL]);
/* Is a client that asks for this name content with the leaf (RFC 6125 §6.4; a wildcard stands for one label)? */
bool x509_names_cover(const struct x509_names *names, const struct x509_name *name);

#endif

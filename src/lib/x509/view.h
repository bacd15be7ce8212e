/*
 * x509/view: looks into a certificate (RFC 5280 §4.1) of somebody else without
 * copying or judging it: names, uses.  Signatures, dates and constraints are
 * BearSSL's work.
 */
#ifndef CAM_X509_VIEW_H
#define CAM_X509_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes inside the certificate. */
struct x509_bytes {
	const uint8_t *at;		/* NULL = absent */
	size_t len;
};

struct x509_view {
	struct x509_bytes issuer, subject;	/* whole Names, encoded */
	struct x509_bytes names;		/* value of subjectAltName, without its outer header */
	struct x509_bytes uses;			/* value of extKeyUsage, the same way */
	int usage;				/* first byte of keyUsage's bits (bit 0 = 0x80); -1 = absent */
	int path_length;			/* of basicConstraints, -1 = none said */
	struct x509_bytes signed_part;		/* TBSCertificate, whole */
	struct x509_bytes signature;		/* without the byte of unused bits */
};

/* 0, or -1 when it is not the DER of a version 3 certificate (or version 1, without extensions). */
int x509_view(struct x509_view *v, const uint8_t *der, size_t len);

bool x509_bytes_equal(struct x509_bytes a, struct x509_bytes b);

/* Does the certificate name this address (4 or 16 bytes, network order; RFC 5280 §4.2.1.6)? */
bool x509_view_has_address(const struct x509_view *v, const uint8_t *address, size_t len);

/* May it be a server's: no extKeyUsage at all, or serverAuth or any in it (§4.2.1.12)? */
bool x509_view_serves(const struct x509_view *v);

/* Takes the next host name or address (4 or 16 bytes) out of a subjectAltName's value; others are passed
 * over.  false at the end. */
bool x509_view_next_name(struct x509_bytes *rest, struct x509_bytes *one, bool *address);

/* The common name of a Name, else its last text; control characters as '?'.  "" when it has none. */
void x509_view_label(struct x509_bytes name, char *out, size_t size);

/* A Name (RFC 5280 §4.1.2.4) for a terminal, "CN=example CA, O=Example": attributes it knows by name, the others left out. In ASCII
 * alone, where a label may be UTF-8; anything else is a '?'. */
void x509_view_name_text(struct x509_bytes name, char *out, size_t size);

#endif

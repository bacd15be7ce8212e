/* x509: certificates, RFC 5280 §4; written from the end to the front (der.h). */
#include <bearssl.h>
#include <stdio.h>
#include <string.h>

#include "x509/x509_int.h"

#define OID(name, ...) static const uint8_t name[] = { __VA_ARGS__ }
OID(oid_ecdsa_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);	/* 1.2.840.10045.4.3.2, RFC 5758 */
OID(oid_ec_public_key, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);	/* 1.2.840.10045.2.1, RFC 5480 */
OID(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);		/* 1.2.840.10045.3.1.7 */
OID(oid_common_name, 0x55, 0x04, 0x03);
OID(oid_country, 0x55, 0x04, 0x06);
OID(oid_organization, 0x55, 0x04, 0x0a);
OID(oid_subject_key, 0x55, 0x1d, 0x0e);
OID(oid_key_usage, 0x55, 0x1d, 0x0f);
OID(oid_alt_name, 0x55, 0x1d, 0x11);
OID(oid_basic, 0x55, 0x1d, 0x13);
OID(oid_crl_points, 0x55, 0x1d, 0x1f);
OID(oid_authority_key, 0x55, 0x1d, 0x23);
OID(oid_extended_usage, 0x55, 0x1d, 0x25);
OID(oid_server_auth, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);	/* 1.3.6.1.5.5.7.3.1 */
OID(oid_client_auth, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);

#define PUT_OID(d, oid) der_put(d, DER_OID, oid, sizeof oid)

/* Key usage bits, RFC 5280 §4.2.1.3: digitalSignature 0, keyCertSign 5, cRLSign 6. */
#define USAGE_SIGN 0x80
#define USAGE_AUTHORITY 0x06

/* Key identifier: the first 160 bits of SHA-256 over the point (RFC 7093 §2, method 1). */
#define KEY_ID 20

static void key_id(uint8_t out[32], const uint8_t *point)
{
	ecdsa_sha256(out, point, ECDSA_PUBLIC);
}

void x509_end_extension(struct der *d, const uint8_t *oid, size_t oid_len, bool critical, size_t value)
{
	der_wrap(d, DER_OCTET_STRING, value);
	if (critical)
		der_true(d);
	der_put(d, DER_OID, oid, oid_len);
	der_wrap(d, DER_SEQUENCE, value);
}

void x509_put_authority_key(struct der *d, const uint8_t *point)
{
	size_t mark = der_mark(d);
	uint8_t id[32];

	key_id(id, point);
	der_put(d, DER_CONTEXT | 0, id, KEY_ID);
	der_wrap(d, DER_SEQUENCE, mark);
	X509_END_EXTENSION(d, oid_authority_key, false, mark);
}

static void put_subject_key(struct der *d, const uint8_t *point)
{
	size_t mark = der_mark(d);
	uint8_t id[32];

	key_id(id, point);
	der_put(d, DER_OCTET_STRING, id, KEY_ID);
	X509_END_EXTENSION(d, oid_subject_key, false, mark);
}

static void put_extended_usage(struct der *d, bool clients)
{
	size_t mark = der_mark(d);

	if (clients)
		PUT_OID(d, oid_client_auth);
	else
		PUT_OID(d, oid_server_auth);
	der_wrap(d, DER_SEQUENCE, mark);
	X509_END_EXTENSION(d, oid_extended_usage, false, mark);
}

static void put_key_usage(struct der *d, uint8_t bits)
{
	size_t mark = der_mark(d);

	der_named_bits(d, bits);
	X509_END_EXTENSION(d, oid_key_usage, true, mark);
}

static void put_basic(struct der *d, bool authority)
{
	size_t mark = der_mark(d);

	if (authority) {
		der_unsigned(d, NULL, 0);	/* pathLenConstraint 0 */
		der_true(d);
	}
	der_wrap(d, DER_SEQUENCE, mark);
	X509_END_EXTENSION(d, oid_basic, true, mark);
}

void x509_put_alt_names(struct der *d, const struct x509_names *names)
{
	size_t mark = der_mark(d);

	for (size_t i = names->count; i-- > 0;) {
		const struct x509_name *n = &names->name[i];

		if (n->kind == X509_KIND_DNS)
			der_put(d, DER_CONTEXT | 2, n->text, strlen(n->text));
		else
			der_put(d, DER_CONTEXT | 7, n->address, n->kind == X509_KIND_IP4 ? 4 : 16);
	}
	der_wrap(d, DER_SEQUENCE, mark);
	X509_END_EXTENSION(d, oid_alt_name, false, mark);
}

/* One distribution point, reached in each of the ways named: RFC 5280 §4.2.1.13. */
static void put_crl_point(struct der *d, const char *const url[X509_CRL_URLS])
{
	size_t mark = der_mark(d);

	if (!url[0])
		return;
	for (size_t i = X509_CRL_URLS; i-- > 0;)
		if (url[i])
			der_put(d, DER_CONTEXT | 6, url[i], strlen(url[i]));
	der_wrap(d, DER_CONTEXT_GROUP | 0, mark);	/* fullName */
	der_wrap(d, DER_CONTEXT_GROUP | 0, mark);	/* distributionPoint */
	der_wrap(d, DER_SEQUENCE, mark);
	der_wrap(d, DER_SEQUENCE, mark);
	X509_END_EXTENSION(d, oid_crl_points, false, mark);
}

static void put_extensions(struct der *d, const struct x509_spec *spec)
{
	size_t mark = der_mark(d);
	bool authority = spec->use != X509_USE_SERVER;

	put_crl_point(d, spec->crl_url);
	x509_put_authority_key(d, spec->issuer_point);
	put_subject_key(d, spec->subject_point);
	if (!authority)
		x509_put_alt_names(d, spec->names);
	put_extended_usage(d, spec->use == X509_USE_CA_CLIENTS);
	put_key_usage(d, authority ? USAGE_AUTHORITY : USAGE_SIGN);
	put_basic(d, authority);
	der_wrap(d, DER_SEQUENCE, mark);
	der_wrap(d, DER_CONTEXT_GROUP | 3, mark);
}

void x509_put_public_key(struct der *d, const uint8_t *point)
{
	size_t mark = der_mark(d), algorithm;

	der_bits(d, point, ECDSA_PUBLIC);
	algorithm = der_mark(d);
	PUT_OID(d, oid_p256);
	PUT_OID(d, oid_ec_public_key);
	der_wrap(d, DER_SEQUENCE, algorithm);
	der_wrap(d, DER_SEQUENCE, mark);
}

static void put_attribute(struct der *d, const uint8_t *oid, size_t oid_len, unsigned tag, const char *text)
{
	size_t mark = der_mark(d);

	if (!text)
		return;
	der_put(d, tag, text, strlen(text));
	der_put(d, DER_OID, oid, oid_len);
	der_wrap(d, DER_SEQUENCE, mark);
	der_wrap(d, DER_SET, mark);
}

void x509_put_subject(struct der *d, const char *country, const char *organization, const char *text)
{
	size_t mark = der_mark(d);

	put_attribute(d, oid_common_name, sizeof oid_common_name, DER_UTF8_STRING, text);
	put_attribute(d, oid_organization, sizeof oid_organization, DER_UTF8_STRING, organization);
	put_attribute(d, oid_country, sizeof oid_country, DER_PRINTABLE_STRING, country);
	der_wrap(d, DER_SEQUENCE, mark);
}

void x509_put_name(struct der *d, const char *text)
{
	x509_put_subject(d, NULL, NULL, text);
}

static void put_validity(struct der *d, const struct x509_spec *spec)
{
	size_t mark = der_mark(d);

	der_time(d, spec->not_after);
	der_time(d, spec->not_before);
	der_wrap(d, DER_SEQUENCE, mark);
}

void x509_put_algorithm(struct der *d)
{
	size_t mark = der_mark(d);

	PUT_OID(d, oid_ecdsa_sha256);
	der_wrap(d, DER_SEQUENCE, mark);
}

/* TBSCertificate, RFC 5280 §4.1.2. */
static void put_body(struct der *d, const struct x509_spec *spec)
{
	static const uint8_t version3 = 2;
	size_t mark = der_mark(d), version;

	put_extensions(d, spec);
	x509_put_public_key(d, spec->subject_point);
	x509_put_name(d, spec->subject);
	put_validity(d, spec);
	x509_put_name(d, spec->issuer);
	x509_put_algorithm(d);
	der_unsigned(d, spec->serial, X509_SERIAL);
	version = der_mark(d);
	der_unsigned(d, &version3, 1);
	der_wrap(d, DER_CONTEXT_GROUP | 0, version);
	der_wrap(d, DER_SEQUENCE, mark);
}

static bool urls_good(const struct x509_spec *spec)
{
	for (size_t i = 0; i < X509_CRL_URLS; i++)
		if (spec->crl_url[i] && (spec->use != X509_USE_SERVER || strlen(spec->crl_url[i]) > X509_URL_MAX))
			return false;
	return true;
}

static bool spec_good(const struct x509_spec *spec)
{
	size_t issuer = strlen(spec->issuer), subject = strlen(spec->subject);

	if (!issuer || !subject || issuer > X509_COMMON_MAX || subject > X509_COMMON_MAX)
		return false;
	if (spec->not_before >= spec->not_after || !urls_good(spec))
		return false;
	switch (spec->use) {
	case X509_USE_CA_SERVERS:
	case X509_USE_CA_CLIENTS:
		return !spec->names;
	case X509_USE_SERVER:
		return spec->names && spec->names->count;
	case X509_USE_INVALID:
		break;
	}
	return false;
}

size_t x509_sign(uint8_t *out, size_t cap, const uint8_t *body, size_t len, const uint8_t secret[ECDSA_SECRET])
{
	uint8_t hash[32], signature[ECDSA_SIGNATURE_MAX];
	size_t signature_len;
	const uint8_t *at;
	struct der d;

	ecdsa_sha256(hash, body, len);
	signature_len = ecdsa_sign(signature, secret, ECDSA_SHA256, hash, sizeof hash);
	if (!signature_len)
		return 0;
	der_open(&d, out, cap);
	der_bits(&d, signature, signature_len);
	x509_put_algorithm(&d);
	der_raw(&d, body, len);
	der_wrap(&d, DER_SEQUENCE, cap);
	at = der_result(&d, &len);
	if (at)
		memmove(out, at, len);
	return len;
}

size_t x509_make(uint8_t *out, const struct x509_spec *spec, const uint8_t issuer_secret[ECDSA_SECRET])
{
	uint8_t body[X509_CERT_MAX];
	const uint8_t *at;
	struct der d;
	size_t len;

	if (!spec_good(spec))
		return 0;
	der_open(&d, body, sizeof body);
	put_body(&d, spec);
	at = der_result(&d, &len);
	return at ? x509_sign(out, X509_CERT_MAX, at, len, issuer_secret) : 0;
}

void x509_pem(char *out, const uint8_t *der, size_t len)
{
	br_pem_encode(out, der, len, "CERTIFICATE", BR_PEM_LINE64);
}

void x509_pem_request(char *out, const uint8_t *der, size_t len)
{
	br_pem_encode(out, der, len, "CERTIFICATE REQUEST", BR_PEM_LINE64);
}

void x509_fingerprint(char out[X509_FINGERPRINT], const uint8_t *der, size_t len)
{
	uint8_t hash[32];

	ecdsa_sha256(hash, der, len);
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(out + 3 * i, 4, "%02X%s", hash[i], i + 1 < sizeof hash ? ":" : "");
}

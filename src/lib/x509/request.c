/* x509: requests for certificates, RFC 2986; written from the end to the front (der.h). */
#include <string.h>

#include "x509/x509_int.h"

/* 1.2.840.113549.1.9.14, extensionRequest: RFC 2985 §5.4.2. */
static const uint8_t oid_extensions[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e };

static const char *common_name(const struct x509_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->name[i].text) <= X509_COMMON_MAX)
			return names->name[i].text;
	return NULL;
}

/* The names are wanted as an extension. */
static void put_attributes(struct der *d, const struct x509_names *names)
{
	size_t mark = der_mark(d);

	x509_put_alt_names(d, names);
	der_wrap(d, DER_SEQUENCE, mark);	/* Extensions */
	der_wrap(d, DER_SET, mark);
	der_put(d, DER_OID, oid_extensions, sizeof oid_extensions);
	der_wrap(d, DER_SEQUENCE, mark);
	der_wrap(d, DER_CONTEXT_GROUP | 0, mark);
}

/* CertificationRequestInfo. */
static void put_body(struct der *d, const struct x509_request *r, const uint8_t *point)
{
	size_t mark = der_mark(d);

	put_attributes(d, r->names);
	x509_put_public_key(d, point);
	x509_put_subject(d, r->country, r->organization, common_name(r->names));
	der_unsigned(d, NULL, 0);		/* version 0 */
	der_wrap(d, DER_SEQUENCE, mark);
}

static bool country_good(const char *country)
{
	return !country || (strlen(country) == 2 && strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2);
}

static bool organization_good(const char *text)
{
	return !text || (*text && strlen(text) <= X509_ORGANIZATION_MAX);
}

size_t x509_request_make(uint8_t *out, const struct x509_request *request, const uint8_t secret[ECDSA_SECRET])
{
	uint8_t body[X509_CERT_MAX], point[ECDSA_PUBLIC];
	const uint8_t *at;
	struct der d;
	size_t len;

	if (!request->names->count || !country_good(request->country) || !organization_good(request->organization)
			|| !ecdsa_key_public(point, secret))
		return 0;
	der_open(&d, body, sizeof body);
	put_body(&d, request, point);
	at = der_result(&d, &len);
	return at ? x509_sign(out, X509_CERT_MAX, at, len, secret) : 0;
}

/* keyring: certificates of this appliance. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"
#include "keyring/record.h"
#include "log/log.h"

/* Where the revocation list is to be had: a verb of the appliance. */
#define CRL_PATH "/services/appliance/crl"

/* Do not make a leaf anew for less than this much more life, seconds. */
#define WORTHWHILE 86400

const char *keyring_ca_file(enum keyring_ca_id ca)
{
	static const char *const names[KEYRING_CAS] = { "ca-servers", "ca-agents" };

	return names[ca];
}

const char *keyring_leaf_file(enum keyring_leaf_id leaf)
{
	static const char *const names[KEYRING_LEAVES] = { "leaf-server", "leaf-agents" };

	return names[leaf];
}

void keyring_set_id(struct keyring *k, const char *id)
{
	memcpy(k->id, id, KEYRING_ID);
	k->id[KEYRING_ID] = 0;
	snprintf(k->internal_name, sizeof k->internal_name, "%s.appliance.internal", k->id);
	snprintf(k->agents_name, sizeof k->agents_name, "%s.agents.internal", k->id);
}

void keyring_ca_name(const struct keyring *k, enum keyring_ca_id ca, char out[X509_COMMON_MAX + 1])
{
	snprintf(out, X509_COMMON_MAX + 1, "CAM Appliance %s %s", k->id,
		ca == KEYRING_CA_AGENTS ? "Agents CA" : "CA");
}

static void make_cert(struct keyring_cert *cert, struct x509_spec *spec, const uint8_t *issuer_secret)
{
	uint8_t serial[X509_SERIAL];

	randombytes_buf(serial, sizeof serial);
	spec->serial = serial;
	cert->not_before = spec->not_before;
	cert->not_after = spec->not_after;
	cert->len = x509_make(cert->der, spec, issuer_secret);
	if (!cert->len)
		log_bug("a certificate could not be written");
}

void keyring_ca_make(struct keyring *k, enum keyring_ca_id ca)
{
	uint8_t *secret = k->secrets->ca[ca], point[ECDSA_PUBLIC];
	char name[X509_COMMON_MAX + 1];
	struct x509_spec spec = {
		.use = ca == KEYRING_CA_AGENTS ? X509_USE_CA_CLIENTS : X509_USE_CA_SERVERS,
		.issuer = name, .subject = name,
		/* from the build on, whatever the clock says: it may be wrong today */
		.not_before = k->built, .not_after = k->built + KEYRING_CA_LIFE,
		.subject_point = point, .issuer_point = point
	};

	keyring_ca_name(k, ca, name);
	ecdsa_key_make(secret);
	if (!ecdsa_key_public(point, secret))
		log_bug("a new key is not acceptable");
	make_cert(&k->ca[ca], &spec, secret);
}

void keyring_window(int64_t built, int64_t now, int64_t ca_end, int64_t *not_before, int64_t *not_after)
{
	int64_t start = now - KEYRING_LEAF_BACK;

	/* past the authority's end nothing can be valid; do not follow such a clock */
	if (start < built || start >= ca_end)
		start = built;
	*not_before = start;
	*not_after = start + KEYRING_LEAF_LIFE - 1;
	if (*not_after > ca_end)
		*not_after = ca_end;
}

bool keyring_due(int64_t built, int64_t now, int64_t ca_end, int64_t not_before, int64_t not_after)
{
	int64_t start, end;

	keyring_window(built, now, ca_end, &start, &end);
	if (now < not_before)
		return start < not_before;
	return now >= not_after - (not_after - not_before) / 3 && end > not_after + WORTHWHILE;
}

void keyring_leaf_default_names(struct keyring *k, enum keyring_leaf_id leaf)
{
	const char *text = leaf == KEYRING_AGENTS ? k->agents_name : k->internal_name, *why;
	struct x509_names *names = &k->names[leaf];

	names->count = 1;
	if (x509_name_parse(&names->name[0], text, strlen(text), &why))
		log_bug("the stable name is no name");
}

static const char *common_name(const struct keyring *k, enum keyring_leaf_id leaf)
{
	const struct x509_names *names = &k->names[leaf];

	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->name[i].text) <= X509_COMMON_MAX)
			return names->name[i].text;
	return k->internal_name;
}

/* fe80::/10 (RFC 4291 §2.5.6): means nothing to anybody on another link. */
static bool is_linklocal(const struct x509_name *name)
{
	return name->kind == X509_KIND_IP6 && name->address[0] == 0xfe && (name->address[1] & 0xc0) == 0x80;
}

static const struct x509_name *first_name(const struct x509_names *names, bool host)
{
	for (size_t i = 0; i < names->count; i++)
		if ((names->name[i].kind == X509_KIND_DNS) == host && !is_linklocal(&names->name[i]))
			return &names->name[i];
	return NULL;
}

/* By the first host name and by the first address of the certificate itself.  Over TLS, which is
 * unusual (RFC 5280 §8): there is no other port, and a client that needs the list to trust this
 * certificate has it from before or gives up, it does not go round. */
static void crl_urls(const struct x509_names *names, char text[X509_CRL_URLS][X509_URL_MAX + 1],
	const char *url[X509_CRL_URLS])
{
	size_t count = 0;

	for (int host = 1; host >= 0; host--) {
		const struct x509_name *name = first_name(names, host);
		bool six = name && name->kind == X509_KIND_IP6;

		if (!name)
			continue;
		snprintf(text[count], X509_URL_MAX + 1, "https://%s%s%s" CRL_PATH, six ? "[" : "", name->text,
			six ? "]" : "");
		url[count] = text[count];
		count++;
	}
}

void keyring_leaf_issue(struct keyring *k, enum keyring_leaf_id leaf, int64_t now)
{
	const uint8_t *issuer_secret = k->secrets->ca[KEYRING_CA_SERVERS];
	const struct keyring_cert *ca = &k->ca[KEYRING_CA_SERVERS];
	uint8_t point[ECDSA_PUBLIC], issuer_point[ECDSA_PUBLIC];
	char issuer[X509_COMMON_MAX + 1], url[X509_CRL_URLS][X509_URL_MAX + 1];
	struct x509_spec spec = {
		.use = X509_USE_SERVER, .issuer = issuer, .subject = common_name(k, leaf),
		.names = &k->names[leaf], .subject_point = point, .issuer_point = issuer_point
	};

	keyring_ca_name(k, KEYRING_CA_SERVERS, issuer);
	if (!ecdsa_key_public(point, k->secrets->leaf[leaf])
			|| !ecdsa_key_public(issuer_point, issuer_secret))
		log_bug("a key of the ring is not acceptable");
	crl_urls(&k->names[leaf], url, spec.crl_url);
	keyring_window(k->built, now, ca->not_after, &spec.not_before, &spec.not_after);
	make_cert(&k->leaf[leaf], &spec, issuer_secret);
}

void keyring_leaf_issuer(const struct keyring *k, uint8_t out[32])
{
	const struct keyring_cert *ca = &k->ca[KEYRING_CA_SERVERS];

	ecdsa_sha256(out, ca->der, ca->len);
}

static int record_write(int dir, const char *file, const uint8_t *secret, const uint8_t *issuer,
	const struct x509_names *names, const struct keyring_cert *cert)
{
	uint8_t record[KEYRING_RECORD_MAX];
	size_t len = keyring_record_put(record, secret, issuer, names, cert);
	int result = keyring_file_write(dir, file, record, len);

	sodium_memzero(record, ECDSA_SECRET);
	return result;
}

int keyring_ca_write(const struct keyring *k, int dir, enum keyring_ca_id ca)
{
	static const uint8_t none[32];

	return record_write(dir, keyring_ca_file(ca), k->secrets->ca[ca], none, NULL, &k->ca[ca]);
}

int keyring_leaf_write(const struct keyring *k, int dir, enum keyring_leaf_id leaf)
{
	uint8_t issuer[32];

	keyring_leaf_issuer(k, issuer);
	return record_write(dir, keyring_leaf_file(leaf), k->secrets->leaf[leaf], issuer,
		&k->names[leaf], &k->leaf[leaf]);
}

/* x509: OpenSSL takes our revocation lists, refuses what is on them and nothing else; the serial number
 * is the one OpenSSL sees. */
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x509/x509.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define START INT64_C(1793491200)	/* 2026-11-01 */
#define DAY INT64_C(86400)
#define CA_NAME "CAM Appliance 0123456789abcdef CA"

struct made { uint8_t secret[ECDSA_SECRET], point[ECDSA_PUBLIC], serial[X509_SERIAL], der[X509_CERT_MAX]; size_t len; };

static struct made ca, good, bad;
static struct x509_revoked revoked[X509_REVOKED_MAX + 1];
static uint8_t list[X509_CRL_MAX];

static bool __attribute__((format(printf, 1, 2))) run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	snprintf(command + n, sizeof command - (size_t)n, " >out 2>&1");
	return system(command) == 0;
}

static void save(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name, "w");

	CHECK(f && fwrite(bytes, 1, len, f) == len && !fclose(f));
}

static void make(struct made *m, const char *name, struct x509_spec spec, uint8_t first)
{
	char pem[X509_PEM_MAX(X509_CERT_MAX)];
	uint8_t serial[X509_SERIAL];

	ecdsa_key_make(m->secret);
	CHECK(ecdsa_key_public(m->point, m->secret));
	randombytes_buf(m->serial, sizeof m->serial);
	m->serial[0] = first;
	spec.serial = m->serial;
	spec.issuer = CA_NAME;
	spec.subject_point = m->point;
	spec.issuer_point = ca.point;
	m->len = x509_make(m->der, &spec, ca.secret);
	CHECK(m->len && !x509_serial(serial, m->der, m->len) && !memcmp(serial, m->serial, sizeof serial));
	x509_pem(pem, m->der, m->len);
	save(name, pem, strlen(pem));
}

/* A list with the first `count` of revoked. */
static bool publish(const struct made *issuer, uint64_t number, size_t count)
{
	static uint8_t again[X509_CRL_MAX];
	struct x509_crl crl = { .issuer = CA_NAME, .issuer_point = issuer->point, .number = number,
		.this_update = START, .next_update = START + 10 * DAY, .revoked = revoked, .count = count };
	size_t len = x509_crl_make(list, &crl, issuer->secret);

	if (!len)
		return false;
	CHECK(x509_crl_make(again, &crl, issuer->secret) == len && !memcmp(list, again, len));
	save("crl.der", list, len);
	return run("openssl crl -inform DER -in crl.der -out crl -CAfile ca");
}

static bool trusted(const char *cert, int64_t when)
{
	return run("openssl verify -x509_strict -attime %lld -crl_check -CAfile ca -CRLfile crl %s", (long long)when, cert);
}

static bool shows(const char *text)
{
	return run("openssl crl -in crl -noout -text >text && grep -qF -- '%s' text", text);
}

static void lists(void)
{
	CHECK(publish(&ca, 1, 0));
	CHECK(trusted("good", START + DAY) && trusted("bad", START + DAY));
	CHECK(shows("Version 2") && shows("No Revoked Certificates") && shows("X509v3 Authority Key Identifier"));

	memcpy(revoked[0].serial, bad.serial, X509_SERIAL);
	revoked[0].when = START + 7;
	CHECK(publish(&ca, UINT64_MAX, 1));
	CHECK(trusted("good", START + DAY) && !trusted("bad", START + DAY));
	CHECK(run("openssl verify -attime %lld -crl_check -CAfile ca -CRLfile crl bad 2>&1 | grep 'certificate revoked'",
		(long long)(START + DAY)));
	CHECK(shows("Superseded") && shows("Nov  1 00:00:07 2026 GMT"));
	CHECK(run("openssl crl -in crl -noout -crlnumber | grep FFFFFFFFFFFFFFFF"));
	/* not before it began, not after its end */
	CHECK(!trusted("good", START - 1) && !trusted("good", START + 10 * DAY + 1) && trusted("good", START + 10 * DAY - 1));

	for (size_t i = 0; i <= X509_REVOKED_MAX; i++) {
		memset(revoked[i].serial, 0xff, X509_SERIAL);
		revoked[i].serial[1] = (uint8_t)i;
		revoked[i].when = INT64_C(4102444800);	/* 2100: the longer form of a time */
	}
	memcpy(revoked[X509_REVOKED_MAX - 1].serial, bad.serial, X509_SERIAL);
	CHECK(publish(&ca, 3, X509_REVOKED_MAX));
	CHECK(trusted("good", START + DAY) && !trusted("bad", START + DAY));
	CHECK(!publish(&ca, 4, X509_REVOKED_MAX + 1));
	/* somebody else's list is not this authority's */
	CHECK(!publish(&good, 5, 1) || !trusted("good", START + DAY));
}

static void serials(void)
{
	static const uint8_t zeros[X509_SERIAL];
	uint8_t serial[X509_SERIAL];
	char hex[2 * X509_SERIAL + 1];

	sodium_bin2hex(hex, sizeof hex, bad.serial, X509_SERIAL);
	CHECK(run("openssl x509 -in bad -noout -serial | grep -qi 'serial=%s$'", hex));
	for (size_t len = 0; len < bad.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);	/* of just this size: the checker sees a byte too many */

		memcpy(cut, bad.der, len);
		CHECK(x509_serial(serial, cut, len) == -1);
		free(cut);
	}
	CHECK(x509_serial(serial, zeros, sizeof zeros) == -1);
	CHECK(x509_serial(serial, list, sizeof list) == -1);
}

int main(void)
{
	static struct x509_names names;
	const char *why;

	if (sodium_init() < 0)
		return 1;
	CHECK(!x509_name_parse(&names.name[0], "cam.example.org", 15, &why));
	names.count = 1;
	ecdsa_key_make(ca.secret);
	/* its own issuer: key first */
	CHECK(ecdsa_key_public(ca.point, ca.secret));
	{
		char pem[X509_PEM_MAX(X509_CERT_MAX)];
		static const uint8_t serial[X509_SERIAL] = { 9 };
		struct x509_spec spec = { .use = X509_USE_CA_SERVERS, .issuer = CA_NAME, .subject = CA_NAME,
			.not_before = START, .not_after = START + 7305 * DAY, .serial = serial,
			.subject_point = ca.point, .issuer_point = ca.point };

		ca.len = x509_make(ca.der, &spec, ca.secret);
		CHECK(ca.len);
		x509_pem(pem, ca.der, ca.len);
		save("ca", pem, strlen(pem));
	}
	make(&good, "good", (struct x509_spec){ .use = X509_USE_SERVER, .subject = "cam.example.org", .names = &names,
		.not_before = START, .not_after = START + 397 * DAY - 1 }, 0x80);
	/* a serial that begins with zeros is shorter in the certificate */
	make(&bad, "bad", (struct x509_spec){ .use = X509_USE_SERVER, .subject = "cam.example.org", .names = &names,
		.not_before = START, .not_after = START + 397 * DAY - 1 }, 0x7f);
	lists();
	serials();
	make(&bad, "bad", (struct x509_spec){ .use = X509_USE_SERVER, .subject = "cam.example.org", .names = &names,
		.not_before = START, .not_after = START + 397 * DAY - 1 }, 0);
	return failed;
}

/* x509: OpenSSL (strictly) and BearSSL accept our certificates, for the right names, the right use and the right time only. */
#include <bearssl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "x509/x509.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define START INT64_C(1793491200)	/* 2026-11-01 */
#define CA_END (START + 7305 * INT64_C(86400))
#define LEAF_END (START + 397 * INT64_C(86400) - 1)

struct made { uint8_t secret[ECDSA_SECRET], point[ECDSA_PUBLIC], der[X509_CERT_MAX]; size_t len; };

static struct made ca_servers, ca_clients, leaf, full, foreign;
static char dir[] = "/tmp/x509-XXXXXX";

static void make(struct made *m, const struct made *issuer, struct x509_spec spec)
{
	uint8_t serial[X509_SERIAL];

	ecdsa_key_make(m->secret);
	CHECK(ecdsa_key_public(m->point, m->secret));
	randombytes_buf(serial, sizeof serial);
	spec.serial = serial;
	spec.subject_point = m->point;
	spec.issuer_point = issuer->point;
	m->len = x509_make(m->der, &spec, issuer->secret);
	CHECK(m->len);
}

static void add(struct x509_names *names, const char *text)
{
	struct x509_name name;
	const char *why;

	CHECK(!x509_name_parse(&name, text, strlen(text), &why) && !x509_names_add(names, &name));
}

static void save(const struct made *m, const char *name)
{
	char path[128], pem[X509_PEM_MAX(X509_CERT_MAX)];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	x509_pem(pem, m->der, m->len);
	f = fopen(path, "w");
	CHECK(f && fputs(pem, f) >= 0 && !fclose(f));
}

/* Runs openssl in the directory; true when it says yes. */
static bool __attribute__((format(printf, 1, 2))) openssl(const char *fmt, ...)
{
	char command[1024];
	int n = snprintf(command, sizeof command, "cd %s && openssl ", dir);
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(command + n, sizeof command - (size_t)n, fmt, ap);
	va_end(ap);
	snprintf(command + n, sizeof command - (size_t)n, " >out 2>&1");
	return system(command) == 0;
}

static bool verify(const char *options, const char *ca, const char *cert)
{
	return openssl("verify -x509_strict -check_ss_sig -purpose sslserver %s -CAfile %s %s", options, ca, cert);
}

static bool shows(const char *cert, const char *text)
{
	return openssl("x509 -in %s -noout -text >text && grep -qF -- '%s' text", cert, text);
}

#define AT_START "-attime 1793491200 "
/* OpenSSL takes the last second for over */
#define AT_END "-attime 1827791998 "

static void with_openssl(void)
{
	_Static_assert(LEAF_END - 1 == 1827791998, "AT_END");
	CHECK(verify(AT_START "-verify_hostname cam.example.org", "ca", "leaf"));
	CHECK(verify(AT_START "-verify_ip 192.0.2.7", "ca", "leaf"));
	CHECK(verify(AT_START "-verify_ip 2001:db8::1", "ca", "leaf"));
	CHECK(verify(AT_END "-verify_hostname cam.example.org", "ca", "leaf"));
	CHECK(verify(AT_START "-verify_hostname h31.example", "ca", "full"));
	CHECK(!verify(AT_START "-verify_hostname other.example.org", "ca", "leaf"));
	CHECK(!verify(AT_START "-verify_ip 192.0.2.8", "ca", "leaf"));
	CHECK(!verify("-attime 1793491199", "ca", "leaf"));
	CHECK(!verify("-attime 1827791999", "ca", "leaf"));
	CHECK(!verify(AT_START, "ca-clients", "leaf"));
	CHECK(!verify(AT_START, "ca-clients", "foreign"));
	CHECK(!openssl("verify -x509_strict -purpose sslclient " AT_START "-CAfile ca leaf"));
	CHECK(shows("leaf", "TLS Web Server Authentication"));
	CHECK(shows("leaf", "Digital Signature") && !shows("leaf", "Certificate Sign"));
	CHECK(shows("leaf", "DNS:cam.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1"));
	CHECK(shows("ca", "CA:TRUE, pathlen:0") && shows("ca", "Certificate Sign, CRL Sign"));
	CHECK(shows("ca", "X509v3 Basic Constraints: critical"));
	CHECK(shows("leaf", "CA:FALSE"));
	CHECK(shows("leaf", "URI:https://cam.example.org/crl") && shows("leaf", "URI:https://192.0.2.7/crl"));
	CHECK(!shows("full", "CRL Distribution") && shows("ca", "CRL Sign") && !shows("ca", "CRL Distribution"));
	CHECK(shows("leaf", "Authority Key Identifier") && shows("leaf", "Subject Key Identifier"));
}

/* As a client of gate built on BearSSL would. */
static unsigned bearssl(const struct made *cert, const struct made *ca, const char *name, int64_t when)
{
	static br_x509_minimal_context x;
	static char ca_name[] = "CAM Appliance 0123456789abcdef CA";
	uint8_t dn[64] = { 0x30, 0, 0x31, 0, 0x30, 0, 0x06, 3, 0x55, 4, 3, 0x0c };
	size_t n = strlen(ca_name);
	br_x509_trust_anchor anchor = { .flags = BR_X509_TA_CA };
	const br_x509_class **class = (const br_x509_class **)&x.vtable;

	dn[1] = (uint8_t)(n + 11);
	dn[3] = (uint8_t)(n + 9);
	dn[5] = (uint8_t)(n + 7);
	dn[12] = (uint8_t)n;
	memcpy(dn + 13, ca_name, n);
	anchor.dn.data = dn;
	anchor.dn.len = n + 13;
	anchor.pkey.key_type = BR_KEYTYPE_EC;
	anchor.pkey.key.ec = (br_ec_public_key){ BR_EC_secp256r1, (unsigned char *)(uintptr_t)ca->point, ECDSA_PUBLIC };
	br_x509_minimal_init_full(&x, &anchor, 1);
	br_x509_minimal_set_time(&x, (uint32_t)(when / 86400 + 719528), (uint32_t)(when % 86400));
	(*class)->start_chain(class, name);
	(*class)->start_cert(class, (uint32_t)cert->len);
	(*class)->append(class, cert->der, cert->len);
	(*class)->end_cert(class);
	return (*class)->end_chain(class);
}

static void with_bearssl(void)
{
	CHECK(bearssl(&leaf, &ca_servers, "cam.example.org", START) == 0);
	CHECK(bearssl(&leaf, &ca_servers, "cam.example.org", LEAF_END) == 0);
	CHECK(bearssl(&leaf, &ca_servers, "other.example.org", START) == BR_ERR_X509_BAD_SERVER_NAME);
	CHECK(bearssl(&leaf, &ca_servers, "cam.example.org", START - 1) == BR_ERR_X509_EXPIRED);
	CHECK(bearssl(&leaf, &ca_servers, "cam.example.org", LEAF_END + 1) == BR_ERR_X509_EXPIRED);
	CHECK(bearssl(&leaf, &ca_clients, "cam.example.org", START) == BR_ERR_X509_NOT_TRUSTED);
}

static void fingerprints(void)
{
	char ours[X509_FINGERPRINT];

	x509_fingerprint(ours, leaf.der, leaf.len);
	CHECK(strlen(ours) == 95);
	CHECK(openssl("x509 -in leaf -noout -fingerprint -sha256 >text && grep -qF '%s' text", ours));
}

static void refusals(const struct x509_names *names)
{
	uint8_t out[X509_CERT_MAX], serial[X509_SERIAL] = { 1 };
	struct x509_names none = { 0 };
	char url[X509_URL_MAX + 2] = "";
	struct x509_spec good = { .use = X509_USE_SERVER, .issuer = "a", .subject = "b", .names = names,
		.not_before = START, .not_after = LEAF_END, .serial = serial,
		.subject_point = leaf.point, .issuer_point = ca_servers.point };
	struct x509_spec bad;

	CHECK(x509_make(out, &good, ca_servers.secret));
#define REFUSED(change) (bad = good, bad.change, !x509_make(out, &bad, ca_servers.secret))
	CHECK(REFUSED(use = X509_USE_INVALID));
	CHECK(REFUSED(use = X509_USE_CA_SERVERS));
	CHECK(REFUSED(names = NULL));
	CHECK(REFUSED(names = &none));
	CHECK(REFUSED(subject = ""));
	CHECK(REFUSED(not_after = START));
	memset(url, 'u', sizeof url - 1);
	CHECK(REFUSED(crl_url[0] = url));
	url[X509_URL_MAX] = 0;
	CHECK(!REFUSED(crl_url[0] = url));
	CHECK(REFUSED(subject = "12345678901234567890123456789012345678901234567890123456789012345"));
}

int main(void)
{
	static struct x509_names names, many;
	const char *ca_name = "CAM Appliance 0123456789abcdef CA";
	char command[64], text[X509_NAME_MAX + 1];

	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	make(&ca_servers, &ca_servers, (struct x509_spec){ .use = X509_USE_CA_SERVERS, .issuer = ca_name,
		.subject = ca_name, .not_before = START, .not_after = CA_END });
	make(&ca_clients, &ca_clients, (struct x509_spec){ .use = X509_USE_CA_CLIENTS, .issuer = "Agents",
		.subject = "Agents", .not_before = START, .not_after = CA_END });
	add(&names, "cam.example.org");
	add(&names, "192.0.2.7");
	add(&names, "2001:db8::1");
	make(&leaf, &ca_servers, (struct x509_spec){ .use = X509_USE_SERVER, .issuer = ca_name,
		.subject = "cam.example.org", .names = &names, .not_before = START, .not_after = LEAF_END,
		.crl_url = { "https://cam.example.org/crl", "https://192.0.2.7/crl" } });
	/* a server's certificate from the clients' authority is worth nothing */
	make(&foreign, &ca_clients, (struct x509_spec){ .use = X509_USE_SERVER, .issuer = "Agents",
		.subject = "cam.example.org", .names = &names, .not_before = START, .not_after = LEAF_END });
	/* as many names as there may be, as long as they may be, but one */
	add(&many, "h31.example");
	for (int i = 1; i < X509_NAMES_MAX; i++) {
		memset(text, 'a' + i % 26, X509_NAME_MAX);
		text[X509_NAME_MAX] = 0;
		text[63] = text[127] = text[191] = '.';
		text[0] = (char)('0' + i / 10);
		text[1] = (char)('0' + i % 10);
		add(&many, text);
	}
	make(&full, &ca_servers, (struct x509_spec){ .use = X509_USE_SERVER, .issuer = ca_name,
		.subject = "h31.example", .names = &many, .not_before = START, .not_after = LEAF_END });
	save(&ca_servers, "ca");
	save(&ca_clients, "ca-clients");
	save(&leaf, "leaf");
	save(&foreign, "foreign");
	save(&full, "full");
	with_openssl();
	with_bearssl();
	fingerprints();
	refusals(&names);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) || failed;
}

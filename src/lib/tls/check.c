/* tls: one connection's check, as an X.509 engine of BearSSL's (bearssl_x509.h, br_x509_class). */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plat/clock.h"
#include "tls/trust_int.h"
#include "x509/view.h"

/* Days from year 0, as BearSSL counts, to 1970. */
#define DAYS_1970 719528
#define DAY 86400

static struct tls_check *check_of(const br_x509_class *const *ctx)
{
	return (struct tls_check *)(uintptr_t)ctx;
}

static unsigned refuse(struct tls_check *c, unsigned code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static unsigned refuse(struct tls_check *c, unsigned code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof c->why, fmt, ap);
	va_end(ap);
	return code;
}

/* ---- the chain as it comes ---- */

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
	struct tls_check *c = check_of(ctx);

	(void)server_name;	/* the host we were told, not what is said on the wire */
	c->used = c->count = 0;
	c->over = c->pinned = false;
	c->why[0] = 0;
	if (!c->bytes)
		c->bytes = malloc(TLS_CHAIN_BYTES);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct tls_check *c = check_of(ctx);

	if (!c->bytes || c->count == TLS_CHAIN_MAX || length > TLS_CHAIN_BYTES - c->used)
		c->over = true;
}

static void append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
	struct tls_check *c = check_of(ctx);

	if (c->over || len > TLS_CHAIN_BYTES - c->used) {
		c->over = true;
		return;
	}
	memcpy(c->bytes + c->used, buf, len);
	c->used += len;
}

static void end_cert(const br_x509_class **ctx)
{
	struct tls_check *c = check_of(ctx);

	if (!c->over)
		c->ends[c->count++] = c->used;
}

static struct x509_bytes certificate(const struct tls_check *c, size_t i)
{
	size_t begin = i ? c->ends[i - 1] : 0;
	struct x509_bytes b = { c->bytes + begin, c->ends[i] - begin };

	return b;
}

/* ---- the order: leaf, its issuer, and so on ---- */

static size_t next_of(const struct x509_view *views, const bool *used, size_t count, size_t at)
{
	for (size_t i = 1; i < count; i++)
		if (!used[i] && views[i].subject.at && x509_bytes_equal(views[i].subject, views[at].issuer))
			return i;
	return 0;
}

static size_t sort(const struct x509_view *views, size_t count, size_t order[TLS_CHAIN_MAX])
{
	bool used[TLS_CHAIN_MAX] = { true };
	size_t n = 1, at = 0;

	order[0] = 0;
	while (!x509_bytes_equal(views[at].subject, views[at].issuer) && (at = next_of(views, used, count, at))) {
		used[at] = true;
		order[n++] = at;
	}
	return n;
}

/* ---- the verdict ---- */

static void set_time(struct tls_check *c)
{
	int64_t days = c->now / DAY, seconds = c->now % DAY;

	br_x509_minimal_set_time(&c->minimal, (uint32_t)(days + DAYS_1970), (uint32_t)seconds);
}

static unsigned run_minimal(struct tls_check *c, const char *name, const struct x509_view *views)
{
	const br_x509_class **vt = &c->minimal.vtable;
	size_t order[TLS_CHAIN_MAX], n = sort(views, c->count, order);
	struct x509_bytes one;

	br_x509_minimal_init_full(&c->minimal, c->trust->anchors, c->trust->count);
	set_time(c);
	(*vt)->start_chain(vt, name);
	for (size_t i = 0; i < n; i++) {
		one = certificate(c, order[i]);
		(*vt)->start_cert(vt, (uint32_t)one.len);
		(*vt)->append(vt, one.at, one.len);
		(*vt)->end_cert(vt);
	}
	return (*vt)->end_chain(vt);
}

static unsigned explain(struct tls_check *c, unsigned error)
{
	const char *host = c->host, *print = c->fingerprint;

	switch (error) {
	case 0:
		return 0;
	case BR_ERR_X509_EXPIRED:
		return refuse(c, error, "the certificate of %s, or of one of its issuers, is expired or not yet valid", host);
	case BR_ERR_X509_BAD_SERVER_NAME:
		return refuse(c, error, "the certificate of %s is for another name", host);
	case BR_ERR_X509_NOT_TRUSTED:
		return refuse(c, error, "the certificate of %s is not signed by an authority that was uploaded; its SHA-256"
			" fingerprint is %s", host, print);
	case BR_ERR_X509_NOT_CA:
		return refuse(c, error, "the certificate of %s is signed by one that is no authority", host);
	case BR_ERR_X509_BAD_SIGNATURE:
		return refuse(c, error, "the certificate of %s has a wrong signature: its authority's key has changed", host);
	default:
		return refuse(c, error, "the certificate of %s is not acceptable (error %u)", host, error);
	}
}

static unsigned by_authority(struct tls_check *c)
{
	struct x509_view views[TLS_CHAIN_MAX];
	uint8_t address[16];
	size_t len = 0;
	unsigned error;

	for (size_t i = 0; i < c->count; i++)
		if (x509_view(&views[i], certificate(c, i).at, certificate(c, i).len) && i == 0)
			return refuse(c, BR_ERR_X509_INVALID_VALUE, "the certificate of %s cannot be read", c->host);
	if (inet_pton(AF_INET, c->host, address) == 1)
		len = 4;
	else if (inet_pton(AF_INET6, c->host, address) == 1)
		len = 16;
	error = run_minimal(c, len ? NULL : c->host, views);
	if (!error && len && !x509_view_has_address(&views[0], address, len))
		return refuse(c, BR_ERR_X509_BAD_SERVER_NAME, "the certificate of %s does not name this address", c->host);
	if (!error && !x509_view_serves(&views[0]))
		return refuse(c, BR_ERR_X509_FORBIDDEN_KEY_USAGE, "the certificate of %s is not for servers", c->host);
	return explain(c, error);
}

static bool matches_pin(struct tls_check *c)
{
	struct x509_bytes leaf = certificate(c, 0);
	uint8_t hash[br_sha256_SIZE];
	br_sha256_context sha;

	br_sha256_init(&sha);
	br_sha256_update(&sha, leaf.at, leaf.len);
	br_sha256_out(&sha, hash);
	if (memcmp(hash, c->trust->pin, sizeof hash) != 0)
		return false;
	br_x509_decoder_init(&c->leaf, NULL, NULL);
	br_x509_decoder_push(&c->leaf, leaf.at, leaf.len);
	return br_x509_decoder_get_pkey(&c->leaf) != NULL;
}

static unsigned end_chain(const br_x509_class **ctx)
{
	struct tls_check *c = check_of(ctx);
	struct x509_bytes leaf;

	if (c->over)
		return refuse(c, BR_ERR_X509_LIMIT_EXCEEDED, "%s sent more certificates than are accepted", c->host);
	if (!c->count)
		return refuse(c, BR_ERR_X509_EMPTY_CHAIN, "%s sent no certificate", c->host);
	leaf = certificate(c, 0);
	x509_fingerprint(c->fingerprint, leaf.at, leaf.len);
	if (c->trust->pinned && matches_pin(c)) {
		c->pinned = true;
		return 0;
	}
	if (c->trust->count)
		return by_authority(c);
	if (c->trust->pinned)
		return refuse(c, BR_ERR_X509_NOT_TRUSTED, "the certificate of %s has changed: its SHA-256 fingerprint is now %s",
			c->host, c->fingerprint);
	return refuse(c, BR_ERR_X509_NOT_TRUSTED, "the certificate of %s is not trusted yet: accept its SHA-256 fingerprint %s,"
		" or upload its authority", c->host, c->fingerprint);
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	struct tls_check *c = check_of(ctx);

	if (!c->pinned)
		return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return br_x509_decoder_get_pkey(&c->leaf);
}

static const br_x509_class check_class = {
	sizeof(struct tls_check), start_chain, start_cert, append, end_cert, end_chain, get_pkey,
};

void tls_check_install(struct tls_check *check, br_ssl_client_context *cc, const struct tls_trust *trust, const char *host)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	size_t len = strlen(host);

	check->vtable = &check_class;
	check->trust = trust;
	if (len > 2 && host[0] == '[')
		snprintf(check->host, sizeof check->host, "%.*s", (int)(len - 2 < X509_NAME_MAX ? len - 2 : X509_NAME_MAX), host + 1);
	else
		snprintf(check->host, sizeof check->host, "%s", host);
	check->now = plat_clock_wall() / PLAT_SECOND;
	check->fingerprint[0] = check->why[0] = 0;
	br_ssl_engine_set_versions(&cc->eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(&cc->eng, suites, sizeof suites / sizeof suites[0]);
	br_ssl_engine_set_x509(&cc->eng, &check->vtable);
}

void tls_check_end(struct tls_check *check)
{
	free(check->bytes);
	check->bytes = NULL;
}

/* RFC 5246 §7.2: the alert that says the version is not acceptable. */
#define ALERT_PROTOCOL_VERSION 70

void tls_client_error(int error, const char *host, char why[TLS_WHY])
{
	if (error == BR_ERR_RECV_FATAL_ALERT + ALERT_PROTOCOL_VERSION)
		snprintf(why, TLS_WHY, "%s speaks only TLS 1.3; this appliance speaks TLS 1.2", host);
	else if (error == BR_ERR_UNSUPPORTED_VERSION)
		snprintf(why, TLS_WHY, "%s does not speak TLS 1.2 (an older version, or no TLS at all, on this port)", host);
	else if (error > BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT)
		snprintf(why, TLS_WHY, "%s refused the TLS handshake with alert %d", host, error - BR_ERR_RECV_FATAL_ALERT);
	else
		snprintf(why, TLS_WHY, "the TLS handshake with %s failed (error %d)", host, error);
}

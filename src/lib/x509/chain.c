/* x509: chains of somebody else's authority. */
#include <arpa/inet.h>
#include <bearssl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "der/der.h"
#include "x509/chain.h"

/* Days from year 0, as BearSSL counts, to 1970. */
#define DAYS_1970 719528
#define DAY 86400
/* Bytes of the shortest RSA key that browsers take: 2048 bits. */
#define RSA_LEAST 256
/* Key usage: keyCertSign is bit 5 (RFC 5280 §4.2.1.3), as in the first byte of a BIT STRING. */
#define USAGE_CERT_SIGN 0x04

static int refuse(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, X509_CHAIN_WHY, fmt, ap);
	va_end(ap);
	return -1;
}

void x509_chain_init(struct x509_chain *c)
{
	memset(c, 0, sizeof *c);
}

struct x509_bytes x509_chain_bytes(const struct x509_chain *c, size_t i)
{
	return (struct x509_bytes){ c->bytes + c->cert[i].at, c->cert[i].len };
}

/* ---- taking them in ---- */

static int decode(br_x509_decoder_context *dc, struct x509_bytes der)
{
	br_x509_decoder_init(dc, NULL, NULL);
	br_x509_decoder_push(dc, der.at, der.len);
	return br_x509_decoder_get_pkey(dc) ? 0 : -1;
}

static int64_t seconds_of(uint32_t days, uint32_t seconds)
{
	return ((int64_t)days - DAYS_1970) * DAY + seconds;
}

static bool is_there(const struct x509_chain *c, struct x509_bytes der)
{
	for (size_t i = 0; i < c->count; i++)
		if (x509_bytes_equal(x509_chain_bytes(c, i), der))
			return true;
	return false;
}

int x509_chain_add(struct x509_chain *c, const uint8_t *der, size_t len, char why[X509_CHAIN_WHY])
{
	struct x509_chain_cert *cert = &c->cert[c->count];
	br_x509_decoder_context dc;
	struct x509_view v;

	if (is_there(c, (struct x509_bytes){ der, len }))
		return 0;
	if (c->count == X509_CHAIN_CERTS || len > X509_CHAIN_BYTES - c->len)
		return refuse(why, "at most %d certificates and %u bytes are accepted", X509_CHAIN_CERTS, X509_CHAIN_BYTES);
	if (x509_view(&v, der, len) || decode(&dc, (struct x509_bytes){ der, len }))
		return refuse(why, "certificate %zu cannot be read, or its key is of a kind that is not known", c->count + 1);
	memcpy(c->bytes + c->len, der, len);
	*cert = (struct x509_chain_cert){ c->len, len, seconds_of(dc.notbefore_days, dc.notbefore_seconds),
		seconds_of(dc.notafter_days, dc.notafter_seconds) };
	c->len += len;
	c->count++;
	return 0;
}

/* One block of a PEM text while it is read. */
struct block { size_t len; bool certificate, over; uint8_t der[X509_CHAIN_BYTES]; };

static void block_put(void *arg, const void *data, size_t len)
{
	struct block *b = arg;

	if (b->over || len > sizeof b->der - b->len) {
		b->over = true;
		return;
	}
	memcpy(b->der + b->len, data, len);
	b->len += len;
}

static int block_begin(struct block *b, br_pem_decoder_context *pc, char *why)
{
	const char *name = br_pem_decoder_name(pc);

	b->len = 0;
	b->over = false;
	b->certificate = !strcmp(name, "CERTIFICATE") || !strcmp(name, "X509 CERTIFICATE");
	if (strstr(name, "PRIVATE KEY"))
		return refuse(why, "there is a private key in the file: keys are made in the appliance and never uploaded");
	if (!b->certificate)
		return refuse(why, "the file has a block %.40s; only CERTIFICATE is accepted", name);
	br_pem_decoder_setdest(pc, block_put, b);
	return 0;
}

static int block_end(struct x509_chain *c, const struct block *b, char *why)
{
	if (b->over)
		return refuse(why, "a certificate is longer than %u bytes", X509_CHAIN_BYTES);
	return x509_chain_add(c, b->der, b->len, why);
}

int x509_chain_add_pem(struct x509_chain *c, const char *pem, size_t len, char why[X509_CHAIN_WHY])
{
	br_pem_decoder_context pc;
	struct block b;
	bool in = false;
	size_t n;

	br_pem_decoder_init(&pc);
	for (; len; pem += n, len -= n) {
		n = br_pem_decoder_push(&pc, pem, len);
		switch (br_pem_decoder_event(&pc)) {
		case BR_PEM_BEGIN_OBJ:
			if (block_begin(&b, &pc, why))
				return -1;
			in = true;
			break;
		case BR_PEM_END_OBJ:
			if (in && block_end(c, &b, why))
				return -1;
			in = false;
			break;
		case BR_PEM_ERROR:
			return refuse(why, "the file is not PEM (RFC 7468)");
		}
	}
	if (in)
		return refuse(why, "the file ends within a certificate");
	return c->count ? 0 : refuse(why, "the file has no certificate in PEM (a block BEGIN CERTIFICATE)");
}

/* ---- what a person calls it ---- */

static void view_of(const struct x509_chain *c, size_t i, struct x509_view *v)
{
	struct x509_bytes der = x509_chain_bytes(c, i);

	x509_view(v, der.at, der.len);		/* it was read before */
}

void x509_chain_label(const struct x509_chain *c, size_t i, bool issuer, char out[X509_LABEL])
{
	struct x509_view v;

	view_of(c, i, &v);
	x509_view_label(issuer ? v.issuer : v.subject, out, X509_LABEL);
	if (!out[0])
		snprintf(out, X509_LABEL, "%.90s", !issuer && c->names.count ? c->names.name[0].text : "(without a name)");
}

static const char *label(const struct x509_chain *c, size_t i, char out[X509_LABEL])
{
	x509_chain_label(c, i, false, out);
	return out;
}

/* ---- who signed whom ---- */

static const br_hash_class *hash_of(unsigned id)
{
	switch (id) {
	case br_sha256_ID: return &br_sha256_vtable;
	case br_sha384_ID: return &br_sha384_vtable;
	case br_sha512_ID: return &br_sha512_vtable;
	default: return NULL;
	}
}

/* The hash's identifier as PKCS #1 wants it (bearssl_rsa.h). */
static const unsigned char *oid_of(unsigned id)
{
	switch (id) {
	case br_sha256_ID: return BR_HASH_OID_SHA256;
	case br_sha384_ID: return BR_HASH_OID_SHA384;
	default: return BR_HASH_OID_SHA512;
	}
}

static bool rsa_fits(const br_rsa_public_key *key, unsigned hash, struct x509_bytes signature, const uint8_t *want, size_t len)
{
	uint8_t got[64];

	return br_rsa_i31_pkcs1_vrfy(signature.at, signature.len, oid_of(hash), len, key, got) && !memcmp(got, want, len);
}

static bool signature_fits(const struct x509_view *v, unsigned hash, const br_x509_pkey *key)
{
	const br_hash_class *class = hash_of(hash);
	br_hash_compat_context h;
	uint8_t value[64];
	size_t len = class->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;

	class->init(&h.vtable);
	class->update(&h.vtable, v->signed_part.at, v->signed_part.len);
	class->out(&h.vtable, value);
	if (key->key_type == BR_KEYTYPE_RSA)
		return rsa_fits(&key->key.rsa, hash, v->signature, value, len);
	return br_ecdsa_i31_vrfy_asn1(&br_ec_prime_i31, value, len, &key->key.ec, v->signature.at, v->signature.len) == 1;
}

enum link { LINK_NONE = 0, LINK_GOOD, LINK_BAD };

/* Did `issuer` sign `subject`?  LINK_BAD: by its name, but not by its key. */
static enum link link_of(const struct x509_chain *c, size_t subject, size_t issuer)
{
	br_x509_decoder_context of, by;
	struct x509_view v, w;

	view_of(c, subject, &v);
	view_of(c, issuer, &w);
	if (!x509_bytes_equal(v.issuer, w.subject))
		return LINK_NONE;
	if (decode(&of, x509_chain_bytes(c, subject)) || decode(&by, x509_chain_bytes(c, issuer)))
		return LINK_NONE;
	if (of.signer_key_type != by.pkey.key_type || !hash_of(of.signer_hash_id))
		return LINK_BAD;
	return signature_fits(&v, of.signer_hash_id, &by.pkey) ? LINK_GOOD : LINK_BAD;
}

static bool is_root(const struct x509_chain *c, size_t i)
{
	struct x509_view v;

	view_of(c, i, &v);
	return x509_bytes_equal(v.issuer, v.subject);
}

/* May the certificate at `at` of the order sign the one before it? */
static int check_authority(const struct x509_chain *c, const size_t *order, size_t at, char *why)
{
	char name[X509_LABEL];
	br_x509_decoder_context dc;
	struct x509_view v;

	view_of(c, order[at], &v);
	decode(&dc, x509_chain_bytes(c, order[at]));
	label(c, order[at], name);
	if (!dc.isCA)
		return refuse(why, "'%s' is no authority: its certificate may not sign others", name);
	if (v.usage >= 0 && !(v.usage & USAGE_CERT_SIGN))
		return refuse(why, "the authority '%s' may not sign certificates (key usage)", name);
	if (v.path_length >= 0 && (size_t)v.path_length < at - 1)
		return refuse(why, "there are more authorities below '%s' than it permits (%d)", name, v.path_length);
	if (!is_root(c, order[at]) && !x509_view_serves(&v))
		return refuse(why, "the authority '%s' is not for certificates of servers", name);
	if (dc.pkey.key_type == BR_KEYTYPE_RSA && dc.pkey.key.rsa.nlen < RSA_LEAST)
		return refuse(why, "the RSA key of '%s' has less than 2048 bits", name);
	return 0;
}

/* A way of signing that no client takes any more, or that is not known here. */
static int check_signature_kind(const struct x509_chain *c, size_t i, char *why)
{
	br_x509_decoder_context dc;
	char name[X509_LABEL];

	decode(&dc, x509_chain_bytes(c, i));
	if (hash_of(dc.signer_hash_id))
		return 0;
	label(c, i, name);
	return refuse(why, "'%s' is signed with SHA-1, RSA-PSS or another algorithm that clients do not all take: RSA (PKCS #1) or"
		" ECDSA with SHA-256, SHA-384 or SHA-512 is needed", name);
}

/* ---- the order ---- */

struct order { size_t at[X509_CHAIN_CERTS], count; bool used[X509_CHAIN_CERTS]; };

/* Who signed the last one: a root before others, so that the way is short. X509_CHAIN_CERTS = nobody who is there. */
static size_t issuer_of(const struct x509_chain *c, const struct order *o, size_t *wrong)
{
	size_t found = X509_CHAIN_CERTS;

	for (size_t i = 0; i < c->count; i++) {
		enum link l = o->used[i] ? LINK_NONE : link_of(c, o->at[o->count - 1], i);

		if (l == LINK_BAD)
			*wrong = i;
		if (l == LINK_GOOD && (found == X509_CHAIN_CERTS || is_root(c, i)))
			found = i;
	}
	return found;
}

static int incomplete(const struct x509_chain *c, size_t last, size_t wrong, char *why)
{
	char name[X509_LABEL], by[X509_LABEL];

	label(c, last, name);
	x509_chain_label(c, last, true, by);
	if (wrong < X509_CHAIN_CERTS)
		return refuse(why, "'%s' is not signed by the key of the certificate '%s' that was given", name, by);
	return refuse(why, "the chain is not complete: the certificate of '%s', which signed '%s', is missing", by, name);
}

static int build(struct x509_chain *c, struct order *o, char *why)
{
	size_t wrong = X509_CHAIN_CERTS, next;

	while (!is_root(c, o->at[o->count - 1])) {
		if (check_signature_kind(c, o->at[o->count - 1], why))
			return -1;
		next = issuer_of(c, o, &wrong);
		if (next == X509_CHAIN_CERTS) {
			/* others are there, but nothing leads to them */
			if (wrong < X509_CHAIN_CERTS || o->count < c->count)
				return incomplete(c, o->at[o->count - 1], wrong, why);
			return 0;
		}
		o->at[o->count++] = next;
		o->used[next] = true;
		if (check_authority(c, o->at, o->count - 1, why))
			return -1;
	}
	c->rooted = true;
	return 0;
}

static void apply(struct x509_chain *c, const struct order *o)
{
	struct x509_chain_cert sorted[X509_CHAIN_CERTS];

	for (size_t i = 0; i < o->count; i++)
		sorted[i] = c->cert[o->at[i]];
	memcpy(c->cert, sorted, o->count * sizeof sorted[0]);
	c->strangers = c->count - o->count;
	c->count = o->count;
}

/* ---- the leaf ---- */

static bool is_key(struct x509_bytes der, const uint8_t point[ECDSA_PUBLIC])
{
	br_x509_decoder_context dc;

	return !decode(&dc, der) && dc.pkey.key_type == BR_KEYTYPE_EC && dc.pkey.key.ec.curve == BR_EC_secp256r1
		&& dc.pkey.key.ec.qlen == ECDSA_PUBLIC && !memcmp(dc.pkey.key.ec.q, point, ECDSA_PUBLIC);
}

static int find_leaf(struct x509_chain *c, const uint8_t (*points)[ECDSA_PUBLIC], size_t count, size_t *leaf, char *why)
{
	size_t found = 0;

	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < count; k++)
			if (is_key(x509_chain_bytes(c, i), points[k])) {
				*leaf = i;
				c->key = k;
				found++;
				break;
			}
	if (found == 1)
		return 0;
	if (found)
		return refuse(why, "the file has %zu certificates for the appliance's key: give the one to be used", found);
	return refuse(why, "none of the certificates is for a key of this appliance: make a request here, have that one signed,"
		" and upload what comes back");
}

static void keep_name(struct x509_chain *c, const char *text, size_t len)
{
	struct x509_name name, whole;
	bool wild = len > 2 && text[0] == '*' && text[1] == '.';
	const char *why;

	if (x509_name_parse(&name, text + (wild ? 2 : 0), len - (wild ? 2 : 0), &why))
		return;
	whole = name;
	if (wild && snprintf(whole.text, sizeof whole.text, "*.%s", name.text) >= (int)sizeof whole.text)
		return;
	x509_names_add(&c->names, &whole);
}

static void keep_names(struct x509_chain *c, const struct x509_view *v)
{
	struct x509_bytes rest = v->names, one;
	char text[INET6_ADDRSTRLEN];
	bool address;

	while (x509_view_next_name(&rest, &one, &address)) {
		if (!address)
			keep_name(c, (const char *)one.at, one.len);
		else if (inet_ntop(one.len == 4 ? AF_INET : AF_INET6, one.at, text, sizeof text))
			keep_name(c, text, strlen(text));
	}
}

static int check_leaf(struct x509_chain *c, size_t leaf, char *why)
{
	br_x509_decoder_context dc;
	struct x509_view v;

	view_of(c, leaf, &v);
	decode(&dc, x509_chain_bytes(c, leaf));
	c->names.count = 0;
	keep_names(c, &v);
	if (dc.isCA)
		return refuse(why, "the certificate for the appliance's key is one of an authority, not of a server");
	if (!x509_view_serves(&v))
		return refuse(why, "the certificate is not for servers (extended key usage)");
	if (v.usage >= 0 && !(v.usage & 0x80))
		return refuse(why, "the certificate may not sign (key usage digitalSignature), which every handshake needs");
	if (!c->names.count)
		return refuse(why, "the certificate names no host and no address (subject alternative name), so no browser accepts it");
	return 0;
}

int x509_chain_order(struct x509_chain *c, const uint8_t (*points)[ECDSA_PUBLIC], size_t count, char why[X509_CHAIN_WHY])
{
	struct order o = { .count = 1 };

	if (find_leaf(c, points, count, &o.at[0], why) || check_leaf(c, o.at[0], why))
		return -1;
	o.used[o.at[0]] = true;
	c->rooted = false;
	if (is_root(c, o.at[0]))
		return refuse(why, "the certificate is signed by itself: an authority's is needed");
	if (build(c, &o, why))
		return -1;
	apply(c, &o);
	return 0;
}

/* ---- dates ---- */

int x509_chain_dates(const struct x509_chain *c, int64_t now, char why[X509_CHAIN_WHY])
{
	char name[X509_LABEL];

	for (size_t i = 0; i < c->count; i++) {
		label(c, i, name);
		if (now < c->cert[i].not_before)
			return refuse(why, "'%s' is not valid yet by the appliance's clock", name);
		if (now > c->cert[i].not_after)
			return refuse(why, "'%s' has expired by the appliance's clock", name);
	}
	return 0;
}

/* ---- names ---- */

bool x509_names_cover(const struct x509_names *names, const struct x509_name *name)
{
	const char *dot = name->kind == X509_KIND_DNS ? strchr(name->text, '.') : NULL;

	for (size_t i = 0; i < names->count; i++) {
		const char *text = names->name[i].text;

		if (!strcmp(text, name->text))
			return true;
		if (dot && text[0] == '*' && !strcmp(text + 1, dot))
			return true;
	}
	return false;
}

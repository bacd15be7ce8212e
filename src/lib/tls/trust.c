/* tls: authorities and fingerprints that are trusted. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/trust_int.h"

#define CERTIFICATE_MAX 16384u

/* ---- a name and a key out of a certificate ---- */

struct bytes {
	uint8_t *at;
	size_t len, cap;
	bool bad;
};

static void put(void *arg, const void *data, size_t len)
{
	struct bytes *b = arg;
	uint8_t *more;

	if (b->bad || b->len + len > CERTIFICATE_MAX) {
		b->bad = true;
		return;
	}
	if (b->len + len > b->cap) {
		more = realloc(b->at, (b->len + len) * 2);
		if (!more) {
			b->bad = true;
			return;
		}
		b->at = more;
		b->cap = (b->len + len) * 2;
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

static unsigned char *copy(const unsigned char *data, size_t len)
{
	unsigned char *p = malloc(len ? len : 1);

	if (p)
		memcpy(p, data, len);
	return p;
}

static bool copy_key(br_x509_pkey *to, const br_x509_pkey *from)
{
	*to = *from;
	if (from->key_type == BR_KEYTYPE_RSA) {
		to->key.rsa.n = copy(from->key.rsa.n, from->key.rsa.nlen);
		to->key.rsa.e = copy(from->key.rsa.e, from->key.rsa.elen);
		return to->key.rsa.n && to->key.rsa.e;
	}
	to->key.ec.q = copy(from->key.ec.q, from->key.ec.qlen);
	return to->key.ec.q != NULL;
}

static int read_anchor(br_x509_trust_anchor *anchor, const uint8_t *der, size_t len)
{
	br_x509_decoder_context dc;
	struct bytes dn = { NULL, 0, 0, false };
	const br_x509_pkey *key;

	br_x509_decoder_init(&dc, put, &dn);
	br_x509_decoder_push(&dc, der, len);
	key = br_x509_decoder_get_pkey(&dc);
	anchor->dn.data = dn.at;
	anchor->dn.len = dn.len;
	anchor->flags = br_x509_decoder_isCA(&dc) ? BR_X509_TA_CA : 0;
	return key && !dn.bad && copy_key(&anchor->pkey, key) ? 0 : -1;
}

/* ---- authorities ---- */

static int add_authority(struct tls_trust *t, const struct bytes *der, char *why)
{
	if (t->count == TLS_AUTHORITIES_MAX) {
		snprintf(why, TLS_WHY, "at most %d certificates of authorities are accepted", TLS_AUTHORITIES_MAX);
		return -1;
	}
	memset(&t->anchors[t->count], 0, sizeof t->anchors[0]);
	if (read_anchor(&t->anchors[t->count++], der->at, der->len)) {
		snprintf(why, TLS_WHY, "certificate %zu of the authorities cannot be read", t->count);
		return -1;
	}
	return 0;
}

static int read_authorities(struct tls_trust *t, const char *pem, char *why)
{
	br_pem_decoder_context pc;
	struct bytes der = { NULL, 0, 0, false };
	size_t len = strlen(pem), n;
	bool in = false;
	int rc = 0;

	br_pem_decoder_init(&pc);
	while (len && !rc) {
		n = br_pem_decoder_push(&pc, pem, len);
		pem += n;
		len -= n;
		switch (br_pem_decoder_event(&pc)) {
		case BR_PEM_BEGIN_OBJ:
			in = !strcmp(br_pem_decoder_name(&pc), "CERTIFICATE") ||
				!strcmp(br_pem_decoder_name(&pc), "X509 CERTIFICATE");
			der.len = 0;
			br_pem_decoder_setdest(&pc, in ? put : NULL, &der);
			break;
		case BR_PEM_END_OBJ:
			if (in)
				rc = add_authority(t, &der, why);
			in = false;
			break;
		case BR_PEM_ERROR:
			snprintf(why, TLS_WHY, "the authorities are not PEM");
			rc = -1;
			break;
		}
	}
	if (!rc && (in || !t->count)) {
		snprintf(why, TLS_WHY, "the authorities have no whole PEM block CERTIFICATE");
		rc = -1;
	}
	free(der.at);
	return rc;
}

/* ---- the fingerprint ---- */

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* 64 digits, with or without colons. */
static int read_fingerprint(struct tls_trust *t, const char *text)
{
	size_t n = 0;
	int d;

	for (; *text; text++) {
		if (*text == ':' || *text == ' ')
			continue;
		d = hex(*text);
		if (d < 0 || n == 2 * sizeof t->pin)
			return -1;
		t->pin[n / 2] = (uint8_t)(t->pin[n / 2] << 4 | d);
		n++;
	}
	t->pinned = n == 2 * sizeof t->pin;
	return t->pinned ? 0 : -1;
}

struct tls_trust *tls_trust_new(const char *pem, const char *fingerprint, char why[TLS_WHY])
{
	struct tls_trust *t = calloc(1, sizeof *t);

	why[0] = 0;
	if (!t) {
		snprintf(why, TLS_WHY, "out of memory");
		return NULL;
	}
	if (fingerprint && *fingerprint && read_fingerprint(t, fingerprint))
		snprintf(why, TLS_WHY, "a fingerprint is SHA-256, 64 hexadecimal digits");
	else if (pem && *pem)
		read_authorities(t, pem, why);
	if (!why[0])
		return t;
	tls_trust_free(t);
	return NULL;
}

static void free_anchor(br_x509_trust_anchor *a)
{
	free(a->dn.data);
	if (a->pkey.key_type == BR_KEYTYPE_RSA) {
		free(a->pkey.key.rsa.n);
		free(a->pkey.key.rsa.e);
	} else if (a->pkey.key_type == BR_KEYTYPE_EC) {
		free(a->pkey.key.ec.q);
	}
}

void tls_trust_free(struct tls_trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free_anchor(&t->anchors[i]);
	free(t);
}

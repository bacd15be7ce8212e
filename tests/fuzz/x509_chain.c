/* Any text as an upload: what is accepted is a chain within its bounds whose leaf is for the key, and each of which is read again. The
 * key is that of the corpus's certificates. */
#include <stdlib.h>
#include <string.h>

#include "x509/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The secret is 1: its point is the curve's generator (SEC 2 §2.4.2), so that the corpus can be made again by anybody. */
static void key(uint8_t point[1][ECDSA_PUBLIC])
{
	uint8_t secret[ECDSA_SECRET] = { 0 };

	secret[ECDSA_SECRET - 1] = 1;
	if (!ecdsa_key_public(point[0], secret))
		abort();
}

static void look(const struct x509_chain *c)
{
	char label[X509_LABEL], why[X509_CHAIN_WHY];
	struct x509_name name = { .kind = X509_KIND_DNS, .text = "cam.example.org" };

	if (!c->count || c->count + c->strangers > X509_CHAIN_CERTS || !c->names.count)
		abort();
	for (size_t i = 0; i < c->count; i++) {
		if (c->cert[i].at + c->cert[i].len > c->len)
			abort();
		x509_chain_label(c, i, false, label);
		x509_chain_label(c, i, true, label);
	}
	x509_chain_dates(c, 1793491200, why);
	x509_names_cover(&c->names, &name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct x509_chain c;
	uint8_t point[1][ECDSA_PUBLIC];
	char why[X509_CHAIN_WHY] = "";
	int rc;

	key(point);
	x509_chain_init(&c);
	/* DER when it begins like that, else PEM */
	if (size && data[0] == 0x30)
		rc = x509_chain_add(&c, data, size, why);
	else
		rc = x509_chain_add_pem(&c, (const char *)data, size, why);
	if (!rc)
		rc = x509_chain_order(&c, (const uint8_t (*)[ECDSA_PUBLIC])point, 1, why);
	if (!rc)
		look(&c);
	else if (!why[0] || !memchr(why, 0, sizeof why))
		abort();
	return 0;
}

/* Names, one per line, into a certificate: whatever is accepted gives one that another parser reads whole,
 * and an accepted name is accepted again in the form it is kept. */
#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t secret[ECDSA_SECRET], point[ECDSA_PUBLIC];

static void take(struct x509_names *names, const char *text, size_t len)
{
	struct x509_name name, again;
	const char *why = NULL;

	if (x509_name_parse(&name, text, len, &why)) {
		if (!why || !*why)
			abort();
		return;
	}
	if (x509_name_parse(&again, name.text, strlen(name.text), &why) || again.kind != name.kind
			|| strcmp(again.text, name.text))
		abort();
	x509_names_add(names, &name);
}

static void read_back(const uint8_t *der, size_t len)
{
	br_x509_decoder_context d;

	br_x509_decoder_init(&d, NULL, NULL);
	br_x509_decoder_push(&d, der, len);
	if (br_x509_decoder_last_error(&d) || !br_x509_decoder_get_pkey(&d))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct x509_names names;
	static const uint8_t serial[X509_SERIAL] = { 0x80, 1 };
	static uint8_t der[X509_CERT_MAX];
	uint8_t seen[X509_SERIAL];
	const char *at = (const char *)data, *end = at + size;
	struct x509_spec spec = { .use = X509_USE_SERVER, .issuer = "CA", .subject = "server", .names = &names,
		.not_before = 1793491200, .not_after = 1827791999, .serial = serial,
		.subject_point = point, .issuer_point = point };
	size_t len;

	if (!point[0]) {
		secret[31] = 7;
		ecdsa_key_public(point, secret);
	}
	names.count = 0;
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		if (!line)
			line = end;
		take(&names, at, (size_t)(line - at));
		at = line + (line < end);
	}
	len = x509_make(der, &spec, secret);
	if (!len != !names.count)
		abort();
	if (len)
		read_back(der, len);
	if (len && (x509_serial(seen, der, len) || memcmp(seen, serial, sizeof seen)))
		abort();
	return 0;
}

/* Any bytes as a certificate: what is seen lies within them, and a certificate that BearSSL reads is seen. */
#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#include "x509/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct x509_bytes b, const uint8_t *data, size_t size)
{
	if (b.at && (b.at < data || b.at + b.len > data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t address[16] = { 127, 0, 0, 1 };
	uint8_t *copy = malloc(size ? size : 1);
	struct x509_view v;
	char text[40];

	memcpy(copy, data, size);
	if (x509_view(&v, copy, size) == 0) {
		within(v.issuer, copy, size);
		within(v.subject, copy, size);
		within(v.names, copy, size);
		within(v.uses, copy, size);
		if (!v.issuer.at || !v.subject.at || !x509_bytes_equal(v.issuer, v.issuer))
			abort();
		x509_view_has_address(&v, address, 4);
		x509_view_has_address(&v, address, 16);
		x509_view_serves(&v);
		x509_view_name_text(v.issuer, text, sizeof text);
		if (strlen(text) >= sizeof text)
			abort();
	}
	free(copy);
	return 0;
}

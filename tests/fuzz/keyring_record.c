/* The content of a key file: never read beyond its end, and what is accepted can be written again. */
#include <stdlib.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void record(const uint8_t *data, size_t size)
{
	static struct keyring_cert cert, again;
	static struct x509_names names, names_again;
	static uint8_t out[KEYRING_RECORD_MAX];
	uint8_t secret[ECDSA_SECRET], issuer[32];
	size_t len;

	if (keyring_record_get(data, size, secret, issuer, &names, &cert))
		return;
	len = keyring_record_put(out, secret, issuer, &names, &cert);
	if (keyring_record_get(out, len, secret, issuer, &names_again, &again)
			|| !x509_names_equal(&names, &names_again) || again.len != cert.len
			|| memcmp(again.der, cert.der, cert.len) || again.not_after != cert.not_after)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long body = keyring_file_check(data, size);

	if (body > (long)size)
		abort();
	record(data, size);
	return 0;
}

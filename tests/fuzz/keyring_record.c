/* The content of a key file or of the revocation list's: never read beyond its end, and what is accepted can be written again. */
#include <stdlib.h>
#include <string.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"
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

static void list(const uint8_t *data, size_t size)
{
	static struct keyring_crl crl;
	uint8_t serial[X509_SERIAL], issuer[32] = { 0 };

	x509_serial(serial, data, size);
	if (size >= sizeof issuer)
		memcpy(issuer, data, sizeof issuer);
	if (!keyring_crl_get(&crl, data, size, issuer) && crl.count > X509_REVOKED_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long body = keyring_file_check(data, size);

	if (body > (long)size)
		abort();
	record(data, size);
	list(data, size);
	return 0;
}

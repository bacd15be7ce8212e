/* pwhash: Argon2id by libsodium. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "pwhash/pwhash.h"

/* What we make: libsodium's "interactive" cost. */
#define COST_TIME crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE
#define COST_BYTES crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE
/* Lanes: libsodium makes and checks one. */
#define COST_LANES 1
/* Base64 of the shortest salt and hash we believe (16 bytes each). */
#define TAIL_MIN 22

_Static_assert(PWHASH_STRING == crypto_pwhash_argon2id_STRBYTES, "length of a hash string");

/* Reads what must stand here. */
static bool skip(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len))
		return false;
	*at += len;
	return true;
}

/* Reads a decimal without leading zeros, low..high. */
static bool number(const char **at, unsigned long low, unsigned long high)
{
	unsigned long value = 0;
	const char *from = *at;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		value = 10 * value + (unsigned long)(**at - '0');
		if (value > high)
			return false;
	}
	return *at != from && (*from != '0' || *at == from + 1) && value >= low;
}

static bool base64(const char **at)
{
	size_t len = strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

	*at += len;
	return len >= TAIL_MIN;
}

bool pwhash_acceptable(const char *hash)
{
	const char *at = hash;

	return strnlen(hash, PWHASH_STRING) < PWHASH_STRING
		&& skip(&at, "$argon2id$v=19$m=") && number(&at, 8, COST_BYTES / 1024)
		&& skip(&at, ",t=") && number(&at, 1, COST_TIME)
		&& skip(&at, ",p=") && number(&at, COST_LANES, COST_LANES)
		&& skip(&at, "$") && base64(&at)
		&& skip(&at, "$") && base64(&at) && !*at;
}

int pwhash_make(char out[PWHASH_STRING], const char *password, size_t len)
{
	return crypto_pwhash_argon2id_str(out, password, len, COST_TIME, COST_BYTES);
}

enum pwhash_result pwhash_check(const char *hash, const char *password, size_t len)
{
	if (!pwhash_acceptable(hash))
		return PWHASH_INVALID;
	errno = 0;
	if (!crypto_pwhash_argon2id_str_verify(hash, password, len))
		return PWHASH_MATCH;
	switch (errno) {
	case EINVAL: return PWHASH_MISMATCH;
	case ENOMEM: return PWHASH_NO_MEMORY;
	}
	return PWHASH_INVALID;
}

/* pwhash: a hash matches its password only, and a stored string cannot ask for more memory or time than ours. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "pwhash/pwhash.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

#define SALT "c29tZXNhbHRzb21lc2FsdA"
#define HASH "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"

static void strings(void)
{
	static const struct { const char *text; bool good; } rows[] = {
		{ "$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH, true },
		{ "$argon2id$v=19$m=8192,t=1,p=1$" SALT "$" HASH, true },
		{ "$argon2id$v=19$m=65537,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=4294967296,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=18446744073709551624,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=065536,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=65536,t=0,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=65536,t=2,p=2$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2i$v=19$m=65536,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=16$m=65536,t=2,p=1$" SALT "$" HASH, false },
		{ "$argon2id$v=19$m=65536,t=2,p=1$" SALT, false },
		{ "$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH "$", false },
		{ "$argon2id$v=19$m=65536,t=2,p=1$$" HASH, false },
		{ "$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH HASH HASH, false },
		{ "", false },
		{ "plain", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (pwhash_acceptable(rows[i].text) != rows[i].good) {
			failed = 1;
			printf("'%s' is taken wrong\n", rows[i].text);
		}
}

int main(void)
{
	char hash[PWHASH_STRING], again[PWHASH_STRING];

	if (sodium_init() < 0)
		return 1;
	strings();
	CHECK(!pwhash_make(hash, "pass word", 9));
	CHECK(!pwhash_make(again, "pass word", 9));
	CHECK(strcmp(hash, again) && pwhash_acceptable(hash));
	CHECK(pwhash_check(hash, "pass word", 9) == PWHASH_MATCH);
	CHECK(pwhash_check(hash, "pass worD", 9) == PWHASH_MISMATCH);
	CHECK(pwhash_check(hash, "pass word", 8) == PWHASH_MISMATCH);
	CHECK(pwhash_check(hash, "", 0) == PWHASH_MISMATCH);
	CHECK(pwhash_check("$argon2id$v=19$m=1048576,t=2,p=1$" SALT "$" HASH, "x", 1) == PWHASH_INVALID);
	return failed;
}

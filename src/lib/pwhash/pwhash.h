/*
 * pwhash: password hashes, Argon2id (RFC 9106) in the string form of its
 * reference program: $argon2id$v=19$m=65536,t=2,p=1$<salt>$<hash>.
 *
 * One computation takes 64 MiB, which are mapped for its time only; the
 * caller sees to it that there is one at a time.  It takes about 90 ms.
 */
#ifndef CAM_PWHASH_H
#define CAM_PWHASH_H

#include <stdbool.h>
#include <stddef.h>

/* Longest password, bytes: far above what people type, far below what costs time. */
#define PWHASH_PASSWORD_MAX 1024
/* Longest hash string, the NUL included. */
#define PWHASH_STRING 128

enum pwhash_result {
	PWHASH_INVALID = 0,	/* the hash string is none, or asks for more than we grant */
	PWHASH_NO_MEMORY,
	PWHASH_MISMATCH,
	PWHASH_MATCH
};

/* Is it an Argon2id string whose cost is at least the least and at most what
 * pwhash_make uses? The bound keeps a stored value from taking all memory. */
bool pwhash_acceptable(const char *hash);

/* Hashes with a new salt.  0, or -1 when there was no memory. */
int pwhash_make(char out[PWHASH_STRING], const char *password, size_t len);
enum pwhash_result pwhash_check(const char *hash, const char *password, size_t len);

#endif

/*
 * store: whole files kept by the SHA-256 of their content, objects/aa/….
 * A name appears only after the content is on the disk, so a name says all.
 * Functions return 0 or -1 with errno; those that take a directory only may
 * run in any thread.
 */
#ifndef CAM_STORE_OBJECTS_H
#define CAM_STORE_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_DIGEST 32			/* SHA-256 */
#define STORE_DIGEST_TEXT 65		/* hex with its terminating 0 */

struct store_usage {
	uint64_t bytes;			/* rounded up to blocks of 4 KiB each */
	uint64_t objects;
};

/* What a file of this length takes of the budget. */
uint64_t store_cost(uint64_t length);

/* Opens (and makes) the directory below root, removes what is no object, counts. */
int store_objects_open(int root, struct store_usage *usage);

/* An unnamed file for an upload: the descriptor. */
int store_upload_open(int objects);

/* Copies the upload into a file of our own while hashing it, syncs that and gives it its
 * name: what is kept is what was hashed, whoever still holds the upload. *fresh =
 * it was not there before. */
int store_object_keep(int objects, int upload, char digest[STORE_DIGEST_TEXT], uint64_t *length, bool *fresh);

/* A descriptor for reading; ENOENT. digest: store_digest_valid. */
int store_object_get(int objects, const char *digest, uint64_t *length);
/* EBUSY when it was committed lately (recent.h), unless even_recent. */
int store_object_drop(int objects, const char *digest, bool even_recent, uint64_t *length);

/* Calls take for each object whose digest begins with this byte, until it says false. */
int store_objects_each(int objects, unsigned first, bool (*take)(const char *digest, void *arg), void *arg);

/* 64 lower-case hex digits? */
bool store_digest_valid(const char *digest);

#endif

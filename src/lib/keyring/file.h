/*
 * keyring, inside: one file, replaced as a whole, checked when read.
 *
 * Content: "CAMKEY1\n", the payload, SHA-256 of both.
 */
#ifndef CAM_KEYRING_FILE_H
#define CAM_KEYRING_FILE_H

#include <stddef.h>
#include <stdint.h>

/* Longest payload, bytes: a leaf with its names, its certificate and its key. */
#define KEYRING_PAYLOAD_MAX 24576

/* Writes `name` in dir: to a second file, fsync, rename, fsync of dir.  0, or -1 with errno. */
int keyring_file_write(int dir, const char *name, const void *payload, size_t len);
/* Reads a payload of at most cap bytes.  0; -1 with errno: EBADMSG when the file
 * is not as it was written, ENOENT when it is missing, else the system's. */
int keyring_file_read(int dir, const char *name, void *payload, size_t cap, size_t *len);
/* Takes `name` away, durably; also when it is not there.  0, or -1 with errno. */
int keyring_file_remove(int dir, const char *name);
/* Checks content that was read from a file: the payload's length, or -1. */
long keyring_file_check(const uint8_t *content, size_t len);

#endif

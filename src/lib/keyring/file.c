/* keyring: files that are there as a whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ecdsa/ecdsa.h"
#include "keyring/file.h"

#define MAGIC "CAMKEY1\n"
#define MAGIC_LEN 8
#define SUM 32
#define CONTENT_MAX (MAGIC_LEN + KEYRING_PAYLOAD_MAX + SUM)

static int write_whole(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Closes fd and keeps the errno of a failure before. */
static int close_keep(int fd, int result)
{
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static int write_new(int dir, const char *name, const uint8_t *bytes, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (write_whole(fd, bytes, len) || fsync(fd))
		return close_keep(fd, -1);
	return close(fd);
}

int keyring_file_write(int dir, const char *name, const void *payload, size_t len)
{
	uint8_t content[CONTENT_MAX];
	char temporary[64];
	int result = -1, error;

	if (len > KEYRING_PAYLOAD_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(content, MAGIC, MAGIC_LEN);
	memcpy(content + MAGIC_LEN, payload, len);
	ecdsa_sha256(content + MAGIC_LEN + len, content, MAGIC_LEN + len);
	snprintf(temporary, sizeof temporary, "%s.new", name);
	if (!write_new(dir, temporary, content, MAGIC_LEN + len + SUM)
			&& !renameat(dir, temporary, dir, name))
		result = fsync(dir);
	error = errno;
	if (result)
		unlinkat(dir, temporary, 0);
	sodium_memzero(content, sizeof content);
	errno = error;
	return result;
}

int keyring_file_remove(int dir, const char *name)
{
	if (unlinkat(dir, name, 0))
		return errno == ENOENT ? 0 : -1;
	return fsync(dir);
}

long keyring_file_check(const uint8_t *content, size_t len)
{
	uint8_t sum[SUM];

	if (len < MAGIC_LEN + SUM || memcmp(content, MAGIC, MAGIC_LEN))
		return -1;
	ecdsa_sha256(sum, content, len - SUM);
	return memcmp(sum, content + len - SUM, SUM) ? -1 : (long)(len - MAGIC_LEN - SUM);
}

/* Reads up to cap bytes; the length, or -1. */
static ssize_t read_whole(int fd, uint8_t *bytes, size_t cap)
{
	size_t have = 0;

	while (have < cap) {
		ssize_t n = read(fd, bytes + have, cap - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int keyring_file_read(int dir, const char *name, void *payload, size_t cap, size_t *len)
{
	uint8_t content[CONTENT_MAX + 1];
	ssize_t have;
	long body;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), result = -1;

	if (fd < 0)
		return -1;
	have = read_whole(fd, content, sizeof content);
	if (have < 0)
		return close_keep(fd, -1);
	close(fd);
	body = have > CONTENT_MAX ? -1 : keyring_file_check(content, (size_t)have);
	if (body < 0 || (size_t)body > cap) {
		errno = EBADMSG;
	} else {
		memcpy(payload, content + MAGIC_LEN, (size_t)body);
		*len = (size_t)body;
		result = 0;
	}
	sodium_memzero(content, sizeof content);
	return result;
}

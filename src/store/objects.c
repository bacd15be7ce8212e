#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "objects.h"
#include "plat/disk.h"
#include "recent.h"

#define BLOCK 4096u
#define COPY (64u << 10)

uint64_t store_cost(uint64_t length)
{
	return (length + BLOCK - 1) / BLOCK * BLOCK;
}

static bool hex_valid(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

bool store_digest_valid(const char *digest)
{
	return hex_valid(digest, STORE_DIGEST_TEXT - 1);
}

static int directory_open(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Opens a directory, makes it when it is not there; its name is durable then. */
static int directory_make(int at, const char *name)
{
	int fd = directory_open(at, name);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(at, name, 0700) && errno != EEXIST)
		return -1;
	return plat_disk->fsync(at) ? -1 : directory_open(at, name);
}

/* ---- at the start ---- */

static void remove_stray(int at, const char *name)
{
	log_warn("objects: %s: is no object: removed", name);
	if (plat_disk->unlink(at, name))
		log_warn_errno("objects: %s: cannot remove", name);
}

static int count_directory(int at, const char *name, struct store_usage *usage)
{
	int fd = directory_open(at, name);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!hex_valid(e->d_name, STORE_DIGEST_TEXT - 3) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
				!S_ISREG(st.st_mode)) {
			remove_stray(fd, e->d_name);
			continue;
		}
		usage->bytes += store_cost((uint64_t)st.st_size);
		usage->objects++;
	}
	closedir(d);
	return 0;
}

int store_objects_open(int root, struct store_usage *usage)
{
	int objects = directory_make(root, "objects"), again;
	struct dirent *e;
	DIR *d;

	if (objects < 0)
		return -1;
	again = directory_open(root, "objects");
	d = again < 0 ? NULL : fdopendir(again);
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!hex_valid(e->d_name, 2))
			remove_stray(again, e->d_name);
		else if (count_directory(again, e->d_name, usage))
			log_warn_errno("objects: %s: cannot read", e->d_name);
	}
	closedir(d);
	return objects;
}

/* ---- one object ---- */

int store_upload_open(int objects)
{
	return openat(objects, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int copy_hashed(int from, int to, uint8_t digest[STORE_DIGEST], uint64_t *length)
{
	crypto_hash_sha256_state st;
	uint8_t piece[COPY];
	off_t at = 0;
	ssize_t n;

	crypto_hash_sha256_init(&st);
	while ((n = pread(from, piece, sizeof piece, at)) > 0) {
		crypto_hash_sha256_update(&st, piece, (size_t)n);
		if (plat_disk_write(to, piece, (size_t)n, at))
			return -1;
		at += n;
	}
	crypto_hash_sha256_final(&st, digest);
	*length = (uint64_t)at;
	return n < 0 ? -1 : 0;
}

/* Opens objects/aa for digest "aa…". */
static int shard_open(int objects, const char *digest, bool make)
{
	char name[3] = { digest[0], digest[1], 0 };

	return make ? directory_make(objects, name) : directory_open(objects, name);
}

static int name_file(int objects, int file, const char *digest, bool *fresh)
{
	int shard = shard_open(objects, digest, true), result = -1, error;

	if (shard < 0)
		return -1;
	store_recent_lock();
	*fresh = !plat_disk->link(file, shard, digest + 2);
	error = errno;
	store_recent_mark(digest);
	store_recent_unlock();
	errno = error;
	/* When it was there, its name may still be on the way to the disk. */
	if ((*fresh || errno == EEXIST) && !plat_disk->fsync(shard))
		result = 0;
	close(shard);
	return result;
}

int store_object_keep(int objects, int upload, char digest[STORE_DIGEST_TEXT], uint64_t *length, bool *fresh)
{
	int file = store_upload_open(objects), result = -1, saved;
	uint8_t hash[STORE_DIGEST];

	if (file < 0)
		return -1;
	if (copy_hashed(upload, file, hash, length) || plat_disk->fsync(file))
		goto out;
	sodium_bin2hex(digest, STORE_DIGEST_TEXT, hash, sizeof hash);
	result = name_file(objects, file, digest, fresh);
out:
	saved = errno;
	close(file);
	errno = saved;
	return result;
}

static int stat_length(int fd, uint64_t *length)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	*length = (uint64_t)st.st_size;
	return 0;
}

int store_object_get(int objects, const char *digest, uint64_t *length)
{
	int shard = shard_open(objects, digest, false), fd;

	if (shard < 0)
		return -1;
	fd = openat(shard, digest + 2, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	close(shard);
	if (fd >= 0 && stat_length(fd, length)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Removes the name unless somebody was told lately that the object is there. */
static int unlink_unused(int shard, const char *digest, bool even_recent)
{
	int result = -1, error = EBUSY;

	store_recent_lock();
	if (even_recent || !store_recent_is(digest)) {
		result = plat_disk->unlink(shard, digest + 2);
		error = errno;
	}
	store_recent_unlock();
	errno = error;
	return result;
}

int store_object_drop(int objects, const char *digest, bool even_recent, uint64_t *length)
{
	int shard = shard_open(objects, digest, false), fd, result, error;

	if (shard < 0)
		return -1;
	fd = openat(shard, digest + 2, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	result = fd < 0 || stat_length(fd, length) || unlink_unused(shard, digest, even_recent) || plat_disk->fsync(shard);
	error = errno;
	if (fd >= 0)
		close(fd);
	close(shard);
	errno = error;
	return result ? -1 : 0;
}

int store_objects_each(int objects, unsigned first, bool (*take)(const char *digest, void *arg), void *arg)
{
	char digest[STORE_DIGEST_TEXT];
	bool more = true;
	struct dirent *e;
	int shard;
	DIR *d;

	snprintf(digest, sizeof digest, "%02x", first & 0xff);
	shard = shard_open(objects, digest, false);
	if (shard < 0)
		return errno == ENOENT ? 0 : -1;
	d = fdopendir(shard);
	if (!d) {
		close(shard);
		return -1;
	}
	while (more && (e = readdir(d))) {
		if (!hex_valid(e->d_name, STORE_DIGEST_TEXT - 3))
			continue;
		memcpy(digest + 2, e->d_name, STORE_DIGEST_TEXT - 2);
		more = take(digest, arg);
	}
	closedir(d);
	return 0;
}

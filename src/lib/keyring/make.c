/* keyring: the first boot.  Everything is written under another name, and the
 * directory is renamed when all of it is on the disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"

#define MAKING "making"

/* Removes what an earlier first boot left when it was cut. */
static int remove_half(int dir)
{
	int fd = openat(dir, MAKING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *list;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return -1;
	}
	while ((entry = readdir(list)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(fd, entry->d_name, 0);
	closedir(list);
	return unlinkat(dir, MAKING, AT_REMOVEDIR);
}

static void make_id(struct keyring *k)
{
	uint8_t bytes[KEYRING_ID / 2];
	char text[KEYRING_ID + 1];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
	keyring_set_id(k, text);
}

static void make_all(struct keyring *k, int64_t now)
{
	make_id(k);
	randombytes_buf(k->secrets->master, sizeof k->secrets->master);
	randombytes_buf(k->secrets->ticket, sizeof k->secrets->ticket);
	ecdsa_key_make(k->secrets->activity);
	for (int i = 0; i < KEYRING_CAS; i++)
		keyring_ca_make(k, (enum keyring_ca_id)i);
	for (int i = 0; i < KEYRING_LEAVES; i++) {
		ecdsa_key_make(k->secrets->leaf[i]);
		keyring_leaf_default_names(k, (enum keyring_leaf_id)i);
		keyring_leaf_issue(k, (enum keyring_leaf_id)i, now);
	}
	keyring_crl_issue(k, now);
	k->crl_unsaved = false;
}

static int write_all(const struct keyring *k, int dir)
{
	if (keyring_file_write(dir, KEYRING_FILE_ID, k->id, KEYRING_ID)
			|| keyring_file_write(dir, KEYRING_FILE_MASTER, k->secrets->master, SEAL_KEY)
			|| keyring_file_write(dir, KEYRING_FILE_TICKET, k->secrets->ticket, SEAL_KEY)
			|| keyring_file_write(dir, KEYRING_FILE_ACTIVITY, k->secrets->activity, ECDSA_SECRET)
			|| keyring_crl_write(k, dir))
		return -1;
	for (int i = 0; i < KEYRING_CAS; i++)
		if (keyring_ca_write(k, dir, (enum keyring_ca_id)i))
			return -1;
	for (int i = 0; i < KEYRING_LEAVES; i++)
		if (keyring_leaf_write(k, dir, (enum keyring_leaf_id)i))
			return -1;
	return 0;
}

int keyring_make(struct keyring *k, int dir, const char *final, int64_t now, const char **what)
{
	*what = MAKING;
	if (remove_half(dir) || mkdirat(dir, MAKING, 0700))
		return -1;
	k->dir = openat(dir, MAKING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (k->dir < 0)
		return -1;
	make_all(k, now);
	if (write_all(k, k->dir))
		return -1;
	*what = final;
	if (renameat(dir, MAKING, dir, final))
		return -1;
	return fsync(dir);
}

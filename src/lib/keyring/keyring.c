/* keyring: open, keep, renew. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "keyring/file.h"
#include "keyring/keyring_int.h"
#include "keyring/record.h"

#define FINAL "keys"
/* How soon to look again at a leaf that cannot be made any better now, seconds. */
#define LOOK_AGAIN 86400

static enum keyring_state damaged_or_system(void)
{
	return errno == EBADMSG || errno == ENOENT ? KEYRING_DAMAGED : KEYRING_SYSTEM;
}

static enum keyring_state load_bytes(const struct keyring *k, const char *file, void *out, size_t want,
	const char **what)
{
	size_t len;

	*what = file;
	if (keyring_file_read(k->dir, file, out, want, &len))
		return damaged_or_system();
	errno = EBADMSG;
	return len == want ? KEYRING_OPENED : KEYRING_DAMAGED;
}

static enum keyring_state load_id(struct keyring *k, const char **what)
{
	char id[KEYRING_ID + 1] = "";
	enum keyring_state state = load_bytes(k, KEYRING_FILE_ID, id, KEYRING_ID, what);

	if (state != KEYRING_OPENED)
		return state;
	if (strspn(id, "0123456789abcdef") != KEYRING_ID)
		return KEYRING_DAMAGED;
	keyring_set_id(k, id);
	return KEYRING_OPENED;
}

static enum keyring_state load_record(const struct keyring *k, const char *file, uint8_t *secret,
	uint8_t issuer[32], struct x509_names *names, struct keyring_cert *cert)
{
	uint8_t record[KEYRING_RECORD_MAX], point[ECDSA_PUBLIC];
	size_t len;
	bool good;

	if (keyring_file_read(k->dir, file, record, sizeof record, &len))
		return damaged_or_system();
	good = !keyring_record_get(record, len, secret, issuer, names, cert)
		&& ecdsa_key_public(point, secret);
	sodium_memzero(record, sizeof record);
	return good ? KEYRING_OPENED : KEYRING_DAMAGED;
}

static enum keyring_state load_ca(struct keyring *k, enum keyring_ca_id ca, const char **what)
{
	uint8_t issuer[32];

	*what = keyring_ca_file(ca);
	return load_record(k, *what, k->secrets->ca[ca], issuer, NULL, &k->ca[ca]);
}

/* Issues the leaf and writes it; what cannot be written serves from memory.  A certificate that is
 * no longer true is revoked before it is replaced. */
static enum keyring_change replace(struct keyring *k, enum keyring_leaf_id leaf, int64_t now, bool revoke)
{
	if (revoke)
		keyring_crl_revoke(k, leaf, now);
	keyring_leaf_issue(k, leaf, now);
	k->unsaved[leaf] = true;
	return keyring_save(k) ? KEYRING_UNSAVED : KEYRING_CHANGED;
}

/* A leaf can always be made again: only the system can fail here. */
static enum keyring_state load_leaf(struct keyring *k, enum keyring_leaf_id leaf, int64_t now,
	const char **what)
{
	struct x509_names *names = &k->names[leaf];
	uint8_t issuer[32], ours[32];
	enum keyring_state state;

	*what = keyring_leaf_file(leaf);
	state = load_record(k, *what, k->secrets->leaf[leaf], issuer, names, &k->leaf[leaf]);
	if (state == KEYRING_SYSTEM)
		return state;
	keyring_leaf_issuer(k, ours);
	/* one that is on the list was to be replaced when the power was cut */
	if (state == KEYRING_OPENED && names->count && !memcmp(ours, issuer, sizeof ours) && !keyring_crl_lists(k, leaf))
		return KEYRING_OPENED;
	if (state != KEYRING_OPENED)
		ecdsa_key_make(k->secrets->leaf[leaf]);
	if (state != KEYRING_OPENED || !names->count)
		keyring_leaf_default_names(k, leaf);
	replace(k, leaf, now, false);
	return KEYRING_OPENED;
}

/* A ring made before there was activity to sign has no such key: it gets one. */
static enum keyring_state load_activity(struct keyring *k, const char **what)
{
	uint8_t *secret = k->secrets->activity, point[ECDSA_PUBLIC];
	enum keyring_state state = load_bytes(k, KEYRING_FILE_ACTIVITY, secret, ECDSA_SECRET, what);

	if (state == KEYRING_OPENED)
		return ecdsa_key_public(point, secret) ? KEYRING_OPENED : KEYRING_DAMAGED;
	if (state == KEYRING_SYSTEM || errno != ENOENT)
		return state;
	ecdsa_key_make(secret);
	return keyring_file_write(k->dir, KEYRING_FILE_ACTIVITY, secret, ECDSA_SECRET) ? KEYRING_SYSTEM : KEYRING_OPENED;
}

static enum keyring_state load_all(struct keyring *k, int64_t now, const char **what)
{
	enum keyring_state state = load_id(k, what);

	if (state == KEYRING_OPENED)
		state = load_bytes(k, KEYRING_FILE_MASTER, k->secrets->master, SEAL_KEY, what);
	if (state == KEYRING_OPENED)
		state = load_bytes(k, KEYRING_FILE_TICKET, k->secrets->ticket, SEAL_KEY, what);
	for (int i = 0; i < KEYRING_CAS && state == KEYRING_OPENED; i++)
		state = load_ca(k, (enum keyring_ca_id)i, what);
	*what = state == KEYRING_OPENED ? KEYRING_FILE_CRL : *what;
	if (state == KEYRING_OPENED)
		state = keyring_crl_load(k);
	for (int i = 0; i < KEYRING_LEAVES && state == KEYRING_OPENED; i++)
		state = load_leaf(k, (enum keyring_leaf_id)i, now, what);
	if (state == KEYRING_OPENED)
		state = load_activity(k, what);
	if (state == KEYRING_OPENED && keyring_jwt_load(k)) {
		*what = KEYRING_FILE_JWT;
		state = KEYRING_SYSTEM;
	}
	if (state == KEYRING_OPENED && keyring_uploaded_load(k, what))
		state = KEYRING_SYSTEM;
	if (state == KEYRING_OPENED) {
		keyring_renew(k, now);
		keyring_crl_renew(k, now);
	}
	return state;
}

static enum keyring_state open_in(struct keyring *k, int dir, int64_t now, const char **what)
{
	*what = FINAL;
	k->dir = openat(dir, FINAL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* a first boot that was killed right after its rename: that must be on the disk before
	 * anything is sealed with these keys */
	if (k->dir >= 0)
		return fsync(dir) ? KEYRING_SYSTEM : load_all(k, now, what);
	if (errno != ENOENT)
		return KEYRING_SYSTEM;
	return keyring_make(k, dir, FINAL, now, what) ? KEYRING_SYSTEM : KEYRING_MADE;
}

enum keyring_state keyring_open(struct keyring *k, const char *path, int64_t built, int64_t now,
	const char **what)
{
	enum keyring_state state;
	int dir, error;

	memset(k, 0, sizeof *k);
	k->dir = -1;
	k->built = built;
	*what = path;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return KEYRING_SYSTEM;
	k->secrets = sodium_malloc(sizeof *k->secrets);
	k->jwt_place = sodium_malloc(sizeof *k->jwt_place);
	state = k->secrets && k->jwt_place ? open_in(k, dir, now, what) : KEYRING_SYSTEM;
	error = errno;
	close(dir);
	if (state == KEYRING_OPENED || state == KEYRING_MADE)
		sodium_mprotect_readonly(k->secrets);
	else
		keyring_close(k);
	errno = error;
	return state;
}

void keyring_close(struct keyring *k)
{
	if (k->secrets)
		sodium_free(k->secrets);	/* wipes */
	if (k->jwt_place)
		sodium_free(k->jwt_place);
	k->jwt = k->jwt_place = NULL;
	if (k->dir >= 0)
		close(k->dir);
	k->secrets = NULL;
	k->dir = -1;
}

enum keyring_change keyring_renew(struct keyring *k, int64_t now)
{
	enum keyring_change change = KEYRING_SAME, one;
	int64_t ca_end = k->ca[KEYRING_CA_SERVERS].not_after;

	for (int i = 0; i < KEYRING_LEAVES; i++) {
		const struct keyring_cert *leaf = &k->leaf[i];

		if (!keyring_due(k->built, now, ca_end, leaf->not_before, leaf->not_after))
			continue;
		one = replace(k, (enum keyring_leaf_id)i, now, now < leaf->not_before);
		if (one > change)
			change = one;
	}
	return change;
}

enum keyring_change keyring_rename(struct keyring *k, const struct x509_names *names, int64_t now)
{
	struct x509_names *have = &k->names[KEYRING_SERVER];
	struct x509_names former = *have;

	if (names->count)
		*have = *names;
	else
		keyring_leaf_default_names(k, KEYRING_SERVER);
	if (x509_names_equal(&former, have)) {
		*have = former;
		return KEYRING_SAME;
	}
	return replace(k, KEYRING_SERVER, now, true);
}

enum keyring_change keyring_crl_renew(struct keyring *k, int64_t now)
{
	if (!keyring_crl_due(k, now))
		return KEYRING_SAME;
	keyring_crl_issue(k, now);
	return keyring_save(k) ? KEYRING_UNSAVED : KEYRING_CHANGED;
}

/* The list comes first: on the disk no leaf is replaced that ought to be on it and is not. */
int keyring_save(struct keyring *k)
{
	if (k->crl_unsaved && keyring_crl_write(k, k->dir))
		return -1;
	k->crl_unsaved = false;
	for (int i = 0; i < KEYRING_LEAVES; i++) {
		if (!k->unsaved[i])
			continue;
		if (keyring_leaf_write(k, k->dir, (enum keyring_leaf_id)i))
			return -1;
		k->unsaved[i] = false;
	}
	return 0;
}

bool keyring_unsaved(const struct keyring *k)
{
	for (int i = 0; i < KEYRING_LEAVES; i++)
		if (k->unsaved[i])
			return true;
	return k->crl_unsaved;
}

int64_t keyring_next(const struct keyring *k, int64_t now)
{
	int64_t next = k->crl.this_update + (k->crl.next_update - k->crl.this_update) / 2;

	for (int i = 0; i < KEYRING_LEAVES; i++) {
		const struct keyring_cert *leaf = &k->leaf[i];
		int64_t when = leaf->not_after - (leaf->not_after - leaf->not_before) / 3;

		if (when < next)
			next = when;
	}
	if (k->uploaded_on && k->uploaded.cert[0].not_after - KEYRING_UPLOADED_WARN < next)
		next = k->uploaded.cert[0].not_after - KEYRING_UPLOADED_WARN;
	return next > now ? next : now + LOOK_AGAIN;
}

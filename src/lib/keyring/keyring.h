/*
 * keyring: every key of the appliance, on disk and in memory.
 *
 * Made as a whole on first boot, in a directory that gets its name only when
 * all of it is on the disk: after a power cut there is either the whole ring
 * or none.  One file per key; an authority's and a leaf's file hold key and
 * certificate together, so that they cannot part.  Files are replaced by
 * rename and carry a checksum.
 *
 * The secrets live in one locked allocation between guard pages, left out of
 * core dumps and read-only once the ring is open.
 */
#ifndef CAM_KEYRING_H
#define CAM_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecdsa/ecdsa.h"
#include "jwt/jwt.h"
#include "seal/seal.h"
#include "x509/chain.h"
#include "x509/x509.h"

/* Hexadecimal digits of the appliance's id, without NUL. */
#define KEYRING_ID 16
/* Life of a leaf: 397 days, what browsers accept at most, seconds. */
#define KEYRING_LEAF_LIFE (397LL * 86400)
/* Life of an authority: 20 years, seconds. */
#define KEYRING_CA_LIFE (7305LL * 86400)
/* A leaf or a list starts this long before it is made, for peers whose clock is behind, seconds. */
#define KEYRING_LEAF_BACK 3600LL
/* Life of a revocation list: 10 days, seconds; a new one comes after half of it. */
#define KEYRING_CRL_LIFE (10LL * 86400)

enum keyring_leaf_id { KEYRING_SERVER = 0, KEYRING_AGENTS = 1, KEYRING_LEAVES = 2 };
enum keyring_ca_id { KEYRING_CA_SERVERS = 0, KEYRING_CA_AGENTS = 1, KEYRING_CAS = 2 };

struct keyring_cert {
	int64_t not_before, not_after;	/* seconds since 1970 UTC, inclusive */
	size_t len;
	uint8_t der[X509_CERT_MAX];
};

struct keyring_secrets {
	uint8_t master[SEAL_KEY];
	uint8_t ticket[SEAL_KEY];
	uint8_t ca[KEYRING_CAS][ECDSA_SECRET];
	uint8_t leaf[KEYRING_LEAVES][ECDSA_SECRET];
	uint8_t activity[ECDSA_SECRET];		/* signs checkpoints of the activity's chain */
	uint8_t request[ECDSA_SECRET];		/* of the request that waits for its certificate */
	uint8_t uploaded[ECDSA_SECRET];		/* of the uploaded certificate */
	uint8_t former[ECDSA_SECRET];		/* of the one before, while a certificate is on trial */
};

/* One certificate that is no longer true before its end. */
struct keyring_revoked {
	uint8_t serial[X509_SERIAL];
	int64_t when, until;			/* revoked; its end: seconds since 1970 UTC */
};

/* The revocation list of the authority for servers. */
struct keyring_crl {
	uint64_t number;
	int64_t this_update, next_update;	/* seconds since 1970 UTC */
	size_t count;
	struct keyring_revoked entry[X509_REVOKED_MAX];
	size_t len;
	uint8_t der[X509_CRL_MAX];
};

/* A request for a certificate by somebody else's authority. */
struct keyring_request {
	bool on;				/* there is one */
	bool fresh;				/* with a key of its own */
	int64_t created;			/* seconds since 1970 UTC */
	struct x509_names names;
	size_t len;
	uint8_t der[X509_CERT_MAX];
};

struct keyring {
	int dir;				/* of the ring */
	int64_t built;				/* the image's build time, seconds since 1970 */
	char id[KEYRING_ID + 1];
	char internal_name[64];			/* <id>.appliance.internal */
	char agents_name[64];			/* <id>.agents.internal */
	struct keyring_secrets *secrets;
	struct keyring_cert ca[KEYRING_CAS];
	struct keyring_cert leaf[KEYRING_LEAVES];
	struct x509_names names[KEYRING_LEAVES];
	struct keyring_crl crl;
	bool unsaved[KEYRING_LEAVES];		/* the leaf is in use but not on the disk yet */
	bool crl_unsaved;
	struct keyring_request request;
	bool uploaded_on, former_on;		/* is there one? */
	bool trial;				/* the uploaded one, or that there is none, is not on the disk: former is */
	struct x509_chain uploaded, former;	/* of somebody else's authority: shown instead of the server's leaf */
	struct jwt_secret *jwt;			/* = jwt_place; NULL = not made yet */
	struct jwt_secret *jwt_place;		/* locked as the others, before the fence forbids it */
	struct jwt_public jwt_public;
};

enum keyring_state {
	KEYRING_INVALID = 0,
	KEYRING_OPENED,
	KEYRING_MADE,		/* first boot */
	KEYRING_SYSTEM,		/* errno; `what` names the file or the call */
	KEYRING_DAMAGED		/* `what` names the file: it is not as it was written, or missing */
};

/* Opens the ring in directory path, or makes it.  built: the image's build time; now: the
 * wall clock; both seconds since 1970.  what points to static text.  Leaves that are
 * damaged, due or foreign to their authority are issued anew. sodium_init comes first. */
enum keyring_state keyring_open(struct keyring *k, const char *path, int64_t built, int64_t now,
	const char **what);
/* Wipes the secrets and closes the directory. */
void keyring_close(struct keyring *k);

enum keyring_change {
	KEYRING_SAME = 0,
	KEYRING_CHANGED,	/* in use and on the disk */
	KEYRING_UNSAVED		/* in use, but could not be written (errno); try keyring_save later */
};

/* Issues leaves anew that are past two thirds of their life, or not valid yet because
 * the clock stepped back; the latter are revoked.  The key stays: a handshake under way with the
 * former certificate ends well. */
enum keyring_change keyring_renew(struct keyring *k, int64_t now);
/* Gives the server's leaf these names; none = the internal name.  The former one is revoked. */
enum keyring_change keyring_rename(struct keyring *k, const struct x509_names *names, int64_t now);
/* Makes the revocation list anew when half of its life is over or the clock stepped back. */
enum keyring_change keyring_crl_renew(struct keyring *k, int64_t now);
/* Writes what could not be written.  0, or -1 with errno. */
int keyring_save(struct keyring *k);
/* Is there anything that could not be written? */
bool keyring_unsaved(const struct keyring *k);

/* ---- a certificate of somebody else's authority (uploaded.c) ---- */

/* A new request takes the place of the one before.  fresh: for a new key, else for the one in use.  0; -1 with errno (EINVAL:
 * the names or the subject do not go into one), nothing changed. */
int keyring_request_make(struct keyring *k, const struct x509_request *request, bool fresh, int64_t now);
/* Forgets the request, with its key.  0, or -1 with errno. */
int keyring_request_forget(struct keyring *k);
/* Reads a PEM text as a chain for one of our keys that is valid now.  0, or -1 with a sentence. */
int keyring_chain_read(const struct keyring *k, struct x509_chain *c, const char *pem, size_t len, int64_t now,
	char why[X509_CHAIN_WHY]);
/* Shows this chain (of keyring_chain_read) from now on; NULL = the appliance's own certificate again.  On trial it is only in
 * memory, and what was before comes back with keyring_revert or a restart. 0, or -1 with errno, nothing changed. */
int keyring_show(struct keyring *k, const struct x509_chain *c, bool trial);
/* Keeps what is on trial.  0; -1 with errno (ENOENT: nothing is): it stays on trial. */
int keyring_confirm(struct keyring *k);
/* Ends a trial: what was before is shown again. */
void keyring_revert(struct keyring *k);
/* The key that signs for browsers and clients. */
const uint8_t *keyring_server_secret(const struct keyring *k);
/* An uploaded certificate is spoken of this long before its end, seconds. */
#define KEYRING_UPLOADED_WARN (30LL * 86400)
/* Is there one that ends within that time, or has ended? */
bool keyring_uploaded_ends(const struct keyring *k, int64_t now);

/* Takes the key that signs tokens: writes it, then it is in use.  0, or -1 with errno: nothing
 * changed, try again later. */
int keyring_jwt_keep(struct keyring *k, const struct jwt_secret *secret, const struct jwt_public *public);

/* When keyring_renew or keyring_crl_renew has work next by the passing of time, seconds since 1970. */
int64_t keyring_next(const struct keyring *k, int64_t now);

/* The validity of a leaf made at `now`. */
void keyring_window(int64_t built, int64_t now, int64_t ca_end, int64_t *not_before, int64_t *not_after);
/* Must a leaf with this validity be made anew at `now`? */
bool keyring_due(int64_t built, int64_t now, int64_t ca_end, int64_t not_before, int64_t not_after);

#endif

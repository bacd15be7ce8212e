/*
 * core: who asks.  Tokens and sessions are random values that only their owner
 * has; the database keeps their SHA-256.
 */
#ifndef CAM_CORE_PRINCIPAL_H
#define CAM_CORE_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define CORE_HASH 32			/* SHA-256 */
#define CORE_HASH_TEXT 65
/* A session's value: 32 random bytes in base64url, with the terminating 0. */
#define CORE_SESSION_TEXT 44
/* What a client must repeat in a header: base64url of 32 bytes. */
#define CORE_CSRF_TEXT 44
/* Life of a browser session, seconds: one working day. */
#define CORE_SESSION_LIFE (12 * 3600)
/* Last letters of a token's value that are shown to its user. */
#define CORE_HINT 4
/* Tokens a user may ask for; and of those of signing in, and of sessions, the oldest give way. */
#define CORE_TOKENS_MAX 50
#define CORE_USER_TEXT 65
#define CORE_PEER_TEXT 48

enum core_credential { CORE_ANONYMOUS = 0, CORE_TOKEN, CORE_SESSION };

struct core_principal {
	/* as presented */
	enum core_credential kind;
	uint8_t hash[CORE_HASH];
	char csrf[CORE_CSRF_TEXT];	/* of the session presented */
	char peer[CORE_PEER_TEXT];	/* network address, "" for rooms */
	char network[CORE_PEER_TEXT];	/* whom to slow down: of IPv6 the /64 */
	bool forged;			/* a token with claims that is not ours, or is over */
	char jti[CORE_USER_TEXT], sub[CORE_USER_TEXT];	/* claims of one that is ours; else "" */
	/* filled by core_principal_resolve */
	bool known;
	bool admin;			/* of the appliance */
	char user[CORE_USER_TEXT];	/* = the personal workspace */
	char organization[CORE_USER_TEXT];
};

/* The address itself; of an IPv6 address its /64, for whoever has one has all of them. */
void core_peer_network(const char *peer, char out[CORE_PEER_TEXT]);

/* SHA-256 of a presented value. */
void core_credential_hash(const char *value, uint8_t hash[CORE_HASH]);
void core_hash_text(const uint8_t hash[CORE_HASH], char out[CORE_HASH_TEXT]);

/* The CSRF value of a session: derived from it one way, so it needs no place in
 * the database and does not betray it. */
void core_csrf(const char *session, char out[CORE_CSRF_TEXT]);

/* Looks the presented value up.  Afterwards known says whether it is good now. */
void core_principal_resolve(struct db *db, struct core_principal *p);

/* A new credential of a user; value receives it (a UUID for a token). */
void core_credential_new(struct db *db, const char *user, enum core_credential kind,
	char value[CORE_SESSION_TEXT]);
/* A token asked for by its user (core_credential_new are those of signing in): id, and the value's hash. expires:
 * wall microseconds, 0 = never. */
struct core_token {
	const char *id, *type, *description, *value;
	int64_t expires;
};
void core_credential_keep(struct db *db, const char *user, const struct core_token *token);
/* Tokens a user has asked for. */
int64_t core_credential_count(struct db *db, const char *user);
/* Ends all of a user of this kind, CORE_ANONYMOUS = of every kind, but for the one with the hash `except` (may be
 * NULL). */
void core_credential_revoke_all(struct db *db, const char *user, enum core_credential kind, const uint8_t *except);
/* Ends one by its hash; appends the event by which api forgets it. */
void core_credential_revoke(struct db *db, const uint8_t hash[CORE_HASH]);

#endif

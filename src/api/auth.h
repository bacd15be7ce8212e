/*
 * auth: who a request claims to be, and whether a browser really meant it.
 *
 * A credential is passed to core with every call; core decides.  What api
 * itself enforces is that a request with the session cookie and an unsafe
 * method carries the session's CSRF token and comes from our own pages.
 */
#ifndef CAM_API_AUTH_H
#define CAM_API_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The session cookie. */
#define AUTH_COOKIE "cam_session"
/* Bytes of a CSRF token, at most. */
#define AUTH_CSRF_MAX 128
/* Bytes of the SHA-256 by which credentials are known. */
#define AUTH_HASH 32
/* Seconds a known CSRF token is used without asking core again. */
#define AUTH_CACHE_SECONDS 60.

enum auth_kind {
	AUTH_NONE = 0,
	AUTH_TOKEN,		/* ElasticBox-Token, or Authorization: Bearer */
	AUTH_SESSION		/* the cookie */
};

struct auth {
	enum auth_kind kind;
	char *value;		/* owned, NUL terminated */
};
#define AUTH_ZERO { AUTH_NONE, NULL }

struct request;

/* Reads the credential from the head.  False when the request has been refused:
 * a malformed credential, or a foreign Origin. */
bool auth_read(struct request *r);
void auth_wipe(struct auth *a);

/* Must this request prove with X-CSRF-Token that our pages made it? */
bool auth_needs_csrf(const struct request *r);

enum auth_csrf { AUTH_CSRF_UNKNOWN = 0, AUTH_CSRF_RIGHT, AUTH_CSRF_WRONG };

/* Compares the header with the remembered token of the session, in constant
 * time; UNKNOWN when it is not remembered: ask core, then auth_remember. */
enum auth_csrf auth_check_csrf(const struct request *r);

void auth_remember(const char *session, const char *csrf, size_t csrf_len);
/* The session is over: by its value, or by its hash. */
void auth_forget(const char *session);
void auth_forget_hash(const uint8_t hash[AUTH_HASH]);
/* Revocations may have been missed. */
void auth_forget_all(void);

/* Is the Origin header absent, or that of our own pages? */
bool auth_origin_own(const struct request *r);
/* Is it there, and that of our own pages? */
bool auth_origin_present(const struct request *r);

/* SHA-256 of a credential, and from its hexadecimal text (false: not such a text). */
void auth_hash(const char *value, uint8_t hash[AUTH_HASH]);
bool auth_hash_read(const char *hex, uint8_t hash[AUTH_HASH]);

#endif

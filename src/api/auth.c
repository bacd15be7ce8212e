#include <bearssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "http/cookie.h"
#include "limits.h"
#include "request.h"

/* Remembered sessions: a session takes the place of another with the same
 * number; the loser only costs core one question more. */
#define SLOTS 1024

static struct slot {
	uint8_t hash[AUTH_HASH];
	char csrf[AUTH_CSRF_MAX];
	size_t csrf_len;	/* 0 = empty */
	ev_tstamp until;
} slots[SLOTS];

void auth_hash(const char *value, uint8_t hash[AUTH_HASH])
{
	br_sha256_context x;

	br_sha256_init(&x);
	br_sha256_update(&x, value, strlen(value));
	br_sha256_out(&x, hash);
}

static struct slot *slot_of(const uint8_t hash[AUTH_HASH])
{
	return &slots[(hash[0] << 8 | hash[1]) % SLOTS];
}

static void slot_drop(const uint8_t hash[AUTH_HASH])
{
	struct slot *s = slot_of(hash);

	if (!memcmp(s->hash, hash, sizeof s->hash))
		explicit_bzero(s, sizeof *s);
}

void auth_remember(const char *session, const char *csrf, size_t csrf_len)
{
	uint8_t hash[AUTH_HASH];
	struct slot *s;

	if (!csrf_len || csrf_len > AUTH_CSRF_MAX)
		return;
	auth_hash(session, hash);
	s = slot_of(hash);
	memcpy(s->hash, hash, sizeof hash);
	memcpy(s->csrf, csrf, csrf_len);
	s->csrf_len = csrf_len;
	s->until = ev_now(conn_loop()) + AUTH_CACHE_SECONDS;
}

void auth_forget(const char *session)
{
	uint8_t hash[AUTH_HASH];

	auth_hash(session, hash);
	slot_drop(hash);
}

bool auth_hash_read(const char *hex, uint8_t hash[AUTH_HASH])
{
	size_t i;

	if (strlen(hex) != 2 * AUTH_HASH)
		return false;
	for (i = 0; i < AUTH_HASH; i++) {
		int high = http_hex_digit(hex[2 * i]), low = http_hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void auth_forget_hash(const uint8_t hash[AUTH_HASH])
{
	slot_drop(hash);
}

void auth_forget_all(void)
{
	explicit_bzero(slots, sizeof slots);
}

void auth_wipe(struct auth *a)
{
	if (!a->value)
		return;
	explicit_bzero(a->value, strlen(a->value));
	free(a->value);
	a->value = NULL;
}

/* A copy of a credential: visible ASCII, not empty, not too long; else NULL. */
static char *credential(struct http_slice s)
{
	char *value;
	size_t i;

	if (!s.len || s.len > LIMIT_CREDENTIAL)
		return NULL;
	for (i = 0; i < s.len; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7f)
			return NULL;
	value = malloc(s.len + 1);
	if (!value)
		return NULL;
	memcpy(value, s.at, s.len);
	value[s.len] = '\0';
	return value;
}

/* Finds the credential and its kind.  False for an Authorization we do not know, or
 * for the same header twice. */
static bool find_credential(const struct http_head *h, enum auth_kind *kind, struct http_slice *value)
{
	bool many = false;
	struct http_slice scheme;
	size_t i;

	*kind = AUTH_TOKEN;
	if (http_head_find(h, "elasticbox-token", value, &many))
		return !many;
	if (http_head_find(h, "authorization", value, &many)) {
		scheme = *value;
		scheme.len = scheme.len < 7 ? scheme.len : 7;
		if (many || !http_slice_is_fold(scheme, "bearer "))
			return false;
		*value = http_slice_trim((struct http_slice){ value->at + 7, value->len - 7 });
		return true;
	}
	*kind = AUTH_SESSION;
	for (i = 0; i < h->count; i++)
		if (http_slice_is_fold(h->headers[i].name, "cookie") &&
		    http_cookie_find(h->headers[i].value, AUTH_COOKIE, value) && value->len)
			return true;
	*kind = AUTH_NONE;
	return true;
}

bool auth_origin_own(const struct request *r)
{
	struct http_slice origin;
	bool many;

	if (!http_head_find(&r->head, "origin", &origin, &many))
		return true;
	if (many || origin.len < 8 ||
	    !http_slice_is_fold((struct http_slice){ origin.at, 8 }, "https://"))
		return false;
	origin.at += 8;
	origin.len -= 8;
	return origin.len == r->head.authority.len &&
		!strncasecmp(origin.at, r->head.authority.at, origin.len);
}

bool auth_origin_present(const struct request *r)
{
	struct http_slice origin;

	return http_head_find(&r->head, "origin", &origin, NULL) && auth_origin_own(r);
}

bool auth_read(struct request *r)
{
	struct http_slice value = HTTP_SLICE_ZERO;
	enum auth_kind kind;

	r->console = http_head_find(&r->head, "x-cam-console", &value, NULL) &&
		http_slice_is(value, "1") && (!strcmp(r->verb->name, "security.token") ||
		!strcmp(r->verb->name, "appliance.setup") || !strcmp(r->verb->name, "users.activate"));
	if (!find_credential(&r->head, &kind, &value)) {
		request_refuse(r, 401, "The credentials are not of a kind known here.");
		return false;
	}
	r->auth.kind = kind;
	if (kind != AUTH_NONE && !(r->auth.value = credential(value))) {
		/* A broken cookie is the same as none: signing in must stay possible. */
		if (kind == AUTH_SESSION) {
			r->auth.kind = AUTH_NONE;
		} else {
			request_refuse(r, 401, "The token is malformed.");
			return false;
		}
	}
	if ((r->console || (r->auth.kind == AUTH_SESSION && !request_is_safe(r))) && !auth_origin_own(r)) {
		request_refuse(r, 403, "The request comes from another site.");
		return false;
	}
	return true;
}

bool auth_needs_csrf(const struct request *r)
{
	return r->auth.kind == AUTH_SESSION && !request_is_safe(r) && r->verb->role != VERB_ROLE_PUBLIC;
}

enum auth_csrf auth_check_csrf(const struct request *r)
{
	uint8_t hash[AUTH_HASH], different = 0;
	struct http_slice given;
	struct slot *s;
	bool many;
	size_t i;

	auth_hash(r->auth.value, hash);
	s = slot_of(hash);
	if (!s->csrf_len || memcmp(s->hash, hash, sizeof hash) || s->until < ev_now(conn_loop()))
		return AUTH_CSRF_UNKNOWN;
	if (!http_head_find(&r->head, "x-csrf-token", &given, &many) || many || given.len != s->csrf_len)
		return AUTH_CSRF_WRONG;
	for (i = 0; i < given.len; i++)
		different |= (uint8_t)(given.at[i] ^ s->csrf[i]);
	return different ? AUTH_CSRF_WRONG : AUTH_CSRF_RIGHT;
}

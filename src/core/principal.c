#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "addr/addr.h"
#include "principal.h"
#include "truth.h"
#include "plat/clock.h"
#include "plat/random.h"

/* Keeps the two values that come from one session apart. */
#define CSRF_LABEL "cam csrf 1 "

void core_peer_network(const char *peer, char out[CORE_PEER_TEXT])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr a;

	snprintf(out, CORE_PEER_TEXT, "%s", peer);
	if (addr_parse(&a, peer) || a.family != ADDR_V6 || !memcmp(a.bytes, mapped, sizeof mapped))
		return;
	memset(a.bytes + 8, 0, 8);
	addr_format(&a, out);
}

void core_credential_hash(const char *value, uint8_t hash[CORE_HASH])
{
	crypto_hash_sha256(hash, (const uint8_t *)value, strlen(value));
}

void core_hash_text(const uint8_t hash[CORE_HASH], char out[CORE_HASH_TEXT])
{
	sodium_bin2hex(out, CORE_HASH_TEXT, hash, CORE_HASH);
}

void core_csrf(const char *session, char out[CORE_CSRF_TEXT])
{
	crypto_hash_sha256_state st;
	uint8_t hash[CORE_HASH];

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (const uint8_t *)CSRF_LABEL, sizeof CSRF_LABEL - 1);
	crypto_hash_sha256_update(&st, (const uint8_t *)session, strlen(session));
	crypto_hash_sha256_final(&st, hash);
	sodium_bin2base64(out, CORE_CSRF_TEXT, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(hash, sizeof hash);
}

void core_principal_resolve(struct db *db, struct core_principal *p)
{
	sqlite3_stmt *q;

	p->known = false;
	p->admin = false;
	if (p->kind == CORE_ANONYMOUS || p->forged)
		return;
	q = db_query(db, "SELECT user.id, user.admin, user.organization FROM token JOIN user ON user.id = token.user"
		" WHERE token.hash = ?1 AND token.kind = ?2 AND (token.expires = 0 OR token.expires > ?3)"
		" AND user.state IN ('active', 'locked') AND (?4 = '' OR (token.id = ?4 AND token.user = ?5))", "biitt", p->hash,
		(size_t)CORE_HASH, (int64_t)p->kind, plat_clock_wall(), p->jti, p->sub);
	if (!db_row(db, q))
		return;
	p->known = true;
	p->admin = db_int(q, 1) != 0;
	snprintf(p->user, sizeof p->user, "%s", db_text(q, 0));
	snprintf(p->organization, sizeof p->organization, "%s", db_text(q, 2));
	db_end(q);
}

static void forgotten(struct db *db, const uint8_t hash[CORE_HASH])
{
	char text[CORE_HASH_TEXT], data[CORE_HASH_TEXT + 16];

	core_hash_text(hash, text);
	snprintf(data, sizeof data, "{\"hash\":\"%s\"}", text);
	core_event(db, "token.revoked", "", data);
}

void core_credential_revoke(struct db *db, const uint8_t hash[CORE_HASH])
{
	db_run(db, "DELETE FROM token WHERE hash = ?", "b", hash, (size_t)CORE_HASH);
	if (db_changes(db))
		forgotten(db, hash);
}

/* Makes room for one more of this kind: expired ones first, then the oldest. */
static void make_room(struct db *db, const char *user, enum core_credential kind)
{
	sqlite3_stmt *q;
	uint8_t hash[CORE_HASH];

	db_run(db, "DELETE FROM token WHERE user = ? AND kind = ? AND expires > 0 AND expires <= ?", "tii", user,
		(int64_t)kind, plat_clock_wall());
	while (db_number(db, 0, "SELECT count(*) FROM token WHERE user = ? AND kind = ? AND made = 0", "ti", user,
			(int64_t)kind) >= CORE_TOKENS_MAX) {
		q = db_query(db, "SELECT hash FROM token WHERE user = ? AND kind = ? AND made = 0 ORDER BY created LIMIT 1", "ti",
			user, (int64_t)kind);
		if (!db_row(db, q) || sqlite3_column_bytes(q, 0) != CORE_HASH)
			return;
		memcpy(hash, sqlite3_column_blob(q, 0), CORE_HASH);
		db_end(q);
		core_credential_revoke(db, hash);
	}
}

static void make_value(enum core_credential kind, char value[CORE_SESSION_TEXT])
{
	uint8_t secret[32];

	if (kind == CORE_TOKEN) {
		plat_random_uuid(value);
		return;
	}
	plat_random(secret, sizeof secret);
	sodium_bin2base64(value, CORE_SESSION_TEXT, secret, sizeof secret, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret, sizeof secret);
}

void core_credential_new(struct db *db, const char *user, enum core_credential kind, char value[CORE_SESSION_TEXT])
{
	uint8_t hash[CORE_HASH];
	char id[PLAT_UUID_TEXT];
	int64_t now;

	make_room(db, user, kind);
	make_value(kind, value);
	core_credential_hash(value, hash);
	plat_random_uuid(id);
	now = core_stamp(db);
	db_run(db, "INSERT INTO token(hash, user, kind, created, expires, id, hint, description)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, 'signed in')", "btiiitt", hash, (size_t)CORE_HASH, user, (int64_t)kind, now,
		kind == CORE_SESSION ? plat_clock_wall() + CORE_SESSION_LIFE * PLAT_SECOND : INT64_C(0), id,
		kind == CORE_TOKEN ? value + strlen(value) - CORE_HINT : "");
	core_event(db, kind == CORE_SESSION ? "session.created" : "token.created", user, "{}");
}

void core_credential_keep(struct db *db, const char *user, const struct core_token *token)
{
	uint8_t hash[CORE_HASH];

	core_credential_hash(token->value, hash);
	db_run(db, "INSERT INTO token(hash, user, kind, created, expires, id, type, hint, description, made)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 1)", "btiiitttt", hash, (size_t)CORE_HASH, user, (int64_t)CORE_TOKEN,
		core_stamp(db), token->expires, token->id, token->type, token->value + strlen(token->value) - CORE_HINT,
		token->description);
	core_event(db, "token.created", user, "{}");
}

int64_t core_credential_count(struct db *db, const char *user)
{
	return db_number(db, 0, "SELECT count(*) FROM token WHERE user = ? AND kind = ? AND made = 1", "ti", user,
		(int64_t)CORE_TOKEN);
}

void core_credential_revoke_all(struct db *db, const char *user, enum core_credential kind, const uint8_t *except)
{
	uint8_t hash[CORE_HASH];
	sqlite3_stmt *q;

	for (;;) {
		q = db_query(db, "SELECT hash FROM token WHERE user = ?1 AND (?2 = 0 OR kind = ?2) AND hash IS NOT ?3 LIMIT 1",
			"tib", user, (int64_t)kind, except, (size_t)(except ? CORE_HASH : 0));
		if (!db_row(db, q) || sqlite3_column_bytes(q, 0) != CORE_HASH)
			return;
		memcpy(hash, sqlite3_column_blob(q, 0), CORE_HASH);
		db_end(q);
		core_credential_revoke(db, hash);
		if (db_error(db))
			return;
	}
}

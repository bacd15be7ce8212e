/* Tables of users, tokens and activity. */
#include "truth.h"

const char core_tables_users[] =
	/* id: what clients name it by, of a JWT its jti; type: opaque or jwt; hint: the value's last letters;
	 * made: 1 = asked for by its user, 0 = by signing in; last_used is at most a minute behind */
	"ALTER TABLE token ADD COLUMN id TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE token ADD COLUMN type TEXT NOT NULL DEFAULT 'opaque';"
	"ALTER TABLE token ADD COLUMN hint TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE token ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE token ADD COLUMN last_used INTEGER NOT NULL DEFAULT 0;"
	"UPDATE token SET id = lower(hex(randomblob(16))) WHERE id = '';"
	"CREATE INDEX token_id ON token(user, id);"
	"CREATE INDEX token_expires ON token(expires) WHERE expires > 0;"

	/* failures: wrong passwords since the last right one; code: SHA-256 of the one-time code of an invitation or
	 * a reset. States: invited, active, deactivated, locked, deleted (kept so that the id is not given again) */
	"ALTER TABLE user ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE user ADD COLUMN locked_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE user ADD COLUMN code BLOB;"
	"ALTER TABLE user ADD COLUMN code_expires INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX user_code ON user(code) WHERE code IS NOT NULL;"
	"CREATE INDEX user_organization ON user(organization, id);"

	/* Who did what: line is the canonical text, hash its SHA-256; each line names the hash of the one before. */
	"CREATE TABLE activity(sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, user TEXT NOT NULL,"
	" kind TEXT NOT NULL, object TEXT NOT NULL, line TEXT NOT NULL, hash TEXT NOT NULL);"
	/* Signed by keyd: up to `last` the chain has this hash. */
	"CREATE TABLE checkpoint(last INTEGER PRIMARY KEY, hash TEXT NOT NULL, time INTEGER NOT NULL,"
	" statement TEXT NOT NULL, signature TEXT NOT NULL);"

	/* for retention */
	"CREATE INDEX object_age ON object(kind, created);";

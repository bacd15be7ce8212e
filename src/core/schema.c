/*
 * The tables.  Steps only add; the release before must be able to go on with a
 * newer database.  Times: `created`, `updated`, `time` are wall microseconds and
 * come from core_stamp; those named *_boot are of the boot clock of the boot in
 * meta.boot_id.
 */
#include "truth.h"

#define TABLES_1 \
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;" \
	"INSERT INTO meta(key, value) VALUES('stamp', 0);" \
	\
	"CREATE TABLE event(sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL," \
	" kind TEXT NOT NULL, object TEXT NOT NULL, data TEXT NOT NULL);" \
	\
	"CREATE TABLE setting(name TEXT PRIMARY KEY, doc TEXT NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID;" \
	\
	"CREATE TABLE organization(id TEXT PRIMARY KEY, doc TEXT NOT NULL, created INTEGER NOT NULL," \
	" updated INTEGER NOT NULL) WITHOUT ROWID;" \
	\
	/* A user and the personal workspace are one object; admin is of the appliance. */ \
	"CREATE TABLE user(id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, state TEXT NOT NULL," \
	" organization TEXT NOT NULL, admin INTEGER NOT NULL, password TEXT, doc TEXT NOT NULL," \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL, last_login INTEGER) WITHOUT ROWID;" \
	\
	/* kind: 1 token, 2 session; expires 0 = never */ \
	"CREATE TABLE token(hash BLOB PRIMARY KEY, user TEXT NOT NULL, kind INTEGER NOT NULL," \
	" description TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, expires INTEGER NOT NULL DEFAULT 0)" \
	" WITHOUT ROWID;" \
	"CREATE INDEX token_user ON token(user, kind, created);" \
	\
	/* sealed by keyd with object and field as associated data */ \
	"CREATE TABLE secret(object TEXT NOT NULL, field TEXT NOT NULL, sealed TEXT NOT NULL," \
	" PRIMARY KEY(object, field)) WITHOUT ROWID;" \
	\
	"CREATE TABLE operation(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, object TEXT NOT NULL," \
	" state TEXT NOT NULL, message TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, updated INTEGER NOT NULL," \
	" deadline INTEGER NOT NULL, deadline_boot INTEGER NOT NULL);" \
	"CREATE INDEX operation_open ON operation(deadline_boot) WHERE state = 'processing';" \
	\
	"CREATE TABLE task(id INTEGER PRIMARY KEY AUTOINCREMENT, operation INTEGER NOT NULL, worker TEXT NOT NULL," \
	" kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, input TEXT NOT NULL, state TEXT NOT NULL," \
	" fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0," \
	" due_boot INTEGER NOT NULL DEFAULT 0, lease_boot INTEGER NOT NULL DEFAULT 0," \
	" message TEXT NOT NULL DEFAULT '', output TEXT NOT NULL DEFAULT '{}'," \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL);" \
	"CREATE INDEX task_open ON task(worker, state, due_boot) WHERE state IN ('waiting', 'leased');" \
	"CREATE INDEX task_operation ON task(operation);"

/* A random (version 4) UUID in SQL. */
#define UUID "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'" \
	" || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
#define DATE(us) "strftime('%Y-%m-%d %H:%M:%S', " us " / 1000000, 'unixepoch') || printf('.%06d', " us " % 1000000)"
#define SCHEMA "http://elasticbox.net/schemas/"

/*
 * Objects as clients know them.  `type` is the last part of the document's schema ("team",
 * "policy").  From here on organizations and personal workspaces are objects; `user` keeps the
 * credentials, its doc and the table organization are no longer read.
 */
#define TABLES_2 \
	"CREATE TABLE object(number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL," \
	" owner TEXT NOT NULL DEFAULT '', organization TEXT NOT NULL DEFAULT '', parent TEXT NOT NULL DEFAULT ''," \
	" type TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '', visibility TEXT NOT NULL DEFAULT ''," \
	" created INTEGER NOT NULL, updated INTEGER NOT NULL, doc TEXT NOT NULL, UNIQUE(kind, id));" \
	"CREATE INDEX object_owner ON object(kind, owner, id, parent);" \
	"CREATE INDEX object_organization ON object(kind, organization, id, parent);" \
	"CREATE INDEX object_parent ON object(kind, parent, id) WHERE parent <> '';" \
	"CREATE INDEX object_parent_created ON object(kind, parent, created, id) WHERE parent <> '';" \
	"CREATE INDEX object_public ON object(kind, id, parent) WHERE visibility = 'public';" \
	"CREATE INDEX object_common ON object(kind, organization, id, parent) WHERE visibility = 'organization';" \
	\
	/* members[]: member is a workspace (a user is one), or with type ldap a group's DN; role as enum access_role */ \
	"CREATE TABLE share(kind INTEGER NOT NULL, id TEXT NOT NULL, member TEXT NOT NULL, type TEXT NOT NULL," \
	" role INTEGER NOT NULL, PRIMARY KEY(kind, id, member, type)) WITHOUT ROWID;" \
	"CREATE INDEX share_member ON share(member, kind, id);" \
	/* which groups a user is in: group_dns[] of the personal workspace */ \
	"CREATE TABLE user_group(user TEXT NOT NULL, dn TEXT NOT NULL, PRIMARY KEY(user, dn)) WITHOUT ROWID;" \
	\
	/* A secret that came with a copied document is sealed under the names it had there; NULL = its own. */ \
	"ALTER TABLE secret ADD COLUMN sealed_object TEXT;" \
	"ALTER TABLE secret ADD COLUMN sealed_field TEXT;" \
	\
	"INSERT INTO object(kind, id, organization, type, created, updated, doc) SELECT 1, id, id, 'organization'," \
	" created, updated, json_set(doc, '$.deleted', NULL, '$.release', '4.0', '$.uri', '/services/organizations/' || id)" \
	" FROM organization;" \
	"INSERT INTO object(kind, id, owner, organization, type, created, updated, doc) SELECT 2, " UUID ", '', id," \
	" 'costcenter', created, created, '{}' FROM organization;" \
	"UPDATE object SET doc = json_object('schema', '" SCHEMA "costcenter', 'id', id, 'uri'," \
	" '/services/costcenters/' || id, 'name', 'Default', 'organization', organization, 'created', " DATE("created") "," \
	" 'updated', " DATE("updated") ", 'deleted', NULL, 'members', json('[]')) WHERE kind = 2;" \
	"UPDATE object SET doc = json_set(doc, '$.default_costcenter', (SELECT id FROM object c WHERE c.kind = 2 AND" \
	" c.organization = object.id)) WHERE kind = 1;" \
	"INSERT INTO object(kind, id, owner, organization, parent, type, state, created, updated, doc) SELECT 3, user.id," \
	" user.id, user.organization, c.id, 'personal', '', user.created, user.updated," \
	" json_set(user.doc, '$.costcenter', c.id, '$.deleted', NULL, '$.favorites', json('[]'), '$.group_dns', json('[]'))" \
	" FROM user JOIN object c ON c.kind = 2 AND c.organization = user.organization;" \
	"INSERT INTO share(kind, id, member, type, role) SELECT 1, organization, id, 'workspace', 4 FROM user WHERE admin = 1;"

const struct db_migration core_schema[] = {
	{ 1, TABLES_1 },
	{ 2, TABLES_2 },
	{ 3, core_tables_boxes },
	{ 4, core_tables_instances },
	{ 5, core_tables_users },
	{ 6, core_tables_blobs },
	{ 7, core_tables_blob_use },
	{ 8, core_tables_reports },
	{ 9, core_tables_work },
	{ 10, core_tables_output },
	{ 11, core_tables_unregistered },
	{ 12, core_tables_vanished },
	{ 13, core_tables_lost },
};
const size_t core_schema_count = sizeof core_schema / sizeof core_schema[0];

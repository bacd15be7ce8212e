/* core: the firewall's model. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"
#include "firewall.h"
#include "tasks.h"
#include "truth.h"
#include "addr/addr.h"
#include "firewall/firewall.h"

/* fwd has a day: it may be down for long. */
#define DEADLINE 86400

/* The setting "firewall": {"own":"text","generation":n}; "firewall.sent": the model fwd was told last, without its generation. */
static char *setting(struct db *db, const char *name)
{
	sqlite3_stmt *q = db_query(db, "SELECT doc FROM setting WHERE name = ?", "t", name);
	char *text = NULL;

	if (db_row(db, q)) {
		text = strdup(db_text(q, 0));
		db_end(q);
	}
	return text;
}

/* The host of "https://host:port/path" or "host" into out; false when there is none. */
static bool host_of(const char *url, char *out, size_t size)
{
	const char *p = strstr(url, "://");
	size_t n;

	p = p ? p + 3 : url;
	if (*p == '[') {
		p++;
		n = strcspn(p, "]");
	} else {
		n = strcspn(p, ":/?#");
	}
	if (n == 0 || n >= size)
		return false;
	memcpy(out, p, n);
	out[n] = 0;
	return true;
}

static yyjson_mut_val *list_of(yyjson_mut_doc *d, yyjson_mut_val *object, const char *peer)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(object, peer);

	return list ? list : yyjson_mut_obj_add_arr(d, object, peer);
}

static void add_host(yyjson_mut_doc *d, yyjson_mut_val *root, const char *peer, const char *url)
{
	char host[ADDR_NAME_MAX + 1];
	struct addr a;

	if (!host_of(url, host, sizeof host))
		return;
	yyjson_mut_arr_add_strcpy(d, list_of(d, yyjson_mut_obj_get(root, addr_parse(&a, host) == 0 ? "peers" : "names"), peer), host);
}

/* The peer of the tables that providers of a type are; NULL = they have no address. */
static const char *peer_of(const char *type)
{
	return !strcmp(type, "VMware vSphere") ? "vcenter" : !strcmp(type, "Openstack") ? "openstack" : NULL;
}

static void add_providers(struct db *db, yyjson_mut_doc *d, yyjson_mut_val *root)
{
	sqlite3_stmt *q = db_query(db, "SELECT json_extract(doc, '$.type'), coalesce(json_extract(doc, '$.endpoint'), ''),"
		" coalesce(json_extract(doc, '$.identity_url'), ''), coalesce(json_extract(doc, '$.endpoints'), '[]') FROM object WHERE kind = ? AND state <> 'deleting' ORDER BY id",
		"i", (int64_t)OBJECT_PROVIDER);

	while (db_row(db, q)) {
		const char *peer = peer_of(db_text(q, 0));

		if (!peer)
			continue;
		add_host(d, root, peer, db_text(q, strcmp(peer, "vcenter") ? 2 : 1));
		if (strcmp(db_text(q, 3), "[]") != 0)
			endpoints_model(d, list_of(d, yyjson_mut_obj_get(root, "hosts"), peer), db_text(q, 3));
	}
}

const char *firewall_named(const struct object *provider, char out[ADDR_NAME_MAX + 1])
{
	const char *peer = peer_of(object_member(provider, "type"));
	struct addr a;

	return peer && host_of(object_member(provider, strcmp(peer, "vcenter") ? "identity_url" : "endpoint"), out, ADDR_NAME_MAX + 1) &&
		addr_parse(&a, out) < 0 ? peer : NULL;
}

yyjson_mut_doc *firewall_model(struct db *db)
{
	char *text = setting(db, "firewall");
	yyjson_doc *kept = text ? yyjson_read(text, strlen(text), 0) : NULL;
	yyjson_val *root = yyjson_doc_get_root(kept);
	const char *own = yyjson_get_str(yyjson_obj_get(root, "own"));
	yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(d);

	yyjson_mut_doc_set_root(d, o);
	yyjson_mut_obj_add_sint(d, o, "generation", yyjson_get_sint(yyjson_obj_get(root, "generation")));
	yyjson_mut_obj_add_obj(d, o, "peers");
	yyjson_mut_obj_add_obj(d, o, "names");
	yyjson_mut_obj_add_obj(d, o, "hosts");
	yyjson_mut_obj_add_arr(d, o, "on");
	yyjson_mut_obj_add_strcpy(d, o, "own", own ? own : "");
	add_providers(db, d, o);
	yyjson_doc_free(kept);
	free(text);
	return d;
}

struct fw_tables *firewall_tables(struct db *db)
{
	char *text = setting(db, "firewall"), error[FW_ERROR];
	yyjson_doc *kept = text ? yyjson_read(text, strlen(text), 0) : NULL;
	yyjson_val *own = yyjson_obj_get(yyjson_doc_get_root(kept), "own");
	struct fw_tables *t = fw_tables_new();

	if (yyjson_get_len(own) && fw_parse(t, "own.fw", yyjson_get_str(own), yyjson_get_len(own), true, error) < 0) {
		fw_tables_free(t);	/* half of it is in there */
		t = fw_tables_new();
	}
	yyjson_doc_free(kept);
	free(text);
	return t;
}

static void keep(struct db *db, const char *name, const char *text)
{
	db_run(db, "INSERT INTO setting(name, doc, updated) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET doc = excluded.doc,"
		" updated = excluded.updated", "tti", name, text, core_stamp(db));
}

void firewall_refresh(struct db *db)
{
	yyjson_mut_doc *d = firewall_model(db);
	char *now = yyjson_mut_write(d, 0, NULL), *before = setting(db, "firewall.sent"), key[48], *input;

	if (now && (!before || strcmp(before, now))) {
		keep(db, "firewall.sent", now);
		snprintf(key, sizeof key, "firewall-%" PRId64, core_stamp(db));
		input = malloc(strlen(now) + 32);
		if (input) {
			sprintf(input, "{\"model\":%s,\"confirm\":false}", now);
			core_task_replace(db, "fwd", "firewall", "appliance", key, input, DEADLINE);
		}
		free(input);
	}
	free(now);
	free(before);
	yyjson_mut_doc_free(d);
}

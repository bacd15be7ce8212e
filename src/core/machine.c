/* Rows of machines, and what clients see of them. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "machine.h"
#include "secrets.h"
#include "timers.h"
#include "truth.h"
#include "plat/clock.h"
#include "plat/random.h"
#include "plat/text.h"

#define LABEL "cam machine token 1"
#define SLUG_MAX 40
#define MACHINE_SCHEMA SCHEMAS "machine"

/* ---- rows ---- */

bool machine_read(struct db *db, const char *id, struct machine *m)
{
	sqlite3_stmt *q = db_query(db, "SELECT instance, service, provider, name, fingerprint, boot_id, external_id, public,"
		" private, hostname, version, number, channel, token_number, last_close, state, tried, vanished FROM machine WHERE id = ?", "t", id);

	memset(m, 0, sizeof *m);
	if (!db_row(db, q))
		return false;
	plat_text(m->id, sizeof m->id, id);
	db_copy(q, 0, m->instance, sizeof m->instance);
	db_copy(q, 1, m->service, sizeof m->service);
	db_copy(q, 2, m->provider, sizeof m->provider);
	db_copy(q, 3, m->name, sizeof m->name);
	db_copy(q, 4, m->fingerprint, sizeof m->fingerprint);
	db_copy(q, 5, m->boot_id, sizeof m->boot_id);
	db_copy(q, 6, m->external_id, sizeof m->external_id);
	db_copy(q, 7, m->public, sizeof m->public);
	db_copy(q, 8, m->private, sizeof m->private);
	db_copy(q, 9, m->hostname, sizeof m->hostname);
	db_copy(q, 10, m->version, sizeof m->version);
	m->number = db_int(q, 11);
	m->channel = db_int(q, 12);
	m->token_number = db_int(q, 13);
	m->last_close = db_int(q, 14);
	m->state = (enum machine_state)chart_state(&chart_machine, db_text(q, 15));
	m->tried = db_int(q, 16) != 0;
	m->vanished = db_int(q, 17);
	db_end(q);
	return true;
}

unsigned machine_list(struct db *db, const char *instance, char out[MACHINE_MAX][OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT id FROM machine WHERE instance = ? AND state <> 'gone' ORDER BY number", "t", instance);
	unsigned n = 0;

	while (n < MACHINE_MAX && db_row(db, q))
		db_copy(q, 0, out[n++], OBJECT_ID);
	db_end(q);
	return n;
}

/* Lower case, [a-z0-9-], as host names are. */
static void slug(const char *name, char out[SLUG_MAX + 1])
{
	size_t n = 0;
	char c;

	for (; *name && n < SLUG_MAX; name++) {
		c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = 0;
	if (!n)
		strcpy(out, "machine");
}

static void new_id(struct db *db, char out[OBJECT_ID])
{
	static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	do {
		memcpy(out, "m-", 2);
		for (int i = 2; i < 10; i++)
			out[i] = base36[plat_random_below(36)];
		out[10] = 0;
	} while (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM machine WHERE id = ?)", "t", out));
}

void machine_ensure(struct db *db, const struct object *instance, const char *provider, int count)
{
	char id[OBJECT_ID], base[SLUG_MAX + 1], name[MACHINE_NAME];
	int64_t now = core_stamp(db);

	slug(object_member(instance, "name"), base);
	for (int i = 1; i <= count && i <= MACHINE_MAX; i++) {
		if (db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM machine WHERE instance = ? AND number = ? AND state <> 'gone')", "ti",
				instance->id, (int64_t)i))
			continue;
		new_id(db, id);
		snprintf(name, sizeof name, "%s-%s-%d", base, instance_service(instance), i);
		db_run(db, "INSERT INTO machine(id, instance, service, provider, number, name, state, created, updated)"
			" VALUES(?, ?, ?, ?, ?, ?, 'expected', ?, ?)", "tttt" "itii", id, instance->id, instance_service(instance),
			provider, (int64_t)i, name, now, now);
	}
}

void machine_import(struct db *db, const struct object *instance, const char *provider, const char *external_id)
{
	machine_ensure(db, instance, provider, 1);
	db_run(db, "UPDATE machine SET external_id = ? WHERE instance = ? AND number = 1 AND state <> 'gone'", "tt", external_id,
		instance->id);
}

void machine_owner(struct db *db, const char *provider, const char *external_id, char instance[OBJECT_ID])
{
	sqlite3_stmt *q = db_query(db, "SELECT instance FROM machine WHERE provider = ? AND external_id = ? AND state <> 'gone' LIMIT 1", "tt",
		provider, external_id);

	instance[0] = 0;
	if (!db_row(db, q))
		return;
	snprintf(instance, OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
}

/* ---- the documents ---- */

static const char *wire_state(enum machine_state s)
{
	static const char *const words[MACHINE_STATES] = {
		[MACHINE_EXPECTED] = "processing", [MACHINE_MAKING] = "processing", [MACHINE_MADE] = "processing",
		[MACHINE_ONLINE] = "done", [MACHINE_AWAY] = "done", [MACHINE_SILENT] = "unavailable", [MACHINE_OFF] = "done",
		[MACHINE_LEAVING] = "processing", [MACHINE_GONE] = "done",
	};

	return words[s] ? words[s] : "unavailable";
}

static void add_date(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, int64_t us)
{
	char date[OBJECT_DATE];

	if (!us) {
		yyjson_mut_obj_add_null(doc, to, name);
		return;
	}
	object_date(us, date);
	yyjson_mut_obj_add_strcpy(doc, to, name, date);
}

static void add_wire(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct machine *m, int64_t seen)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list), *address;

	yyjson_mut_obj_add_str(doc, o, "schema", MACHINE_SCHEMA);
	yyjson_mut_obj_add_strcpy(doc, o, "name", m->name);
	yyjson_mut_obj_add_strcpy(doc, o, "id", m->id);
	yyjson_mut_obj_add_str(doc, o, "state", m->vanished ? "unavailable" : wire_state(m->state));
	yyjson_mut_obj_add_str(doc, o, "token", SECRET_MASK);
	address = yyjson_mut_obj_add_obj(doc, o, "address");
	yyjson_mut_obj_add_strcpy(doc, address, "public", m->public);
	yyjson_mut_obj_add_strcpy(doc, address, "private", m->private);
	yyjson_mut_obj_add_strcpy(doc, o, "hostname", m->hostname);
	yyjson_mut_obj_add_strcpy(doc, o, "external_id", m->external_id);
	yyjson_mut_obj_add_str(doc, o, "support_id", "");
	yyjson_mut_obj_add_strcpy(doc, o, "agent_version", m->version);
	add_date(doc, o, "last_agent_ping", seen);
	add_date(doc, o, "last_agent_close", m->last_close);
	if (m->vanished)
		add_date(doc, o, "vanished", m->vanished);
}

static yyjson_mut_val *service_machines(struct db *db, const char *instance, yyjson_mut_doc *doc)
{
	yyjson_mut_val *list = yyjson_mut_arr(doc);
	char ids[MACHINE_MAX][OBJECT_ID];
	unsigned n = machine_list(db, instance, ids);
	struct machine m;

	/* What nobody has tried to make is not there. */
	for (unsigned i = 0; i < n; i++)
		if (machine_read(db, ids[i], &m) && (m.tried || m.state != MACHINE_EXPECTED))
			add_wire(doc, list, &m, m.last_close);
	return list;
}

static yyjson_mut_val *instance_machines(yyjson_mut_doc *doc, yyjson_mut_val *from)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(from);
	yyjson_mut_val *list = yyjson_mut_arr(doc), *m, *o;

	while ((m = yyjson_mut_arr_iter_next(&it))) {
		o = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_strcpy(doc, o, "name", yyjson_mut_get_str(yyjson_mut_obj_get(m, "name")));
		yyjson_mut_obj_add_strcpy(doc, o, "state", yyjson_mut_get_str(yyjson_mut_obj_get(m, "state")));
		yyjson_mut_obj_add_arr(doc, o, "workflow");
	}
	return list;
}

void machine_mirror(struct db *db, const char *instance)
{
	struct object o, s;
	yyjson_mut_val *list, *short_list, *service;

	if (!object_get(db, OBJECT_INSTANCE, instance, &o))
		return;
	if (object_get(db, OBJECT_SERVICE, instance_service(&o), &s)) {
		list = service_machines(db, instance, s.doc);
		service = yyjson_mut_obj_get(o.doc->root, "service");
		short_list = instance_machines(o.doc, list);
		if (!yyjson_mut_equals(list, yyjson_mut_obj_get(s.doc->root, "machines"))) {
			yyjson_mut_obj_put(s.doc->root, yyjson_mut_str(s.doc, "machines"), list);
			object_put(db, &s);
		}
		if (!yyjson_mut_equals(short_list, yyjson_mut_obj_get(service, "machines"))) {
			yyjson_mut_obj_put(service, yyjson_mut_str(o.doc, "machines"), short_list);
			object_put(db, &o);
		}
		object_free(&s);
	}
	object_free(&o);
}

/* ---- what happens ---- */

bool machine_move(struct db *db, const char *id, enum machine_event event)
{
	struct machine m;
	enum machine_state to;

	if (!machine_read(db, id, &m) || !chart_takes(&chart_machine, m.state, event))
		return false;
	to = (enum machine_state)chart_next(&chart_machine, m.state, event);
	if (to == m.state)
		return true;
	db_run(db, "UPDATE machine SET state = ?, updated = ? WHERE id = ?", "tit", chart_word(&chart_machine, to), core_stamp(db), id);
	if (to == MACHINE_GONE)
		db_run(db, "UPDATE machine SET token_hash = NULL WHERE id = ?", "t", id);
	if (to == MACHINE_ONLINE || to == MACHINE_OFF || to == MACHINE_GONE)
		core_timers_drop(db, id, "machine.quiet");
	if (strcmp(wire_state(to), wire_state(m.state)) != 0 || to == MACHINE_GONE || event == MACHINE_CREATE)
		machine_mirror(db, m.instance);
	return true;
}

void machine_timer_quiet(struct db *db, const char *id, const char *unused)
{
	struct object instance;
	struct machine m;
	char text[MACHINE_NAME + 64];

	(void)unused;
	if (!machine_read(db, id, &m) || m.channel || chart_at(&chart_machine, m.state, MACHINE_QUIET).move != CHART_GO)
		return;
	machine_move(db, id, MACHINE_QUIET);
	snprintf(text, sizeof text, "Machine %s does not respond.", m.name);
	if (object_get(db, OBJECT_INSTANCE, m.instance, &instance)) {
		instance_log(db, &instance, "", NULL, "error", NULL, text);
		object_free(&instance);
	}
}

void machine_forget(struct db *db, const char *instance)
{
	char ids[MACHINE_MAX][OBJECT_ID];
	sqlite3_stmt *q = db_query(db, "SELECT id FROM machine WHERE instance = ? LIMIT ?", "ti", instance, (int64_t)MACHINE_MAX);
	unsigned n = 0;

	while (n < MACHINE_MAX && db_row(db, q))
		snprintf(ids[n++], OBJECT_ID, "%s", db_text(q, 0));
	db_end(q);
	while (n)
		core_timers_drop(db, ids[--n], NULL);
	db_run(db, "DELETE FROM machine WHERE instance = ?", "t", instance);
}

/* ---- tokens ---- */

void machine_token(const uint8_t key[32], const char *machine, int64_t number, char out[MACHINE_TOKEN])
{
	crypto_auth_hmacsha256_state st;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char text[2 * 16 + 1], n[24];

	snprintf(n, sizeof n, "%lld", (long long)number);
	crypto_auth_hmacsha256_init(&st, key, 32);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)LABEL, sizeof LABEL);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)machine, strlen(machine) + 1);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)n, strlen(n) + 1);
	crypto_auth_hmacsha256_final(&st, mac);
	/* As a UUID of random bits, RFC 9562 §5.4. */
	mac[6] = (uint8_t)((mac[6] & 0x0f) | 0x40);
	mac[8] = (uint8_t)((mac[8] & 0x3f) | 0x80);
	sodium_bin2hex(text, sizeof text, mac, 16);
	snprintf(out, MACHINE_TOKEN, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16, text + 20);
	sodium_memzero(&st, sizeof st);
	sodium_memzero(mac, sizeof mac);
	sodium_memzero(text, sizeof text);
}

static void token_hash(const uint8_t key[32], const struct machine *m, uint8_t hash[crypto_hash_sha256_BYTES])
{
	char token[MACHINE_TOKEN];

	machine_token(key, m->id, m->token_number, token);
	crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
	sodium_memzero(token, sizeof token);
}

void machine_token_keep(struct db *db, const uint8_t key[32], const char *machine)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct machine m;

	if (!machine_read(db, machine, &m) || m.state == MACHINE_GONE)
		return;
	token_hash(key, &m, hash);
	db_run(db, "UPDATE machine SET token_hash = ?1 WHERE id = ?2 AND token_hash IS NOT ?1", "bt", (const void *)hash,
		(size_t)sizeof hash, machine);
}

bool machine_token_kept(struct db *db, const uint8_t key[32], const char *machine)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct machine m;

	if (!machine_read(db, machine, &m))
		return false;
	token_hash(key, &m, hash);
	return db_number(db, 0, "SELECT token_hash IS ?1 FROM machine WHERE id = ?2", "bt", (const void *)hash, (size_t)sizeof hash,
		machine) != 0;
}

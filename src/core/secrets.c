/* Secrets of objects: out of the arguments in the loop, sealed by keyd, kept by the writer. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secrets.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Secrets of one object: more than any real box has. */
#define SECRETS_MAX 512
/* Longest path of a field, bytes. */
#define FIELD_MAX 512
/* Waiting for keyd, seconds: with a connection, without one. */
#define KEYD_TIMEOUT 10.0
#define KEYD_ABSENT 3.0

enum what { SEAL, KEEP, DROP };

struct entry {
	enum what what;
	char *field;
	char *plain;		/* until it is sealed */
	char *sealed;
};

struct secrets {
	struct core_call *call;
	char object[OBJECT_ID];
	void (*next)(struct core_call *call);
	const char *const *fields;
	struct entry entries[SECRETS_MAX];
	size_t count;
	size_t asked, replied;
	bool failed, too_many;
};

static void wipe_text(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

void secrets_forget(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->entries[i].field);
		free(s->entries[i].sealed);
		wipe_text(s->entries[i].plain);
	}
	free(s);
}

/* ---- cutting ---- */

void secrets_wipe_tree(yyjson_mut_val *v)
{
	yyjson_mut_obj_iter oi;
	yyjson_mut_arr_iter ai;
	yyjson_mut_val *k;

	if (yyjson_mut_is_str(v))
		sodium_memzero((void *)(uintptr_t)yyjson_mut_get_str(v), yyjson_mut_get_len(v));
	ai = yyjson_mut_arr_iter_with(v);
	while ((k = yyjson_mut_arr_iter_next(&ai)))
		secrets_wipe_tree(k);
	oi = yyjson_mut_obj_iter_with(v);
	while ((k = yyjson_mut_obj_iter_next(&oi)))
		secrets_wipe_tree(yyjson_mut_obj_iter_get_val(k));
}

/* What is sealed: the text, or of anything else (the JSON of an account's key) its JSON. */
static char *plain_of(yyjson_mut_val *leaf)
{
	char *plain = yyjson_mut_is_str(leaf) ? strdup(yyjson_mut_get_str(leaf)) : yyjson_mut_val_write(leaf, 0, NULL);

	if (!plain)
		log_fatal("secrets");
	return plain;
}

/* A leaf becomes an entry and, unless it is empty, the mask. */
static void cut(struct secrets *s, yyjson_mut_val *leaf, const char *field)
{
	struct entry *e;

	if (s->count == SECRETS_MAX) {
		s->too_many = true;
		return;
	}
	e = &s->entries[s->count++];
	e->field = strdup(field);
	if (!e->field)
		log_fatal("secrets");
	if (!leaf || yyjson_mut_is_null(leaf) || yyjson_mut_equals_str(leaf, "")) {
		e->what = DROP;
		return;
	}
	if (yyjson_mut_equals_str(leaf, SECRET_MASK)) {
		e->what = KEEP;
		return;
	}
	e->what = SEAL;
	e->plain = plain_of(leaf);
	secrets_wipe_tree(leaf);
	yyjson_mut_set_str(leaf, SECRET_MASK);
}

static const char *string(yyjson_mut_val *object, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

	return s ? s : "";
}

static void cut_variables(struct secrets *s, yyjson_mut_val *list, const char *path)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;
	char field[FIELD_MAX];

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		if (strcmp(string(v, "type"), "Password"))
			continue;
		snprintf(field, sizeof field, "%svariables/%s%s%s", path, string(v, "scope"), *string(v, "scope") ? ":" : "",
			string(v, "name"));
		cut(s, yyjson_mut_obj_get(v, "value"), field);
	}
}

static void walk(struct secrets *s, yyjson_mut_val *v, const char *path, bool top);

/* Elements are known by id or name, as clients may put them in another order. */
static void walk_list(struct secrets *s, yyjson_mut_val *list, const char *path, const char *key)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	char below[FIELD_MAX];
	yyjson_mut_val *v;
	const char *name;

	for (size_t i = 0; (v = yyjson_mut_arr_iter_next(&it)); i++) {
		if (!yyjson_mut_is_ctn(v))
			continue;
		name = *string(v, "id") ? string(v, "id") : *string(v, "name") ? string(v, "name") : string(v, "host");
		if (*name)
			snprintf(below, sizeof below, "%s%s/%s/", path, key, name);
		else
			snprintf(below, sizeof below, "%s%s/%zu/", path, key, i);
		walk(s, v, below, false);
	}
}

static bool named(const struct secrets *s, const char *key, bool top)
{
	for (const char *const *f = s->fields; f && *f; f++)
		if (**f == '*' ? !strcmp(*f + 1, key) : top && !strcmp(*f, key))
			return true;
	return false;
}

static void walk_member(struct secrets *s, yyjson_mut_val *v, const char *path, const char *key, bool top)
{
	char below[FIELD_MAX];

	/* A switch of the same name ("password": true is a way to sign in) is none. */
	if (!yyjson_mut_is_bool(v) && named(s, key, top)) {
		snprintf(below, sizeof below, "%s%s", path, key);
		cut(s, v, below);
	} else if (yyjson_mut_is_arr(v) && !strcmp(key, "variables")) {
		cut_variables(s, v, path);
	} else if (yyjson_mut_is_arr(v)) {
		walk_list(s, v, path, key);
	} else if (yyjson_mut_is_obj(v)) {
		if (top && !strcmp(key, "box"))
			snprintf(below, sizeof below, "%s", path);
		else
			snprintf(below, sizeof below, "%s%s/", path, key);
		walk(s, v, below, false);
	}
}

/* Depth is bounded by verb_check. */
static void walk(struct secrets *s, yyjson_mut_val *v, const char *path, bool top)
{
	yyjson_mut_obj_iter it;
	yyjson_mut_val *key;

	if (!yyjson_mut_is_obj(v))
		return;
	it = yyjson_mut_obj_iter_with(v);
	while ((key = yyjson_mut_obj_iter_next(&it)))
		walk_member(s, yyjson_mut_obj_iter_get_val(key), path, yyjson_mut_get_str(key), top);
}

static void wipe_strings(yyjson_val *v)
{
	yyjson_obj_iter oi;
	yyjson_arr_iter ai;
	yyjson_val *k;

	if (yyjson_is_str(v))
		sodium_memzero((void *)(uintptr_t)yyjson_get_str(v), yyjson_get_len(v));
	ai = yyjson_arr_iter_with(v);
	while ((k = yyjson_arr_iter_next(&ai)))
		wipe_strings(k);
	oi = yyjson_obj_iter_with(v);
	while ((k = yyjson_obj_iter_next(&oi)))
		wipe_strings(yyjson_obj_iter_get_val(k));
}

void secrets_args_replace(struct core_call *call, const yyjson_mut_doc *by)
{
	yyjson_doc *doc = yyjson_mut_doc_imut_copy((yyjson_mut_doc *)(uintptr_t)by, NULL);

	if (!doc)
		log_fatal("secrets");
	wipe_strings(call->args);
	yyjson_doc_free(call->request);
	call->request = doc;
	call->args = yyjson_doc_get_root(doc);
}

/* ---- sealing ---- */

static void all_replied(struct secrets *s)
{
	if (s->failed)
		core_call_refuse(s->call, 503, "Secret values cannot be kept at the moment: nothing was changed. "
			"Please try again.");
	else
		s->next(s->call);
}

struct ask { struct secrets *secrets; size_t index; };

static void sealed(struct ipc_msg *msg, int error, void *arg)
{
	struct ask *ask = arg;
	struct secrets *s = ask->secrets;
	struct entry *e = &s->entries[ask->index];
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	const char *value = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "sealed"));

	free(ask);
	if (value)
		e->sealed = strdup(value);
	else
		log_warn("keyd: %s: sealing: %s", s->object, error ? strerror(error) : "refused");
	yyjson_doc_free(doc);
	wipe_text(e->plain);
	e->plain = NULL;
	s->failed |= !e->sealed;
	if (++s->replied == s->asked)
		all_replied(s);
}

static void seal(struct secrets *s, size_t i)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct entry *e = &s->entries[i];
	size_t len = strlen(e->plain), cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	struct ipc_client *keyd = s->call->core->keyd;
	struct ask *ask = malloc(sizeof *ask);
	char *plain = malloc(cap);

	if (!plain || !ask || !doc)
		log_fatal("secrets");
	*ask = (struct ask){ s, i };
	sodium_bin2base64(plain, cap, (const unsigned char *)e->plain, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "object", s->object);
	yyjson_mut_obj_add_str(doc, root, "field", e->field);
	yyjson_mut_obj_add_str(doc, root, "plain", plain);
	ipc_client_call_json(keyd, PROTO_KEYD_SEAL, doc, ipc_client_connected(keyd) ? KEYD_TIMEOUT : KEYD_ABSENT, sealed, ask);
	wipe_text(plain);
}

void secrets_cut(struct core_call *call, const char *id, const char *const fields[],
	void (*next)(struct core_call *call))
{
	yyjson_mut_doc *masked = yyjson_mut_doc_new(NULL);
	struct secrets *s = calloc(1, sizeof *s);

	if (!s || !masked)
		log_fatal("secrets");
	s->call = call;
	s->next = next;
	s->fields = fields;
	snprintf(s->object, sizeof s->object, "%s", id);
	secrets_forget(call->secrets);
	call->secrets = s;
	yyjson_mut_doc_set_root(masked, yyjson_val_mut_copy(masked, call->args));
	walk(s, masked->root, "", true);
	secrets_args_replace(call, masked);
	yyjson_mut_doc_free(masked);
	if (s->too_many) {
		core_call_refuse(call, 400, "variables: more than %d secret values.", SECRETS_MAX);
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		s->asked += s->entries[i].what == SEAL;
	if (!s->asked) {
		next(call);
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].what == SEAL)
			seal(s, i);
}

/* ---- in the writer ---- */

static bool still_there(const struct secrets *s, const char *field)
{
	/* Not named by the request: not changed by it. */
	if (!yyjson_obj_getn(s->call->args, field, strcspn(field, "/")))
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].what != DROP && !strcmp(s->entries[i].field, field))
			return true;
	return false;
}

void secrets_keep(struct db *db, struct core_call *call, const char *id)
{
	const struct secrets *s = call->secrets;
	sqlite3_stmt *q = db_query(db, "SELECT field FROM secret WHERE object = ?", "t", id);
	char *gone[SECRETS_MAX];
	size_t n = 0;

	while (s && n < SECRETS_MAX && db_row(db, q))
		if (!still_there(s, db_text(q, 0)))
			gone[n++] = strdup(db_text(q, 0));
	db_end(q);
	while (n) {
		db_run(db, "DELETE FROM secret WHERE object = ? AND field = ?", "tt", id, gone[--n]);
		free(gone[n]);
	}
	for (size_t i = 0; s && i < s->count; i++)
		if (s->entries[i].what == SEAL)
			db_run(db, "INSERT INTO secret(object, field, sealed) VALUES(?, ?, ?) ON CONFLICT(object, field) DO UPDATE"
				" SET sealed = excluded.sealed, sealed_object = NULL, sealed_field = NULL", "ttt", id,
				s->entries[i].field, s->entries[i].sealed);
}

void secrets_copy(struct db *db, const char *from, const char *prefix, const char *to, const char *to_prefix)
{
	db_run(db, "INSERT OR IGNORE INTO secret(object, field, sealed, sealed_object, sealed_field) SELECT ?1,"
		" ?2 || substr(field, length(?3) + 1), sealed, coalesce(sealed_object, object), coalesce(sealed_field, field)"
		" FROM secret WHERE object = ?4 AND substr(field, 1, length(?3)) = ?3", "tttt", to, to_prefix, prefix, from);
}

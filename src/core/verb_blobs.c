/* Verbs of files. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "blobs.h"
#include "truth.h"
#include "log/log.h"

#define BLOB_NO_KEY "The appliance's keys are not available at the moment. Please try again."
#define SCHEMA "http://elasticbox.net/schemas/blob"

/* The state of a call: the key as the loop had it. */
struct blob_call {
	bool opened;
	uint8_t key[BLOB_KEY];
};

static void blob_call_forget(void *state)
{
	sodium_memzero(state, sizeof(struct blob_call));
	free(state);
}

static struct blob_call *blob_call_new(struct core_call *call)
{
	struct blob_call *b = calloc(1, sizeof *b);

	if (!b)
		log_fatal("blob");
	b->opened = core_blob_key() != NULL;
	if (b->opened)
		memcpy(b->key, core_blob_key(), sizeof b->key);
	call->state = b;
	call->forget = blob_call_forget;
	return b;
}

/* ---- addresses ---- */

void core_blob_url(const char *id, const char *name, char out[BLOB_URL])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	size_t n = (size_t)snprintf(out, BLOB_URL, BLOB_PLACE "%s/", id);

	for (; *name && n + 4 < BLOB_URL; name++)
		n += (size_t)snprintf(out + n, BLOB_URL - n, strchr(plain, *name) ? "%c" : "%%%02X", (unsigned char)*name);
}

/* ---- blobs.add ---- */

static bool digest_valid(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

void verb_blob_add_start(struct core_call *call)
{
	if (!digest_valid(core_call_string(call, "digest"))) {
		core_call_refuse(call, 400, "digest: must be a SHA-256.");
		return;
	}
	object_id_blob(call->id);
	core_call_write(call, call->handler->run, NULL, false);
}

static void answer_blob(struct core_call *call, const struct object *o, int64_t length)
{
	yyjson_mut_val *body = core_answer_object(&call->answer, call->verb->status);
	yyjson_mut_doc *doc = call->answer.doc;
	char url[BLOB_URL], date[OBJECT_DATE];

	core_blob_url(o->id, object_member(o, "name"), url);
	object_date(o->created, date);
	yyjson_mut_obj_add_strcpy(doc, body, "url", url);
	yyjson_mut_obj_add_strcpy(doc, body, "upload_date", date);
	yyjson_mut_obj_add_sint(doc, body, "length", length);
	yyjson_mut_obj_add_strcpy(doc, body, "content_type", object_member(o, "content_type"));
}

int verb_blob_add_run(struct db *db, struct core_call *call)
{
	int64_t length = yyjson_get_sint(yyjson_obj_get(call->args, "length"));
	struct object o;

	object_new(&o, OBJECT_BLOB, call->id, SCHEMA);
	snprintf(o.owner, sizeof o.owner, "%s", call->principal.user);
	snprintf(o.organization, sizeof o.organization, "%s", call->principal.organization);
	snprintf(o.parent, sizeof o.parent, "%s", core_call_string(call, "digest"));
	object_set(&o, "name", core_call_string(call, "name"));
	object_set(&o, "content_type", core_call_string(call, "content_type"));
	object_set(&o, "digest", o.parent);
	yyjson_mut_obj_add_sint(o.doc, o.doc->root, "length", length);
	object_put(db, &o);
	answer_blob(call, &o, length);
	object_free(&o);
	return 0;
}

/* ---- blobs.get ---- */

/* Is it still the instance's business? */
static bool credential_opens(struct db *db, const struct blob_call *b, const char *id, const char *credential)
{
	char instance[OBJECT_ID];
	struct object o;
	bool yes;

	if (!b->opened || !core_blob_credential_good(b->key, id, credential, instance))
		return false;
	if (!object_peek(db, OBJECT_INSTANCE, instance, &o))
		return false;
	yes = core_blob_named(o.text, id);
	object_free(&o);
	return yes;
}

static bool permitted(struct db *db, struct core_call *call, const struct object *o)
{
	const char *credential = core_call_string(call, "credential");

	if (credential && credential_opens(db, call->state, o->id, credential))
		return true;
	return core_blob_readable(db, &call->principal, o->id, NULL);
}

static void answer_file(struct core_call *call, const struct object *o)
{
	yyjson_mut_doc *doc;
	yyjson_mut_val *file;

	core_answer_begin(&call->answer, 200);
	doc = call->answer.doc;
	file = yyjson_mut_obj_add_obj(doc, doc->root, "file");
	yyjson_mut_obj_add_strcpy(doc, file, "digest", o->parent);
	yyjson_mut_obj_add_strcpy(doc, file, "name", object_member(o, "name"));
	yyjson_mut_obj_add_strcpy(doc, file, "content_type", object_member(o, "content_type"));
}

void verb_blob_get_start(struct core_call *call)
{
	blob_call_new(call);
	core_call_read(call, call->handler->run, NULL);
}

int verb_blob_get_run(struct db *db, struct core_call *call)
{
	const char *id = core_call_string(call, "id"), *name = core_call_string(call, "name");
	bool given = core_call_string(call, "credential") != NULL, good;
	struct object o;

	core_principal_resolve(db, &call->principal);
	if (!call->principal.known && !given) {
		core_answer_message(&call->answer, 401, "Please sign in.");
		return -1;
	}
	if (!object_get(db, OBJECT_BLOB, id, &o)) {
		core_answer_missing(&call->answer);
		return -1;
	}
	good = !strcmp(object_member(&o, "name"), name) && permitted(db, call, &o);
	if (good)
		answer_file(call, &o);
	else if (given && !((const struct blob_call *)call->state)->opened)
		core_answer_message(&call->answer, 503, BLOB_NO_KEY);	/* whose script it is, is not known yet: core has just started */
	else
		core_answer_missing(&call->answer);
	object_free(&o);
	return good ? 0 : -1;
}

/* ---- blobs.credential ---- */

void verb_blob_credential_start(struct core_call *call)
{
	if (!blob_call_new(call)->opened) {
		core_call_refuse(call, 503, BLOB_NO_KEY);
		return;
	}
	core_call_read(call, call->handler->run, NULL);
}

int verb_blob_credential_run(struct db *db, struct core_call *call)
{
	const char *instance = core_call_string(call, "instance"), *id = core_call_string(call, "blob");
	char credential[BLOB_CREDENTIAL], url[BLOB_URL], whole[BLOB_URL + BLOB_CREDENTIAL + 16];
	const struct blob_call *b = call->state;
	struct object o, blob;
	yyjson_mut_val *body;
	bool named;

	if (!access_peek(db, call, OBJECT_INSTANCE, instance, ACCESS_USE, &o))
		return -1;
	named = core_blob_named(o.text, id);
	object_free(&o);
	if (!named || !object_get(db, OBJECT_BLOB, id, &blob)) {
		core_answer_missing(&call->answer);
		return -1;
	}
	core_blob_url(id, object_member(&blob, "name"), url);
	object_free(&blob);
	core_blob_credential(b->key, id, instance, credential);
	snprintf(whole, sizeof whole, "%s?credential=%s", url, credential);
	body = core_answer_object(&call->answer, call->verb->status);
	yyjson_mut_obj_add_strcpy(call->answer.doc, body, "url", whole);
	return 0;
}

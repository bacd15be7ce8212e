/* provider.*: records of providers, their syncs, logs and images. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "endpoints.h"
#include "firewall.h"
#include "instance.h"
#include "form/form.h"
#include "provider.h"
#include "secrets.h"
#include "share.h"
#include "timers.h"
#include "unregistered.h"
#include "verbs_instances.h"

/* Images one provider may be given. */
#define IMAGES_MAX 1000

static int refuse(struct core_call *call, int status, const char *sentence)
{
	core_answer_message(&call->answer, status, "%s", sentence);
	return -1;
}

/* ---- provider.list ---- */

/* Of the services only what they are; no credentials, not even their masks. */
static void make_partial(yyjson_mut_doc *doc)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(doc->root, "services"));
	yyjson_mut_val *list = yyjson_mut_arr(doc), *s, *one, *v;
	static const char *const kept[] = { "name", "icon", "schema" };

	while ((s = yyjson_mut_arr_iter_next(&it))) {
		one = yyjson_mut_arr_add_obj(doc, list);
		for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
			if ((v = yyjson_mut_obj_get(s, kept[i])))
				yyjson_mut_obj_add_val(doc, one, kept[i], yyjson_mut_val_mut_copy(doc, v));
	}
	yyjson_mut_obj_put(doc->root, yyjson_mut_str(doc, "services"), list);
	for (size_t i = 0; provider_secrets[i]; i++)
		yyjson_mut_obj_remove_key(doc->root, provider_secrets[i]);
}

static void add_partial(struct object_text *out, yyjson_val *whole)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	size_t len = 0;
	char *text;

	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, whole));
	make_partial(doc);
	text = yyjson_mut_write(doc, 0, &len);
	if (text)
		object_text_document(out, text, len);
	free(text);
	yyjson_mut_doc_free(doc);
}

int verb_provider_list(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *ids = core_call_string(call, "ids");
	struct object_filter f = { .kind = OBJECT_PROVIDER, .workspace = call->principal.user, .ids = ids };
	struct object_text whole = { .p = NULL }, array = { .p = NULL };
	yyjson_arr_iter it;
	yyjson_doc *doc;
	yyjson_val *one;

	object_list(db, &f, cursor, CORE_LIST_CHUNK, &whole);
	object_text_add(&array, "[", 1);
	if (whole.len)
		object_text_add(&array, whole.p, whole.len);
	object_text_add(&array, "]", 1);
	doc = yyjson_read(array.p, array.len, 0);
	it = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
	while ((one = yyjson_arr_iter_next(&it)))
		add_partial(out, one);
	yyjson_doc_free(doc);
	object_text_free(&array);
	object_text_free(&whole);
	return 0;
}

int verb_provider_get_run(struct db *db, struct core_call *call)
{
	struct object o;

	if (!access_peek(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), ACCESS_SEE, &o))
		return -1;
	core_answer_take(&call->answer, 200, object_take_text(&o));
	return 0;
}

/* ---- provider.types ---- */

int verb_provider_types_run(struct db *db, struct core_call *call)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = yyjson_mut_arr(doc);

	(void)db;
	yyjson_mut_doc_set_root(doc, list);
	form_json(doc, list);
	core_answer_doc(&call->answer, 200, doc);
	yyjson_mut_doc_free(doc);
	return 0;
}

/* ---- provider.create, provider.put ---- */

/* What is ours to say. */
static const char *const fixed[] = {
	"id", "uri", "schema", "type", "owner", "organization", "created", "updated", "deleted", "state", "services",
	"management_state", "management_state_history", "default_policies_created", "images", "vanished", "endpoints",
};

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (!strcmp(fixed[i], name))
			return true;
	return false;
}

static void merge(struct core_call *call, struct object *p)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(call->args);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)))
		if (!is_fixed(yyjson_get_str(key)))
			yyjson_mut_obj_put(p->doc->root, yyjson_mut_strcpy(p->doc, yyjson_get_str(key)),
				yyjson_val_mut_copy(p->doc, yyjson_obj_iter_get_val(key)));
}

static void need_list(struct object *p, const char *member)
{
	if (!yyjson_mut_is_arr(yyjson_mut_obj_get(p->doc->root, member)))
		yyjson_mut_obj_put(p->doc->root, yyjson_mut_strcpy(p->doc, member), yyjson_mut_arr(p->doc));
}

static void need_text(struct object *p, const char *member)
{
	if (!yyjson_mut_is_str(yyjson_mut_obj_get(p->doc->root, member)))
		object_set(p, member, "");
}

static void tidy(struct object *p)
{
	need_list(p, "members");
	need_list(p, "services");
	need_list(p, "admin_boxes");
	need_text(p, "description");
	need_text(p, "icon");
}

static int create_record(struct db *db, struct core_call *call, const char *owner, const char *organization)
{
	const char *type = core_call_string(call, "type"), *schema = provider_schema(type);
	struct object p;

	object_new(&p, OBJECT_PROVIDER, call->id, schema ? schema : core_call_string(call, "schema"));
	snprintf(p.owner, sizeof p.owner, "%s", owner);
	snprintf(p.organization, sizeof p.organization, "%s", organization);
	merge(call, &p);
	object_set(&p, "type", type);
	object_set(&p, "owner", owner);
	object_set(&p, "organization", organization);
	tidy(&p);
	if (share_check(db, call, &p)) {
		object_free(&p);
		return -1;
	}
	provider_state(db, &p, "initializing");
	secrets_keep(db, call, p.id);
	provider_log(db, &p, PROVIDER_INFO, "create", "The provider was added.");
	provider_sync(db, &p);
	firewall_refresh(db);
	core_answer_doc(&call->answer, call->verb->status, p.doc);
	object_free(&p);
	return 0;
}

int verb_provider_create_run(struct db *db, struct core_call *call)
{
	const char *owner = core_call_string(call, "owner");
	char organization[OBJECT_ID];

	if (!owner || !owner[0])
		owner = call->principal.user;
	if (!access_place(db, call, owner, OBJECT_PROVIDER, ACCESS_CREATE, organization))
		return -1;
	return create_record(db, call, owner, organization);
}

static void create_go(struct core_call *call)
{
	core_call_write(call, verb_provider_create_run, verb_kick_after, false);
}

void verb_provider_create_start(struct core_call *call)
{
	char message[PROVIDER_MESSAGE];

	if (provider_check(call->args, message)) {
		core_call_refuse(call, 400, "%s", message);
		return;
	}
	object_id_guid(call->id);
	secrets_cut(call, call->id, provider_secrets, create_go);
}

static int put(struct db *db, struct core_call *call, struct object *p)
{
	char message[PROVIDER_MESSAGE], *before;
	yyjson_doc *now;
	int bad;

	if (!strcmp(p->state, "deleting"))
		return refuse(call, 400, "The provider is being deleted.");
	before = strdup(object_member(p, "identity_url"));
	merge(call, p);
	if (!before || strcmp(before, object_member(p, "identity_url")) != 0)
		endpoints_forget(p);
	free(before);
	tidy(p);
	now = yyjson_mut_doc_imut_copy(p->doc, NULL);
	bad = provider_check(yyjson_doc_get_root(now), message);
	yyjson_doc_free(now);
	if (bad)
		return refuse(call, 400, message);
	if (share_check(db, call, p))
		return -1;
	object_put(db, p);
	secrets_keep(db, call, p->id);
	firewall_refresh(db);
	core_answer_doc(&call->answer, call->verb->status, p->doc);
	return 0;
}

int verb_provider_put_run(struct db *db, struct core_call *call)
{
	struct object p;
	int result;

	if (!access_object(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), call->verb->need, &p))
		return -1;
	result = put(db, call, &p);
	object_free(&p);
	return result;
}

static void put_go(struct core_call *call)
{
	core_call_write(call, verb_provider_put_run, verb_kick_after, false);
}

void verb_provider_put_start(struct core_call *call)
{
	secrets_cut(call, core_call_string(call, "id"), provider_secrets, put_go);
}

/* ---- provider.delete, provider.sync ---- */

int verb_provider_delete_run(struct db *db, struct core_call *call)
{
	struct object p;
	bool used;

	if (!access_object(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), call->verb->need, &p))
		return -1;
	used = provider_used(db, p.id);
	if (!used && strcmp(p.state, "deleting") != 0) {
		core_timers_drop(db, p.id, NULL);
		provider_state(db, &p, "deleting");
		core_timer_add(db, "provider.delete", p.id, "", PROVIDER_STEP);
	}
	object_free(&p);
	if (used)
		return refuse(call, 400, "The provider is in use: terminate its instances first.");
	core_answer_begin(&call->answer, call->verb->status);
	return 0;
}

int verb_provider_sync_run(struct db *db, struct core_call *call)
{
	struct object p;
	bool deleting;

	if (!access_object(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), call->verb->need, &p))
		return -1;
	deleting = !strcmp(p.state, "deleting");
	/* One that looks already goes on. */
	if (!strcmp(p.state, "ready") || !strcmp(p.state, "unavailable")) {
		provider_log(db, &p, PROVIDER_INFO, "sync", "Looking at what the provider has.");
		provider_state(db, &p, "processing");
		provider_sync(db, &p);
	}
	object_free(&p);
	if (deleting)
		return refuse(call, 409, "The provider is being deleted.");
	core_answer_begin(&call->answer, call->verb->status);
	return 0;
}

/* ---- provider.logs, provider.unregistered ---- */

int verb_provider_logs(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *id = core_call_string(call, "id");
	struct object_filter f = { .kind = OBJECT_PROVIDER_LOG, .parent = id, .newest_first = true };
	struct object p;

	if (!access_peek(db, call, OBJECT_PROVIDER, id, ACCESS_SEE, &p))
		return -1;
	object_free(&p);
	object_list(db, &f, cursor, CORE_LIST_CHUNK, out);
	return 0;
}

int verb_provider_unregistered(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const char *id = core_call_string(call, "id");
	struct object p;

	if (!access_peek(db, call, OBJECT_PROVIDER, id, ACCESS_SEE, &p))
		return -1;
	object_free(&p);
	unregistered_list(db, id, cursor, CORE_LIST_CHUNK, out);
	return 0;
}

/* ---- images ---- */

static bool same(yyjson_mut_val *image, const char *member, const char *value)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(image, member));

	return !strcmp(s ? s : "", value);
}

/* Place of the image in images[], or the number of images. */
static size_t image_find(yyjson_mut_val *list, const char *name, const char *location)
{
	size_t n = yyjson_mut_arr_size(list), i;
	yyjson_mut_val *image;

	for (i = 0; i < n; i++) {
		image = yyjson_mut_arr_get(list, i);
		if (same(image, "name", name) && (!location || same(image, "location", location)))
			break;
	}
	return i;
}

static yyjson_mut_val *images(struct object *p)
{
	need_list(p, "images");
	return yyjson_mut_obj_get(p->doc->root, "images");
}

static int image_add(struct db *db, struct core_call *call, struct object *p)
{
	const char *name = core_call_string(call, "name"), *location = core_call_string(call, "location");
	const char *description = core_call_string(call, "description");
	yyjson_mut_val *list = images(p), *image;
	size_t n = yyjson_mut_arr_size(list);
	char text[320];

	if (image_find(list, name, location ? location : "") < n)
		return refuse(call, 400, "name: the provider has such an image there.");
	if (n >= IMAGES_MAX)
		return refuse(call, 400, "The provider has too many images.");
	image = yyjson_mut_arr_add_obj(p->doc, list);
	yyjson_mut_obj_add_strcpy(p->doc, image, "name", name);
	yyjson_mut_obj_add_strcpy(p->doc, image, "location", location ? location : "");
	yyjson_mut_obj_add_strcpy(p->doc, image, "description", description ? description : "");
	object_put(db, p);
	snprintf(text, sizeof text, "The image %.255s was added.", name);
	provider_log(db, p, PROVIDER_INFO, "images", text);
	return 0;
}

int verb_provider_image_create_run(struct db *db, struct core_call *call)
{
	struct object p;
	int result;

	if (!access_object(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), call->verb->need, &p))
		return -1;
	result = image_add(db, call, &p);
	object_free(&p);
	if (!result)
		core_answer_begin(&call->answer, call->verb->status);
	return result;
}

int verb_provider_image_delete_run(struct db *db, struct core_call *call)
{
	const char *name = core_call_string(call, "image");
	yyjson_mut_val *list;
	struct object p;
	char text[320];
	size_t at;

	if (!access_object(db, call, OBJECT_PROVIDER, core_call_string(call, "id"), call->verb->need, &p))
		return -1;
	list = images(&p);
	at = image_find(list, name, core_call_string(call, "location"));
	if (at == yyjson_mut_arr_size(list)) {
		object_free(&p);
		core_answer_missing(&call->answer);
		return -1;
	}
	yyjson_mut_arr_remove(list, at);
	object_put(db, &p);
	snprintf(text, sizeof text, "The image %.255s was removed.", name);
	provider_log(db, &p, PROVIDER_INFO, "images", text);
	object_free(&p);
	core_answer_begin(&call->answer, call->verb->status);
	return 0;
}

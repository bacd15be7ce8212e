/* What profiles name and a provider has no more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "truth.h"
#include "vanished.h"
#include "log/log.h"

/* list: where a sync's services, or their datacenters and locations, have them; members: of profiles that name one. */
static const struct { const char *list, *word, *members[3]; } kinds[] = {
	{ "templates", "template", { "template" } },
	{ "images", "image", { "image" } },
	{ "flavors", "flavor", { "flavor" } },
	{ "networks", "network", { "network", "network_mor", "networks" } },
	{ "datastores", "datastore", { "datastore" } },
	{ "folders", "folder", { "folder" } },
	{ "compute_resources", "compute resource", { "compute_resource" } },
	{ "keypairs", "key pair", { "keypair" } },
	{ "security_groups", "security group", { "security_group" } },
	{ "floating_ip_pools", "floating IP pool", { "floating_ip_pool" } },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* Texts are of the document they were found in. */
struct thing { size_t kind; const char *where, *name, *id; };
struct things { struct thing *all; size_t count, cap; };

static const char *text(yyjson_mut_val *o, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(o, name));

	return s ? s : "";
}

/* ---- what a sync found ---- */

static void add(struct things *t, size_t kind, const char *where, yyjson_mut_val *one)
{
	size_t cap = t->cap ? 2 * t->cap : 64;
	const char *id = text(one, "mor");
	struct thing *more;

	if (!text(one, "name")[0])
		return;
	if (t->count == t->cap) {
		more = realloc(t->all, cap * sizeof *more);
		if (!more)
			log_fatal("vanished");
		t->all = more;
		t->cap = cap;
	}
	t->all[t->count++] = (struct thing){ kind, where, text(one, "name"), id[0] ? id : text(one, "id") };
}

static void collect_lists(struct things *t, yyjson_mut_val *of, const char *where)
{
	yyjson_mut_arr_iter it;
	yyjson_mut_val *one;

	for (size_t k = 0; k < KINDS; k++) {
		it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(of, kinds[k].list));
		while ((one = yyjson_mut_arr_iter_next(&it)))
			add(t, k, where, one);
	}
}

static int in_order(const void *one, const void *other)
{
	const struct thing *a = one, *b = other;
	int way = a->kind < b->kind ? -1 : a->kind > b->kind;

	if (!way)
		way = strcmp(a->where, b->where);
	return way ? way : strcmp(a->name, b->name);
}

/* Linux and Windows share most of it: each once. */
static void collect(struct things *t, yyjson_mut_val *services)
{
	static const char *const places[] = { "datacenters", "locations" };
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(services), in;
	yyjson_mut_val *s, *place;
	size_t n = 0;

	while ((s = yyjson_mut_arr_iter_next(&it))) {
		collect_lists(t, s, "");
		for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
			in = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(s, places[i]));
			while ((place = yyjson_mut_arr_iter_next(&in)))
				collect_lists(t, place, text(place, "name"));
		}
	}
	if (t->count)
		qsort(t->all, t->count, sizeof *t->all, in_order);
	for (size_t i = 0; i < t->count; i++)
		if (!n || in_order(&t->all[n - 1], &t->all[i]))
			t->all[n++] = t->all[i];
	t->count = n;
}

static bool has(const struct things *t, const struct thing *one)
{
	return t->count && bsearch(one, t->all, t->count, sizeof *t->all, in_order);
}

/* ---- marks ---- */

static bool mark_read(yyjson_mut_val *mark, struct thing *out)
{
	*out = (struct thing){ KINDS, text(mark, "location"), text(mark, "name"), text(mark, "id") };
	for (size_t k = 0; k < KINDS; k++)
		if (!strcmp(kinds[k].word, text(mark, "type")))
			out->kind = k;
	return out->kind < KINDS;
}

static bool names(const char *value, const struct thing *t)
{
	return value && value[0] && (!strcmp(value, t->name) || !strcmp(value, t->id));
}

static bool value_names(yyjson_val *v, const struct thing *t)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(v);
	yyjson_val *one;

	if (yyjson_is_str(v))
		return names(yyjson_get_str(v), t);
	while ((one = yyjson_arr_iter_next(&it)))
		if (names(yyjson_get_str(one), t) || names(yyjson_get_str(yyjson_obj_get(one, "id")), t) ||
				names(yyjson_get_str(yyjson_obj_get(one, "name")), t))
			return true;
	return false;
}

/* Was a machine of this profile made with it? */
static bool uses(yyjson_val *profile, const struct thing *t)
{
	const char *place = yyjson_get_str(yyjson_obj_get(profile, "datacenter"));

	if (t->where[0] && place && place[0] && strcmp(place, t->where) != 0)
		return false;
	for (size_t i = 0; i < 3 && kinds[t->kind].members[i]; i++)
		if (value_names(yyjson_obj_get(profile, kinds[t->kind].members[i]), t))
			return true;
	return false;
}

static void name_instance(yyjson_mut_doc *doc, yyjson_mut_val *marks, yyjson_val *profile, const char *id)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(marks);
	yyjson_mut_val *mark, *list;
	struct thing t;

	while ((mark = yyjson_mut_arr_iter_next(&it))) {
		list = yyjson_mut_obj_get(mark, "instances");
		if (mark_read(mark, &t) && uses(profile, &t) && yyjson_mut_arr_size(list) < VANISHED_INSTANCES)
			yyjson_mut_arr_add_strcpy(doc, list, id);
	}
}

/* Which instances, that are not terminated, each of them concerns: anew, for they come and go. */
static void name_instances(struct db *db, struct object *p, yyjson_mut_val *marks)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(marks);
	yyjson_mut_val *mark;
	yyjson_doc *profile;
	sqlite3_stmt *q;

	if (!yyjson_mut_arr_size(marks))
		return;
	while ((mark = yyjson_mut_arr_iter_next(&it)))
		yyjson_mut_obj_put(mark, yyjson_mut_str(p->doc, "instances"), yyjson_mut_arr(p->doc));
	/* kind 6 = OBJECT_SERVICE, in figures for the index; 5 = OBJECT_INSTANCE. */
	q = db_query(db, "SELECT i.id, json_extract(i.doc, '$.policy_box.profile') FROM object s JOIN object i ON i.kind = 5 AND i.id ="
		" s.parent WHERE s.kind = 6 AND json_extract(s.doc, '$.provider_id') = ? AND NOT (s.state = 'done' AND"
		" json_extract(s.doc, '$.operation') IN ('terminate', 'terminate_service')) ORDER BY i.id", "t", p->id);
	while (db_row(db, q)) {
		profile = yyjson_read(db_text(q, 1), (size_t)sqlite3_column_bytes(q, 1), 0);
		name_instance(p->doc, marks, yyjson_doc_get_root(profile), db_text(q, 0));
		yyjson_doc_free(profile);
	}
}

/* ---- the log ---- */

static void add_name(struct db *db, const char *id, char *line, size_t size, size_t *len)
{
	struct object o;
	int wrote;

	if (*len >= size || !object_get(db, OBJECT_INSTANCE, id, &o))
		return;
	wrote = snprintf(line + *len, size - *len, " %.64s (%s)", object_member(&o, "name"), id);
	*len += wrote > 0 ? (size_t)wrote : 0;
	object_free(&o);
}

/* One that concerns instances: which. */
static void tell_one(struct db *db, const struct object *p, yyjson_mut_val *mark)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(mark, "instances"), *id;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	size_t n = yyjson_mut_arr_size(list), shown = 0, len;
	char line[2048];

	len = (size_t)snprintf(line, sizeof line, "The %s %.128s%s%.64s is no longer there. Instances that were made with it:",
		text(mark, "type"), text(mark, "name"), text(mark, "location")[0] ? " of " : "", text(mark, "location"));
	while (shown < VANISHED_NAMED && (id = yyjson_mut_arr_iter_next(&it)) && ++shown)
		add_name(db, yyjson_mut_get_str(id), line, sizeof line, &len);
	if (n > shown && len < sizeof line)
		snprintf(line + len, sizeof line - len, " and %zu more", n - shown);
	provider_log(db, p, PROVIDER_ERROR, "sync", line);
}

static void tell(struct db *db, const struct object *p, yyjson_mut_val *fresh)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(fresh);
	unsigned lines = 0, others = 0;
	yyjson_mut_val *mark;
	char line[96];

	while ((mark = yyjson_mut_arr_iter_next(&it)))
		if (yyjson_mut_arr_size(yyjson_mut_obj_get(mark, "instances")) && lines++ < VANISHED_LINES)
			tell_one(db, p, mark);
		else
			others++;
	if (!others)
		return;
	snprintf(line, sizeof line, "%u %sobject%s no longer there.", others, lines ? "more " : "", others == 1 ? " is" : "s are");
	provider_log(db, p, lines > VANISHED_LINES ? PROVIDER_ERROR : PROVIDER_INFO, "sync", line);
}

/* ---- a sync ---- */

/* Marks of before that still hold. */
static yyjson_mut_val *keep_marks(struct db *db, struct object *p, const struct things *now)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(p->doc->root, "vanished"));
	yyjson_mut_val *marks = yyjson_mut_arr(p->doc), *mark;
	unsigned lines = 0;
	struct thing t;
	char line[320];

	while ((mark = yyjson_mut_arr_iter_next(&it))) {
		if (!mark_read(mark, &t))
			continue;
		if (!has(now, &t)) {
			yyjson_mut_arr_append(marks, yyjson_mut_val_mut_copy(p->doc, mark));
			continue;
		}
		if (lines++ >= VANISHED_LINES)
			continue;
		snprintf(line, sizeof line, "The %s %.128s is there again.", kinds[t.kind].word, t.name);
		provider_log(db, p, PROVIDER_INFO, "sync", line);
	}
	return marks;
}

static yyjson_mut_val *new_marks(struct db *db, struct object *p, const struct things *before, const struct things *now)
{
	yyjson_mut_val *marks = yyjson_mut_arr(p->doc), *mark;
	char date[OBJECT_DATE] = "";

	for (size_t i = 0; i < before->count && yyjson_mut_arr_size(marks) < VANISHED_MAX; i++) {
		const struct thing *t = &before->all[i];

		if (has(now, t) || strlen(t->name) > VANISHED_NAME || strlen(t->id) > VANISHED_NAME)
			continue;
		/* a stamp is a write: none when there is nothing to mark */
		if (!date[0])
			object_date(core_stamp(db), date);
		mark = yyjson_mut_arr_add_obj(p->doc, marks);
		yyjson_mut_obj_add_str(p->doc, mark, "type", kinds[t->kind].word);
		yyjson_mut_obj_add_strcpy(p->doc, mark, "name", t->name);
		yyjson_mut_obj_add_strcpy(p->doc, mark, "id", t->id);
		yyjson_mut_obj_add_strcpy(p->doc, mark, "location", t->where);
		yyjson_mut_obj_add_strcpy(p->doc, mark, "since", date);
		yyjson_mut_obj_add_arr(p->doc, mark, "instances");
	}
	return marks;
}

bool vanished_take(struct db *db, struct object *p, yyjson_val *services)
{
	yyjson_mut_val *found, *marks, *fresh, *one, *was = yyjson_mut_obj_get(p->doc->root, "vanished");
	struct things before = { .all = NULL }, now = { .all = NULL };
	yyjson_mut_arr_iter it;
	bool same;

	if (!yyjson_is_arr(services))
		return false;
	found = yyjson_val_mut_copy(p->doc, services);
	collect(&before, yyjson_mut_obj_get(p->doc->root, "services"));
	collect(&now, found);
	marks = keep_marks(db, p, &now);
	fresh = new_marks(db, p, &before, &now);
	name_instances(db, p, fresh);
	tell(db, p, fresh);
	it = yyjson_mut_arr_iter_with(fresh);
	while ((one = yyjson_mut_arr_iter_next(&it)))
		yyjson_mut_arr_append(marks, yyjson_mut_val_mut_copy(p->doc, one));
	while (yyjson_mut_arr_size(marks) > VANISHED_MAX)
		yyjson_mut_arr_remove_first(marks);
	name_instances(db, p, marks);
	free(before.all);
	free(now.all);
	same = was ? yyjson_mut_equals(was, marks) : !yyjson_mut_arr_size(marks);
	if (!same)
		yyjson_mut_obj_put(p->doc->root, yyjson_mut_str(p->doc, "vanished"), marks);
	return !same;
}

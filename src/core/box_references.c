/* What a box names: other boxes, its provider, files. */
#include <stdio.h>
#include <string.h>

#include "blobs.h"
#include "box.h"

enum reference { NESTED_BOX, SERVICE_BOX, BOUND_BOX, PROVIDER, BLOB };

/* 0 = go on. */
typedef int visit_fn(void *arg, enum reference what, const char *value, struct schema_path *path);

static int visit_member(yyjson_mut_val *object, const char *member, enum reference what, visit_fn *visit, void *arg,
	struct schema_path *path)
{
	const char *value = yyjson_mut_get_str(yyjson_mut_obj_get(object, member));
	size_t before;
	int result;

	if (!value || !*value)
		return 0;
	before = schema_path_name(path, member);
	result = visit(arg, what, value, path);
	schema_path_back(path, before);
	return result;
}

static int visit_file(yyjson_mut_val *object, const char *member, visit_fn *visit, void *arg, struct schema_path *path)
{
	size_t before = schema_path_name(path, member);
	int result = visit_member(yyjson_mut_obj_get(object, member), "url", BLOB, visit, arg, path);

	schema_path_back(path, before);
	return result;
}

static const struct { const char *type; enum reference what; } by_type[] = {
	{ "Box", NESTED_BOX }, { "Binding", BOUND_BOX }, { "File", BLOB }, { "Task", BLOB },
};

static int visit_variables(yyjson_mut_val *object, visit_fn *visit, void *arg, struct schema_path *path)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(object, "variables"));
	size_t base = schema_path_name(path, "variables"), at;
	yyjson_mut_val *v;
	int result = 0;

	for (size_t i = 0; !result && (v = yyjson_mut_arr_iter_next(&it)); i++) {
		at = schema_path_index(path, i);
		for (size_t t = 0; t < sizeof by_type / sizeof by_type[0] && !result; t++)
			if (yyjson_mut_equals_str(yyjson_mut_obj_get(v, "type"), by_type[t].type))
				result = visit_member(v, "value", by_type[t].what, visit, arg, path);
		schema_path_back(path, at);
	}
	schema_path_back(path, base);
	return result;
}

static int visit_events(yyjson_mut_val *box, visit_fn *visit, void *arg, struct schema_path *path)
{
	yyjson_mut_val *events = yyjson_mut_obj_get(box, "events"), *key;
	yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(events);
	size_t before = schema_path_name(path, "events");
	int result = 0;

	while (!result && (key = yyjson_mut_obj_iter_next(&it)))
		result = visit_file(events, yyjson_mut_get_str(key), visit, arg, path);
	schema_path_back(path, before);
	return result;
}

static int visit_services(yyjson_mut_val *box, visit_fn *visit, void *arg, struct schema_path *path)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box, "services"));
	size_t base = schema_path_name(path, "services"), at;
	yyjson_mut_val *s, *of;
	int result = 0;

	for (size_t i = 0; !result && (s = yyjson_mut_arr_iter_next(&it)); i++) {
		at = schema_path_index(path, i);
		schema_path_name(path, "box");
		of = yyjson_mut_obj_get(s, "box");
		result = visit_member(of, "id", SERVICE_BOX, visit, arg, path) || visit_variables(of, visit, arg, path);
		schema_path_back(path, at);
	}
	schema_path_back(path, base);
	return result ? -1 : 0;
}

static int visit_all(yyjson_mut_val *box, visit_fn *visit, void *arg)
{
	static const char *const files[] = { "readme", "template", "dockerfile" };
	struct schema_path path = SCHEMA_PATH_ZERO;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (visit_file(box, files[i], visit, arg, &path))
			return -1;
	return visit_member(box, "provider_id", PROVIDER, visit, arg, &path) || visit_variables(box, visit, arg, &path) ||
		visit_events(box, visit, arg, &path) || visit_services(box, visit, arg, &path) ? -1 : 0;
}

/* ---- is a reference new? ---- */

static int is_same(void *arg, enum reference what, const char *value, struct schema_path *path)
{
	(void)what;
	(void)path;
	return !strcmp(value, arg);
}

static bool is_old(const yyjson_mut_doc *before, const char *value)
{
	return before && visit_all(before->root, is_same, (void *)(uintptr_t)value);
}

/* ---- is it good? ---- */

struct check {
	struct db *db;
	const struct core_principal *principal;
	const yyjson_mut_doc *before;
	char *message;
};

static int check_box(struct check *c, enum reference what, const char *id, const struct schema_path *path)
{
	enum box_kind kind;
	struct object box;
	bool seen;

	seen = object_get(c->db, OBJECT_BOX, id, &box);
	if (seen && !access_allowed(c->db, c->principal, &box, ACCESS_SEE)) {
		object_free(&box);
		seen = false;
	}
	if (!seen)
		return schema_refuse(path, c->message, "the box %s does not exist or is not shared with you.", id);
	kind = box_kind_of(object_member(&box, "schema"));
	object_free(&box);
	if ((what == NESTED_BOX && (kind == BOX_POLICY || kind == BOX_APPLICATION)) ||
			(what == SERVICE_BOX && (kind == BOX_POLICY || kind == BOX_APPLICATION)))
		return schema_refuse(path, c->message, "a box of the kind %s cannot be part of another.", box_kind_name(kind));
	return 0;
}

static int check_provider(struct check *c, const char *id, const struct schema_path *path)
{
	struct object provider;
	bool good = object_peek(c->db, OBJECT_PROVIDER, id, &provider);

	if (good) {
		good = access_allowed(c->db, c->principal, &provider, ACCESS_USE);
		object_free(&provider);
	}
	return good ? 0 : schema_refuse(path, c->message, "the provider %s does not exist or is not shared with you.", id);
}

static int check_blob(struct check *c, const char *url, const struct schema_path *path)
{
	if (core_blob_url_readable(c->db, c->principal, url, NULL))
		return 0;
	return schema_refuse(path, c->message, BLOB_MISSING);
}

static int check_one(void *arg, enum reference what, const char *value, struct schema_path *path)
{
	struct check *c = arg;

	if (is_old(c->before, value))
		return 0;
	switch (what) {
	case BOUND_BOX:
		return strcmp(value, "AnyBox") ? check_box(c, what, value, path) : 0;
	case NESTED_BOX:
	case SERVICE_BOX:
		return check_box(c, what, value, path);
	case PROVIDER:
		return check_provider(c, value, path);
	case BLOB:
		return check_blob(c, value, path);
	}
	return 0;
}

int box_check_references(struct db *db, const struct core_principal *p, const yyjson_mut_doc *doc,
	const yyjson_mut_doc *before, char message[SCHEMA_MESSAGE])
{
	struct check c = { db, p, before, message };

	return visit_all(doc->root, check_one, &c);
}

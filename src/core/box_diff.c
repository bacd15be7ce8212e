/* What changed between two states of a box, in the words of the original's page of differences. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "secrets.h"

struct diff {
	yyjson_mut_doc *doc;
	box_digest_fn *digest;
	void *arg;
	bool changed;
};

struct section {
	yyjson_mut_val *object, *added, *removed, *changed;
};

static struct section section_new(struct diff *d, const char *title)
{
	struct section s = { .object = yyjson_mut_obj(d->doc) };

	yyjson_mut_obj_add_strcpy(d->doc, s.object, "title", title);
	s.added = yyjson_mut_obj_add_arr(d->doc, s.object, "added");
	s.removed = yyjson_mut_obj_add_arr(d->doc, s.object, "removed");
	s.changed = yyjson_mut_obj_add_arr(d->doc, s.object, "changed");
	return s;
}

/* ---- values as text ---- */

static yyjson_mut_val *text_of_array(yyjson_mut_doc *doc, yyjson_mut_val *v)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(v);
	yyjson_mut_val *x, *out;
	size_t len = 0;
	char *text;

	while ((x = yyjson_mut_arr_iter_next(&it))) {
		if (!yyjson_mut_is_str(x))
			return NULL;
		len += yyjson_mut_get_len(x) + 2;
	}
	text = malloc(len + 1);
	if (!text)
		return NULL;
	text[0] = 0;
	len = 0;
	it = yyjson_mut_arr_iter_with(v);
	while ((x = yyjson_mut_arr_iter_next(&it)))
		len += (size_t)sprintf(text + len, "%s%s", len ? ", " : "", yyjson_mut_get_str(x));
	out = yyjson_mut_strncpy(doc, text, len);
	free(text);
	return out;
}

/* Texts are themselves, lists of words are joined, everything else is its JSON; nothing is "". */
static yyjson_mut_val *text_of(yyjson_mut_doc *doc, yyjson_mut_val *v)
{
	yyjson_mut_val *out;
	char *json;

	if (!v || yyjson_mut_is_null(v))
		return yyjson_mut_str(doc, "");
	if (yyjson_mut_is_str(v))
		return yyjson_mut_strncpy(doc, yyjson_mut_get_str(v), yyjson_mut_get_len(v));
	if (yyjson_mut_is_arr(v) && (out = text_of_array(doc, v)))
		return out;
	json = yyjson_mut_val_write(v, 0, NULL);
	out = yyjson_mut_strcpy(doc, json ? json : "");
	free(json);
	return out;
}

static bool differ(yyjson_mut_val *a, yyjson_mut_val *b)
{
	if (a && yyjson_mut_is_null(a))
		a = NULL;
	if (b && yyjson_mut_is_null(b))
		b = NULL;
	return a && b ? !yyjson_mut_equals(a, b) : a != b;
}

/* ---- files ---- */

static const char *name_of(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash ? slash + 1 : url;
}

static bool digest_of(struct diff *d, const char *url, char out[OBJECT_DIGEST])
{
	return d->digest && *url && d->digest(d->arg, url, out);
}

/* By their content; where that is not known, by their addresses: what is at one never changes. */
static bool same_content(struct diff *d, const char *a, const char *b)
{
	char x[OBJECT_DIGEST], y[OBJECT_DIGEST];

	return !strcmp(a, b) || (digest_of(d, a, x) && digest_of(d, b, y) && !strcmp(x, y));
}

static yyjson_mut_val *add_change(struct diff *d, yyjson_mut_val *list, const char *name, yyjson_mut_val *previous,
	yyjson_mut_val *now)
{
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(d->doc, list);

	yyjson_mut_obj_add_strcpy(d->doc, o, "name", name);
	yyjson_mut_obj_add_val(d->doc, o, "previous", text_of(d->doc, previous));
	yyjson_mut_obj_add_val(d->doc, o, "new", text_of(d->doc, now));
	d->changed = true;
	return o;
}

/* ---- details ---- */

static const struct { const char *member, *shown; } details[] = {
	{ "name", "Name" }, { "description", "Description" }, { "icon", "Icon" }, { "requirements", "Requirements" },
	{ "claims", "Claims" }, { "visibility", "Visibility" }, { "automatic_updates", "Automatic Updates" },
	{ "type", "Type" }, { "provider_id", "Provider" }, { "lifespan", "Lifespan" }, { "services", "Services" },
	{ "categories", "Categories" },
};

/* An empty list or text and none at all are the same. */
static bool is_empty(yyjson_mut_val *v)
{
	return !v || yyjson_mut_is_null(v) || (yyjson_mut_is_str(v) && !yyjson_mut_get_len(v)) ||
		(yyjson_mut_is_ctn(v) && !yyjson_mut_get_len(v));
}

static const char *string(yyjson_mut_val *v, const char *member)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(v, member));

	return s ? s : "";
}

/* Files that make a box what it is and have no section of their own. */
static void diff_detail_files(struct diff *d, struct section *s, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	static const struct { const char *member, *shown; } files[] = { { "template", "Template" }, { "dockerfile", "Dockerfile" } };
	yyjson_mut_val *a, *b;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		a = yyjson_mut_obj_get(previous, files[i].member);
		b = yyjson_mut_obj_get(now, files[i].member);
		if (!same_content(d, string(a, "url"), string(b, "url")))
			add_change(d, s->changed, files[i].shown, yyjson_mut_obj_get(a, "url"), yyjson_mut_obj_get(b, "url"));
	}
}

static yyjson_mut_val *diff_details(struct diff *d, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	struct section s = section_new(d, "Modified Box Details");
	yyjson_mut_val *a, *b;

	for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
		a = yyjson_mut_obj_get(previous, details[i].member);
		b = yyjson_mut_obj_get(now, details[i].member);
		if (differ(a, b) && !(is_empty(a) && is_empty(b)))
			add_change(d, s.changed, details[i].shown, a, b);
	}
	diff_detail_files(d, &s, previous, now);
	return s.object;
}

/* ---- variables ---- */

static yyjson_mut_val *find_variable(yyjson_mut_val *list, yyjson_mut_val *like)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	yyjson_mut_val *v;

	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (!strcmp(string(v, "name"), string(like, "name")) && !strcmp(string(v, "scope"), string(like, "scope")))
			return v;
	return NULL;
}

/* A secret is never shown, whichever side it comes from. */
static yyjson_mut_val *copy_variable(struct diff *d, yyjson_mut_val *v)
{
	yyjson_mut_val *c = yyjson_mut_val_mut_copy(d->doc, v);

	if (!strcmp(string(c, "type"), "Password") && *string(c, "value"))
		yyjson_mut_obj_replace(c, yyjson_mut_str(d->doc, "value"), yyjson_mut_str(d->doc, SECRET_MASK));
	return c;
}

static bool is_file(yyjson_mut_val *variable)
{
	return !strcmp(string(variable, "type"), "File") || !strcmp(string(variable, "type"), "Task");
}

/* Names are part of it: scripts see them. */
static bool same_file(struct diff *d, yyjson_mut_val *a, yyjson_mut_val *b)
{
	const char *x = string(a, "value"), *y = string(b, "value");

	return is_file(a) && is_file(b) && !strcmp(name_of(x), name_of(y)) && same_content(d, x, y);
}

static void add_digest(struct diff *d, yyjson_mut_val *change, const char *member, const char *url)
{
	char digest[OBJECT_DIGEST] = "";

	if (!digest_of(d, url, digest))
		digest[0] = 0;
	yyjson_mut_obj_add_strcpy(d->doc, change, member, digest);
}

static void add_scope(struct diff *d, yyjson_mut_val *change, yyjson_mut_val *variable)
{
	if (*string(variable, "scope"))
		yyjson_mut_obj_add_strcpy(d->doc, change, "scope", string(variable, "scope"));
}

static void diff_property(struct diff *d, struct section *s, yyjson_mut_val *files, const char *property,
	yyjson_mut_val *a, yyjson_mut_val *b)
{
	yyjson_mut_val *o, *x = yyjson_mut_obj_get(a, property), *y = yyjson_mut_obj_get(b, property);
	bool value = !strcmp(property, "value");

	if (!differ(x, y) || (is_empty(x) && is_empty(y)) || (value && same_file(d, a, b)))
		return;
	o = add_change(d, s->changed, string(b, "name"), x, y);
	yyjson_mut_obj_add_strcpy(d->doc, o, "property", property);
	add_scope(d, o, b);
	if (!value || !is_file(b))
		return;
	o = add_change(d, files, string(b, "name"), x, y);
	add_digest(d, o, "previous_digest", is_file(a) ? string(a, "value") : "");
	add_digest(d, o, "new_digest", string(b, "value"));
	add_scope(d, o, b);
}

static void diff_variable(struct diff *d, struct section *s, yyjson_mut_val *files, yyjson_mut_val *a, yyjson_mut_val *b)
{
	static const char *const properties[] = {
		"type", "value", "required", "visibility", "options", "tags", "automatic_updates",
	};

	a = copy_variable(d, a);
	b = copy_variable(d, b);
	for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
		diff_property(d, s, files, properties[i], a, b);
}

static yyjson_mut_val *diff_variables(struct diff *d, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	yyjson_mut_val *before = yyjson_mut_obj_get(previous, "variables"), *after = yyjson_mut_obj_get(now, "variables");
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(after);
	struct section s = section_new(d, "Modified Variables");
	yyjson_mut_val *files = yyjson_mut_obj_add_arr(d->doc, s.object, "files_diff"), *v, *old;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		old = find_variable(before, v);
		if (old)
			diff_variable(d, &s, files, old, v);
		else
			d->changed = yyjson_mut_arr_add_val(s.added, copy_variable(d, v));
	}
	it = yyjson_mut_arr_iter_with(before);
	while ((v = yyjson_mut_arr_iter_next(&it)))
		if (!find_variable(after, v))
			d->changed = yyjson_mut_arr_add_val(s.removed, copy_variable(d, v));
	return s.object;
}

/* ---- files: events, readme ---- */

static void diff_file(struct diff *d, yyjson_mut_val *list, const char *title, const char *name, yyjson_mut_val *a,
	yyjson_mut_val *b)
{
	const char *previous = string(a, "url"), *now = string(b, "url");
	struct section s;

	if (same_content(d, previous, now))
		return;
	s = section_new(d, title);
	add_change(d, !*previous ? s.added : !*now ? s.removed : s.changed, name, yyjson_mut_obj_get(a, "url"),
		yyjson_mut_obj_get(b, "url"));
	yyjson_mut_arr_add_val(list, s.object);
}

static yyjson_mut_val *diff_events(struct diff *d, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	yyjson_mut_val *before = yyjson_mut_obj_get(previous, "events"), *after = yyjson_mut_obj_get(now, "events");
	yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(after);
	yyjson_mut_val *list = yyjson_mut_arr(d->doc), *key;
	const char *name;

	while ((key = yyjson_mut_obj_iter_next(&it))) {
		name = yyjson_mut_get_str(key);
		diff_file(d, list, name, name, yyjson_mut_obj_get(before, name), yyjson_mut_obj_iter_get_val(key));
	}
	it = yyjson_mut_obj_iter_with(before);
	while ((key = yyjson_mut_obj_iter_next(&it))) {
		name = yyjson_mut_get_str(key);
		if (!yyjson_mut_obj_get(after, name))
			diff_file(d, list, name, name, yyjson_mut_obj_iter_get_val(key), NULL);
	}
	return list;
}

static yyjson_mut_val *diff_readme(struct diff *d, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	yyjson_mut_val *list = yyjson_mut_arr(d->doc);

	diff_file(d, list, "Modified Readme", "readme", yyjson_mut_obj_get(previous, "readme"),
		yyjson_mut_obj_get(now, "readme"));
	return list;
}

/* ---- profile ---- */

static yyjson_mut_val *diff_profile(struct diff *d, yyjson_mut_val *previous, yyjson_mut_val *now)
{
	yyjson_mut_val *before = yyjson_mut_obj_get(previous, "profile"), *after = yyjson_mut_obj_get(now, "profile");
	struct section s = section_new(d, "Modified Box Profile properties");
	yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(after);
	yyjson_mut_val *key, *a, *b;
	const char *name;

	while ((key = yyjson_mut_obj_iter_next(&it))) {
		name = yyjson_mut_get_str(key);
		a = yyjson_mut_obj_get(before, name);
		b = yyjson_mut_obj_iter_get_val(key);
		if (differ(a, b))
			add_change(d, a ? s.changed : s.added, name, a, b);
	}
	it = yyjson_mut_obj_iter_with(before);
	while ((key = yyjson_mut_obj_iter_next(&it))) {
		name = yyjson_mut_get_str(key);
		if (!yyjson_mut_obj_get(after, name))
			add_change(d, s.removed, name, yyjson_mut_obj_iter_get_val(key), NULL);
	}
	return s.object;
}

yyjson_mut_val *box_diff(yyjson_mut_doc *doc, yyjson_mut_val *previous, yyjson_mut_val *now, box_digest_fn *digest, void *arg)
{
	struct diff d = { .doc = doc, .digest = digest, .arg = arg };
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_val(doc, root, "box_details", diff_details(&d, previous, now));
	yyjson_mut_obj_add_val(doc, root, "box_variables", diff_variables(&d, previous, now));
	yyjson_mut_obj_add_val(doc, root, "box_events", diff_events(&d, previous, now));
	yyjson_mut_obj_add_val(doc, root, "box_profile_properties", diff_profile(&d, previous, now));
	yyjson_mut_obj_add_val(doc, root, "box_readme", diff_readme(&d, previous, now));
	yyjson_mut_obj_add_bool(doc, root, "changed", d.changed);
	return root;
}

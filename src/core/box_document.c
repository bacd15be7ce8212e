/* From a request's whole object to the document that is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "log/log.h"
#include "secrets.h"

/* ---- members with a value when the client leaves them out ---- */

static void set(struct object *box, const char *member, yyjson_mut_val *value)
{
	yyjson_mut_val *root = box->doc->root, *key = yyjson_mut_str(box->doc, member);

	if (!yyjson_mut_obj_replace(root, key, value))
		yyjson_mut_obj_add(root, key, value);
}

static bool absent(const struct object *box, const char *member)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(box->doc->root, member);

	return !v || yyjson_mut_is_null(v);
}

static void default_text(struct object *box, const char *member, const char *value)
{
	if (absent(box, member) || !*object_member(box, member))
		set(box, member, yyjson_mut_strcpy(box->doc, value));
}

static void default_array(struct object *box, const char *member)
{
	if (absent(box, member))
		set(box, member, yyjson_mut_arr(box->doc));
}

static void add_defaults(struct object *box, enum box_kind kind)
{
	if (absent(box, "description"))
		set(box, "description", yyjson_mut_str(box->doc, ""));
	default_text(box, "automatic_updates", "off");
	default_array(box, "variables");
	if (box_has_events(kind) && absent(box, "events"))
		set(box, "events", yyjson_mut_obj(box->doc));
	if (kind == BOX_APPLICATION)
		default_array(box, "services");
	/* Clients read one of the two of every box in a list. */
	default_array(box, kind == BOX_POLICY ? "claims" : "requirements");
	if (kind == BOX_CLOUDFORMATION)
		default_text(box, "type", "CloudFormation Service");
}

/* ---- what decides who sees and owns it ---- */

/* Left out means unchanged: an old client must not unshare what it does not know of. */
static void take_sharing(struct object *box, const struct object *before)
{
	yyjson_mut_val *members = before ? yyjson_mut_obj_get(before->doc->root, "members") : NULL;

	if (absent(box, "members"))
		set(box, "members", members ? yyjson_mut_val_mut_copy(box->doc, members) : yyjson_mut_arr(box->doc));
	default_text(box, "visibility", before && *before->visibility ? before->visibility : "workspace");
	default_text(box, "owner", box->owner);
	snprintf(box->owner, sizeof box->owner, "%s", object_member(box, "owner"));
	snprintf(box->visibility, sizeof box->visibility, "%s", object_member(box, "visibility"));
	set(box, "organization", yyjson_mut_strcpy(box->doc, box->organization));
}

/* The version the draft is from: one of its own. */
static void take_draft_from(struct db *db, struct object *box, const struct object *before)
{
	const char *id = object_member(box, "draft_from");
	struct object version;
	bool own = false;

	if (*id && object_peek(db, OBJECT_BOX, id, &version)) {
		own = !strcmp(version.parent, box->id);
		object_free(&version);
	}
	if (own)
		return;
	yyjson_mut_obj_remove_key(box->doc->root, "draft_from");
	if (before && *object_member(before, "draft_from"))
		object_set(box, "draft_from", object_member(before, "draft_from"));
}

/* Clients read every value as a text, and expect one. */
static void texts_of_values(struct object *box)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "variables"));
	yyjson_mut_val *v, *value, *key = yyjson_mut_str(box->doc, "value");
	char *text;

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		value = yyjson_mut_obj_get(v, "value");
		if (!value) {
			yyjson_mut_obj_add_str(box->doc, v, "value", "");
		} else if (yyjson_mut_is_null(value)) {
			yyjson_mut_obj_replace(v, key, yyjson_mut_str(box->doc, ""));
		} else if (yyjson_mut_is_num(value)) {
			text = yyjson_mut_val_write(value, 0, NULL);
			if (text)
				yyjson_mut_obj_replace(v, key, yyjson_mut_strcpy(box->doc, text));
			free(text);
		}
	}
}

void box_document(struct db *db, struct object *box, yyjson_val *args, enum box_kind kind, const struct object *before)
{
	yyjson_mut_doc_free(box->doc);
	box->doc = yyjson_mut_doc_new(NULL);
	if (!box->doc)
		log_fatal("box");
	yyjson_mut_doc_set_root(box->doc, yyjson_val_mut_copy(box->doc, args));
	yyjson_mut_obj_remove_key(box->doc->root, "version");
	set(box, "deleted", yyjson_mut_null(box->doc));
	take_sharing(box, before);
	take_draft_from(db, box, before);
	add_defaults(box, kind);
	texts_of_values(box);
}

/* ---- secrets ---- */

/* A mask stands for a value that is kept; where there is none (a box exported elsewhere and
 * brought here), nothing stands for nothing. */
void box_clear_masks(struct db *db, struct object *box)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(box->doc->root, "variables"));
	yyjson_mut_val *v, *value;
	const char *scope, *name;
	char field[512];

	while ((v = yyjson_mut_arr_iter_next(&it))) {
		value = yyjson_mut_obj_get(v, "value");
		if (!yyjson_mut_equals_str(yyjson_mut_obj_get(v, "type"), "Password") ||
				!yyjson_mut_equals_str(value, SECRET_MASK))
			continue;
		scope = yyjson_mut_get_str(yyjson_mut_obj_get(v, "scope"));
		name = yyjson_mut_get_str(yyjson_mut_obj_get(v, "name"));
		snprintf(field, sizeof field, "variables/%s%s%s", scope ? scope : "", scope && *scope ? ":" : "", name);
		if (!db_number(db, 0, "SELECT EXISTS(SELECT 1 FROM secret WHERE object = ? AND field = ?)", "tt", box->id, field))
			yyjson_mut_set_str(value, "");
	}
}

/* Verbs of boxes. Their documents are held against tables of their own (core/box_schema.c). */
#include "verb/verb.h"

#define ID_MAX 64
/* 800 ids of 36 characters in one list, as clients send them, and some. */
#define IDS_MAX 65536
#define CATEGORY_MAX 256

static const struct verb_arg id_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the box or version" },
	{ .type = VERB_NONE },
};

static const struct verb_arg list_args[] = {
	{ "ids", VERB_STRING, false, 0, IDS_MAX, "only these boxes or versions, comma-separated" },
	{ .type = VERB_NONE },
};

static const struct verb_arg catalogue_args[] = {
	{ "category", VERB_STRING, false, 0, CATEGORY_MAX, "only boxes of this category" },
	{ .type = VERB_NONE },
};

static const struct verb_arg compare_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the box or version" },
	{ "version", VERB_STRING, false, 0, ID_MAX, "box or version to compare it with; without it the version before" },
	{ .type = VERB_NONE },
};

static const struct verb_arg restore_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the draft" },
	{ "version", VERB_STRING, true, 1, ID_MAX, "id of the version whose content the draft gets" },
	{ .type = VERB_NONE },
};

static const struct verb_arg new_args[] = {
	{ "schema", VERB_STRING, true, 1, 512, "kind of the box" },
	{ "owner", VERB_STRING, false, 0, ID_MAX, "workspace that will own it; without it the personal one" },
	{ .type = VERB_NONE },
};

static const struct verb_arg whole_args[] = {
	{ "id", VERB_STRING, true, 1, ID_MAX, "id of the box" },
	{ "schema", VERB_STRING, true, 1, 512, "kind of the box" },
	{ .type = VERB_NONE },
};

#define BOXES "/services/boxes"
#define BOX BOXES "/{id}"
#define USER .role = VERB_ROLE_USER, .kind = OBJECT_BOX

const struct verb verb_rows_boxes[] = {
	{ .name = "box.list", .method = "GET", .path = BOXES, USER, .args = list_args, .help = "boxes of the personal workspace",
		.list = true, .need = ACCESS_NONE, .status = 200, .reply = "box[]" },
	{ .name = "box.create", .method = "POST", .path = BOXES, USER, .writes = true, .args = new_args, .whole = true,
		.help = "a new box, or with a version a version of one", .need = ACCESS_CREATE, .status = 200, .reply = "box" },
	{ .name = "box.get", .method = "GET", .path = BOX, USER, .args = id_args, .help = "one box or version",
		.need = ACCESS_SEE, .status = 200, .reply = "box" },
	{ .name = "box.put", .method = "PUT", .path = BOX, USER, .writes = true, .args = whole_args, .whole = true,
		.help = "replace a box; with a version also make a version", .need = ACCESS_EDIT, .status = 200, .reply = "box" },
	{ .name = "box.delete", .method = "DELETE", .path = BOX, USER, .writes = true, .args = id_args,
		.help = "delete a box with its versions, or one version", .need = ACCESS_OWN, .status = 204 },
	{ .name = "box.stack", .method = "GET", .path = BOX "/stack", USER, .args = id_args, .list = true,
		.help = "the box and all boxes it is made of", .need = ACCESS_SEE, .status = 200, .reply = "box[]" },
	{ .name = "box.versions", .method = "GET", .path = BOX "/versions", USER, .args = id_args, .list = true,
		.help = "versions of a box, newest first", .need = ACCESS_SEE, .status = 200, .reply = "box[]" },
	{ .name = "box.bindings", .method = "GET", .path = BOX "/bindings", USER, .args = id_args,
		.help = "boxes its bindings ask for", .need = ACCESS_SEE, .status = 200, .reply = "box-binding[]" },
	{ .name = "box.diff", .method = "PUT", .path = BOX "/diff", USER, .args = whole_args, .whole = true,
		.help = "what differs between a box and the one submitted", .need = ACCESS_SEE, .status = 200, .reply = "box-diff" },
	{ .name = "box.compare", .method = "GET", .path = BOX "/diff", USER, .args = compare_args,
		.help = "what differs between a box and a version", .need = ACCESS_SEE, .status = 200, .reply = "box-diff" },
	{ .name = "box.restore", .method = "PUT", .path = BOX "/restore", USER, .writes = true, .args = restore_args,
		.help = "give a draft the content of one of its versions", .need = ACCESS_EDIT, .status = 200, .reply = "box" },
	{ .name = "box.builtin.add", .method = "POST", .path = "/services/appliance/boxes/{id}", .role = VERB_ROLE_ADMIN,
		.writes = true, .args = whole_args, .whole = true, .help = "a public box with a fixed id", .status = 200,
		.reply = "box" },
	{ .name = "box.builtin.put", .method = "PUT", .path = "/services/appliance/boxes/{id}", .role = VERB_ROLE_ADMIN,
		.writes = true, .args = whole_args, .whole = true, .help = "replace a public box with a fixed id", .status = 200,
		.reply = "box" },
	{ .name = "catalog.list", .method = "GET", .path = "/services/catalog", .role = VERB_ROLE_USER, .args = catalogue_args,
		.help = "public boxes, by category", .list = true, .status = 200, .reply = "box[]" },
	{ .name = NULL },
};

/* Who does the verbs of boxes. */
#include "core.h"
#include "verbs_boxes.h"

const struct core_handler core_handlers_boxes[] = {
	{ .verb = "box.list", .chunk = verb_box_list_chunk },
	{ .verb = "box.create", .start = verb_box_create_start, .run = verb_box_create_run },
	{ .verb = "box.get", .run = verb_box_get_run },
	{ .verb = "box.put", .start = verb_box_put_start, .run = verb_box_put_run },
	{ .verb = "box.delete", .run = verb_box_delete_run, .essential = true },
	{ .verb = "box.stack", .chunk = verb_box_stack_chunk },
	{ .verb = "box.versions", .chunk = verb_box_versions_chunk },
	{ .verb = "box.bindings", .run = verb_box_bindings_run },
	{ .verb = "box.diff", .run = verb_box_diff_run },
	{ .verb = "box.compare", .run = verb_box_compare_run },
	{ .verb = "box.restore", .run = verb_box_restore_run },
	{ .verb = "box.builtin.add", .start = verb_box_builtin_start, .run = verb_box_builtin_run },
	{ .verb = "box.builtin.put", .start = verb_box_builtin_start, .run = verb_box_builtin_run },
	{ .verb = "catalog.list", .chunk = verb_box_catalogue_chunk },
	{ .verb = NULL },
};

#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "live_filter.h"

struct live_filter {
	yyjson_doc *doc;
	yyjson_val *workspaces, *kinds;		/* NULL = all */
};

static bool texts(yyjson_val *list, size_t max)
{
	yyjson_val *one;
	size_t i, n;

	if (!list || yyjson_is_null(list))
		return true;
	if (!yyjson_is_arr(list) || yyjson_arr_size(list) > max)
		return false;
	yyjson_arr_foreach(list, i, n, one)
		if (!yyjson_is_str(one) || !yyjson_get_len(one))
			return false;
	return true;
}

static yyjson_val *list_of(const struct live_filter *f, const char *name)
{
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(f->doc), name);

	return yyjson_is_arr(list) ? list : NULL;
}

struct live_filter *live_filter_new(yyjson_val *message, const char **wrong)
{
	yyjson_val *since = yyjson_obj_get(message, "since");
	yyjson_mut_doc *copy;
	struct live_filter *f;

	*wrong = NULL;
	if (!texts(yyjson_obj_get(message, "workspaces"), LIVE_WORKSPACES))
		*wrong = "workspaces: must be a list of at most 64 ids";
	else if (!texts(yyjson_obj_get(message, "kinds"), LIVE_KINDS))
		*wrong = "kinds: must be a list of at most 32 kinds";
	else if (since && !yyjson_is_null(since) && !yyjson_is_uint(since))
		*wrong = "since: must be a sequence";
	f = *wrong ? NULL : calloc(1, sizeof *f);
	copy = f ? yyjson_mut_doc_new(NULL) : NULL;
	if (!copy) {
		free(f);
		if (!*wrong)
			*wrong = "the appliance is short of memory";
		return NULL;
	}
	yyjson_mut_doc_set_root(copy, yyjson_val_mut_copy(copy, message));
	f->doc = yyjson_mut_doc_imut_copy(copy, NULL);
	yyjson_mut_doc_free(copy);
	f->workspaces = list_of(f, "workspaces");
	f->kinds = list_of(f, "kinds");
	return f;
}

void live_filter_free(struct live_filter *f)
{
	if (!f)
		return;
	yyjson_doc_free(f->doc);
	free(f);
}

/* "instance" names all kinds "instance.…", "instance.changed" one. */
static bool kind_named(yyjson_val *kinds, const char *kind)
{
	yyjson_val *one;
	size_t i, n, len;

	yyjson_arr_foreach(kinds, i, n, one) {
		len = yyjson_get_len(one);
		if (!strncmp(kind, yyjson_get_str(one), len) && (!kind[len] || kind[len] == '.'))
			return true;
	}
	return false;
}

static bool workspace_named(yyjson_val *workspaces, const struct event *e)
{
	yyjson_val *one;
	size_t i, n, m;

	yyjson_arr_foreach(workspaces, i, n, one) {
		if (yyjson_equals_str(one, e->owner))
			return true;
		for (m = 0; m < e->member_count; m++)
			if (yyjson_equals_str(one, e->members[m]))
				return true;
	}
	return false;
}

bool live_filter_passes(const struct live_filter *f, const struct event *e)
{
	if (!f)
		return !strncmp(e->kind, "appliance.", 10);
	if (f->kinds && !kind_named(f->kinds, e->kind))
		return false;
	/* What belongs to no workspace is told whatever workspaces were named. */
	return !f->workspaces || !e->owner[0] || workspace_named(f->workspaces, e);
}

/* The verbs.  One row in a part's file and one handler in core make a verb: docs/adding-a-verb.md. */
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "verb/verb.h"

static const struct verb *const parts[] = {
	verb_rows_appliance, verb_rows_places, verb_rows_users, verb_rows_boxes, verb_rows_instances, verb_rows_blobs,
	verb_rows_firewall,
};

#define PARTS (sizeof parts / sizeof parts[0])

/* Rows in their order, and by name: made when first asked for, before there are threads. */
#define ROWS_MAX 512

static const struct verb *rows[ROWS_MAX + 1], *named[ROWS_MAX];
static size_t count;

static int name_compare(const void *a, const void *b)
{
	return strcmp((*(const struct verb *const *)a)->name, (*(const struct verb *const *)b)->name);
}

static void index_make(void)
{
	size_t n = 0;

	for (size_t p = 0; p < PARTS; p++)
		for (const struct verb *v = parts[p]; v->name; v++) {
			if (n == ROWS_MAX)
				log_bug("more verbs than ROWS_MAX");
			rows[n] = named[n] = v;
			n++;
		}
	qsort(named, n, sizeof named[0], name_compare);
	count = n;
}

const struct verb *verb_at(size_t i)
{
	if (!count)
		index_make();
	return i < count ? rows[i] : NULL;
}

const struct verb *verb_by_name(const char *name)
{
	const struct verb key = { .name = name }, *at = &key, **found;

	if (!count)
		index_make();
	found = bsearch(&at, named, count, sizeof named[0], name_compare);
	return found ? *found : NULL;
}

const char *verb_lines_type(const struct verb *v)
{
	if (v->reply && !strcmp(v->reply, "lines"))
		return "application/x-ndjson";
	return v->reply && !strcmp(v->reply, "csv") ? "text/csv; charset=utf-8" : "application/json";
}

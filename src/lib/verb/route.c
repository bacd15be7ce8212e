/* From an HTTP method and path to the verb. */
#include <string.h>

#include "verb/verb.h"

struct piece {
	const char *at;
	size_t len;
};

/* Takes the next segment of a path that begins with '/'; false at the end. */
static bool piece_next(const char **path, struct piece *out)
{
	if (**path != '/')
		return false;
	out->at = *path + 1;
	out->len = strcspn(out->at, "/");
	*path = out->at + out->len;
	return true;
}

static bool piece_is_variable(const struct piece *p)
{
	return p->len > 2 && p->at[0] == '{' && p->at[p->len - 1] == '}';
}

/* Does path have the shape of pattern?  Fills the segments as far as they go. */
static bool route_match(const char *pattern, const char *path,
	struct verb_segment segments[VERB_SEGMENTS], size_t *count)
{
	struct piece want, have;

	*count = 0;
	while (piece_next(&pattern, &want)) {
		if (!piece_next(&path, &have))
			return false;
		if (!piece_is_variable(&want)) {
			if (want.len != have.len || memcmp(want.at, have.at, want.len))
				return false;
			continue;
		}
		if (!have.len || *count == VERB_SEGMENTS)
			return false;
		segments[(*count)++] = (struct verb_segment){
			.name = want.at + 1, .name_len = want.len - 2,
			.value = have.at, .value_len = have.len,
		};
	}
	return !*path;
}

/* Do they agree up to the first variable?  Nearly every row is put aside by this. */
static bool begins_alike(const char *pattern, const char *path)
{
	while (*pattern && *pattern != '{' && *pattern == *path) {
		pattern++;
		path++;
	}
	return !*pattern || *pattern == '{';
}

/* A row with only fixed segments wins over one with variables, whatever their order. */
const struct verb *verb_by_route(const char *method, const char *path, bool *other_method,
	struct verb_segment segments[VERB_SEGMENTS], size_t *count)
{
	struct verb_segment found[VERB_SEGMENTS];
	const struct verb *v, *best = NULL;
	size_t n;

	*other_method = false;
	*count = 0;
	for (size_t i = 0; (v = verb_at(i)); i++) {
		if (!v->path || !begins_alike(v->path, path) || !route_match(v->path, path, found, &n))
			continue;
		if (strcmp(v->method, method)) {
			*other_method = true;
			continue;
		}
		if (best && n >= *count)
			continue;
		best = v;
		*count = n;
		memcpy(segments, found, n * sizeof found[0]);
	}
	if (best)
		*other_method = false;
	return best;
}

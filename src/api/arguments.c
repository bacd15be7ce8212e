#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "http/query.h"
#include "request.h"
#include "strict/json.h"

/* Documents live here from a request's last byte until its question has left.  What does not fit comes from
 * malloc.  When nothing is in use the arena begins anew, wiped. */
#define ARENA (64u << 10)
#define ALIGNED(n) (((n) + 15) & ~(size_t)15)

static _Alignas(16) char arena[ARENA];
static size_t arena_end;
static unsigned arena_blocks;

static bool in_arena(const void *p)
{
	return (const char *)p >= arena && (const char *)p < arena + ARENA;
}

static void *wiping_malloc(void *ctx, size_t size)
{
	char *p = arena + arena_end;

	(void)ctx;
	if (size > ARENA - arena_end)
		return malloc(size);
	arena_end += ALIGNED(size);
	arena_blocks++;
	return p;
}

static void wiping_free(void *ctx, void *p)
{
	(void)ctx;
	if (!p)
		return;
	if (!in_arena(p)) {
		explicit_bzero(p, malloc_usable_size(p));
		free(p);
	} else if (!--arena_blocks) {
		explicit_bzero(arena, arena_end);
		arena_end = 0;
	}
}

static void *wiping_realloc(void *ctx, void *old, size_t old_size, size_t size)
{
	void *p = wiping_malloc(ctx, size);

	if (!p)
		return NULL;
	if (old)
		memcpy(p, old, old_size < size ? old_size : size);
	wiping_free(ctx, old);
	return p;
}

const yyjson_alc arguments_memory = { wiping_malloc, wiping_realloc, wiping_free, NULL };

/* The argument's row, or NULL. */
static const struct verb_arg *find_arg(const struct verb *v, const char *name)
{
	const struct verb_arg *a;

	for (a = v->args; a && a->type != VERB_NONE; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

/* A query value in the type its argument has; core refuses what does not fit. */
static yyjson_mut_val *typed(yyjson_mut_doc *doc, const struct verb_arg *a, struct http_slice value)
{
	char *end;
	long long n;

	if (a->type == VERB_BOOLEAN && http_slice_is(value, "true"))
		return yyjson_mut_true(doc);
	if (a->type == VERB_BOOLEAN && http_slice_is(value, "false"))
		return yyjson_mut_false(doc);
	if (a->type == VERB_INTEGER && value.len) {
		errno = 0;
		n = strtoll(value.at, &end, 10);
		if (!errno && end == value.at + value.len)
			return yyjson_mut_sint(doc, n);
	}
	return yyjson_mut_strncpy(doc, value.at, value.len);
}

static bool add_query(struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
	struct http_query_pair *pairs;
	char *scratch;
	bool good;
	int i, n;

	if (!r->head.query.len)
		return true;
	pairs = malloc(HTTP_QUERY_MAX * sizeof *pairs);
	scratch = malloc(r->head.query.len + 2 * HTTP_QUERY_MAX);
	n = pairs && scratch ? http_query_parse(r->head.query, scratch, pairs) : -1;
	for (i = 0; i < n; i++) {
		const struct verb_arg *a = find_arg(r->verb, pairs[i].name.at);

		/* Clients add parameters of their own against caches. */
		if (a)
			yyjson_mut_obj_put(args, yyjson_mut_str(doc, a->name), typed(doc, a, pairs[i].value));
	}
	good = n >= 0;
	free(scratch);
	free(pairs);
	if (!good)
		request_refuse(r, 400, "The query is malformed.");
	return good;
}

/* Members are added as they are, doubles included: core refuses those. */
static bool add_body(struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
	char message[STRICT_MESSAGE];
	yyjson_doc *body;
	yyjson_obj_iter members;
	yyjson_val *key;

	if (!r->body_len || request_is_safe(r))
		return true;
	body = strict_json_read(r->body, r->body_len, &arguments_memory, message);
	if (!body) {
		request_refuse(r, 400, "%s", message);
		return false;
	}
	if (!yyjson_is_obj(yyjson_doc_get_root(body))) {
		yyjson_doc_free(body);
		request_refuse(r, 400, "The body must be a JSON object.");
		return false;
	}
	members = yyjson_obj_iter_with(yyjson_doc_get_root(body));
	while ((key = yyjson_obj_iter_next(&members)))
		yyjson_mut_obj_add(args, yyjson_val_mut_copy(doc, key),
			yyjson_val_mut_copy(doc, yyjson_obj_iter_get_val(key)));
	yyjson_doc_free(body);
	return true;
}

static void add_segments(struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
	size_t i;

	for (i = 0; i < r->segment_count; i++) {
		const struct verb_segment *s = &r->segments[i];

		yyjson_mut_obj_put(args, yyjson_mut_strncpy(doc, s->name, s->name_len),
			yyjson_mut_strncpy(doc, s->value, s->value_len));
	}
}

yyjson_mut_val *arguments_build(struct request *r, yyjson_mut_doc *doc)
{
	yyjson_mut_val *args = yyjson_mut_obj(doc);

	if (!add_body(r, doc, args) || !add_query(r, doc, args))
		return NULL;
	add_segments(r, doc, args);
	/* Whether the answer is a cookie is for the header to say, not for the body. */
	if (find_arg(r->verb, "session")) {
		yyjson_mut_obj_remove_key(args, "session");
		if (r->console)
			yyjson_mut_obj_add_true(doc, args, "session");
	}
	return args;
}

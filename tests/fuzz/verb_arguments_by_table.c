/* Arguments made from the table of verbs: each right, at its limit, missing, null, of another type, too long, out of range, or one
 * more than the table has.  The verdict must be what the table says, and a refusal names the argument. */
#include <stdlib.h>
#include <string.h>

#include "verb/verb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *at, *end;

static unsigned next(unsigned below)
{
	return at < end ? *at++ % below : 0;
}

static yyjson_mut_val *text(yyjson_mut_doc *doc, int64_t n, char fill)
{
	static char bytes[1 << 17];

	memset(bytes, fill, (size_t)n);
	return yyjson_mut_strncpy(doc, bytes, (size_t)n);
}

static yyjson_mut_val *list(yyjson_mut_doc *doc, int64_t n)
{
	yyjson_mut_val *v = yyjson_mut_arr(doc);

	while (n--)
		yyjson_mut_arr_add_int(doc, v, 1);
	return v;
}

/* A value for the argument, good or bad. */
static yyjson_mut_val *value(yyjson_mut_doc *doc, const struct verb_arg *a, bool good)
{
	bool limit = next(2);

	switch (a->type) {
	case VERB_STRING:
	case VERB_TEXT:
	case VERB_SECRET:
		if (good)
			return text(doc, limit ? a->max : a->min, 'x');
		return limit ? text(doc, a->max + 1, 'x') : next(2) && a->max ? text(doc, a->min ? a->min : 1, '\1') : yyjson_mut_int(doc, 1);
	case VERB_INTEGER:
		if (good)
			return yyjson_mut_sint(doc, limit ? a->max : a->min);
		return limit && a->max < INT64_MAX ? yyjson_mut_sint(doc, a->max + 1) : yyjson_mut_real(doc, 1.5);
	case VERB_BOOLEAN:
		return good ? yyjson_mut_bool(doc, limit) : yyjson_mut_str(doc, "true");
	case VERB_ARRAY:
		return good ? list(doc, limit ? a->max : 0) : limit ? list(doc, a->max + 1) : yyjson_mut_obj(doc);
	default:
		return good ? yyjson_mut_obj(doc) : yyjson_mut_arr(doc);
	}
}

/* Fills args; the name that must be refused first, NULL = none. */
static const char *make(yyjson_mut_doc *doc, const struct verb *v)
{
	const char *wrong = NULL;

	for (const struct verb_arg *a = v->args; a->type != VERB_NONE; a++) {
		unsigned what = next(8);
		bool bad = what == 5 || (what >= 6 && a->required);

		if (what < 6)
			yyjson_mut_obj_add_val(doc, doc->root, a->name, value(doc, a, what < 5));
		else if (what == 6)
			yyjson_mut_obj_add_null(doc, doc->root, a->name);
		wrong = bad && !wrong ? a->name : wrong;
	}
	if (next(8) == 7)
		yyjson_mut_obj_add_int(doc, doc->root, "one_more", 1);
	return yyjson_mut_obj_get(doc->root, "one_more") && !v->whole ? "one_more" : wrong;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	const char *wrong, *name;
	char message[VERB_MESSAGE] = "";
	const struct verb *v;
	yyjson_doc *args;
	size_t count = 0;

	for (at = data, end = data + size; verb_at(count); count++)
		;
	v = verb_at(next(256) % count);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	wrong = make(doc, v);
	args = yyjson_mut_doc_imut_copy(doc, NULL);
	if (!verb_check(v, yyjson_doc_get_root(args), message) != !wrong)
		abort();
	name = wrong ? strstr(message, wrong) : message;
	if (name != message)
		abort();
	yyjson_doc_free(args);
	yyjson_mut_doc_free(doc);
	return 0;
}

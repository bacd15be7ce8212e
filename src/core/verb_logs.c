/*
 * appliance.logs, appliance.log: what the appliance's programs said.  store reads their files; here is who may see them,
 * and which pieces are a text.
 *
 * A place in a program's log is "<first>.<offset>": the moment of a file's first line, by which store knows it also when it
 * was renamed, and the bytes before the place.  Files are taken away at their bound (docs/retention.md): what was said
 * behind a place in one of those is not known whole any more (410).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "verbs.h"
#include "ipc/proto.h"
#include "log/log.h"

#define STORE_TIMEOUT 10.0

struct place { uint64_t first, offset; };

/* false: it is none. */
static bool place_read(const char *text, struct place *p)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	p->first = strtoull(text, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return false;
	p->offset = strtoull(end + 1, &end, 10);
	return !*end && p->first && p->first <= INT64_MAX && p->offset <= INT64_MAX;
}

/* ---- the list ---- */

static const char *name_of(yyjson_val *file)
{
	const char *name = yyjson_get_str(yyjson_obj_get(file, "log"));

	return name ? name : "";
}

static uint64_t number_of(yyjson_val *file, const char *member)
{
	return yyjson_get_uint(yyjson_obj_get(file, member));
}

static void end_program(yyjson_mut_doc *doc, yyjson_mut_val *o, uint64_t bytes, yyjson_val *last)
{
	char place[48];

	snprintf(place, sizeof place, "%" PRIu64 ".%" PRIu64, number_of(last, "first"), number_of(last, "length"));
	yyjson_mut_obj_add_uint(doc, o, "bytes", bytes);
	yyjson_mut_obj_add_strcpy(doc, o, "end", place);
}

/* One object for each program; its files follow one another. */
static void answer_list(struct core_call *call, yyjson_val *files)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_arr_iter it = yyjson_arr_iter_with(files);
	yyjson_mut_val *list = yyjson_mut_arr(doc), *o = NULL;
	yyjson_val *file, *before = NULL;
	uint64_t bytes = 0;

	yyjson_mut_doc_set_root(doc, list);
	while ((file = yyjson_arr_iter_next(&it))) {
		if (!before || strcmp(name_of(file), name_of(before))) {
			if (o)
				end_program(doc, o, bytes, before);
			o = yyjson_mut_arr_add_obj(doc, list);
			yyjson_mut_obj_add_strcpy(doc, o, "name", name_of(file));
			bytes = 0;
		}
		bytes += number_of(file, "length");
		before = file;
	}
	if (o)
		end_program(doc, o, bytes, before);
	core_answer_doc(&call->answer, 200, doc);
	yyjson_mut_doc_free(doc);
}

/* ---- one text ---- */

static bool has(yyjson_val *files, const char *name, uint64_t first)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(files);
	yyjson_val *file;

	while ((file = yyjson_arr_iter_next(&it)))
		if (!strcmp(name_of(file), name) && (!first || number_of(file, "first") == first))
			return true;
	return false;
}

static void add_piece(yyjson_mut_doc *doc, yyjson_mut_val *parts, yyjson_val *file, uint64_t from, uint64_t to)
{
	yyjson_mut_val *o;

	if (from >= to)
		return;
	o = yyjson_mut_arr_add_obj(doc, parts);
	yyjson_mut_obj_add_strcpy(doc, o, "log", name_of(file));
	yyjson_mut_obj_add_uint(doc, o, "first", number_of(file, "first"));
	yyjson_mut_obj_add_uint(doc, o, "from", from);
	yyjson_mut_obj_add_uint(doc, o, "to", to);
}

/* The files between two places, each as far as it was when they were listed. */
static void answer_text(struct core_call *call, yyjson_val *files, const char *name, struct place after, struct place until)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(files);
	yyjson_mut_val *parts;
	yyjson_val *file;
	uint64_t first, end;

	core_answer_begin(&call->answer, 200);
	parts = yyjson_mut_obj_add_arr(call->answer.doc, call->answer.doc->root, "parts");
	while ((file = yyjson_arr_iter_next(&it))) {
		first = number_of(file, "first");
		if (strcmp(name_of(file), name) || first < after.first || (until.first && first > until.first))
			continue;
		end = number_of(file, "length");
		if (first == until.first && until.offset < end)
			end = until.offset;
		add_piece(call->answer.doc, parts, file, first == after.first ? after.offset : 0, end);
	}
}

static void answer(struct core_call *call, yyjson_val *files)
{
	const char *name = core_call_string(call, "name"), *after = core_call_string(call, "after"), *until = core_call_string(call, "until");
	struct place from = { 0, 0 }, to = { 0, 0 };

	if (!name)
		answer_list(call, files);
	else if ((after && !place_read(after, &from)) || (until && !place_read(until, &to)))
		core_answer_message(&call->answer, 400, "after, until: a place is two numbers with a dot between, as 'end' of the list.");
	else if (!has(files, name, 0))
		core_answer_message(&call->answer, 404, "There is no log of a program '%s'.", name);
	else if (!has(files, name, from.first))
		core_answer_message(&call->answer, 410, "What was said behind this place is not kept whole any more.");
	else
		answer_text(call, files, name, from, to);
}

static void on_store(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);

	if (!doc) {
		core_call_refuse(call, 503, "The keeper of the files does not answer at the moment. Please try again.");
		return;
	}
	answer(call, yyjson_obj_get(yyjson_doc_get_root(doc), "logs"));
	yyjson_doc_free(doc);
	core_call_finish(call);
}

static void ask_store(struct core_call *call)
{
	struct ipc_client *store = core_store();

	if (!store)
		on_store(NULL, ENOTCONN, call);
	else
		ipc_client_call(store, PROTO_STORE_LOGS, "{}", 2, NULL, 0, STORE_TIMEOUT, on_store, call);
}

void verb_logs_start(struct core_call *call)
{
	core_call_permitted(call, ask_store);
}

/* activity.*: who did what: a list for people, and the chain as a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "log/log.h"
#include "plat/clock.h"
#include "verbs_users.h"

/* Rows one chunk of a list looks at: a filter that nothing fits must not hold up a reader. */
#define LOOKED_AT 20000
/* Rows of one chunk of the export. */
#define LINES 400

/* The line with its hash: `{...,"prev":".."}` and `,"hash":".."}`. */
static void add_line(struct object_text *out, sqlite3_stmt *q, int line, int hash)
{
	object_text_add(out, db_text(q, line), (size_t)sqlite3_column_bytes(q, line) - 1);
	object_text_add(out, ",\"hash\":\"", 9);
	object_text_add(out, db_text(q, hash), ACTIVITY_HASH - 1);
	object_text_add(out, "\"}", 2);
}

/* ---- list ---- */

/* A date's microseconds; absent when there is none. False = not a date. */
static bool date_of(struct db *db, struct core_call *call, const char *name, int64_t absent, int64_t *out)
{
	const char *text = core_call_string(call, name);

	*out = absent;
	if (!text || !text[0])
		return true;
	*out = db_number(db, -1, "SELECT coalesce(strftime('%s', ?1), -1) * 1000000 WHERE ?1 GLOB '[0-9][0-9][0-9][0-9]-*'", "t", text);
	if (*out >= 0)
		return true;
	core_answer_message(&call->answer, 400, "%s: must be YYYY-MM-DD or YYYY-MM-DD HH:MM:SS.", name);
	return false;
}

static const char *filter(const struct core_call *call, const char *name)
{
	const char *text = core_call_string(call, name);

	return text && text[0] ? text : NULL;
}

int verb_activity_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	int64_t from, to, below, lowest;
	struct activity_bounds b;
	sqlite3_stmt *q;

	if (!date_of(db, call, "from", 0, &from) || !date_of(db, call, "to", INT64_MAX, &to))
		return -1;
	activity_bounds(db, &b);
	below = cursor[0] ? strtoll(cursor, NULL, 10) : b.last + 1;
	lowest = below - LOOKED_AT > b.first ? below - LOOKED_AT : b.first;
	q = db_query(db, "SELECT sequence, line, hash FROM activity WHERE sequence < ?1 AND sequence >= ?2 AND time >= ?3 AND time < ?4"
		" AND (?5 IS NULL OR user = ?5) AND (?6 IS NULL OR kind = ?6) AND (?7 IS NULL OR object = ?7) ORDER BY sequence DESC",
		"iiiittt", below, lowest, from, to, filter(call, "user"), filter(call, "kind"), filter(call, "object"));
	while (db_row(db, q)) {
		if (out->len)
			object_text_add(out, ",", 1);
		add_line(out, q, 1, 2);
		if (out->len < CORE_LIST_CHUNK)
			continue;
		lowest = db_int(q, 0);
		db_end(q);
		break;
	}
	if (lowest > b.first)
		snprintf(cursor, OBJECT_CURSOR, "%" PRId64, lowest);
	else
		cursor[0] = 0;
	return 0;
}

/* ---- export ---- */

struct export_state {
	struct activity_bounds bounds;
	char statement[ACTIVITY_STATEMENT], signature[ACTIVITY_SIGNATURE];
};

/* The first line: what keyd says about the chain that follows, and the key to check it. */
static void add_head(const struct core_call *call, struct object_text *out)
{
	const struct export_state *e = call->state;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char *text;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "statement", e->statement);
	yyjson_mut_obj_add_str(doc, root, "signature", e->signature);
	yyjson_mut_obj_add_str(doc, root, "key", call->core->identity.activity_pem);
	text = yyjson_mut_write(doc, 0, NULL);
	if (!text)
		log_fatal("export");
	object_text_add(out, text, strlen(text));
	object_text_add(out, "\n", 1);
	free(text);
	yyjson_mut_doc_free(doc);
}

/* The cursor: the next sequence and the last one, "5:900". */
int verb_activity_export_chunk(struct db *db, struct core_call *call, char cursor[OBJECT_CURSOR], struct object_text *out)
{
	const struct export_state *e = call->state;
	int64_t next, last;
	sqlite3_stmt *q;
	char *end;

	if (!cursor[0]) {
		add_head(call, out);
		next = e->bounds.first;
		last = e->bounds.last;
	} else {
		next = strtoll(cursor, &end, 10);
		last = *end == ':' ? strtoll(end + 1, NULL, 10) : 0;
	}
	q = db_query(db, "SELECT sequence, line, hash FROM activity WHERE sequence >= ? AND sequence <= ? ORDER BY sequence LIMIT ?",
		"iii", next, last, (int64_t)LINES);
	while (db_row(db, q)) {
		add_line(out, q, 1, 2);
		object_text_add(out, "\n", 1);
		next = db_int(q, 0) + 1;
	}
	if (next <= last && out->len)
		snprintf(cursor, OBJECT_CURSOR, "%" PRId64 ":%" PRId64, next, last);
	else
		cursor[0] = 0;
	return 0;
}

static int bounds_run(struct db *db, struct core_call *call)
{
	activity_bounds(db, &((struct export_state *)call->state)->bounds);
	return 0;
}

static void export_signed(struct ipc_msg *msg, int error, void *arg)
{
	struct core_call *call = arg;
	struct export_state *e = call->state;

	if (activity_signed(msg, error, e->statement, sizeof e->statement, e->signature, sizeof e->signature))
		core_call_refuse(call, 503, "The activity cannot be signed at the moment. Please try again.");
	else
		core_call_read(call, core_list_run, core_call_finish);
}

static void export_sign(struct core_call *call)
{
	if (call->answer.doc)
		core_call_finish(call);
	else
		activity_sign(call->core, &((struct export_state *)call->state)->bounds, export_signed, call);
}

void verb_activity_export_start(struct core_call *call)
{
	if (call->cursor[0]) {
		core_call_read(call, core_list_run, core_call_finish);
		return;
	}
	call->state = calloc(1, sizeof(struct export_state));
	if (!call->state)
		log_fatal("export");
	call->forget = free;
	core_call_read(call, bounds_run, export_sign);
}

/* ---- the key ---- */

void verb_activity_key_start(struct core_call *call)
{
	if (call->core->identity.activity_pem[0]) {
		core_answer_text(&call->answer, 200, call->core->identity.activity_pem);
		core_call_finish(call);
	} else {
		core_call_refuse(call, 503, "The appliance is still starting. Please try again in a moment.");
	}
}

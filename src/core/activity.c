/* The chain of who did what. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "truth.h"
#include "log/log.h"
#include "plat/clock.h"

#define NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
/* Refusals recorded a minute: whoever guesses must not fill the disk. */
#define REFUSALS_A_MINUTE 60

static void hash_line(const char *line, char out[ACTIVITY_HASH])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const uint8_t *)line, strlen(line));
	sodium_bin2hex(out, ACTIVITY_HASH, hash, sizeof hash);
}

void activity_bounds(struct db *db, struct activity_bounds *out)
{
	char first[24];
	sqlite3_stmt *q;

	core_meta_get(db, "activity_first", first, sizeof first);
	core_meta_get(db, "activity_prev", out->prev, sizeof out->prev);
	out->first = first[0] ? strtoll(first, NULL, 10) : 1;
	if (!out->prev[0])
		memcpy(out->prev, NO_HASH, sizeof out->prev);
	out->last = out->first - 1;
	memcpy(out->hash, out->prev, sizeof out->hash);
	q = db_query(db, "SELECT sequence, hash FROM activity WHERE sequence >= ? ORDER BY sequence DESC LIMIT 1", "i",
		out->first);
	if (db_row(db, q)) {
		out->last = db_int(q, 0);
		snprintf(out->hash, sizeof out->hash, "%s", db_text(q, 1));
		db_end(q);
	}
}

/* The canonical text; free it. */
static char *line_of(const struct activity_entry *e, int64_t sequence, int64_t time, const char *prev)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	char when[PLAT_CLOCK_TEXT], *line;

	plat_clock_text(time, when);
	yyjson_mut_doc_set_root(doc, o);
	yyjson_mut_obj_add_sint(doc, o, "sequence", sequence);
	yyjson_mut_obj_add_str(doc, o, "time", when);
	yyjson_mut_obj_add_str(doc, o, "user", e->user);
	yyjson_mut_obj_add_str(doc, o, "peer", e->peer);
	yyjson_mut_obj_add_str(doc, o, "verb", e->verb);
	yyjson_mut_obj_add_str(doc, o, "kind", e->kind);
	yyjson_mut_obj_add_str(doc, o, "object", e->object);
	yyjson_mut_obj_add_int(doc, o, "status", e->status);
	yyjson_mut_obj_add_str(doc, o, "prev", prev);
	line = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	if (!line)
		log_fatal("activity: line");
	return line;
}

void activity_add(struct db *db, const struct activity_entry *e)
{
	struct activity_bounds b;
	char hash[ACTIVITY_HASH], *line;
	int64_t time;

	activity_bounds(db, &b);
	time = core_stamp(db);
	/* with an error pending the numbers mean nothing, and nothing would be written */
	if (db_error(db))
		return;
	line = line_of(e, b.last + 1, time, b.hash);
	hash_line(line, hash);
	db_run(db, "INSERT INTO activity(sequence, time, user, kind, object, line, hash) VALUES(?, ?, ?, ?, ?, ?, ?)",
		"iittttt", b.last + 1, time, e->user, e->kind, e->object, line, hash);
	free(line);
}

/* ---- the beginning moves ---- */

/* The newest checkpoint at which the chain may be cut; false = none. */
static bool cut_at(struct db *db, const struct activity_bounds *b, int64_t before, int64_t keep, int64_t *last,
	char hash[ACTIVITY_HASH])
{
	sqlite3_stmt *q = db_query(db, "SELECT last, hash FROM checkpoint WHERE last >= ? AND (time < ? OR last <= ?)"
		" ORDER BY last DESC LIMIT 1", "iii", b->first, before, b->last - keep);

	if (!db_row(db, q))
		return false;
	*last = db_int(q, 0);
	snprintf(hash, ACTIVITY_HASH, "%s", db_text(q, 1));
	db_end(q);
	return true;
}

int activity_cut(struct db *db, int64_t before, int64_t keep, int rows)
{
	struct activity_bounds b;
	char hash[ACTIVITY_HASH], text[24];
	int64_t last;

	activity_bounds(db, &b);
	if (cut_at(db, &b, before, keep, &last, hash)) {
		snprintf(text, sizeof text, "%" PRId64, last + 1);
		core_meta_set(db, "activity_first", text);
		core_meta_set(db, "activity_prev", hash);
		b.first = last + 1;
	}
	/* What is before the beginning is no longer part of the chain: it goes a few at a time. */
	db_run(db, "DELETE FROM checkpoint WHERE last < ?", "i", b.first - 1);
	db_run(db, "DELETE FROM activity WHERE sequence IN (SELECT sequence FROM activity WHERE sequence < ?"
		" ORDER BY sequence LIMIT ?)", "ii", b.first, (int64_t)rows);
	return db_changes(db);
}

/* ---- calls ---- */

static const char *peer_of(const struct core_call *call)
{
	return call->from == ROOM_API ? call->principal.peer : room_by_id(call->from)->name;
}

/* What the row says it is about; else "tokens.add" → "token".  A user is not only his workspace. */
static void kind_of(const struct core_call *call, char out[OBJECT_ID])
{
	const char *kind = access_kind_name(call->verb->kind), *name = call->verb->name;
	size_t len = strcspn(name, ".");

	if (kind[0] && strncmp(name, "users.", 6))
		snprintf(out, OBJECT_ID, "%s", kind);
	else
		snprintf(out, OBJECT_ID, "%.*s", (int)(len && name[len - 1] == 's' ? len - 1 : len), name);
}

static const char *object_of(const struct core_call *call)
{
	const char *id = call->subject[0] ? call->subject : core_call_string(call, "id");

	if (!id && call->verb->path && strstr(call->verb->path, "{name}"))
		id = core_call_string(call, "name");
	return id ? id : call->id;
}

void activity_of_call(struct db *db, struct core_call *call)
{
	struct activity_entry e = { .user = call->principal.user, .peer = peer_of(call), .verb = call->verb->name };
	char kind[OBJECT_ID], object[OBJECT_ID];

	kind_of(call, kind);
	snprintf(object, sizeof object, "%s", object_of(call));
	e.kind = kind;
	e.object = object;
	e.status = call->answer.status ? call->answer.status : call->verb->status;
	activity_add(db, &e);
}

/* ---- refusals ---- */

struct refusal_job {
	struct core_job work;
	char user[CORE_USER_TEXT], peer[CORE_PEER_TEXT], kind[OBJECT_ID], object[OBJECT_ID];
	const char *verb;
	int status;
	unsigned suppressed;		/* not recorded before this one */
};

static int refusal_run(struct db *db, struct db_job *job)
{
	struct refusal_job *r = (struct refusal_job *)((char *)job - offsetof(struct core_job, job));
	struct activity_entry e = { r->user, r->peer, r->verb, r->kind, r->object, r->status };
	struct activity_entry more = { "", "core", "activity.suppressed", "activity", "", r->status };
	char count[16];

	if (r->suppressed) {
		snprintf(count, sizeof count, "%u", r->suppressed);
		more.object = count;
		activity_add(db, &more);
	}
	activity_add(db, &e);
	return 0;
}

static void refusal_done(struct core_job *work)
{
	free(work);
}

/* At the door only refusals of what writes count: guesses at passwords and codes. */
static bool refusal_counts(const struct core_call *call)
{
	int status = call->answer.status;

	if (status != 401 && status != 403)
		return false;
	return call->verb->role == VERB_ROLE_PUBLIC ? call->verb->writes : call->principal.known;
}

static bool refusal_allowed(struct core *core)
{
	int64_t now = plat_clock_boot();

	if (now - core->refusals_since > 60 * PLAT_SECOND) {
		core->refusals_since = now;
		core->refusals = 0;
	}
	if (core->refusals < REFUSALS_A_MINUTE) {
		core->refusals++;
		return true;
	}
	core->refusals_suppressed++;
	return false;
}

void activity_refused(struct core *core, const struct core_call *call)
{
	struct refusal_job *r;

	if (!refusal_counts(call) || !refusal_allowed(core))
		return;
	r = calloc(1, sizeof *r);
	if (!r)
		log_fatal("activity");
	snprintf(r->user, sizeof r->user, "%s", call->principal.known ? call->principal.user : "");
	snprintf(r->peer, sizeof r->peer, "%s", peer_of(call));
	kind_of(call, r->kind);
	snprintf(r->object, sizeof r->object, "%s", object_of(call));
	r->verb = call->verb->name;
	r->status = call->answer.status;
	r->suppressed = core->refusals_suppressed;
	core->refusals_suppressed = 0;
	r->work.job.run = refusal_run;
	r->work.done = refusal_done;
	core_job_write(core, &r->work);
}

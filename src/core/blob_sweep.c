/*
 * Files that nothing names go after a while: first their records here, then, byte by
 * byte of their digests, what store keeps and no record has.  Whatever ends in the middle
 * is found again by the next round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "truth.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

/* Seconds from the start to the first round, and between two. */
#define FIRST 600.
#define EVERY 3600.
/* Records removed in one round. */
#define ROUND 256
/* Digests asked about at a time. */
#define DIGESTS 4096
#define SHARDS 256

struct sweep_job {
	struct core_job work;
	struct blob_ids ids;
	int64_t stamp;
	yyjson_doc *digests;		/* of one shard */
	bool *unknown;			/* by index: no record has it */
};

static struct {
	struct core *core;
	struct ipc_client *store;
	struct ev_timer timer;
	unsigned shard;
	size_t next;			/* of the present job's digests */
	unsigned long dropped;
} the;

static void shard_next(void);

static struct sweep_job *job_of(struct db_job *job)
{
	return (struct sweep_job *)((char *)job - offsetof(struct core_job, job));
}

static struct sweep_job *job_new(int (*run)(struct db *, struct db_job *), void (*done)(struct core_job *))
{
	struct sweep_job *j = calloc(1, sizeof *j);

	if (!j)
		log_fatal("blobs");
	j->work.job.run = run;
	j->work.done = done;
	return j;
}

static void job_free(struct sweep_job *j)
{
	free(j->ids.ids);
	yyjson_doc_free(j->digests);
	free(j->unknown);
	free(j);
}

/* The round is over; another comes. */
static void round_end(void)
{
	if (the.dropped)
		log_info("blobs: %lu files that nothing names were removed", the.dropped);
	the.dropped = 0;
	ev_timer_set(&the.timer, EVERY, 0.);
	ev_timer_start(the.core->loop, &the.timer);
}

/* ---- ids ---- */

static void ids_add(struct blob_ids *ids, const char *id)
{
	void *more;

	if (ids->count == ids->cap) {
		ids->cap = ids->cap ? 2 * ids->cap : 64;
		more = realloc(ids->ids, ids->cap * sizeof *ids->ids);
		if (!more)
			log_fatal("blobs");
		ids->ids = more;
	}
	snprintf(ids->ids[ids->count++], BLOB_ID_LEN + 1, "%.*s", BLOB_ID_LEN, id);
}

static int id_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void ids_sort(struct blob_ids *ids)
{
	if (ids->count)
		qsort(ids->ids, ids->count, sizeof *ids->ids, id_compare);
}

/* Every blob that a document names. */
static void ids_of_text(struct blob_ids *ids, const char *text)
{
	while ((text = strstr(text, BLOB_PLACE))) {
		text += sizeof BLOB_PLACE - 1;
		if (strspn(text, "0123456789abcdef") >= BLOB_ID_LEN)
			ids_add(ids, text);
	}
}

static bool ids_have(const struct blob_ids *ids, const char *id)
{
	return ids->count && bsearch(id, ids->ids, ids->count, sizeof *ids->ids, id_compare);
}

/* ---- records ---- */

static void named_since(struct db *db, int64_t stamp, struct blob_ids *out)
{
	sqlite3_stmt *q = db_query(db, "SELECT doc FROM object WHERE updated > ? AND kind <> ? AND instr(doc, ?)", "iit",
		stamp, (int64_t)OBJECT_BLOB, BLOB_PLACE);

	while (db_row(db, q))
		ids_of_text(out, db_text(q, 0));
	ids_sort(out);
}

void core_blob_unnamed(struct db *db, struct blob_ids *out, int64_t *stamp)
{
	struct blob_ids named = { .ids = NULL };
	sqlite3_stmt *q;

	*stamp = db_number(db, 0, "SELECT value FROM meta WHERE key = 'stamp'", "");
	named_since(db, -1, &named);
	q = db_query(db, "SELECT id FROM object WHERE kind = ? AND created < ? ORDER BY id", "ii", (int64_t)OBJECT_BLOB,
		plat_clock_wall() - BLOB_GRACE * PLAT_SECOND);
	while (db_row(db, q))
		if (out->count < ROUND && !ids_have(&named, db_text(q, 0)))
			ids_add(out, db_text(q, 0));
	free(named.ids);
}

void core_blob_remove(struct db *db, const struct blob_ids *ids, int64_t stamp)
{
	struct blob_ids named = { .ids = NULL };
	struct object o;

	named_since(db, stamp, &named);
	for (size_t i = 0; i < ids->count; i++) {
		if (ids_have(&named, ids->ids[i]) || !object_get(db, OBJECT_BLOB, ids->ids[i], &o))
			continue;
		object_delete(db, &o);
		object_free(&o);
	}
	free(named.ids);
}

static int remove_run(struct db *db, struct db_job *job)
{
	core_blob_remove(db, &job_of(job)->ids, job_of(job)->stamp);
	return 0;
}

static void remove_done(struct core_job *work)
{
	job_free(job_of(&work->job));
	shard_next();
}

static int look_run(struct db *db, struct db_job *job)
{
	job_of(job)->ids.count = 0;
	core_blob_unnamed(db, &job_of(job)->ids, &job_of(job)->stamp);
	return 0;
}

static void look_done(struct core_job *work)
{
	struct sweep_job *look = job_of(&work->job), *j;

	the.shard = 0;
	if (!look->ids.count || work->job.failure) {
		job_free(look);
		shard_next();
		return;
	}
	j = job_new(remove_run, remove_done);
	j->work.job.essential = true;
	j->ids = look->ids;
	j->stamp = look->stamp;
	look->ids = (struct blob_ids){ .ids = NULL };
	job_free(look);
	core_job_write(the.core, &j->work);
}

/* ---- what store keeps ---- */

static void drop_next(struct sweep_job *j);

static void drop_replied(struct ipc_msg *msg, int error, void *arg)
{
	if (!error && !(msg->flags & IPC_ERROR))
		the.dropped++;
	/* Committed lately, or store is gone: another round will see. */
	drop_next(arg);
}

static void drop_next(struct sweep_job *j)
{
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(j->digests), "digests");
	size_t n = yyjson_arr_size(list);
	yyjson_mut_doc *doc;

	while (the.next < n && !j->unknown[the.next])
		the.next++;
	if (the.next >= n) {
		job_free(j);
		shard_next();
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	if (!doc)
		log_fatal("blobs");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_strcpy(doc, doc->root, "digest", yyjson_get_str(yyjson_arr_get(list, the.next++)));
	ipc_client_call_json(the.store, PROTO_STORE_DROP, doc, 30., drop_replied, j);
}

static int known_run(struct db *db, struct db_job *job)
{
	struct sweep_job *j = job_of(job);
	yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(j->digests), "digests"), *digest;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, digest)
		if (i < DIGESTS && yyjson_is_str(digest))
			j->unknown[i] = !db_number(db, 1, "SELECT EXISTS(SELECT 1 FROM object WHERE kind = ? AND parent = ?"
				" AND parent <> '')", "it", (int64_t)OBJECT_BLOB, yyjson_get_str(digest));
	return 0;
}

static void known_done(struct core_job *work)
{
	struct sweep_job *j = job_of(&work->job);

	the.next = work->job.failure ? SIZE_MAX : 0;
	drop_next(j);
}

static void listed(struct ipc_msg *msg, int error, void *arg)
{
	struct sweep_job *j;

	(void)arg;
	if (error || (msg->flags & IPC_ERROR)) {
		round_end();
		return;
	}
	j = job_new(known_run, known_done);
	j->digests = ipc_msg_json(msg);
	j->unknown = calloc(DIGESTS, sizeof *j->unknown);
	if (!j->unknown)
		log_fatal("blobs");
	core_job_read(the.core, &j->work);
}

static void shard_next(void)
{
	char body[32];
	int n;

	if (the.shard == SHARDS) {
		round_end();
		return;
	}
	n = snprintf(body, sizeof body, "{\"shard\":%u}", the.shard++);
	ipc_client_call(the.store, PROTO_STORE_LIST, body, (uint32_t)n, NULL, 0, 30., listed, NULL);
}

/* ---- rounds ---- */

static void round_begin(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
	core_job_read(the.core, &job_new(look_run, look_done)->work);
}

struct ipc_client *core_store(void)
{
	return the.store;
}

void core_blob_sweep_open(struct core *core)
{
	static const struct ipc_client_ops no_ops = { .connected = NULL };

	the.core = core;
	the.store = ipc_client_open(core->loop, ROOM_STORE, &no_ops, NULL);
	ev_timer_init(&the.timer, round_begin, FIRST, 0.);
	ev_timer_start(core->loop, &the.timer);
}

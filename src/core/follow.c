/*
 * The event log's readers: api gets every event, tty those of the appliance.
 * Events are always read from the database after they were committed, in
 * chunks, so a follower sees each once and in order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "truth.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Events read at a time. */
#define CHUNK 256
/* Events replayed to a follower that names no sequence. */
#define REPLAY 4096
/* What tty may see. */
#define TTY_KINDS "appliance."

struct core_follower {
	struct core_follower *next;
	struct core_link *link;
	int64_t sent;			/* the last sequence it has */
};

struct event {
	int64_t sequence;
	char *json;
	bool for_tty;
};

/* One look into the log. */
struct follow_job {
	struct core_job work;
	int64_t after;
	struct event events[CHUNK];
	size_t count;
};

/* The answer to PROTO_CORE_EVENTS: where the log begins and ends. */
struct bounds_job {
	struct core_job work;
	struct core_link *link;
	uint32_t seq;
	int64_t since, tail, head;
};

static void follow_look(struct core *core);

static char *event_json(sqlite3_stmt *q)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char *json;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "sequence", db_int(q, 0));
	yyjson_mut_obj_add_sint(doc, root, "time", db_int(q, 1));
	yyjson_mut_obj_add_strcpy(doc, root, "kind", db_text(q, 2));
	yyjson_mut_obj_add_strcpy(doc, root, "object", db_text(q, 3));
	yyjson_mut_obj_add(root, yyjson_mut_str(doc, "data"), yyjson_mut_rawcpy(doc, db_text(q, 4)));
	json = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return json;
}

static int follow_run(struct db *db, struct db_job *job)
{
	struct follow_job *f = (struct follow_job *)((char *)job - offsetof(struct core_job, job));
	sqlite3_stmt *q = db_query(db, "SELECT sequence, time, kind, object, data FROM event WHERE sequence > ?"
		" ORDER BY sequence LIMIT ?", "ii", f->after, (int64_t)CHUNK);

	while (f->count < CHUNK && db_row(db, q)) {
		f->events[f->count] = (struct event){
			.sequence = db_int(q, 0), .json = event_json(q),
			.for_tty = !strncmp(db_text(q, 2), TTY_KINDS, sizeof TTY_KINDS - 1),
		};
		f->count++;
	}
	db_end(q);
	return 0;
}

/* Sends one follower what it has not got yet; it may be ahead of the chunk. */
static void follow_send(struct core_follower *f, const struct follow_job *job)
{
	bool tty = ipc_conn_peer(f->link->conn)->id == ROOM_TTY;

	if (f->sent < job->after)
		return;
	for (size_t i = 0; i < job->count; i++) {
		if (job->events[i].sequence <= f->sent)
			continue;
		f->sent = job->events[i].sequence;
		if (tty && !job->events[i].for_tty)
			continue;
		if (!job->events[i].json || ipc_send(f->link->conn, 0, PROTO_CORE_EVENT, 0, job->events[i].json,
				(uint32_t)strlen(job->events[i].json), NULL, 0))
			return;
	}
}

static void follow_done(struct core_job *work)
{
	struct follow_job *job = (struct follow_job *)work;
	struct core *core = work->core;

	for (struct core_follower *f = core->followers; f; f = f->next)
		follow_send(f, job);
	core->follow_running = false;
	if (job->count == CHUNK)
		core->follow_again = true;
	for (size_t i = 0; i < job->count; i++)
		free(job->events[i].json);
	free(job);
	if (core->follow_again)
		follow_look(core);
}

/* One look serves all; the one furthest behind says from where. */
static void follow_look(struct core *core)
{
	struct follow_job *job;

	core->follow_again = false;
	if (!core->followers)
		return;
	job = calloc(1, sizeof *job);
	if (!job)
		log_fatal("events");
	job->after = INT64_MAX;
	for (struct core_follower *f = core->followers; f; f = f->next)
		if (f->sent < job->after)
			job->after = f->sent;
	job->work.job.run = follow_run;
	job->work.done = follow_done;
	core->follow_running = true;
	core_job_read(core, &job->work);
}

void core_follow_kick(struct core *core)
{
	if (core->follow_running)
		core->follow_again = true;
	else
		follow_look(core);
}

void core_follow_end(struct core *core, struct core_link *link)
{
	struct core_follower **at = &core->followers, *f;

	while ((f = *at)) {
		if (f->link != link) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		core_link_drop(f->link);
		free(f);
	}
}

static int bounds_run(struct db *db, struct db_job *job)
{
	struct bounds_job *b = (struct bounds_job *)((char *)job - offsetof(struct core_job, job));

	b->tail = db_number(db, 0, "SELECT min(sequence) FROM event", "");
	b->head = db_number(db, 0, "SELECT max(sequence) FROM event", "");
	return 0;
}

static void bounds_answer(struct bounds_job *b)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "tail", b->tail);
	yyjson_mut_obj_add_sint(doc, root, "head", b->head);
	ipc_send_json(b->link->conn, IPC_REPLY, PROTO_CORE_EVENTS, b->seq, doc);
}

static void bounds_done(struct core_job *work)
{
	struct bounds_job *b = (struct bounds_job *)work;
	struct core_follower *f;

	if (b->link->conn && b->work.job.failure) {
		ipc_refuse(b->link->conn, PROTO_CORE_EVENTS, b->seq, 503, "The event log cannot be read at the moment.");
	} else if (b->link->conn) {
		bounds_answer(b);
		core_follow_end(work->core, b->link);
		f = calloc(1, sizeof *f);
		if (!f)
			log_fatal("events");
		f->link = core_link_hold(b->link);
		/* A sequence from the future is of another life of the database: from now on. */
		f->sent = b->since > b->head ? b->head : b->since;
		if (!b->since)
			f->sent = b->head > REPLAY ? b->head - REPLAY : 0;
		f->next = work->core->followers;
		work->core->followers = f;
		core_follow_kick(work->core);
	}
	core_link_drop(b->link);
	free(b);
}

void core_follow(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *since = yyjson_obj_get(yyjson_doc_get_root(doc), "since");
	struct bounds_job *b;

	if (!yyjson_is_int(since) || yyjson_get_sint(since) < 0) {
		ipc_reply_error(link->conn, msg, 400, "since: must be a sequence or 0.");
		yyjson_doc_free(doc);
		return;
	}
	b = calloc(1, sizeof *b);
	if (!b)
		log_fatal("events");
	b->link = core_link_hold(link);
	b->seq = msg->seq;
	b->since = yyjson_get_sint(since);
	yyjson_doc_free(doc);
	b->work.job.run = bounds_run;
	b->work.done = bounds_done;
	core_job_read(core, &b->work);
}

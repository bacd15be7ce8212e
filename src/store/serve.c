/* What each message of the store does. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proto.h"
#include "log/log.h"
#include "store.h"

/* Work for a thread: one commit, drop or sync. */
struct job {
	struct work_item item;
	struct store *store;
	struct store_link *link;
	uint16_t type;
	uint32_t seq;
	int error;			/* errno, 0 = done */
	int upload;			/* commit */
	uint64_t reserved;		/* commit: taken from the budget beforehand */
	bool fresh;
	char digest[STORE_DIGEST_TEXT];
	uint64_t length;
	struct store_segment *segment;	/* sync */
};

struct store_link *store_link_hold(struct store_link *link)
{
	link->refs++;
	return link;
}

void store_link_drop(struct store_link *link)
{
	if (!--link->refs)
		free(link);
}

/* ---- answers ---- */

static void answer(struct ipc_conn *c, uint16_t type, uint32_t seq, int fd, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void answer(struct ipc_conn *c, uint16_t type, uint32_t seq, int fd, const char *fmt, ...)
{
	char body[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(body, sizeof body, fmt, ap);
	va_end(ap);
	ipc_send(c, IPC_REPLY, type, seq, body, (uint32_t)n, &fd, fd < 0 ? 0 : 1);
}

static void refuse(struct ipc_conn *c, uint16_t type, uint32_t seq, int error)
{
	switch (error) {
	case ENOENT:
		ipc_refuse(c, type, seq, 404, "There is no such object.");
		return;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		ipc_refuse(c, type, seq, 507, "There is no space left for files.");
		return;
	case EBUSY:
		if (type == PROTO_STORE_DROP)
			ipc_refuse(c, type, seq, 409, "The object was committed lately.");
		else
			ipc_refuse(c, type, seq, 503, "The store is busy.");
		return;
	default:
		log_warn("message %#x: %s", type, strerror(error));
		ipc_refuse(c, type, seq, 500, "The store cannot read or write its files.");
	}
}

static bool fits(const struct store *s, uint64_t more)
{
	return more <= s->budget && s->usage.bytes <= s->budget - more;
}

/* ---- in the threads ---- */

static void job_run(struct work_item *item, void *context)
{
	struct job *j = (struct job *)item;
	int objects = j->store->objects, result;

	(void)context;
	switch (j->type) {
	case PROTO_STORE_COMMIT:
		result = store_object_keep(objects, j->upload, j->digest, &j->length, &j->fresh);
		break;
	case PROTO_STORE_DROP:
		result = store_object_drop(objects, j->digest, false, &j->length);
		break;
	default:
		result = store_segment_sync(j->store->segments.dir, j->segment->fd, j->segment->named);
	}
	j->error = result ? errno : 0;
}

/* ---- back in the loop ---- */

static void account(struct job *j)
{
	struct store_usage *u = &j->store->usage;

	switch (j->type) {
	case PROTO_STORE_COMMIT:
		u->bytes -= j->reserved;
		if (!j->error && j->fresh) {
			u->bytes += store_cost(j->length);
			u->objects++;
		}
		return;
	case PROTO_STORE_DROP:
		if (!j->error) {
			u->bytes -= store_cost(j->length);
			u->objects--;
		}
		return;
	default:
		j->segment->busy = false;
		if (j->error)
			return;
		j->segment->named = true;
		j->segment->soft = 0;
	}
}

static void job_done(struct work_item *item)
{
	struct job *j = (struct job *)item;
	struct ipc_conn *c = j->link->conn;

	account(j);
	if (c && j->error)
		refuse(c, j->type, j->seq, j->error);
	else if (c && j->type == PROTO_STORE_COMMIT)
		answer(c, j->type, j->seq, -1, "{\"digest\":\"%s\",\"length\":%llu}", j->digest,
			(unsigned long long)j->length);
	else if (c && j->type == PROTO_STORE_DROP)
		answer(c, j->type, j->seq, -1, "{}");
	else if (c)
		answer(c, j->type, j->seq, -1, "{\"length\":%llu}", (unsigned long long)j->length);
	if (j->upload >= 0)
		close(j->upload);
	store_link_drop(j->link);
	free(j);
}

static struct job *job_new(struct store *s, struct store_link *link, const struct ipc_msg *msg)
{
	struct job *j = calloc(1, sizeof *j);

	if (!j)
		log_fatal("job");
	j->item.run = job_run;
	j->item.done = job_done;
	j->store = s;
	j->link = store_link_hold(link);
	j->type = msg->type;
	j->seq = msg->seq;
	j->upload = -1;
	return j;
}

/* ---- the messages ---- */

static void do_begin(struct store *s, struct store_link *link, struct ipc_msg *msg)
{
	struct store_upload *u;

	if (link->upload_count == STORE_UPLOADS_MAX) {
		refuse(link->conn, msg->type, msg->seq, EBUSY);
		return;
	}
	u = calloc(1, sizeof *u);
	if (!u)
		log_fatal("upload");
	u->fd = store_upload_open(s->objects);
	if (u->fd < 0) {
		refuse(link->conn, msg->type, msg->seq, errno);
		free(u);
		return;
	}
	u->id = ++s->next_upload;
	u->next = link->uploads;
	link->uploads = u;
	link->upload_count++;
	answer(link->conn, msg->type, msg->seq, u->fd, "{\"upload\":%llu}", (unsigned long long)u->id);
}

/* Takes an upload out of the connection's list: its descriptor, or -1. */
static int upload_take(struct store_link *link, uint64_t id)
{
	struct store_upload **at = &link->uploads, *u;
	int fd;

	for (; (u = *at); at = &u->next) {
		if (u->id != id)
			continue;
		fd = u->fd;
		*at = u->next;
		link->upload_count--;
		free(u);
		return fd;
	}
	return -1;
}

static void do_commit(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	int fd = upload_take(link, r->upload);
	off_t length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	struct job *j;

	if (length < 0 || !fits(s, store_cost((uint64_t)length))) {
		refuse(link->conn, msg->type, msg->seq, fd < 0 ? ENOENT : length < 0 ? errno : ENOSPC);
		if (fd >= 0)
			close(fd);
		return;
	}
	j = job_new(s, link, msg);
	j->upload = fd;
	j->reserved = store_cost((uint64_t)length);
	s->usage.bytes += j->reserved;
	work_pool_add(s->pool, &j->item);
}

static void do_forget(struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	int fd = upload_take(link, r->upload);

	if (fd < 0) {
		refuse(link->conn, msg->type, msg->seq, ENOENT);
		return;
	}
	close(fd);
	answer(link->conn, msg->type, msg->seq, -1, "{}");
}

static bool list_one(const char *digest, void *arg)
{
	yyjson_mut_doc *doc = arg;
	yyjson_mut_val *list = yyjson_mut_obj_get(doc->root, "digests");

	return yyjson_mut_arr_add_strcpy(doc, list, digest) && yyjson_mut_arr_size(list) < STORE_LIST_MAX;
}

static void do_list(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("list");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_arr(doc, doc->root, "digests");
	if (store_objects_each(s->objects, (unsigned)r->shard, list_one, doc)) {
		yyjson_mut_doc_free(doc);
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	ipc_reply_json(link->conn, msg, doc);
}

static void do_get(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	uint64_t length;
	int fd = store_object_get(s->objects, r->digest, &length);

	if (fd < 0) {
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	answer(link->conn, msg->type, msg->seq, fd, "{\"length\":%llu}", (unsigned long long)length);
	close(fd);
}

static void do_drop(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	struct job *j = job_new(s, link, msg);

	memcpy(j->digest, r->digest, sizeof j->digest);
	work_pool_add(s->pool, &j->item);
}

static void conflict(struct ipc_conn *c, const struct ipc_msg *msg, uint64_t length)
{
	char body[160];
	int n = snprintf(body, sizeof body, "{\"code\":409,\"message\":\"The segment goes on at another offset.\","
		"\"length\":%llu}", (unsigned long long)length);

	ipc_send(c, IPC_REPLY | IPC_ERROR, msg->type, msg->seq, body, (uint32_t)n, NULL, 0);
}

static void do_append(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	struct store_segment *g;
	uint64_t before, grown;

	if (!fits(s, store_cost(r->len))) {
		refuse(link->conn, msg->type, msg->seq, ENOSPC);
		return;
	}
	g = store_segment_find(&s->segments, r->segment, true);
	if (!g) {
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	before = g->length;
	switch (store_segment_append(g, r->offset, r->data, r->len, &grown)) {
	case STORE_APPENDED:
		s->usage.bytes += store_cost(before + grown) - store_cost(before);
		answer(link->conn, msg->type, msg->seq, -1, "{\"length\":%llu}", (unsigned long long)g->length);
		return;
	case STORE_APPEND_CONFLICT:
		conflict(link->conn, msg, g->length);
		return;
	case STORE_APPEND_ERROR:
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
}

static void do_sync(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	struct store_segment *g = store_segment_find(&s->segments, r->segment, false);
	struct job *j;

	if (!g || g->busy) {
		refuse(link->conn, msg->type, msg->seq, g ? EBUSY : errno);
		return;
	}
	g->busy = true;
	j = job_new(s, link, msg);
	j->segment = g;
	j->length = g->length;
	work_pool_add(s->pool, &j->item);
}

static void do_read(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	struct store_segment *g = store_segment_find(&s->segments, r->segment, false);
	int fd;

	if (!g) {
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	fd = store_segment_reader(&s->segments, g);
	if (fd < 0) {
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	answer(link->conn, msg->type, msg->seq, fd, "{\"length\":%llu}", (unsigned long long)g->length);
	close(fd);
}

static void do_erase(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	uint64_t freed;
	int had = store_segment_erase(&s->segments, r->segment, &freed);

	if (had < 0) {
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	if (had)
		s->usage.bytes -= store_cost(freed);
	answer(link->conn, msg->type, msg->seq, -1, "{}");
}

static bool name_one(const char *name, void *arg)
{
	yyjson_mut_doc *doc = arg;
	yyjson_mut_val *list = yyjson_mut_obj_get(doc->root, "segments");

	return !yyjson_mut_arr_add_strcpy(doc, list, name) || yyjson_mut_arr_size(list) == STORE_NAMES_MAX;
}

static void do_segments(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	uint64_t next;

	if (!doc)
		log_fatal("list");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_arr(doc, doc->root, "segments");
	if (store_segments_each(&s->segments, r->at, &next, name_one, doc)) {
		yyjson_mut_doc_free(doc);
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	yyjson_mut_obj_add_uint(doc, doc->root, "next", next);
	ipc_reply_json(link->conn, msg, doc);
}

static void log_one(const char *name, const struct store_log_file *f, void *arg)
{
	yyjson_mut_doc *doc = arg;
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_get(doc->root, "logs"));

	yyjson_mut_obj_add_strcpy(doc, o, "log", name);
	yyjson_mut_obj_add_uint(doc, o, "first", f->first);
	yyjson_mut_obj_add_uint(doc, o, "length", f->length);
}

static void do_logs(struct store *s, struct store_link *link, struct ipc_msg *msg)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("list");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_arr(doc, doc->root, "logs");
	if (s->logs >= 0 && store_logs_each(s->logs, log_one, doc)) {
		yyjson_mut_doc_free(doc);
		refuse(link->conn, msg->type, msg->seq, errno);
		return;
	}
	ipc_reply_json(link->conn, msg, doc);
}

static void do_log(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	uint64_t length;
	int fd = s->logs < 0 ? -1 : store_log_reader(s->logs, r->log, r->at, &length);

	if (fd < 0) {
		refuse(link->conn, msg->type, msg->seq, ENOENT);
		return;
	}
	answer(link->conn, msg->type, msg->seq, fd, "{\"length\":%llu}", (unsigned long long)length);
	close(fd);
}

static void do_status(struct store *s, struct store_link *link, struct ipc_msg *msg)
{
	answer(link->conn, msg->type, msg->seq, -1, "{\"bytes\":%llu,\"budget\":%llu,\"objects\":%llu}",
		(unsigned long long)s->usage.bytes, (unsigned long long)s->budget,
		(unsigned long long)s->usage.objects);
}

static void dispatch(struct store *s, struct store_link *link, struct ipc_msg *msg, const struct store_request *r)
{
	switch (msg->type) {
	case PROTO_STORE_BEGIN:
		do_begin(s, link, msg);
		return;
	case PROTO_STORE_COMMIT:
		do_commit(s, link, msg, r);
		return;
	case PROTO_STORE_FORGET:
		do_forget(link, msg, r);
		return;
	case PROTO_STORE_LIST:
		do_list(s, link, msg, r);
		return;
	case PROTO_STORE_GET:
		do_get(s, link, msg, r);
		return;
	case PROTO_STORE_DROP:
		do_drop(s, link, msg, r);
		return;
	case PROTO_STORE_APPEND:
		do_append(s, link, msg, r);
		return;
	case PROTO_STORE_SYNC:
		do_sync(s, link, msg, r);
		return;
	case PROTO_STORE_READ:
		do_read(s, link, msg, r);
		return;
	case PROTO_STORE_ERASE:
		do_erase(s, link, msg, r);
		return;
	case PROTO_STORE_SEGMENTS:
		do_segments(s, link, msg, r);
		return;
	case PROTO_STORE_LOGS:
		do_logs(s, link, msg);
		return;
	case PROTO_STORE_LOG:
		do_log(s, link, msg, r);
		return;
	case PROTO_STORE_STATUS:
		do_status(s, link, msg);
		return;
	default:
		log_bug("a message that was read and not known");
	}
}

void store_serve(struct store *s, struct store_link *link, struct ipc_msg *msg)
{
	struct store_request r = STORE_REQUEST_ZERO;
	const char *wrong = store_request_read(&r, msg->type, msg->body, msg->len);

	if (wrong) {
		log_warn("%s: message %#x: %s", ipc_conn_peer(link->conn)->name, msg->type, wrong);
		ipc_reply_error(link->conn, msg, 400, "%s", wrong);
	} else if (!store_permitted(msg->type, ipc_conn_peer(link->conn)->id)) {
		ipc_reply_error(link->conn, msg, 403, "This is not for this room.");
	} else {
		dispatch(s, link, msg, &r);
	}
	free(r.data);
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "call.h"
#include "download.h"
#include "http/etag.h"
#include "http/range.h"
#include "ipc/proto.h"
#include "limits.h"
#include "reply.h"
#include "request.h"
#include "stored.h"

/* A file is for saving: never shown as a page of ours. */
#define POLICY "default-src 'none'; frame-ancestors 'none'; sandbox"
/* Bytes of a name in a header: each of 255 may become three. */
#define NAME_ENCODED 768

struct download {
	int fd;
	uint64_t length;		/* of the file */
	uint64_t left;			/* bytes to send yet */
	char digest[65], etag[40];
	char type[256], name[256];
};

static void file_named(struct ipc_msg *msg, int error, void *arg);

void download_free(struct download *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

/* ---- pieces ---- */

static void download_more(struct conn *c)
{
	struct download *d = c->request->download;
	size_t want = d->left < LIMIT_PIECE ? (size_t)d->left : LIMIT_PIECE;
	char *bytes = malloc(want);
	ssize_t n = bytes ? read(d->fd, bytes, want) : -1;

	if (n <= 0) {
		free(bytes);
		conn_cut(c);
		return;
	}
	d->left -= (uint64_t)n;
	conn_write_more(c, bytes, (size_t)n, !d->left);
}

/* ---- the head ---- */

/* RFC 6266 §4: a name in ASCII, and the real one as of RFC 8187. */
static void add_disposition(struct reply *reply, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char simple[256], encoded[NAME_ENCODED + 1];
	size_t n = 0, k = 0;

	for (; *name && n + 1 < sizeof simple; name++) {
		simple[n++] = strchr(plain, *name) ? *name : '_';
		k += (size_t)snprintf(encoded + k, sizeof encoded - k, strchr(plain, *name) ? "%c" : "%%%02X",
			(unsigned char)*name);
	}
	simple[n] = '\0';
	encoded[k] = '\0';
	/* The long form only where the head has room for it: names of any length are right in the address. */
	if (strcmp(simple, encoded) && k < 384)
		reply_header(reply, "Content-Disposition: attachment; filename=\"%.120s\"; filename*=UTF-8''%s", simple, encoded);
	else
		reply_header(reply, "Content-Disposition: attachment; filename=\"%s\"", simple);
}

/* Which bytes are wanted: sets status, first and left. */
static void choose_range(struct request *r, struct reply *reply, uint64_t *first)
{
	struct download *d = r->download;
	struct http_slice range, condition;
	bool many = false;
	enum http_range kind = HTTP_RANGE_NONE;

	*first = 0;
	d->left = d->length;
	reply->status = 200;
	if (http_slice_is(r->head.method, "GET") && http_head_find(&r->head, "range", &range, &many) && !many &&
	    (!http_head_find(&r->head, "if-range", &condition, NULL) || http_slice_is(condition, d->etag)))
		kind = http_range_read(range, d->length, first, &d->left);
	if (kind == HTTP_RANGE_PART) {
		reply->status = 206;
		reply_header(reply, "Content-Range: bytes %llu-%llu/%llu", (unsigned long long)*first,
			(unsigned long long)(*first + d->left - 1), (unsigned long long)d->length);
	} else if (kind == HTTP_RANGE_BEYOND) {
		reply->status = 416;
		d->left = 0;
		reply_header(reply, "Content-Range: bytes */%llu", (unsigned long long)d->length);
	}
}

static void begin_reply(struct request *r, struct reply *reply)
{
	struct download *d = r->download;

	reply->service = true;
	reply->cache = "private, no-cache";
	reply->policy = POLICY;
	reply_header(reply, "ETag: %s", d->etag);
	reply_header(reply, "Accept-Ranges: bytes");
}

static void refuse_range(struct request *r, struct reply *reply)
{
	reply->type = "application/json";
	reply->owned = reply_message("The file has no such bytes.", &reply->len);
	if (!reply->owned)
		reply->len = 0;
	reply_send(r->conn, reply);
}

static void send_file(struct request *r)
{
	struct download *d = r->download;
	struct reply reply = REPLY_ZERO;
	uint64_t first;

	begin_reply(r, &reply);
	choose_range(r, &reply, &first);
	if (reply.status == 416) {
		refuse_range(r, &reply);
		return;
	}
	if (lseek(d->fd, (off_t)first, SEEK_SET) < 0) {
		request_refuse(r, 503, "The appliance cannot read files at the moment; try again.");
		return;
	}
	add_disposition(&reply, d->name);
	reply.type = d->type;
	reply.len = (size_t)d->left;
	reply.more = d->left ? download_more : NULL;
	r->streaming = true;
	reply_send(r->conn, &reply);
}

/* ---- from core and store ---- */

static void file_got(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = stored_returned(arg);
	yyjson_doc *doc;

	if (!r)
		return;
	if (error || (msg->flags & IPC_ERROR) || msg->nfds != 1) {
		stored_refused(r, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	r->download->length = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "length"));
	yyjson_doc_free(doc);
	r->download->fd = ipc_msg_take_fd(msg, 0);
	send_file(r);
}

static bool copy(yyjson_val *from, const char *name, char *out, size_t size)
{
	const char *s = yyjson_get_str(yyjson_obj_get(from, name));

	if (!s || strlen(s) >= size)
		return false;
	memcpy(out, s, strlen(s) + 1);
	return true;
}

/* {"digest","name","content_type"}: false when it is not that. */
static bool file_known(struct request *r, yyjson_val *file)
{
	struct download *d = calloc(1, sizeof *d);

	if (!d)
		return false;
	d->fd = -1;
	download_free(r->download);
	r->download = d;
	if (!copy(file, "digest", d->digest, sizeof d->digest) || !copy(file, "name", d->name, sizeof d->name) ||
	    !copy(file, "content_type", d->type, sizeof d->type))
		return false;
	snprintf(d->etag, sizeof d->etag, "\"%.32s\"", d->digest);
	return true;
}

static void ask_file(struct request *r)
{
	struct reply reply = REPLY_ZERO;
	struct http_slice tags;
	char body[96];

	if (http_head_find(&r->head, "if-none-match", &tags, NULL) && http_etag_match(tags, r->download->etag)) {
		begin_reply(r, &reply);
		reply.status = 304;
		reply_send(r->conn, &reply);
		return;
	}
	snprintf(body, sizeof body, "{\"digest\":\"%s\"}", r->download->digest);
	stored_ask(r, PROTO_STORE_GET, body, file_got);
}

static struct call_question question(const struct request *r)
{
	return (struct call_question){ .type = PROTO_CORE_VERB, .verb = r->verb->name, .arguments = arguments_build,
		.answer = file_named };
}

static void file_named(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	struct call_question q;
	yyjson_val *root, *file;
	yyjson_doc *doc;

	if (!r)
		return;
	if (error) {
		q = question(r);
		call_again(r, error, &q);
		return;
	}
	doc = ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	file = yyjson_obj_get(root, "file");
	if (msg->flags & IPC_ERROR)
		call_answer_refused(r, root);
	else if (!file)
		call_answer_with(r, root);
	else if (!file_known(r, file))
		request_refuse(r, 500, "The appliance gave no answer that makes sense.");
	else
		ask_file(r);
	yyjson_doc_free(doc);
}

void download_begin(struct request *r)
{
	struct call_question q = question(r);

	call_ask(r, &q);
}

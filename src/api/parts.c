#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "call.h"
#include "ipc/proto.h"
#include "limits.h"
#include "parts.h"
#include "reply.h"
#include "request.h"
#include "stored.h"

/* Bytes around a piece in the coding of HTTP/1.1 (RFC 9112 §7.1). */
#define FRAMING 32
#define LAST "0\r\n\r\n"

struct parts {
	yyjson_doc *doc;	/* core's answer */
	yyjson_arr_iter next;
	int fd;			/* of the segment being read, -1 = none */
	uint64_t left;		/* bytes of it to send yet: it may grow meanwhile */
	uint64_t to;		/* where to end, 0 = where it ends */
	size_t taken;		/* of doc, from the memory account */
};

static void named(struct ipc_msg *msg, int error, void *arg);

void parts_free(struct parts *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	yyjson_doc_free(p->doc);
	limits_give(p->taken);
	free(p);
}

/* ---- pieces ---- */

/* Sends len bytes that lie FRAMING behind the start of a buffer of malloc; NULL: the last piece. */
static void send_piece(struct request *r, char *buffer, size_t len)
{
	bool framed = r->head.minor;
	char size[FRAMING];
	size_t n;

	if (!buffer) {
		buffer = malloc(sizeof LAST);
		if (buffer)
			memcpy(buffer, LAST, sizeof LAST);
		if (!buffer)
			conn_cut(r->conn);
		else
			conn_write_more(r->conn, buffer, framed ? sizeof LAST - 1 : 0, true);
		return;
	}
	n = framed ? (size_t)snprintf(size, sizeof size, "%zx\r\n", len) : 0;
	memmove(buffer + n, buffer + FRAMING, len);
	memcpy(buffer, size, n);
	if (framed)
		memcpy(buffer + n + len, "\r\n", 2);
	conn_write_more(r->conn, buffer, n + len + (framed ? 2 : 0), false);
}

static char *piece_new(size_t len)
{
	return malloc(len + FRAMING + 2);
}

static void send_text(struct request *r, yyjson_val *text)
{
	size_t len = yyjson_get_len(text);
	char *buffer = piece_new(len);

	if (!buffer) {
		conn_cut(r->conn);
		return;
	}
	memcpy(buffer + FRAMING, yyjson_get_str(text), len);
	send_piece(r, buffer, len);
}

static void read_segment(struct request *r)
{
	struct parts *p = r->parts;
	size_t want = p->left < LIMIT_PIECE ? (size_t)p->left : LIMIT_PIECE;
	char *buffer = piece_new(want);
	ssize_t n = buffer ? read(p->fd, buffer + FRAMING, want) : -1;

	if (n <= 0) {
		free(buffer);
		conn_cut(r->conn);
		return;
	}
	p->left -= (uint64_t)n;
	if (!p->left) {
		close(p->fd);
		p->fd = -1;
	}
	send_piece(r, buffer, (size_t)n);
}

/* ---- one part after the other ---- */

static void segment_got(struct ipc_msg *msg, int error, void *arg);

static void ask_segment(struct request *r, const char *name)
{
	char body[192];

	snprintf(body, sizeof body, "{\"segment\":\"%.128s\"}", name);
	stored_ask(r, PROTO_STORE_READ, body, segment_got);
}

static void ask_log(struct request *r, const char *name, uint64_t first)
{
	char body[192];

	snprintf(body, sizeof body, "{\"log\":\"%.64s\",\"at\":%llu}", name, (unsigned long long)first);
	stored_ask(r, PROTO_STORE_LOG, body, segment_got);
}

/* The next piece: now, or when store has answered. */
static void parts_next(struct request *r)
{
	struct parts *p = r->parts;
	yyjson_val *part, *text;
	const char *segment, *log;

	if (p->fd >= 0) {
		read_segment(r);
		return;
	}
	while ((part = yyjson_arr_iter_next(&p->next))) {
		text = yyjson_obj_get(part, "text");
		segment = yyjson_get_str(yyjson_obj_get(part, "segment"));
		if (yyjson_get_len(text) && yyjson_is_str(text)) {
			send_text(r, text);
			return;
		}
		log = yyjson_get_str(yyjson_obj_get(part, "log"));
		p->left = yyjson_get_uint(yyjson_obj_get(part, "from"));
		p->to = yyjson_get_uint(yyjson_obj_get(part, "to"));
		if (segment)
			ask_segment(r, segment);
		else if (log)
			ask_log(r, log, yyjson_get_uint(yyjson_obj_get(part, "first")));
		if (segment || log)
			return;
	}
	send_piece(r, NULL, 0);
}

static void parts_more(struct conn *c)
{
	parts_next(c->request);
}

/* left is where to begin, until the length is known. */
static void segment_got(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = stored_returned(arg);
	uint64_t length, from;
	yyjson_doc *doc;
	int code;

	if (!r)
		return;
	doc = error ? NULL : ipc_msg_json(msg);
	code = error ? 503 : yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "code"));
	length = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "length"));
	yyjson_doc_free(doc);
	from = r->parts->left;
	if (r->parts->to && length > r->parts->to)
		length = r->parts->to;
	if (error || ((msg->flags & IPC_ERROR) && code != 404)) {
		conn_cut(r->conn);
	} else if ((msg->flags & IPC_ERROR) || from >= length) {
		parts_next(r);
	} else {
		r->parts->fd = ipc_msg_take_fd(msg, 0);
		r->parts->left = length - from;
		if (r->parts->fd < 0 || lseek(r->parts->fd, (off_t)from, SEEK_SET) < 0)
			conn_cut(r->conn);
		else
			read_segment(r);
	}
}

/* ---- core's answer ---- */

static void begin_reply(struct request *r)
{
	struct reply reply = REPLY_ZERO;

	reply.status = 200;
	reply.service = true;
	reply.type = "text/plain; charset=utf-8";
	reply.chunked = true;
	reply.more = parts_more;
	r->streaming = true;
	reply_send(r->conn, &reply);
}

/* Takes the document over. False without memory. */
static bool parts_take(struct request *r, yyjson_doc *doc, size_t len)
{
	struct parts *p = calloc(1, sizeof *p);

	if (!p || !limits_take(2 * len)) {
		free(p);
		return false;
	}
	p->doc = doc;
	p->fd = -1;
	p->taken = 2 * len;
	yyjson_arr_iter_init(yyjson_obj_get(yyjson_doc_get_root(doc), "parts"), &p->next);
	r->parts = p;
	return true;
}

static struct call_question question(const struct request *r)
{
	return (struct call_question){ .type = PROTO_CORE_VERB, .verb = r->verb->name, .arguments = arguments_build,
		.answer = named };
}

static void named(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	struct call_question q;
	yyjson_doc *doc;
	yyjson_val *root;

	if (!r)
		return;
	if (error) {
		q = question(r);
		call_again(r, error, &q);
		return;
	}
	doc = ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	if (msg->flags & IPC_ERROR) {
		call_answer_refused(r, root);
	} else if (!yyjson_is_arr(yyjson_obj_get(root, "parts"))) {
		call_answer_with(r, root);
	} else if (parts_take(r, doc, msg->len)) {
		begin_reply(r);
		return;
	} else {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
	}
	yyjson_doc_free(doc);
}

void parts_begin(struct request *r)
{
	struct call_question q = question(r);

	call_ask(r, &q);
}

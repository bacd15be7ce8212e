#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "call.h"
#include "ipc/proto.h"
#include "list.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"

/* Bytes around a piece: the chunk's size (RFC 9112 §7.1), "[" or ",", "]", the ends of lines, the last chunk. */
#define FRAMING 40

static void list_answer(struct ipc_msg *msg, int error, void *arg);

static struct call_question question(const struct request *r)
{
	return (struct call_question){ .type = PROTO_CORE_LIST, .verb = r->verb->name, .arguments = arguments_build,
		.cursor = r->cursor ? r->cursor : "", .answer = list_answer };
}

static void list_more(struct conn *c)
{
	struct call_question q = question(c->request);

	c->request->retried = false;
	call_ask(c->request, &q);
}

/* The elements with what is around them in the array, and around that in the
 * coding of HTTP/1.1. */
static char *piece(struct request *r, const char *elements, size_t len, bool last, size_t *out_len)
{
	bool framed = r->head.minor, array = r->verb->answer != VERB_ANSWER_LINES;
	bool open = array && !r->streaming, comma = array && r->listed && len, shut = array && last;
	char *out = malloc(len + FRAMING);
	size_t n = 0, bytes = len + open + comma + shut;

	if (!out)
		return NULL;
	if (framed && bytes)
		n += (size_t)sprintf(out, "%zx\r\n", bytes);
	if (open)
		out[n++] = '[';
	if (comma)
		out[n++] = ',';
	memcpy(out + n, elements, len);
	n += len;
	if (shut)
		out[n++] = ']';
	if (framed && bytes) {
		memcpy(out + n, "\r\n", 2);
		n += 2;
	}
	if (framed && last) {
		memcpy(out + n, "0\r\n\r\n", 5);
		n += 5;
	}
	*out_len = n;
	return out;
}

static void first_piece(struct request *r, int status, char *bytes, size_t len, bool last)
{
	struct reply reply = REPLY_ZERO;

	reply.status = status;
	reply.service = true;
	reply.type = r->verb->answer == VERB_ANSWER_LINES ? verb_lines_type(r->verb) : "application/json";
	reply.chunked = true;
	reply.owned = bytes;
	reply.len = len;
	reply.more = last ? NULL : list_more;
	r->streaming = true;
	reply_send(r->conn, &reply);
}

static void send_piece(struct request *r, int status, const char *elements, size_t len, bool last)
{
	char *bytes;
	size_t n;

	bytes = piece(r, elements, len, last, &n);
	if (!bytes) {
		call_give_up(r, 503, "The appliance is short of memory; try again.");
		return;
	}
	r->listed |= len > 0;
	if (!r->streaming)
		first_piece(r, status, bytes, n, last);
	else
		conn_write_more(r->conn, bytes, n, last);
}

/* root: of the first line; the elements follow it. */
static void chunk_taken(struct request *r, int status, yyjson_val *root, const char *elements, size_t len)
{
	const char *next = yyjson_get_str(yyjson_obj_get(root, "next"));
	char *cursor = next ? strdup(next) : NULL;

	if (!cursor) {
		log_warn("core: %s: chunk: no cursor", r->verb->name);
		call_give_up(r, 500, "The appliance gave no answer that makes sense.");
		return;
	}
	free(r->cursor);
	r->cursor = cursor;
	/* What was looked at may all be invisible to who asks: nothing to send yet. */
	if (!len && *cursor && r->streaming)
		list_more(r->conn);
	else
		send_piece(r, status, elements, len, !*cursor);
}

static void list_taken(struct request *r, const struct ipc_msg *msg)
{
	const char *text = (const char *)msg->body, *line = text ? memchr(text, '\n', msg->len) : NULL;
	yyjson_doc *doc = line ? yyjson_read(text, (size_t)(line - text), 0) : NULL;
	yyjson_val *root = yyjson_doc_get_root(doc);
	int status = yyjson_get_int(yyjson_obj_get(root, "status"));

	if (!yyjson_is_obj(root)) {
		log_warn("core: %s: chunk: malformed", r->verb->name);
		call_give_up(r, 500, "The appliance gave no answer that makes sense.");
	} else if (status >= 200 && status < 300 && yyjson_obj_get(root, "next")) {
		chunk_taken(r, status, root, line + 1, msg->len - (size_t)(line + 1 - text));
	} else if (r->streaming) {
		conn_cut(r->conn);
	} else {
		call_answer_with(r, root);
	}
	yyjson_doc_free(doc);
}

static void list_answer(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	struct call_question q;
	yyjson_doc *doc;

	if (!r)
		return;
	q = question(r);
	if (error) {
		call_again(r, error, &q);
	} else if (msg->flags & IPC_ERROR) {
		doc = ipc_msg_json(msg);
		if (r->streaming)
			conn_cut(r->conn);
		else
			call_answer_refused(r, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	} else {
		list_taken(r, msg);
	}
}

void list_begin(struct request *r)
{
	struct call_question q = question(r);

	call_ask(r, &q);
}

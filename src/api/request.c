#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "call.h"
#include "description.h"
#include "download.h"
#include "files.h"
#include "http/path.h"
#include "http/type.h"
#include "ipc/proto.h"
#include "limits.h"
#include "reply.h"
#include "request.h"
#include "socket.h"
#include "spare.h"
#include "upload.h"

static struct spare requests = { .size = sizeof(struct request) };

static void request_complete(struct request *r);

bool request_is_safe(const struct request *r)
{
	return http_slice_is(r->head.method, "GET") || http_slice_is(r->head.method, "HEAD");
}

size_t request_received(const struct request *r)
{
	return r->received;
}

void request_free(struct request *r)
{
	if (r->body) {
		explicit_bzero(r->body, r->body_cap);
		free(r->body);
		limits_give(r->body_cap);
	}
	if (r->bytes)
		explicit_bzero(r->bytes, r->bytes_len);
	free(r->bytes);
	free(r->path);
	free(r->cursor);
	upload_free(r->upload);
	download_free(r->download);
	limits_give(2 * r->bytes_len);
	auth_wipe(&r->auth);
	spare_put(&requests, r);
}

void request_abandon(struct request *r)
{
	if (r->asked)
		r->conn = NULL;
	else
		request_free(r);
}

/* ---- refusing ---- */

static bool body_remains(const struct request *r)
{
	if (r->head.chunked)
		return !r->chunk.done;
	return r->head.has_length && r->received < r->head.length;
}

bool request_unread(const struct request *r)
{
	return body_remains(r);
}

void request_refuse_head(struct conn *c, int status, const char *message)
{
	c->closing = true;
	if (c->request)
		c->request->status = status;
	else
		access_refused(c, status, message);
	reply_error(c, status, message);
}

void request_refuse(struct request *r, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->message, sizeof r->message, fmt, ap);
	va_end(ap);
	if (body_remains(r)) {
		bool small = !r->head.chunked && r->head.length <= LIMIT_DISCARD;

		if (small && !r->head.expect_continue && r->conn->state != CONN_REPLY) {
			r->refused = status;
			conn_want_body(r->conn);
			return;
		}
		r->conn->closing = true;
	}
	reply_error(r->conn, status, r->message);
}

/* ---- the body ---- */

static bool body_room(struct request *r, size_t more)
{
	size_t cap = r->body_cap ? r->body_cap : 1024;
	char *body;

	/* One byte more, so that the text can end with NUL. */
	if (r->body_len + more + 1 <= r->body_cap)
		return true;
	while (cap < r->body_len + more + 1)
		cap *= 2;
	if (!limits_take(cap))
		return false;
	body = malloc(cap);
	if (!body) {
		limits_give(cap);
		return false;
	}
	if (r->body) {
		memcpy(body, r->body, r->body_len);
		explicit_bzero(r->body, r->body_cap);
		free(r->body);
		limits_give(r->body_cap);
	}
	r->body = body;
	r->body_cap = cap;
	return true;
}

/* Keeps the bytes.  False when the request has been refused for it. */
static bool body_keep(struct request *r, const char *bytes, size_t len)
{
	if (r->refused)
		return true;
	if (r->upload)
		return !len || upload_feed(r, bytes, len);
	if (len > r->body_max - r->body_len) {
		request_refuse_head(r->conn, 413, "The body is too large.");
		return false;
	}
	if (!body_room(r, len)) {
		request_refuse_head(r->conn, 503, "The appliance is short of memory; try again.");
		return false;
	}
	memcpy(r->body + r->body_len, bytes, len);
	r->body_len += len;
	r->body[r->body_len] = '\0';
	return true;
}

static bool feed_chunked(struct request *r, const char *bytes, size_t len, size_t *used)
{
	char plain[LIMIT_INPUT_BODY];
	long n;

	if (len > sizeof plain)
		len = sizeof plain;
	n = http_chunk_decode(&r->chunk, bytes, len, used, plain);
	r->received += *used;
	if (n < 0) {
		*used = 0;
		request_refuse_head(r->conn, 400, "The chunked body is malformed.");
		return true;
	}
	/* Framing without content must not go on for ever either. */
	if (r->received > 4 * r->body_max + 4096) {
		request_refuse_head(r->conn, 413, "The body is too large.");
		return true;
	}
	if (!body_keep(r, plain, (size_t)n))
		return true;
	explicit_bzero(plain, sizeof plain);
	if (!r->chunk.done)
		return false;
	request_complete(r);
	return true;
}

bool request_feed(struct request *r, const char *bytes, size_t len, size_t *used)
{
	uint64_t left;

	*used = 0;
	if (r->head.chunked && !r->chunk.done)
		return len ? feed_chunked(r, bytes, len, used) : false;
	left = r->head.length - r->received;
	if (len > left)
		len = (size_t)left;
	*used = len;
	r->received += len;
	if (!body_keep(r, bytes, len))
		return true;
	if (body_remains(r))
		return false;
	request_complete(r);
	return true;
}

/* ---- from head to work ---- */

/* The methods that this path knows, for 405. */
static void allowed_methods(struct request *r)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	struct verb_segment segments[VERB_SEGMENTS];
	size_t i, n = 0, count;
	bool other;

	for (i = 0; i < sizeof methods / sizeof *methods; i++)
		if (verb_by_route(methods[i], r->path, &other, segments, &count))
			n += (size_t)snprintf(r->allow + n, sizeof r->allow - n, "%s%s%s", n ? ", " : "",
				methods[i], i ? "" : ", HEAD");
}

static void route_service(struct request *r)
{
	char method[33];
	bool other = false;

	snprintf(method, sizeof method, "%.*s", (int)r->head.method.len, r->head.method.at);
	r->verb = verb_by_route(strcmp(method, "HEAD") ? method : "GET", r->path, &other, r->segments,
		&r->segment_count);
	if (!r->verb && other) {
		allowed_methods(r);
		request_refuse(r, 405, "The method %s is not for this resource.", method);
	} else if (!r->verb) {
		request_refuse(r, 404, "There is nothing at this address.");
	}
}

/* Is the body, if there is one, something this request can have? */
static bool body_acceptable(struct request *r)
{
	struct http_slice type;

	r->body_max = limits_body(r->verb);
	if (r->head.has_length && r->head.length > r->body_max) {
		request_refuse(r, 413, "The body is too large: at most %zu bytes here.", r->body_max);
		return false;
	}
	if (!body_remains(r))
		return true;
	if (r->verb->body == VERB_BODY_JSON && !request_is_safe(r) && (!http_head_find(&r->head, "content-type", &type, NULL) ||
	    !http_type_is_json(type))) {
		request_refuse(r, 415, "The body must be JSON: Content-Type: application/json.");
		return false;
	}
	return true;
}

static void begin_service(struct request *r)
{
	route_service(r);
	if (!r->verb)
		return;
	if (!auth_read(r) || !body_acceptable(r))
		return;
	if (r->verb->body != VERB_BODY_JSON) {
		upload_begin(r);
		return;
	}
	if (!body_remains(r)) {
		request_complete(r);
		return;
	}
	if (r->head.expect_continue)
		conn_write_now(r->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	conn_want_body(r->conn);
}

static void begin_page(struct request *r)
{
	/* The agents' certificate is not for people: no pages behind it. */
	if (r->conn->leaf == PROTO_LEAF_AGENTS) {
		request_refuse(r, 404, "There is nothing at this address.");
	} else if (!request_is_safe(r)) {
		snprintf(r->allow, sizeof r->allow, "GET, HEAD");
		request_refuse(r, 405, "Only GET and HEAD are for this resource.");
	} else if (body_remains(r)) {
		request_refuse(r, 400, "A request for a page has no body.");
	} else {
		files_serve(r);
	}
}

/* The head may be dropped after this.  NULL when there is no memory. */
static struct request *request_new(struct conn *c, const char *head, size_t len)
{
	struct request *r;

	if (!limits_take(2 * len))
		return NULL;
	r = spare_get(&requests);
	if (!r) {
		limits_give(2 * len);
		return NULL;
	}
	r->conn = c;
	r->bytes = malloc(len);
	r->bytes_len = len;
	r->path = malloc(len + 1);
	if (!r->bytes || !r->path) {
		request_free(r);
		return NULL;
	}
	memcpy(r->bytes, head, len);
	return r;
}

static bool begins_with(const char *path, const char *prefix)
{
	return !strncmp(path, prefix, strlen(prefix));
}

void request_begin(struct conn *c, const char *head, size_t len)
{
	struct request *r = request_new(c, head, len);
	const char *why;
	int status;

	if (!r) {
		request_refuse_head(c, 503, "The appliance is short of memory; try again.");
		return;
	}
	r->begun = ev_now(conn_loop());
	c->request = r;
	status = http_head_parse(&r->head, r->bytes, len, &why);
	if (status) {
		char message[96];

		snprintf(message, sizeof message, "The request is malformed: %s.", why);
		r->path[0] = '\0';
		request_refuse_head(c, status, message);
		return;
	}
	if (!r->head.keep_alive)
		c->closing = true;
	if (http_slice_is(r->head.path, "*") || !http_path_normalise(r->head.path, r->path)) {
		r->path[0] = '\0';
		request_refuse(r, 400, "The path is malformed.");
		return;
	}
	if (!strcmp(r->path, SOCKET_PATH))
		socket_begin(r);
	else if (!strcmp(r->path, DESCRIPTION_PATH))
		description_serve(r);
	else if (begins_with(r->path, "/services/") || !strcmp(r->path, "/services"))
		begin_service(r);
	else
		begin_page(r);
}

/* Head and body are here. */
static void request_complete(struct request *r)
{
	if (r->refused)
		reply_error(r->conn, r->refused, r->message);
	else if (r->upload)
		upload_complete(r);
	else
		call_begin(r);
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "http/multipart.h"
#include "ipc/proto.h"
#include "limits.h"
#include "log/log.h"
#include "request.h"
#include "stored.h"
#include "upload.h"

/* The part of a form that is the file. */
#define PART "blob"
#define TYPE_UNKNOWN "application/octet-stream"

struct upload {
	int fd;
	unsigned generation;		/* of the connection to store */
	uint64_t id;			/* store's number, 0 = none */
	uint64_t length;
	char digest[65];
	char name[HTTP_PART_TEXT], type[HTTP_PART_TEXT];
	bool inside, found;		/* the form's part: being read; was there */
	struct request *request;
	struct http_multipart *form;	/* NULL for a raw body */
};

void upload_free(struct upload *u)
{
	if (!u)
		return;
	if (u->fd >= 0)
		close(u->fd);
	stored_forget(u->generation, u->id);
	free(u->form);
	free(u);
}

/* ---- bytes ---- */

/* False when the request has been refused. */
static bool keep(struct upload *u, const char *bytes, size_t len)
{
	ssize_t n;

	if (u->length + len > LIMIT_FILE) {
		request_refuse_head(u->request->conn, 413, "The file is too large: at most 10 MB.");
		return false;
	}
	u->length += len;
	for (; len; bytes += n, len -= (size_t)n) {
		n = write(u->fd, bytes, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0) {
			log_warn("upload: write: %s", strerror(errno));
			request_refuse_head(u->request->conn, errno == ENOSPC ? 507 : 503, errno == ENOSPC ?
				"There is no space left for files." : "The file could not be kept; try again.");
			return false;
		}
	}
	return true;
}

/* What a client calls the type of its file, if it can be one. */
static void take_type(struct upload *u, const char *type)
{
	const char *slash = strchr(type, '/');
	struct http_slice main = { type, slash ? (size_t)(slash - type) : 0 };
	struct http_slice minor = { slash ? slash + 1 : "", slash ? strcspn(slash + 1, "; \t") : 0 };

	if (main.len && minor.len && http_token_valid(main) && http_token_valid(minor))
		snprintf(u->type, sizeof u->type, "%.*s", (int)(main.len + 1 + minor.len), type);
	else
		snprintf(u->type, sizeof u->type, TYPE_UNKNOWN);
}

static bool part_begin(void *arg, const struct http_part *part)
{
	struct upload *u = arg;

	u->inside = !strcmp(part->name, PART);
	if (!u->inside)
		return true;
	if (u->found) {
		u->form->why = "there are two parts named " PART;
		return false;
	}
	u->found = true;
	http_file_name(part->filename, u->name);
	take_type(u, part->type);
	return true;
}

static bool part_data(void *arg, const char *bytes, size_t len)
{
	struct upload *u = arg;

	return !u->inside || keep(u, bytes, len);
}

static bool part_end(void *arg)
{
	struct upload *u = arg;

	u->inside = false;
	return true;
}

bool upload_feed(struct request *r, const char *bytes, size_t len)
{
	struct upload *u = r->upload;
	char message[160];

	if (!u->form)
		return keep(u, bytes, len);
	if (http_multipart_feed(u->form, bytes, len))
		return true;
	if (u->form->why) {
		snprintf(message, sizeof message, "The form is malformed: %s.", u->form->why);
		request_refuse_head(r->conn, 400, message);
	}
	return false;
}

/* ---- the beginning ---- */

static void on_begun(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = stored_returned(arg);
	yyjson_doc *doc;
	struct upload *u;

	if (!r)
		return;
	u = r->upload;
	if (error || (msg->flags & IPC_ERROR) || msg->nfds != 1) {
		stored_refused(r, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	u->id = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "upload"));
	yyjson_doc_free(doc);
	u->generation = stored_generation();
	u->fd = ipc_msg_take_fd(msg, 0);
	if (r->head.expect_continue)
		conn_write_now(r->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	conn_want_body(r->conn);
}

/* Core knows who it is, and a browser really meant it. */
static void permitted(struct request *r)
{
	stored_ask(r, PROTO_STORE_BEGIN, "{}", on_begun);
}

static void who_known(struct request *r, yyjson_val *body)
{
	(void)body;
	if (auth_needs_csrf(r) && auth_check_csrf(r) != AUTH_CSRF_RIGHT)
		request_refuse(r, 403, "X-CSRF-Token is missing or wrong.");
	else
		permitted(r);
}

static const struct http_multipart_ops form_ops = { part_begin, part_data, part_end };

/* False when the request has been refused. */
static bool open_form(struct request *r, struct upload *u)
{
	char boundary[HTTP_BOUNDARY_MAX + 1];
	struct http_slice type;
	bool many;

	if (!http_head_find(&r->head, "content-type", &type, &many) || many ||
	    !http_multipart_boundary(type, boundary)) {
		request_refuse(r, 415, "The body must be a form: Content-Type: multipart/form-data; boundary=...");
		return false;
	}
	u->form = malloc(sizeof *u->form);
	if (!u->form) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return false;
	}
	http_multipart_open(u->form, boundary, &form_ops, u);
	return true;
}

/* The name comes from the path, the type from the head. */
static void open_raw(struct request *r, struct upload *u)
{
	char name[HTTP_PART_TEXT] = "", type[HTTP_PART_TEXT] = "";
	struct http_slice value;

	if (r->segment_count)
		snprintf(name, sizeof name, "%.*s", (int)r->segments[0].value_len, r->segments[0].value);
	if (http_head_find(&r->head, "content-type", &value, NULL))
		snprintf(type, sizeof type, "%.*s", (int)value.len, value.at);
	http_file_name(name, u->name);
	take_type(u, type);
	u->found = true;
}

void upload_begin(struct request *r)
{
	struct upload *u = calloc(1, sizeof *u);

	if (!u) {
		request_refuse(r, 503, "The appliance is short of memory; try again.");
		return;
	}
	u->fd = -1;
	u->request = r;
	r->upload = u;
	if (r->verb->body == VERB_BODY_MULTIPART && !open_form(r, u))
		return;
	if (r->verb->body == VERB_BODY_RAW)
		open_raw(r, u);
	if (!r->head.chunked && !r->head.has_length) {
		request_refuse(r, 411, "A file needs a body: Content-Length or chunks.");
		return;
	}
	call_who(r, who_known);
}

/* ---- the end ---- */

static void added(struct ipc_msg *msg, int error, void *arg);

static yyjson_mut_val *arguments(struct request *r, yyjson_mut_doc *doc)
{
	struct upload *u = r->upload;
	yyjson_mut_val *args = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, args, "digest", u->digest);
	yyjson_mut_obj_add_uint(doc, args, "length", u->length);
	yyjson_mut_obj_add_str(doc, args, "name", u->name);
	yyjson_mut_obj_add_str(doc, args, "content_type", u->type);
	return args;
}

static struct call_question question(const struct request *r)
{
	return (struct call_question){ .type = PROTO_CORE_VERB, .verb = r->verb->name, .arguments = arguments,
		.answer = added };
}

static void added(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = call_returned(arg);
	struct call_question q;
	yyjson_doc *doc;

	if (!r)
		return;
	if (error) {
		q = question(r);
		call_again(r, error, &q);
		return;
	}
	doc = ipc_msg_json(msg);
	if (msg->flags & IPC_ERROR)
		call_answer_refused(r, yyjson_doc_get_root(doc));
	else
		call_answer_with(r, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

/* The file has its place; a reference to it makes it last. */
static void committed(struct ipc_msg *msg, int error, void *arg)
{
	struct request *r = stored_returned(arg);
	const char *digest;
	yyjson_val *root;
	yyjson_doc *doc;
	struct upload *u;
	struct call_question q;

	if (!r)
		return;
	u = r->upload;
	u->id = 0;
	if (error || (msg->flags & IPC_ERROR)) {
		stored_refused(r, msg, error);
		return;
	}
	doc = ipc_msg_json(msg);
	root = yyjson_doc_get_root(doc);
	digest = yyjson_get_str(yyjson_obj_get(root, "digest"));
	if (!digest || strlen(digest) != sizeof u->digest - 1 ||
	    yyjson_get_uint(yyjson_obj_get(root, "length")) != u->length) {
		log_warn("store: upload: kept %llu bytes of %llu", (unsigned long long)
			yyjson_get_uint(yyjson_obj_get(root, "length")), (unsigned long long)u->length);
		yyjson_doc_free(doc);
		request_refuse(r, 500, "The file could not be kept whole.");
		return;
	}
	memcpy(u->digest, digest, sizeof u->digest);
	yyjson_doc_free(doc);
	q = question(r);
	call_ask(r, &q);
}

void upload_complete(struct request *r)
{
	struct upload *u = r->upload;
	char body[48];

	if (u->form && !http_multipart_done(u->form)) {
		request_refuse_head(r->conn, 400, "The form is malformed: it has no end.");
	} else if (!u->found) {
		request_refuse(r, 400, "The form has no part named " PART ".");
	} else if (u->generation != stored_generation()) {
		u->id = 0;
		request_refuse(r, 503, "The upload was interrupted; try again.");
	} else {
		close(u->fd);
		u->fd = -1;
		snprintf(body, sizeof body, "{\"upload\":%llu}", (unsigned long long)u->id);
		stored_ask(r, PROTO_STORE_COMMIT, body, committed);
	}
}

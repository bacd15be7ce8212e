#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <yyjson.h>

#include "conn.h"
#include "http/etag.h"
#include "limits.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"

/* Bytes of a response head: our own lines and reply.extra. */
#define HEAD_SIZE 2048

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 206, "Partial Content" }, { 304, "Not Modified" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" },
	{ 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" }, { 423, "Locked" },
	{ 426, "Upgrade Required" }, { 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" },
	{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
};

/* On every response, whatever it is. */
static const char common[] =
	"Strict-Transport-Security: max-age=31536000\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n";

static const char *reason_of(int status)
{
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void reply_header(struct reply *r, const char *fmt, ...)
{
	size_t room = sizeof r->extra - r->extra_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->extra + r->extra_len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 3 > room)
		log_bug("a response header is too long");
	memcpy(r->extra + r->extra_len + n, "\r\n", 3);
	r->extra_len += (size_t)n + 2;
}

/* "Date: ..." of this second. */
static const char *date_line(void)
{
	static char text[HTTP_DATE_SIZE];
	static time_t made;
	time_t now = time(NULL);

	if (now != made || !text[0]) {
		http_date_format(now, text);
		made = now;
	}
	return text;
}

/* RFC 9110 §8.6: these have no body, and their length is not said. */
static bool bodiless(int status)
{
	return status == 204 || status == 304;
}

static size_t write_head(const struct conn *c, const struct reply *r, char *out, size_t size)
{
	char length[40] = "", type[128] = "";
	int n;

	if (r->chunked)
		snprintf(length, sizeof length, "%s", c->request->head.minor ? "Transfer-Encoding: chunked\r\n" : "");
	else if (!bodiless(r->status))
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", r->len);
	if (r->type && (r->len || r->chunked))
		snprintf(type, sizeof type, "Content-Type: %s\r\n", r->type);
	n = snprintf(out, size,
		"HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%sCache-Control: %s\r\nContent-Security-Policy: %s\r\n%s%s%s\r\n",
		r->status, reason_of(r->status), date_line(), type, length,
		r->service ? "Elasticbox-Release: " REPLY_RELEASE "\r\n" : "", r->cache, r->policy, common,
		r->extra, c->closing ? "Connection: close\r\n"
		: "Connection: keep-alive\r\nKeep-Alive: timeout=55\r\n");
	if (n < 0 || (size_t)n >= size)
		log_bug("a response head is too long");
	return (size_t)n;
}

void reply_send(struct conn *c, struct reply *r)
{
	struct request *q = c->request;
	bool without = bodiless(r->status) || (q && http_slice_is(q->head.method, "HEAD"));
	struct conn_out out = { .lent = r->lent && !without };
	char head[HEAD_SIZE];

	if (q)
		q->status = r->status;
	/* Without a length in HTTP/1.0 the end of the connection is the end of the reply. */
	if (r->chunked && !q->head.minor)
		c->closing = true;
	c->more = without ? NULL : r->more;
	out.head = head;
	out.head_len = write_head(c, r, head, sizeof head);
	if (r->owned && without)
		free(r->owned);
	else
		out.owned = r->owned;
	out.body = out.owned ? out.owned : out.lent ? r->lent : r->borrowed;
	out.body_len = without || !out.body ? 0 : r->len;
	conn_write(c, &out);
	/* a cookie may have been in it */
	explicit_bzero(head, sizeof head);
}

char *reply_message(const char *message, size_t *len)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root;
	char *text = NULL;

	if (doc) {
		root = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, root);
		yyjson_mut_obj_add_str(doc, root, "message", message);
		text = yyjson_mut_write(doc, 0, len);
		yyjson_mut_doc_free(doc);
	}
	return text;
}

void reply_error(struct conn *c, int status, const char *message)
{
	struct reply r = REPLY_ZERO;
	const struct request *q = c->request;

	r.status = status;
	r.type = "application/json";
	r.service = true;
	r.owned = reply_message(message, &r.len);
	if (!r.owned)
		r.len = 0;
	if (status == 405 && q && q->allow[0])
		reply_header(&r, "Allow: %s", q->allow);
	if (status == 426)
		reply_header(&r, "Upgrade: websocket\r\nSec-WebSocket-Version: 13");
	if (status == 401)
		reply_header(&r, "WWW-Authenticate: Bearer");
	if (status == 503)
		reply_header(&r, "Retry-After: 1");
	reply_send(c, &r);
}

void reply_turn_away(int fd)
{
	static const char text[] =
		"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
		"Content-Length: 52\r\nRetry-After: 5\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
		"{\"message\":\"Too many connections; try again later.\"}";

	if (send(fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		shutdown(fd, SHUT_WR);
}

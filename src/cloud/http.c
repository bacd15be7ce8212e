/* http: libcurl, with our own judgement of the server. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr/addr.h"
#include "cloud/http.h"
#include "log/log.h"
#include "plat/clock.h"

/* Idle connections that are used again: not as old as servers and firewalls drop them, seconds; and for what must not
 * be sent twice, one that was in use just now. */
#define KEPT_IDLE 110L
#define ONCE_IDLE 2L

struct text {
	char *at;
	size_t len, cap;
};

struct http {
	CURL *curl;
	struct tls_check check;
	const struct tls_trust *trust;
	const atomic_bool *cancelled;
	int64_t until;
	const struct http_request *now;
	struct text head, body;
	uint64_t received;
	size_t given;			/* bytes of the body */
	int status;
	bool too_large, sink_ended, shaken;
	char host[X509_NAME_MAX + 1];
	int port;
	yyjson_doc *names;		/* http_addresses */
	char value[4096];
	char error[CURL_ERROR_SIZE];
	char why[HTTP_WHY];
};

int http_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? -1 : 0;
}

/* Keeps a NUL behind the bytes. */
static int text_add(struct text *t, const char *data, size_t len)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *more;

	while (cap < t->len + len + 1)
		cap *= 2;
	if (cap != t->cap) {
		more = realloc(t->at, cap);
		if (!more)
			return -1;
		t->at = more;
		t->cap = cap;
	}
	memcpy(t->at + t->len, data, len);
	t->len += len;
	t->at[t->len] = 0;
	return 0;
}

static void text_clear(struct text *t)
{
	if (t->at)
		explicit_bzero(t->at, t->len);
	/* what was large once need not stay */
	if (t->cap > 65536) {
		free(t->at);
		memset(t, 0, sizeof *t);
	}
	t->len = 0;
	if (t->at)
		t->at[0] = 0;
}

/* ---- what libcurl calls ---- */

static size_t on_head(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	(void)size;
	/* a new status line: what came before was provisional (RFC 9110 §15.2) */
	if (n >= 5 && !memcmp(data, "HTTP/", 5))
		text_clear(&h->head);
	if (h->head.len + n > HTTP_HEAD_MAX) {
		h->too_large = true;
		return 0;
	}
	return text_add(&h->head, data, n) ? 0 : n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	const struct http_request *rq = h->now;
	long status = 0;

	(void)size;
	h->received += n;
	if (h->received > (rq->answer_max ? rq->answer_max : HTTP_ANSWER_MAX)) {
		h->too_large = true;
		return 0;
	}
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!rq->sink || status != 200)
		return text_add(&h->body, data, n) ? 0 : n;
	if (rq->sink(data, n, rq->arg)) {
		h->sink_ended = true;
		return 0;
	}
	return n;
}

/* The body of what must not be sent twice.  There is no way back to its start, so libcurl does not send it again by
 * itself when a kept connection ends under it: CURLE_SEND_FAIL_REWIND. */
static size_t on_give(char *to, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t left = h->now->len - h->given, len = size * n < left ? size * n : left;

	memcpy(to, h->now->body + h->given, len);
	h->given += len;
	return len;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct http *h = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return h->cancelled && atomic_load_explicit(h->cancelled, memory_order_relaxed);
}

static CURLcode on_tls(CURL *curl, void *context, void *arg)
{
	struct http *h = arg;

	(void)curl;
	tls_check_install(&h->check, context, h->trust, h->host);
	h->shaken = true;
	return CURLE_OK;
}

/* ---- life ---- */

static int set_up(struct http *h)
{
	CURL *c = h->curl;

	/* The two verifications of libcurl's own engine are replaced by on_tls, which is always there: it cannot
	 * verify addresses (bearssl.c) and takes chains in one order only. */
	return curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) || curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) ||
		curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_tls) || curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h) ||
		curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
		curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) ||
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") || curl_easy_setopt(c, CURLOPT_PROXY, "") ||
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) || curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) ||
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error) || curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) ||
		curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head) || curl_easy_setopt(c, CURLOPT_HEADERDATA, h) ||
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) || curl_easy_setopt(c, CURLOPT_WRITEDATA, h) ||
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_give) || curl_easy_setopt(c, CURLOPT_READDATA, h) ||
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) || curl_easy_setopt(c, CURLOPT_XFERINFODATA, h) ||
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) || curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 4L) ||
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT_SECONDS);
}

struct http *http_open(const struct tls_trust *trust)
{
	struct http *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->trust = trust;
	h->curl = curl_easy_init();
	if (!h->curl || set_up(h)) {
		http_close(h);
		return NULL;
	}
	return h;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	yyjson_doc_free(h->names);
	tls_check_end(&h->check);
	text_clear(&h->head);
	text_clear(&h->body);
	free(h->head.at);
	free(h->body.at);
	free(h);
}

void http_bound(struct http *h, const atomic_bool *cancelled, int64_t until)
{
	h->cancelled = cancelled;
	h->until = until;
}

void http_addresses(struct http *h, yyjson_val *names)
{
	char *text = names ? yyjson_val_write(names, 0, NULL) : NULL;

	yyjson_doc_free(h->names);
	h->names = text ? yyjson_read(text, strlen(text), 0) : NULL;
	free(text);
}

/* ---- one exchange ---- */

/* Host and port of the address, for the check, the sentences and the way there. */
static int take_host(struct http *h, const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;
	int rc = -1;

	if (u && !curl_url_set(u, CURLUPART_URL, url, 0) && !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
			!curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
			strlen(host) <= X509_NAME_MAX && !strncasecmp(url, "https://", 8)) {
		snprintf(h->host, sizeof h->host, "%s", host);
		h->port = atoi(port);
		rc = 0;
	}
	curl_free(port);
	curl_free(host);
	curl_url_cleanup(u);
	return rc;
}

static bool is_address(const char *host)
{
	char bare[ADDR_TEXT_MAX + 2];
	struct addr a;
	size_t len;

	snprintf(bare, sizeof bare, "%.*s", (int)sizeof bare - 1, host[0] == '[' ? host + 1 : host);
	len = strlen(bare);
	if (len && bare[len - 1] == ']')
		bare[len - 1] = 0;
	return addr_parse(&a, bare) == 0;
}

static yyjson_val *entry_of(const struct http *h)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_doc_get_root(h->names));
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)))
		if (!strcasecmp(yyjson_get_str(key), h->host))
			return yyjson_obj_iter_get_val(key);
	return NULL;
}

/* How to get to the host, for CURLOPT_RESOLVE; *way NULL for an address.  -1: its addresses are not known, what says so. */
static int find_way(struct http *h, struct curl_slist **way, const char **what)
{
	yyjson_val *entry = entry_of(h), *v;
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(entry, "addresses"));
	char text[X509_NAME_MAX + 16 + 32 * (ADDR_TEXT_MAX + 3)];
	bool any = false;
	struct addr a;
	int n;

	*way = NULL;
	if (is_address(h->host))
		return 0;
	n = snprintf(text, sizeof text, "%s:%d:", h->host, h->port);
	while ((v = yyjson_arr_iter_next(&it)) && (size_t)n + ADDR_TEXT_MAX + 4 < sizeof text)
		if (yyjson_is_str(v) && addr_parse(&a, yyjson_get_str(v)) == 0) {
			n += snprintf(text + n, sizeof text - (size_t)n, a.family == ADDR_V6 ? "%s[%s]" : "%s%s", any ? "," : "", yyjson_get_str(v));
			any = true;
		}
	*what = yyjson_get_str(yyjson_obj_get(entry, "message"));
	if (!*what)
		*what = "the name cannot be resolved";
	if (!any)
		return -1;
	*way = curl_slist_append(NULL, text);
	*what = "out of memory";
	return *way ? 0 : -1;
}

static long milliseconds(const struct http *h, const struct http_request *rq)
{
	int64_t limit = (int64_t)(rq->seconds ? rq->seconds : HTTP_CALL_SECONDS) * 1000, left;

	if (!h->until)
		return (long)limit;
	left = (h->until - plat_clock_boot()) / 1000;
	return (long)(left < 1 ? 1 : left < limit ? left : limit);
}

static void describe(struct http *h, const struct http_request *rq, struct curl_slist *list)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_URL, rq->url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, (long)(rq->once && !rq->body));
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, rq->once ? ONCE_IDLE : KEPT_IDLE);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, milliseconds(h, rq));
	if (rq->body) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, rq->once ? NULL : rq->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->len);
	} else {
		curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	}
	if (!strcmp(rq->method, "HEAD"))
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
}

static enum http_result refuse(struct http *h, enum http_result result, const char *what)
{
	snprintf(h->why, sizeof h->why, "%s: %.250s", h->host, what);
	return result;
}

/* The engine's error out of libcurl's words, -1 when there is none. */
static int engine_error(const char *text)
{
	const char *at = strstr(text, "connection error 0x");

	return at ? (int)strtol(at + 19, NULL, 16) : -1;
}

/* Did the handshake of the connection in use succeed?  One that was kept had its own before. */
static bool was_shaken(const struct http *h)
{
	curl_off_t at = 0;

	return !h->shaken || (!curl_easy_getinfo(h->curl, CURLINFO_APPCONNECT_TIME_T, &at) && at > 0);
}

static enum http_result tls_trouble(struct http *h)
{
	int error = engine_error(h->error);

	if (h->check.why[0])
		snprintf(h->why, sizeof h->why, "%s", h->check.why);
	else if (error >= 0)
		tls_client_error(error, h->host, h->why);
	else
		snprintf(h->why, sizeof h->why, "%s: no TLS: %.200s", h->host, h->error);
	/* later on it is an accident of the way, and the server may have done what it was asked */
	return was_shaken(h) ? HTTP_UNKNOWN : HTTP_UNTRUSTED;
}

/* Was the request, or a part of it, given to the server? */
static bool was_sent(CURL *c)
{
	long bytes = 0;

	return curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &bytes) || bytes > 0;
}

static enum http_result judge(struct http *h, CURLcode rc)
{
	char what[256];

	switch (rc) {
	case CURLE_OK:
		return HTTP_DONE;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
		return tls_trouble(h);
	case CURLE_COULDNT_RESOLVE_HOST:
		return refuse(h, HTTP_NOT_SENT, "the name cannot be resolved");
	case CURLE_COULDNT_CONNECT:
		return refuse(h, HTTP_NOT_SENT, "the connection is refused or not possible");
	case CURLE_SEND_FAIL_REWIND:
		return refuse(h, HTTP_UNKNOWN, "the connection ended before the answer");
	case CURLE_ABORTED_BY_CALLBACK:
		return refuse(h, HTTP_CANCELLED, "the call was cancelled");
	default:
		break;
	}
	if (h->too_large)
		return refuse(h, HTTP_TOO_LARGE, "the answer is larger than is accepted");
	if (h->sink_ended)
		return refuse(h, HTTP_UNKNOWN, "the answer is not what was expected");
	if (!was_sent(h->curl) && h->shaken && rc == CURLE_RECV_ERROR)
		return refuse(h, HTTP_UNTRUSTED, "the connection ended within the TLS handshake, as servers do that speak only TLS 1.3");
	if (rc == CURLE_OPERATION_TIMEDOUT)
		snprintf(what, sizeof what, "no %s in time", was_sent(h->curl) ? "whole answer" : "connection");
	else
		snprintf(what, sizeof what, "%.200s", h->error[0] ? h->error : curl_easy_strerror(rc));
	return refuse(h, was_sent(h->curl) ? HTTP_UNKNOWN : HTTP_NOT_SENT, what);
}

static struct curl_slist *headers(const struct http_request *rq)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (size_t i = 0; list && rq->headers && rq->headers[i]; i++) {
		more = curl_slist_append(list, rq->headers[i]);
		if (!more) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = more;
	}
	return list;
}

/* Header lines carry tokens. */
static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

/* The wish to go back stays with libcurl's handle, even through curl_easy_reset: no later call would get past it. */
static void renew(struct http *h)
{
	curl_easy_cleanup(h->curl);
	h->curl = curl_easy_init();
	if (!h->curl || set_up(h))
		log_fatal("libcurl");
}

enum http_result http_call(struct http *h, const struct http_request *rq)
{
	struct curl_slist *list, *way;
	enum http_result result;
	const char *what = "";
	long status = 0;
	CURLcode rc;

	text_clear(&h->head);
	text_clear(&h->body);
	h->received = h->given = 0;
	h->status = 0;
	h->too_large = h->sink_ended = h->shaken = false;
	h->why[0] = h->error[0] = h->check.why[0] = 0;
	if (take_host(h, rq->url)) {
		snprintf(h->why, sizeof h->why, "%.200s: is not an address that begins with https://", rq->url);
		return HTTP_NOT_SENT;
	}
	if (find_way(h, &way, &what))
		return refuse(h, HTTP_NOT_SENT, what);
	list = headers(rq);
	if (!list) {
		curl_slist_free_all(way);
		return refuse(h, HTTP_NOT_SENT, "out of memory");
	}
	h->now = rq;
	describe(h, rq, list);
	curl_easy_setopt(h->curl, CURLOPT_RESOLVE, way);
	rc = curl_easy_perform(h->curl);
	result = judge(h, rc);
	if (!curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status))
		h->status = (int)status;
	if (rc == CURLE_SEND_FAIL_REWIND)
		renew(h);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(h->curl, CURLOPT_RESOLVE, NULL);
	headers_free(list);
	curl_slist_free_all(way);
	h->now = NULL;
	return result;
}

int http_status(const struct http *h)
{
	return h->status;
}

const char *http_body(const struct http *h, size_t *len)
{
	if (len)
		*len = h->body.len;
	return h->body.at ? h->body.at : "";
}

const char *http_header(struct http *h, const char *name)
{
	size_t n = strlen(name), len;
	const char *line = h->head.at, *end;

	for (; line && *line; line = end) {
		end = strchr(line, '\n');
		end = end ? end + 1 : line + strlen(line);
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		while (line < end && isspace((unsigned char)*line))
			line++;
		len = (size_t)(end - line);
		while (len && isspace((unsigned char)line[len - 1]))
			len--;
		if (len >= sizeof h->value)
			return NULL;
		memcpy(h->value, line, len);
		h->value[len] = 0;
		return h->value;
	}
	return NULL;
}

const char *http_why(const struct http *h)
{
	return h->why;
}

const char *http_fingerprint(const struct http *h)
{
	return h->check.fingerprint;
}

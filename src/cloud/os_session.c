/* openstack: Keystone (os_identity.c has its two versions), its catalogue, and calls with its token. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack.h"

#define TRIES 3
/* Elements of one page, and pages of one list. */
#define PAGE 200
#define PAGES_MAX 200

yyjson_val *os_answer(const struct os *o)
{
	return yyjson_doc_get_root(o->answer);
}

/* ---- one exchange ---- */

/* OpenStack's services wrap the sentence differently: {"error":{"message"}}, {"itemNotFound":{"message"}},
 * {"NeutronError":{"message"}}, {"message"}, Heat {"title","explanation","error":{"message"}}. */
static const char *words(yyjson_val *root)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	const char *plain = job_text(root, "explanation"), *s;
	yyjson_val *key, *v;

	if (job_text(root, "message")[0])
		return job_text(root, "message");
	while ((key = yyjson_obj_iter_next(&it))) {
		v = yyjson_obj_iter_get_val(key);
		s = job_text(v, "message");
		if (s[0])
			return s;
		if (!plain[0] && yyjson_is_str(v))
			plain = yyjson_get_str(v);
	}
	return plain;
}

/* What a call without an answer comes to. */
static enum os_result unanswered(struct os *o, enum http_result r)
{
	snprintf(o->why, sizeof o->why, "%s", http_why(o->http));
	switch (r) {
	case HTTP_NOT_SENT: return OS_BUSY;
	case HTTP_UNTRUSTED: return OS_UNTRUSTED;
	case HTTP_CANCELLED: return OS_CANCELLED;
	default: return OS_UNKNOWN;
	}
}

enum os_result os_read(struct os *o, int status, const char *text, size_t len)
{
	o->status = status;
	yyjson_doc_free(o->answer);
	o->answer = len ? yyjson_read(text, len, 0) : NULL;
	if (status >= 200 && status < 300)
		return OS_DONE;
	snprintf(o->why, sizeof o->why, "status %d: %.400s", status, words(os_answer(o)));
	if (status == 404)
		return OS_MISSING;
	/* Cinder says 413, Neutron 409, Nova 403: waiting does not make a quota larger */
	if (status < 500 && strcasestr(o->why, "quota"))
		return OS_REFUSED;
	if (status == 409 || status == 413 || status == 429 || status == 503)
		return OS_BUSY;
	return status >= 500 ? OS_UNKNOWN : OS_REFUSED;
}

enum os_result os_exchange(struct os *o, const char *method, const char *url, yyjson_mut_doc *body, bool once, bool with_token)
{
	const char *headers[] = { "Content-Type: application/json", "Accept: application/json", NULL, NULL, NULL };
	struct http_request rq = { .method = method, .url = url, .headers = headers, .once = once, .answer_max = 16u << 20 };
	size_t size = strlen(o->token) + 16, len;
	char *token = with_token ? malloc(size) : NULL, *text = NULL;
	enum http_result r;
	const char *answer;
	enum os_result result;

	yyjson_doc_free(o->answer);
	o->answer = NULL;
	o->why[0] = 0;
	if (body)
		text = yyjson_mut_write(body, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &rq.len);
	rq.body = text;
	if ((body && !text) || (with_token && !token)) {
		free(token);
		free(text);
		return OS_BUSY;
	}
	if (token) {
		snprintf(token, size, "X-Auth-Token: %s", o->token);
		headers[2] = token;
		headers[3] = o->version[0] ? o->version : NULL;
	}
	r = http_call(o->http, &rq);
	o->status = http_status(o->http);
	answer = http_body(o->http, &len);
	result = r == HTTP_DONE ? os_read(o, o->status, answer, len) : unanswered(o, r);
	if (text)
		sodium_memzero(text, rq.len);
	if (token)
		sodium_memzero(token, size);
	free(text);
	free(token);
	return result;
}

/* ---- logging in ---- */

static enum os_result log_in(struct os *o)
{
	char *password = o->job->secret(o->job, "password");
	enum os_result r;

	if (!password) {
		snprintf(o->why, sizeof o->why, "%.600s", o->job->message);
		return OS_BUSY;
	}
	r = os_identity_log_in(o, password);
	sodium_memzero(password, strlen(password));
	free(password);
	if (r == OS_DONE)
		os_catalogue(o);
	return r;
}

static enum job_result not_opened(struct os *o, enum os_result r)
{
	const char *region = job_text(o->job->config, "region");

	if (r != OS_DONE)
		return os_fail(o, r, "log in");
	if (!o->unknown[0])
		return job_refuse(o->job, "the catalogue has no public endpoint of Nova over TLS%s%s", region[0] ? " in the region " : "", region);
	os_endpoints(o);
	return job_again(o->job, "%s", o->unknown);
}

struct os *os_open(struct job *job, enum job_result *result)
{
	struct os *o = calloc(1, sizeof *o);
	char why[TLS_WHY];
	enum os_result r = OS_BUSY;

	if (!o || !(o->token = calloc(1, OS_TOKEN))) {
		free(o);
		*result = job_fail(job, "out of memory");
		return NULL;
	}
	o->job = job;
	o->trust = tls_trust_new(job_text(job->config, "ca_certificate"), job_text(job->config, "certificate_fingerprint"), why);
	if (!o->trust)
		*result = job_refuse(job, "certificate of the provider: %s", why);
	else if (!(o->http = http_open(o->trust)))
		*result = job_fail(job, "out of memory");
	else {
		http_bound(o->http, &job->cancelled, job->until);
		http_addresses(o->http, yyjson_obj_get(job->input, "names"));
		for (int i = 0; i < TRIES && (r == OS_BUSY || r == OS_UNKNOWN) && !job_over(job); i++) {
			job_sleep(job, 0.5 * i);
			r = log_in(o);
		}
		if (r == OS_DONE && !o->unknown[0] && o->url[OS_COMPUTE][0])
			return o;
		*result = not_opened(o, r);
	}
	os_close(o);
	return NULL;
}

void os_close(struct os *o)
{
	if (!o)
		return;
	yyjson_doc_free(o->answer);
	http_close(o->http);
	tls_trust_free(o->trust);
	if (o->token)
		sodium_memzero(o->token, OS_TOKEN);
	free(o->token);
	free(o);
}

/* ---- calls ---- */

bool os_there(const struct os *o, enum os_service service)
{
	return o->url[service][0] && !o->closed[service][0];
}

static enum os_result log_in_again(struct os *o)
{
	enum os_result r = log_in(o);

	if (r == OS_DONE && o->unknown[0]) {	/* another attempt begins with a catalogue whose hosts are known */
		snprintf(o->why, sizeof o->why, "%s", o->unknown);
		return OS_BUSY;
	}
	return r;
}

/* path NULL = the service's version document. */
static void url_of(const struct os *o, enum os_service service, const char *path, char *url, size_t cap)
{
	if (path)
		snprintf(url, cap, "%s%s", o->url[service], path);
	else
		os_version_root(o->url[service], url, cap);
}

enum os_result os_call(struct os *o, enum os_service service, const char *method, const char *path, yyjson_mut_doc *body, bool once)
{
	enum os_result r = OS_BUSY;
	char url[OS_URL + 1024];

	if (!os_there(o, service)) {
		snprintf(o->why, sizeof o->why, "%s%s%s", o->url[service][0] ? o->closed[service] : "the catalogue has no public endpoint of ",
			o->url[service][0] ? "" : os_service_name(service), o->url[service][0] ? "" : " over TLS");
		return OS_REFUSED;
	}
	for (int i = 0; i < TRIES; i++) {
		url_of(o, service, path, url, sizeof url);
		r = os_exchange(o, method, url, body, once, true);
		if (r == OS_REFUSED && o->status == 401) {
			r = log_in_again(o);
			if (r != OS_DONE)
				return r;
			url_of(o, service, path, url, sizeof url);
			r = os_exchange(o, method, url, body, once, true);
		}
		/* a conflict is the caller's to judge; what was not reached, or of unknown fate but harmless, is tried again */
		if (!(r == OS_BUSY && o->status != 409) && !(r == OS_UNKNOWN && !once))
			break;
		job_sleep(o->job, 0.5 * (i + 1));
		if (job_over(o->job))
			return OS_CANCELLED;
	}
	return r;
}

enum job_result os_fail(struct os *o, enum os_result r, const char *what)
{
	enum job_result over = job_over(o->job);

	if (over)
		return over;
	if (r == OS_REFUSED || r == OS_UNTRUSTED)
		return job_refuse(o->job, "%s: %s", what, o->why);
	if (r == OS_MISSING)
		return job_refuse(o->job, "%s: is gone or not there (%s)", what, o->why);
	return job_fail(o->job, "%s: %s", what, o->why);
}

void os_escape(const char *text, char *out, size_t cap)
{
	size_t n = 0;

	for (; *text && n + 4 < cap; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			out[n++] = *text;
		else
			n += (size_t)snprintf(out + n, cap - n, "%%%02X", (unsigned char)*text);
	out[n] = 0;
}

/* A cloud may give fewer at once than were asked for, and says then that there are more: Nova and Cinder in "servers_links", Neutron likewise,
 * Glance in "next". */
static bool has_more(yyjson_val *answer, const char *member, unsigned count)
{
	char links[64];

	snprintf(links, sizeof links, "%s_links", member);
	return count >= PAGE || yyjson_arr_size(yyjson_obj_get(answer, links)) > 0 || job_text(answer, "next")[0];
}

/* The element a page is to begin behind is gone: nobody knows what was passed over. */
static enum os_result lost_place(struct os *o, const char *member)
{
	snprintf(o->why, sizeof o->why, "the list of %s changed while it was read", member);
	return OS_UNKNOWN;
}

enum os_result os_each(struct os *o, enum os_service service, const char *path, const char *member, const char *marker,
	int (*f)(yyjson_val *one, void *arg), void *arg)
{
	char url[1024], last[OS_ID] = "", escaped[3 * OS_ID];
	yyjson_arr_iter it;
	yyjson_val *one;
	enum os_result r;
	unsigned n;

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		os_escape(last, escaped, sizeof escaped);
		snprintf(url, sizeof url, "%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?', PAGE, last[0] ? "&marker=" : "", escaped);
		r = os_call(o, service, "GET", marker ? url : path, NULL, false);
		if (last[0] && (r == OS_MISSING || (r == OS_REFUSED && o->status == 400)))
			return lost_place(o, member);
		if (r != OS_DONE)
			return r;
		/* an answer that was cut must not look like a cloud that has nothing */
		if (!yyjson_is_arr(yyjson_obj_get(os_answer(o), member))) {
			snprintf(o->why, sizeof o->why, "%s answers without a list of %s", o->url[service], member);
			return OS_UNKNOWN;
		}
		it = yyjson_arr_iter_with(yyjson_obj_get(os_answer(o), member));
		for (n = 0; (one = yyjson_arr_iter_next(&it)); n++) {
			if (marker)
				snprintf(last, sizeof last, "%s", job_text(one, marker));
			if (f(one, arg))
				return OS_DONE;
		}
		if (!marker || !n || !last[0] || !has_more(os_answer(o), member, n))
			return OS_DONE;
	}
	snprintf(o->why, sizeof o->why, "%s: has more than %d %s", o->url[service], PAGE * PAGES_MAX, member);
	return OS_REFUSED;
}

/* openstack: see the header. */
#include <stdlib.h>
#include <string.h>

#include "openstack.h"
#include "plat/clock.h"

int failed;

static struct http { const struct call *at; const char *body; int status; } fake;
static int64_t now = PLAT_SECOND;

struct http *http_open(const struct tls_trust *trust) { (void)trust; return &fake; }
void http_close(struct http *h) { (void)h; }
void http_bound(struct http *h, const atomic_bool *cancelled, int64_t until) { (void)h; (void)cancelled; (void)until; }
int http_status(const struct http *h) { return h->status; }
const char *http_body(const struct http *h, size_t *len) { *len = strlen(h->body); return h->body; }
const char *http_header(struct http *h, const char *name) { (void)name; return h->status == 201 ? "v3-token" : NULL; }
const char *http_why(const struct http *h) { (void)h; return "no answer"; }
const char *http_fingerprint(const struct http *h) { (void)h; return "aa"; }
void http_addresses(struct http *h, yyjson_val *names) { (void)h; (void)names; }

static bool has_header(const struct http_request *rq, const char *wanted)
{
	for (size_t i = 0; rq->headers[i]; i++)
		if (!strcmp(rq->headers[i], wanted))
			return true;
	return false;
}

enum http_result http_call(struct http *h, const struct http_request *rq)
{
	const struct call *c = h->at;

	if (!c->method) {
		failed = 1;
		printf("not expected: %s %s\n", rq->method, rq->url);
		h->status = 500, h->body = "{}";
		return HTTP_DONE;
	}
	if (strcmp(c->method, rq->method) || strcmp(c->url, rq->url) || (c->body && (!rq->body || strncmp(rq->body, c->body, rq->len) ||
			strlen(c->body) != rq->len)) || (c->header && !has_header(rq, c->header))) {
		failed = 1;
		printf("%s %s %.*s, not %s %s %s\n", rq->method, rq->url, (int)rq->len, rq->body ? rq->body : "", c->method, c->url, c->body ? c->body : "");
	}
	h->status = c->status, h->body = c->answer;
	h->at++;
	return c->status ? HTTP_DONE : HTTP_UNKNOWN;
}

/* Nobody waits: each look at the clock is a second later. */
static int64_t boot(void) { return now += PLAT_SECOND; }
static char *secret(struct job *job, const char *field) { (void)job; (void)field; return strdup("secret"); }

static void tell(const struct job *job, const char *member, char out[JOB_MESSAGE])
{
	yyjson_mut_val *v = member ? yyjson_mut_obj_get(job->out, member) : job->out;
	char *text = member ? NULL : yyjson_mut_val_write(v, 0, NULL);

	snprintf(out, JOB_MESSAGE, "%s", text ? text : yyjson_mut_is_str(v) ? yyjson_mut_get_str(v) : "");
	free(text);
}

/* What job_read made of the notice, which it goes on to use; job_end() frees both. */
static yyjson_doc *job_begin(struct job *job, const char *config, const char *more, const struct call *calls, unsigned attempt, bool definite)
{
	char text[1024];
	yyjson_doc *notice;

	snprintf(text, sizeof text, "{\"task\":1,\"fence\":1,\"attempt\":%u,\"definite\":%s,\"deadline\":3600,\"kind\":\"k\",\"key\":\"m-1\",\"input\":{"
		"\"owner\":\"a\",\"name\":\"web\",\"machine\":\"m-1\"%s,\"config\":%s}}", attempt, definite ? "true" : "false", more, config);
	notice = yyjson_read(text, strlen(text), 0);
	plat_clock_replace(NULL, boot);
	fake.at = calls;
	if (!notice || job_read(job, yyjson_doc_get_root(notice)))
		exit(2);
	job->secret = secret;
	job->output = yyjson_mut_doc_new(NULL);
	job->out = yyjson_mut_obj(job->output);
	return notice;
}

static void job_end(struct job *job, yyjson_doc *notice)
{
	CHECK(!fake.at->method);
	yyjson_mut_doc_free(job->output);
	yyjson_doc_free(notice);
}

enum job_result run(driver_fn *f, const char *config, const char *more, const struct call *calls, const char *member, char out[JOB_MESSAGE])
{
	struct job job = { .attempt = 0 };
	yyjson_doc *notice = job_begin(&job, config, more, calls, 1, true);
	enum job_result result = f(&job);

	if (result == JOB_DONE)
		tell(&job, member, out);
	else
		snprintf(out, JOB_MESSAGE, "%s", job.message);
	job_end(&job, notice);
	return result;
}

enum job_result run_again(driver_fn *f, const char *config, const char *more, const struct call *calls, unsigned attempt, bool *definite)
{
	struct job job = { .attempt = 0 };
	yyjson_doc *notice = job_begin(&job, config, more, calls, attempt, *definite);
	enum job_result result = f(&job);

	*definite = job.definite;
	job_end(&job, notice);
	return result;
}

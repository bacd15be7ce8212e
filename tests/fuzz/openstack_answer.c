/* Any bytes as the answers of an OpenStack, one after another: every operation ends, with a sentence unless it is done. */
/* with: cloud/os_session.c cloud/os_identity.c cloud/os_catalogue.c cloud/os_version.c cloud/os_sync.c cloud/os_machine.c cloud/os_create.c cloud/os_adopt.c cloud/os_volume.c cloud/os_stack.c cloud/job.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack.h"
#include "http/text.h"
#include "plat/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The first byte is the operation; with 0x80 logging in is hostile, too; with 0x40 which Keystone it is is asked (v2.0's token is an
 * answer like any other); with 0x20 the machine has volumes, no network, and is to be let go of if it was adopted.  The rest are
 * answers, divided by NUL; the first byte of each says its status: 2 200 (t: with a token), 1 401, 4 404, 9 409, 5 500, x none at
 * all; the last is said again.
 */
struct http { const char *at, *end, *body; size_t len; int status; bool token, canned; };

static const char CATALOGUE[] = "{\"token\":{\"catalog\":[{\"type\":\"compute\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://a:8774/v2.1/\"}]},"
	"{\"type\":\"image\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://a:9292\"}]},"
	"{\"type\":\"volumev3\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://b:8776/v3/p\"}]},"
	"{\"type\":\"orchestration\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://a:8004/v1/p\"}]},"
	"{\"type\":\"network\",\"endpoints\":[{\"interface\":\"public\",\"url\":\"https://a:9696\"}]}]}}";
#define JOB(identity, networks, volumes, stray) "{\"task\":1,\"fence\":1,\"attempt\":1,\"deadline\":3600,\"kind\":\"k\",\"key\":\"m-1\",\"input\":{" \
	"\"owner\":\"a\",\"provider\":\"p\",\"name\":\"web\",\"machine\":\"m-1\",\"external_id\":\"id-1\",\"user_data\":\"x\"," \
	"\"endpoints\":[{\"service\":\"Cinder\",\"host\":\"b\",\"port\":8776},{\"service\":\"Nova\",\"host\":\"c\",\"port\":443,\"message\":\"closed\"}]," \
	"\"template\":\"t\",\"operation\":\"op\",\"parameters\":{\"a\":\"b\"},\"secret_parameters\":[\"c\"],\"unregistered\":true,\"stray\":" stray ",\"ports\":[22],\"tags\":{\"t\":\"v\"},\"config\":{\"identity_url\":\"https://a:5000" identity "\",\"settle_seconds\":2}," \
	"\"profile\":{\"image\":\"i\",\"flavor\":\"f\",\"keypair\":\"k\",\"networks\":" networks ",\"security_group\":\"Automatic\"," \
	"\"floating_ip_pool\":\"n\",\"volumes\":[" volumes "]}}}"
#define NETWORKS "[\"n\",{\"id\":\"o\"}]"
#define VOLUMES "{\"image\":true,\"size\":2,\"persist\":true},{\"name\":\"d\",\"size\":1}"
/* by the bits 0x60 */
static const char *const jobs[] = { JOB("/v3", NETWORKS, "", "false"), JOB("/v3", "[\"none\"]", VOLUMES, "true"), JOB("", NETWORKS, "", "false"),
	JOB("", "[\"auto\"]", VOLUMES, "true") };
static struct http fake;
static int64_t now;

struct http *http_open(const struct tls_trust *trust) { (void)trust; return &fake; }
void http_close(struct http *h) { (void)h; }
void http_bound(struct http *h, const atomic_bool *cancelled, int64_t until) { (void)h; (void)cancelled; (void)until; }
int http_status(const struct http *h) { return h->status; }
const char *http_body(const struct http *h, size_t *len) { *len = h->len; return h->body; }
const char *http_header(struct http *h, const char *name) { (void)name; return h->token ? "token" : NULL; }
const char *http_why(const struct http *h) { (void)h; return "no answer"; }
const char *http_fingerprint(const struct http *h) { (void)h; return ""; }
void http_addresses(struct http *h, yyjson_val *names) { (void)h; (void)names; }

enum http_result http_call(struct http *h, const struct http_request *rq)
{
	size_t left = (size_t)(h->end - h->at);
	const char *stop = left ? memchr(h->at, 0, left) : NULL;
	char kind = left ? *h->at : 'x';

	if (strncmp(rq->url, "https://", 8) != 0)
		abort();
	if (h->canned && strstr(rq->url, "/auth/tokens")) {
		h->status = 201, h->body = CATALOGUE, h->len = sizeof CATALOGUE - 1, h->token = true;
		return HTTP_DONE;
	}
	h->body = left ? h->at + 1 : "";
	h->len = left ? (size_t)((stop ? stop : h->end) - h->at) : 0;
	h->len -= h->len > 0;
	h->token = kind == 't';
	h->status = kind == '1' ? 401 : kind == '4' ? 404 : kind == '9' ? 409 : kind == '5' ? 500 : 200;
	if (stop && stop + 1 < h->end)
		h->at = stop + 1;
	return kind == 'x' ? HTTP_UNKNOWN : HTTP_DONE;
}

/* Nobody sleeps: each look at the clock is ten seconds later. */
static int64_t boot(void) { return now += 10 * PLAT_SECOND; }

static char *secret(struct job *job, const char *field) { (void)job; (void)field; return strdup("p"); }

/* What is told to core must be JSON of UTF-8, once it was mended. */
static void judge(struct job *job, enum job_result result)
{
	char *text = yyjson_mut_write(job->output, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	yyjson_doc *doc;

	if (result == JOB_INVALID || ((result == JOB_FAILED || result == JOB_REFUSED || result == JOB_AGAIN) && !job->message[0]) || !text)
		abort();
	http_utf8_mend(text);
	doc = yyjson_read(text, strlen(text), 0);
	if (!doc)
		abort();
	yyjson_doc_free(doc);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static driver_fn *const operations[] = { os_validate, os_sync, os_create, os_start, os_stop, os_destroy, os_list,
		os_stack_put, os_stack_start, os_stack_stop, os_stack_delete, os_adopt };
	struct job job = { .secret = secret };
	const char *text;
	yyjson_doc *notice;

	if (size < 2 || size > 1u << 20)
		return 0;
	plat_clock_replace(NULL, boot);
	now = PLAT_SECOND;
	text = jobs[(data[0] & 0x60) >> 5];
	notice = yyjson_read(text, strlen(text), 0);
	fake = (struct http){ .at = (const char *)data + 1, .end = (const char *)data + size, .canned = !(data[0] & 0x80) };
	job_read(&job, yyjson_doc_get_root(notice));
	job.output = yyjson_mut_doc_new(NULL);
	job.out = yyjson_mut_obj(job.output);
	yyjson_mut_doc_set_root(job.output, job.out);
	judge(&job, operations[(data[0] & 0x1f) % (sizeof operations / sizeof operations[0])](&job));
	yyjson_mut_doc_free(job.output);
	yyjson_doc_free(notice);
	return 0;
}

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/channel.h"
#include "agent/rest.h"

#define ANSWER_MAX (32u << 20)
#define SECONDS 60L

struct answer { char *text; size_t len; };

static char own_address[64];

void rest_open(struct rest *r, const char *host, const char *address, const char *ca, const char *token)
{
	static const struct channel_ops none = { NULL, NULL, NULL, NULL };

	memset(r, 0, sizeof *r);
	snprintf(r->conf.host, sizeof r->conf.host, "%s", host);
	snprintf(r->conf.address, sizeof r->conf.address, "%s", address);
	snprintf(r->conf.ca, sizeof r->conf.ca, "%s", ca);
	snprintf(r->conf.token, sizeof r->conf.token, "%s", token);
	channel_init(&r->conf, &none);
}

static size_t on_bytes(char *data, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;
	char *more;

	n *= size;
	if (n > ANSWER_MAX - a->len || !(more = realloc(a->text, a->len + n + 1)))
		return 0;
	a->text = more;
	memcpy(a->text + a->len, data, n);
	a->len += n;
	return n;
}

/* What the appliance says is wrong, or the status alone. */
static void explain(struct rest *r, long status, yyjson_doc *d)
{
	const char *message = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(d), "message"));

	if (status == 401)
		message = "the token is not known";
	snprintf(r->error, sizeof r->error, "%.250s (status %ld)", message ? message : "refused", status);
}

yyjson_doc *rest_call(struct rest *r, const char *method, const char *path, const char *body, size_t len)
{
	char why[CURL_ERROR_SIZE] = "";
	CURL *c = channel_request(path, why);
	struct curl_slist *headers = NULL;
	struct answer a = { NULL, 0 };
	char token[300];
	const char *from;
	yyjson_doc *d;
	long status = 0;
	CURLcode rc;

	snprintf(token, sizeof token, "ElasticBox-Token: %s", r->conf.token);
	headers = curl_slist_append(NULL, token);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, SECONDS);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
	if (body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (curl_easy_getinfo(c, CURLINFO_LOCAL_IP, &from) == CURLE_OK && from)
		snprintf(own_address, sizeof own_address, "%s", from);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	d = yyjson_read(a.text ? a.text : "", a.len, 0);
	free(a.text);
	if (rc == CURLE_OK && status >= 200 && status < 300 && d)
		return d;
	if (rc)
		snprintf(r->error, sizeof r->error, "%s", why[0] ? why : curl_easy_strerror(rc));
	else
		explain(r, status, d);
	yyjson_doc_free(d);
	return NULL;
}

const char *rest_own_address(struct rest *r)
{
	if (!own_address[0])
		yyjson_doc_free(rest_call(r, "GET", "/services/session", NULL, 0));
	return own_address[0] ? own_address : "127.0.0.1";
}

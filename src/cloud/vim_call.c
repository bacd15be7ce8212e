/* vim: one SOAP call (SOAP 1.1 over HTTP) and its faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/vim.h"
#include "log/log.h"

/* Times a call that may be repeated is made. */
#define TRIES 3
/* Bytes of an answer that is read record by record. */
#define STREAM_MAX (256u << 20)
/* Bytes of the tree of one record. */
#define RECORD_MEMORY (16u << 20)

void vim_ref_set(struct vim_ref *ref, const char *type, const char *value)
{
	snprintf(ref->type, sizeof ref->type, "%s", type);
	snprintf(ref->value, sizeof ref->value, "%s", value);
}

void vim_ref_read(struct vim_ref *ref, const struct xml_node *n)
{
	vim_ref_set(ref, xml_attribute(n, "", "type"), n ? n->text : "");
}

const char *vim_type(const struct xml_node *n)
{
	const char *value = xml_attribute(n, "http://www.w3.org/2001/XMLSchema-instance", "type"), *at = strchr(value, ':');

	return at ? at + 1 : value;
}

void vim_put_ref(struct xml_out *o, const char *name, const struct vim_ref *ref)
{
	if (!ref->value[0])
		return;
	xml_put(o, "<");
	xml_put(o, name);
	xml_put(o, " type=\"");
	xml_put_text(o, ref->type);
	xml_put(o, "\">");
	xml_put_text(o, ref->value);
	xml_put(o, "</");
	xml_put(o, name);
	xml_put(o, ">");
}

bool vim_is_fault(const struct vim *v, enum vim_result r, const char *name)
{
	return r == VIM_FAULT && !strcmp(v->fault, name);
}

/* ---- the request ---- */

static void envelope(struct xml_out *o, const char *method, const struct vim_ref *this, const char *args)
{
	xml_put(o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
		" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">"
		"<s:Body><");
	xml_put(o, method);
	xml_put(o, " xmlns=\"urn:vim25\">");
	vim_put_ref(o, "_this", this);
	xml_put(o, args);
	xml_put(o, "</");
	xml_put(o, method);
	xml_put(o, "></s:Body></s:Envelope>");
}

/* ---- the answer ---- */

static int feed(const char *data, size_t len, void *arg)
{
	return xml_feed(arg, data, len);
}

/* A session lives in a cookie (vmware_soap_session). */
static void take_cookie(struct vim *v)
{
	const char *set = http_header(v->http, "Set-Cookie");
	size_t len;

	if (!set || strncmp(set, "vmware_soap_session=", 20) != 0)
		return;
	len = strcspn(set, ";\r\n");
	if (len < sizeof v->cookie)
		snprintf(v->cookie, sizeof v->cookie, "%.*s", (int)len, set);
}

static void read_fault(struct vim *v, const struct xml_node *fault)
{
	const struct xml_node *detail = xml_child(fault, "detail");
	const struct xml_node *what = detail ? detail->first : NULL;
	const char *name = vim_type(what);
	size_t len;

	if (!*name && what)
		name = what->name;
	len = strlen(name);
	if (len > 5 && !strcmp(name + len - 5, "Fault"))
		len -= 5;
	snprintf(v->fault, sizeof v->fault, "%.*s", (int)(len < sizeof v->fault ? len : sizeof v->fault - 1), name);
	snprintf(v->privilege, sizeof v->privilege, "%s", xml_text(what, "privilegeId"));
	snprintf(v->why, sizeof v->why, "%.300s", xml_text(fault, "faultstring"));
}

static enum vim_result bad_answer(struct vim *v, int status, const char *why)
{
	snprintf(v->why, sizeof v->why, "%s: status %d, and the answer is not SOAP: %.200s", v->host, status, why);
	return VIM_UNKNOWN;
}

enum vim_result vim_read(struct vim *v, int status, struct xml_node **out)
{
	struct xml_node *root = xml_finish(v->answer), *body, *fault;

	if (!root)
		return bad_answer(v, status, xml_why(v->answer));
	body = xml_child(root, "Body");
	if (strcmp(root->name, "Envelope") != 0 || !body || !body->first)
		return bad_answer(v, status, "no envelope");
	fault = xml_child(body, "Fault");
	if (fault) {
		read_fault(v, fault);
		return VIM_FAULT;
	}
	if (status != 200)
		return bad_answer(v, status, "no fault either");
	if (out)
		*out = body->first;
	return VIM_DONE;
}

static enum vim_result from_http(struct vim *v, enum http_result r)
{
	snprintf(v->why, sizeof v->why, "%s", http_why(v->http));
	switch (r) {
	case HTTP_NOT_SENT: return VIM_LOST;
	case HTTP_UNTRUSTED: return VIM_REFUSED;
	case HTTP_CANCELLED: return VIM_CANCELLED;
	default: return VIM_UNKNOWN;
	}
}

struct stream {
	const char *record;
	xml_record_fn *fn;
	void *arg;
};

static enum vim_result exchange(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool once,
	const struct stream *stream, struct xml_node **out)
{
	static const struct xml_limits whole = XML_LIMITS_ANSWER, records = { STREAM_MAX, 64, RECORD_MEMORY };
	const char *headers[] = { "Content-Type: text/xml; charset=utf-8", "SOAPAction: \"urn:vim25/5.0\"", NULL, NULL };
	char cookie[sizeof v->cookie + 16];
	struct xml_out request = XML_OUT_ZERO;
	struct http_request rq = { .method = "POST", .url = v->url, .headers = headers, .once = once, .sink = feed,
		.answer_max = STREAM_MAX };
	enum http_result r;
	size_t len;

	if (!vim_privilege(method))
		log_bug(method);
	xml_close(v->answer);
	v->fault[0] = v->privilege[0] = v->why[0] = 0;
	v->answer = xml_open(stream ? &records : &whole, stream ? stream->record : NULL, stream ? stream->fn : NULL,
		stream ? stream->arg : NULL);
	if (!v->answer)
		return VIM_LOST;
	if (v->cookie[0]) {
		snprintf(cookie, sizeof cookie, "Cookie: %s", v->cookie);
		headers[2] = cookie;
	}
	envelope(&request, method, this, args);
	rq.body = request.text;
	rq.len = request.len;
	rq.arg = v->answer;
	if (!strcmp(method, "WaitForUpdatesEx"))
		rq.seconds = VIM_WAIT_SECONDS + HTTP_CALL_SECONDS;
	r = request.bad ? HTTP_NOT_SENT : http_call(v->http, &rq);
	xml_out_free(&request);
	explicit_bzero(cookie, sizeof cookie);
	if (r != HTTP_DONE && !(r == HTTP_UNKNOWN && xml_why(v->answer)[0]))
		return from_http(v, r);
	take_cookie(v);
	/* what is not of status 200 was kept aside: a fault, or a page of somebody in between */
	if (http_status(v->http) != 200 && r == HTTP_DONE) {
		const char *body = http_body(v->http, &len);

		xml_feed(v->answer, body, len);
	}
	return vim_read(v, http_status(v->http), out);
}

enum vim_result vim_exchange(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool once,
	struct xml_node **out)
{
	return exchange(v, method, this, args, once, NULL, out);
}

/* ---- calls within a session (vim_session.c) ---- */

enum vim_result vim_renew(struct vim *v);

static enum vim_result with_session(struct vim *v, const char *method, const struct vim_ref *this, const char *args,
	bool once, const struct stream *stream, struct xml_node **out)
{
	enum vim_result r = VIM_DONE;

	for (int i = 0; i < TRIES; i++) {
		r = v->in ? VIM_DONE : vim_renew(v);
		if (r == VIM_DONE)
			r = exchange(v, method, this, args, once, stream, out);
		if (!vim_is_fault(v, r, "NotAuthenticated"))
			return r;
		v->in = false;
	}
	return r;
}

static enum vim_result call(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool again,
	const struct stream *stream, struct xml_node **out)
{
	enum vim_result r = VIM_LOST;

	for (int i = 0; i < TRIES; i++) {
		if (i)
			job_sleep(v->job, 0.5 * i);
		r = with_session(v, method, this, args, !again, stream, out);
		if (r != VIM_LOST && !(r == VIM_UNKNOWN && again && !stream))
			break;
		if (job_over(v->job))
			return VIM_CANCELLED;
	}
	return r;
}

enum vim_result vim_call(struct vim *v, const char *method, const struct vim_ref *this, const char *args, bool again,
	struct xml_node **out)
{
	return call(v, method, this, args, again, NULL, out);
}

enum vim_result vim_call_stream(struct vim *v, const char *method, const struct vim_ref *this, const char *args,
	const char *record, xml_record_fn *fn, void *arg, struct xml_node **out)
{
	struct stream s = { record, fn, arg };

	return call(v, method, this, args, true, &s, out);
}

/* api: events are kept in order and bounded, filters and scopes decide who is told. */
/* with: api/ring.c api/live_filter.c api/viewers.c api/auth.c */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/conn.h"
#include "api/live_filter.h"
#include "api/request.h"
#include "api/ring.h"
#include "api/viewers.h"

static int failed, asked, known, ended;
static ipc_reply_fn *reply;
static void *reply_arg;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* ---- what viewers and auth ask of the rest of api ---- */

void call_scope(const struct auth *auth, const char *peer, ipc_reply_fn *answer, void *arg)
{
	CHECK(auth->value && peer);
	asked++;
	reply = answer;
	reply_arg = arg;
}

struct ev_loop *conn_loop(void)
{
	return EV_DEFAULT;
}

void request_refuse(struct request *r, int status, const char *fmt, ...)
{
	(void)r;
	(void)status;
	(void)fmt;
}

bool request_is_safe(const struct request *r)
{
	(void)r;
	return true;
}

static void scope(const char *text)
{
	struct ipc_msg msg = { .flags = IPC_REPLY, .body = (const uint8_t *)text, .len = (uint32_t)strlen(text) };

	reply(text[0] ? &msg : NULL, text[0] ? 0 : ECONNRESET, reply_arg);
}

static void on_known(struct viewer *v)
{
	(void)v;
	known++;
}

static void on_ended(struct viewer *v)
{
	(void)v;
	ended++;
}

/* ---- events ---- */

static const struct event *add(unsigned long long sequence, const char *kind, const char *data)
{
	char text[512];
	int n = snprintf(text, sizeof text, "{\"sequence\":%llu,\"time\":1,\"kind\":\"%s\",\"object\":\"x\",\"data\":%s}", sequence,
		kind, data);
	yyjson_doc *doc = yyjson_read(text, (size_t)n, 0);
	const struct event *e = ring_add(yyjson_doc_get_root(doc));

	yyjson_doc_free(doc);
	return e;
}

static void check_ring(void)
{
	const struct event *e;

	CHECK(!ring_head() && !ring_tail() && !ring_after(0));
	e = add(5, "box.changed", "{\"owner\":\"w\",\"members\":[\"a\",\"b\"]}");
	CHECK(e && e->sequence == 5 && !strcmp(e->owner, "w") && e->member_count == 2 && !strcmp(e->members[1], "b"));
	CHECK(e && strstr(e->text, "{\"type\":\"event\",\"sequence\":5,") == e->text && strlen(e->text) == e->len);
	CHECK(!add(5, "x", "{}") && !add(4, "x", "{}"));
	CHECK(ring_after(4) && ring_after(4)->sequence == 5 && !ring_after(5));
	for (unsigned n = 6; n < 6 + 2 * RING_EVENTS; n++)
		add(n, "x.y", "{}");
	CHECK(ring_head() == 5 + 2 * RING_EVENTS && ring_tail() == ring_head() - RING_EVENTS + 1);
	CHECK(ring_after(0)->sequence == ring_tail() && ring_after(ring_head() - 1)->sequence == ring_head());
	ring_clear(100);
	CHECK(ring_head() == 100 && !ring_tail() && !ring_after(0) && !add(100, "x", "{}") && add(101, "x", "{}"));
}

static bool passes(const char *filter, const struct event *e)
{
	yyjson_doc *doc = yyjson_read(filter, strlen(filter), 0);
	const char *wrong;
	struct live_filter *f = live_filter_new(yyjson_doc_get_root(doc), &wrong);
	bool yes = live_filter_passes(f, e);

	CHECK(f);
	live_filter_free(f);
	yyjson_doc_free(doc);
	return yes;
}

static bool refused(const char *filter)
{
	yyjson_doc *doc = yyjson_read(filter, strlen(filter), 0);
	const char *wrong = NULL;
	struct live_filter *f = live_filter_new(yyjson_doc_get_root(doc), &wrong);
	bool yes = !f && wrong;

	live_filter_free(f);
	yyjson_doc_free(doc);
	return yes;
}

static void check_filters(void)
{
	const struct event *box = add(200, "box.changed", "{\"owner\":\"w\",\"members\":[\"m\"]}"), *own;

	CHECK(!live_filter_passes(NULL, box));
	CHECK(passes("{}", box) && passes("{\"kinds\":[\"box\"]}", box) && passes("{\"kinds\":[\"x\",\"box.changed\"]}", box));
	CHECK(!passes("{\"kinds\":[\"bo\"]}", box) && !passes("{\"kinds\":[\"box.change\"]}", box) && !passes("{\"kinds\":[]}", box));
	CHECK(passes("{\"workspaces\":[\"w\"]}", box) && passes("{\"workspaces\":[\"m\"]}", box));
	CHECK(!passes("{\"workspaces\":[\"other\"]}", box) && !passes("{\"workspaces\":[]}", box));
	own = add(201, "appliance.settings", "{}");
	CHECK(live_filter_passes(NULL, own) && passes("{\"workspaces\":[\"w\"]}", own));
	CHECK(refused("{\"kinds\":\"box\"}") && refused("{\"kinds\":[1]}") && refused("{\"kinds\":[\"\"]}") && refused("{\"since\":-1}") &&
		refused("{\"since\":\"1\"}") && refused("{\"since\":1.5}"));
}

static bool sees(const struct viewer *v, const char *kind, const char *data)
{
	return viewer_sees(v, add(ring_head() + 1, kind, data));
}

static void check_scope(void)
{
	struct auth auth = { AUTH_TOKEN, NULL };
	struct viewer *v, *same;

	auth.value = strdup("token");
	v = viewer_take(&auth, "192.0.2.1", NULL, 0);
	same = viewer_take(&auth, "192.0.2.2", NULL, 0);
	auth_wipe(&auth);
	CHECK(v && v == same && asked == 1 && !viewer_known(v));
	scope("{\"status\":200,\"body\":{\"user\":\"ann\",\"organization\":\"acme\",\"admin\":false,"
		"\"organizations\":[\"run\"],\"workspaces\":[{\"id\":\"ann\",\"role\":\"administrator\"},{\"id\":\"team\",\"role\":\"user\"}]}}");
	CHECK(known == 1 && viewer_known(v));
	CHECK(sees(v, "box.changed", "{\"owner\":\"team\"}") && sees(v, "box.changed", "{\"owner\":\"ann\"}"));
	CHECK(!sees(v, "box.changed", "{\"owner\":\"bob\",\"organization\":\"acme\"}"));
	CHECK(sees(v, "box.changed", "{\"owner\":\"bob\",\"organization\":\"run\"}"));
	CHECK(sees(v, "box.changed", "{\"owner\":\"bob\",\"members\":[\"x\",\"team\"]}"));
	CHECK(sees(v, "box.changed", "{\"owner\":\"bob\",\"visibility\":\"public\"}"));
	CHECK(sees(v, "box.changed", "{\"owner\":\"bob\",\"organization\":\"acme\",\"visibility\":\"organization\"}"));
	CHECK(!sees(v, "box.changed", "{\"owner\":\"bob\",\"organization\":\"else\",\"visibility\":\"organization\"}"));
	CHECK(sees(v, "appliance.settings", "{}") && !sees(v, "token.created", "{\"owner\":\"ann\"}") && !sees(v, "x.y", "{}"));

	/* Roles change while core answers: it is asked once more before anything is told. */
	viewers_event(add(5000, "access.changed", "{\"organization\":\"acme\"}"));
	CHECK(asked == 2 && !viewer_known(v));
	viewers_event(add(5001, "access.changed", "{\"organization\":\"acme\"}"));
	scope("{\"status\":200,\"body\":{\"user\":\"ann\",\"workspaces\":[]}}");
	CHECK(asked == 3 && !viewer_known(v) && known == 1);
	scope("{\"status\":200,\"body\":{\"user\":\"ann\",\"workspaces\":[]}}");
	CHECK(viewer_known(v) && known == 2 && !sees(v, "box.changed", "{\"owner\":\"team\"}"));

	viewers_event(add(6000, "access.changed", "{}"));
	scope("{\"status\":401,\"body\":{\"message\":\"m\"}}");
	CHECK(ended == 1);
	viewer_drop(v);
	viewer_drop(same);
}

int main(void)
{
	static const struct viewers_ops ops = { on_known, on_ended };

	viewers_open(EV_DEFAULT, &ops);
	check_ring();
	check_filters();
	check_scope();
	ring_clear(0);
	ev_loop_destroy(EV_DEFAULT);
	return failed;
}

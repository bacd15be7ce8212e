#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "limits.h"
#include "live.h"
#include "live_filter.h"
#include "peers.h"
#include "strict/json.h"
#include "ws.h"

_Static_assert(RING_HEADROOM >= LWS_PRE, "the engine writes before a text");

struct live {
	struct ws ws;
	struct live *next, **link;	/* among all once established */
	struct viewer *viewer;		/* NULL = has not said who it is */
	bool greeted;
	uint64_t place;			/* the last event it was told of or that was not for it */
	struct live_filter *filter;	/* NULL = what everybody is told who asks for nothing */
};

static struct live *all;
static unsigned lives;

unsigned live_count(void)
{
	return lives;
}

static void answer(struct live *l, const char *text, size_t len)
{
	ws_send(&l->ws, text, len);
}

static void live_end(struct live *l, int code, const char *why)
{
	ws_end(&l->ws, code, why);
}

static void live_gone(struct ws *w)
{
	struct live *l = (struct live *)w;

	if (l->link) {
		*l->link = l->next;
		if (l->next)
			l->next->link = l->link;
	}
	live_filter_free(l->filter);
	if (l->viewer)
		viewer_drop(l->viewer);
	lives--;
}

/* It has not said who it is. */
static void live_late(struct ws *w)
{
	if (!((struct live *)w)->greeted)
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, "authenticate first");
}

/* ---- what clients are told ---- */

static void answer_sequence(struct live *l, const char *type)
{
	char text[96];
	int n = snprintf(text, sizeof text, "{\"type\":\"%s\",\"sequence\":%llu}", type, (unsigned long long)ring_head());

	answer(l, text, (size_t)n);
}

/* It may be told now: of what happens from here on. */
static void greet(struct live *l)
{
	if (l->greeted || !l->ws.wsi || !l->viewer || !viewer_known(l->viewer))
		return;
	l->greeted = true;
	l->place = ring_head();
	ws_wait_no_more(&l->ws);
	answer_sequence(l, "hello");
}

static bool wants(const struct live *l, const struct event *e)
{
	return live_filter_passes(l->filter, e) && viewer_sees(l->viewer, e);
}

static bool behind(const struct live *l)
{
	return ring_tail() > l->place + 1;
}

/* The next event for it; its place moves over those that are not. */
static const struct event *next_event(struct live *l)
{
	const struct event *e;

	while ((e = ring_after(l->place))) {
		l->place = e->sequence;
		if (wants(l, e))
			return e;
	}
	return NULL;
}

/* Writes one event, as the engine wants it. */
static int live_more(struct ws *w)
{
	struct live *l = (struct live *)w;
	const struct event *e;

	if (l->greeted && behind(l)) {
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too far behind: connect again and take a snapshot");
		return 0;
	}
	if (!l->greeted || !viewer_known(l->viewer) || !(e = next_event(l)))
		return 0;
	/* The engine masks nothing towards a client: the text stays as it is. */
	return lws_write(w->wsi, (unsigned char *)e->text, e->len, LWS_WRITE_TEXT) < 0 ? -1 : 1;
}

void live_event(const struct event *e)
{
	struct live *l;

	for (l = all; l; l = l->next) {
		if (!l->greeted || l->ws.end_code)
			continue;
		if (behind(l))
			live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too far behind: connect again and take a snapshot");
		else if (!viewer_known(l->viewer))
			continue;
		else if (l->place + 1 == e->sequence && !wants(l, e))
			l->place = e->sequence;
		else
			ws_wants(&l->ws);
	}
}

/* ---- what clients say ---- */

static void take_authenticate(struct live *l, yyjson_val *root)
{
	const char *token = yyjson_get_str(yyjson_obj_get(root, "token"));
	struct auth auth = { AUTH_TOKEN, NULL };

	if (l->viewer || !token || !*token || strlen(token) > LIMIT_CREDENTIAL) {
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, l->viewer ? "already authenticated" : "token: must be a text");
		return;
	}
	auth.value = strdup(token);
	if (auth.value)
		l->viewer = viewer_take(&auth, l->ws.peer->address, NULL, 0);
	auth_wipe(&auth);
	if (!l->viewer)
		live_end(l, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
	else
		greet(l);
}

static void take_subscribe(struct live *l, yyjson_val *root)
{
	yyjson_val *since = yyjson_obj_get(root, "since");
	const char *wrong;
	struct live_filter *filter = live_filter_new(root, &wrong);

	if (!filter) {
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, wrong);
		return;
	}
	live_filter_free(l->filter);
	l->filter = filter;
	if (!since || yyjson_is_null(since)) {
		l->place = ring_head();
		answer_sequence(l, "subscribed");
		return;
	}
	l->place = yyjson_get_uint(since);
	if (l->place > ring_head() || behind(l) || (!ring_tail() && l->place < ring_head())) {
		l->place = ring_head();
		answer_sequence(l, "reset");
	} else {
		answer_sequence(l, "subscribed");
	}
}

static void take_ping(struct live *l, yyjson_val *root)
{
	char text[64];
	int n = snprintf(text, sizeof text, "{\"type\":\"pong\",\"id\":%lld}", (long long)yyjson_get_sint(yyjson_obj_get(root, "id")));

	answer(l, text, (size_t)n);
}

static void take_message(struct live *l, yyjson_val *root)
{
	yyjson_val *type = yyjson_obj_get(root, "type");

	if (yyjson_equals_str(type, "authenticate"))
		take_authenticate(l, root);
	else if (!l->greeted)
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, l->viewer ? "wait for hello" : "authenticate first");
	else if (yyjson_equals_str(type, "subscribe"))
		take_subscribe(l, root);
	else if (yyjson_equals_str(type, "ping"))
		take_ping(l, root);
	else
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "type: not known");
}

static void live_text(struct ws *w, char *text, size_t len)
{
	char why[STRICT_MESSAGE];
	yyjson_doc *doc = strict_json_read(text, len, NULL, why);

	if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, "not a JSON object");
	else
		take_message((struct live *)w, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

static void live_opened(struct ws *w)
{
	struct live *l = (struct live *)w;

	l->link = &all;
	l->next = all;
	if (l->next)
		l->next->link = &l->next;
	all = l;
	ws_wait(w, LIVE_AUTH_SECONDS);
	greet(l);
}

const struct ws_kind live_kind = {
	.protocol = "events", .size = sizeof(struct live), .text_max = LIVE_MESSAGE, .pings = true,
	.waiting_max = LIVE_ANSWERS, .waiting_bytes = LIVE_ANSWERS * 256,
	.opened = live_opened, .text = live_text, .more = live_more, .late = live_late, .gone = live_gone,
};

void live_adopt(int fd, struct peer *peer, const char *head, size_t len, struct viewer *viewer)
{
	struct ws *w = ws_new(&live_kind, peer);

	if (!w) {
		if (viewer)
			viewer_drop(viewer);
		close(fd);
		return;
	}
	lives++;
	((struct live *)w)->viewer = viewer;
	ws_adopt(w, fd, head, len);
}

void live_revoked(const uint8_t *hash)
{
	struct live *l;

	for (l = all; l; l = l->next)
		if (!hash || (l->viewer && !memcmp(viewer_hash(l->viewer), hash, AUTH_HASH)))
			live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, hash ? "no longer permitted" :
				"events were missed: connect again and take a snapshot");
}

static void viewer_is_known(struct viewer *v)
{
	struct live *l;

	for (l = all; l; l = l->next) {
		if (l->viewer != v)
			continue;
		greet(l);
		ws_wants(&l->ws);
	}
}

static void viewer_ended(struct viewer *v)
{
	struct live *l;

	for (l = all; l; l = l->next)
		if (l->viewer == v)
			live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "no longer permitted");
}

void live_open(struct ev_loop *loop)
{
	static const struct viewers_ops ops = { viewer_is_known, viewer_ended };

	viewers_open(loop, &ops);
}

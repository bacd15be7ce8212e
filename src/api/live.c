#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

static struct ev_loop *the_loop;
static struct live *all;
static struct live *next_told;	/* where telling goes on, while it runs */
static bool tell_again;		/* there was an event meanwhile */
static ev_timer telling;
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

	if (next_told == l)
		next_told = l->next;
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

#define FRAME_HEADER 4	/* at most, of what is told at once */

/* A text frame (RFC 6455 §5.2) around the event, made in the room before its text. */
static size_t frame(const struct event *e, char **out)
{
	size_t header = e->len < 126 ? 2 : FRAME_HEADER;
	unsigned char *at = (unsigned char *)e->text - header;

	at[0] = 0x81;
	at[1] = (unsigned char)(header == 2 ? e->len : 126);
	if (header == FRAME_HEADER) {
		at[2] = (unsigned char)(e->len >> 8);
		at[3] = (unsigned char)e->len;
	}
	*out = (char *)at;
	return header + e->len;
}

/* Events that are for it, as frames, but no more than the socket takes in one piece; its place moves behind them. */
static size_t gather(struct live *l, struct iovec v[LIVE_FRAMES], size_t *bytes)
{
	const struct event *e;
	uint64_t before;
	size_t n = 0;

	for (*bytes = 0; n < LIVE_FRAMES; n++) {
		before = l->place;
		e = next_event(l);
		if (!e)
			break;
		if (*bytes + e->len + FRAME_HEADER > LIVE_AT_ONCE) {
			l->place = before;
			break;
		}
		v[n].iov_len = frame(e, (char **)&v[n].iov_base);
		*bytes += v[n].iov_len;
	}
	return n;
}

/*
 * Writes what is for it straight into the socket, without the engine's turn through the poll for each message: a
 * change is told to thousands.  Only between the engine's own writes, and only what the socket takes as a whole: a
 * unix socket takes a small message or none.  False when the engine has to do it.
 */
static bool tell_at_once(struct live *l)
{
	uint64_t before = l->place;
	struct iovec v[LIVE_FRAMES];
	struct msghdr m = { .msg_iov = v };
	size_t bytes;
	ssize_t n;

	if (l->ws.waiting || lws_partial_buffered(l->ws.wsi))
		return false;
	m.msg_iovlen = gather(l, v, &bytes);
	if (!m.msg_iovlen)
		return l->place == ring_head();
	n = sendmsg(lws_get_socket_fd(l->ws.wsi), &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0) {
		l->place = before;
		return false;
	}
	/* half a frame: what followed would be taken for its rest */
	if ((size_t)n != bytes)
		shutdown(lws_get_socket_fd(l->ws.wsi), SHUT_RDWR);
	return l->place == ring_head();
}

static void tell(struct live *l)
{
	if (!l->greeted || l->ws.end_code || l->ws.closing)
		return;
	if (behind(l))
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too far behind: connect again and take a snapshot");
	else if (viewer_known(l->viewer) && !tell_at_once(l))
		ws_wants(&l->ws);
}

/* Tells some of them; the others after everybody else in the loop has had a turn. */
static void on_telling(struct ev_loop *loop, ev_timer *w, int events)
{
	unsigned n = 0;
	struct live *l;

	(void)loop;
	(void)w;
	(void)events;
	if (!next_told && tell_again) {
		tell_again = false;
		next_told = all;
	}
	while ((l = next_told) && n++ < LIVE_TELL) {
		next_told = l->next;
		tell(l);
	}
	if (next_told || tell_again)
		ev_timer_start(the_loop, &telling);
}

void live_event(void)
{
	/* what comes with it in this turn is told with it */
	tell_again = true;
	ev_timer_start(the_loop, &telling);
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

	the_loop = loop;
	ev_timer_init(&telling, on_telling, 0., 0.);
	viewers_open(loop, &ops);
}

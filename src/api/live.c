#include <libwebsockets.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "http/text.h"
#include "limits.h"
#include "live.h"
#include "live_filter.h"
#include "log/log.h"
#include "peers.h"
#include "strict/json.h"

_Static_assert(RING_HEADROOM >= LWS_PRE, "the engine writes before a text");

/* A text for one client. */
struct answer {
	struct answer *next;
	size_t len;
	unsigned char bytes[];	/* LWS_PRE bytes for the engine, then the text */
};

struct live {
	struct live *next, **link;	/* among all once established */
	struct lws *wsi;
	struct peer *peer;
	struct viewer *viewer;		/* NULL = has not said who it is */
	bool greeted;
	uint64_t place;			/* the last event it was told of or that was not for it */
	struct live_filter *filter;	/* NULL = what everybody is told who asks for nothing */
	struct answer *answers, **answers_last;
	unsigned answer_count;
	char *in;			/* a message that is not yet whole */
	size_t in_len;
	int end_code;			/* 0 = goes on */
	const char *end_why;
	bool closing;			/* the client has begun to close: nothing may follow */
	ev_timer patience;		/* until it has said who it is; until it is closed */
};

static struct ev_loop *the_loop;
static struct lws_context *context;
static struct lws_vhost *vhost;
static struct live *all;
static struct live *next_told;	/* where telling goes on, while it runs */
static bool tell_again;		/* there was an event meanwhile */
static ev_timer telling;
static struct live *adopting;	/* during live_adopt: belongs to the engine's next connection */
static unsigned lives;

unsigned live_count(void)
{
	return lives;
}

/* ---- the end ---- */

static void live_free(struct live *l)
{
	struct answer *a;

	ev_timer_stop(the_loop, &l->patience);
	if (next_told == l)
		next_told = l->next;
	if (l->link) {
		*l->link = l->next;
		if (l->next)
			l->next->link = l->link;
	}
	while ((a = l->answers)) {
		l->answers = a->next;
		free(a);
	}
	if (l->in)
		explicit_bzero(l->in, l->in_len);
	free(l->in);
	live_filter_free(l->filter);
	if (l->viewer)
		viewer_drop(l->viewer);
	peer_drop(l->peer);
	lives--;
	free(l);
}

static void wait_for(struct live *l, double seconds)
{
	ev_timer_stop(the_loop, &l->patience);
	ev_timer_set(&l->patience, seconds, 0.);
	ev_timer_start(the_loop, &l->patience);
}

/* The engine closes it at its next turn, or after a while when the client does not even read. */
static void live_end(struct live *l, int code, const char *why)
{
	if (l->end_code)
		return;
	l->end_code = code;
	l->end_why = why;
	if (!l->wsi)
		return;
	wait_for(l, LIVE_END_SECONDS);
	lws_callback_on_writable(l->wsi);
}

/* It has not said who it is, or does not read that it is over. */
static void on_patience(struct ev_loop *loop, ev_timer *w, int events)
{
	struct live *l = w->data;

	(void)loop;
	(void)events;
	if (l->end_code && l->wsi)
		shutdown(lws_get_socket_fd(l->wsi), SHUT_RDWR);
	else if (!l->greeted)
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "authenticate first");
}

/* ---- answers ---- */

static void answer(struct live *l, const char *text, size_t len)
{
	struct answer *a;

	if (l->end_code)
		return;
	a = l->answer_count < LIVE_ANSWERS ? malloc(sizeof *a + LWS_PRE + len) : NULL;
	if (!a) {
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "asks faster than it reads");
		return;
	}
	a->next = NULL;
	a->len = len;
	memcpy(a->bytes + LWS_PRE, text, len);
	if (!l->answers)
		l->answers_last = &l->answers;
	*l->answers_last = a;
	l->answers_last = &a->next;
	l->answer_count++;
	if (l->wsi)
		lws_callback_on_writable(l->wsi);
}

static void answer_sequence(struct live *l, const char *type)
{
	char text[96];
	int n = snprintf(text, sizeof text, "{\"type\":\"%s\",\"sequence\":%llu}", type, (unsigned long long)ring_head());

	answer(l, text, (size_t)n);
}

/* ---- what clients are told ---- */

/* It may be told now: of what happens from here on. */
static void greet(struct live *l)
{
	if (l->greeted || !l->wsi || !l->viewer || !viewer_known(l->viewer))
		return;
	l->greeted = true;
	l->place = ring_head();
	if (!l->end_code)
		ev_timer_stop(the_loop, &l->patience);
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

/* Nonzero ends the connection. */
static int write_answer(struct live *l)
{
	struct answer *a = l->answers;
	int n;

	l->answers = a->next;
	l->answer_count--;
	n = lws_write(l->wsi, a->bytes + LWS_PRE, a->len, LWS_WRITE_TEXT);
	free(a);
	lws_callback_on_writable(l->wsi);
	return n < 0;
}

/* Writes one message, as the engine wants it. Nonzero ends the connection. */
static int write_one(struct live *l)
{
	const struct event *e;

	if (l->answers)
		return write_answer(l);
	if (!l->end_code && l->greeted && behind(l)) {
		l->end_code = LWS_CLOSE_STATUS_POLICY_VIOLATION;
		l->end_why = "too far behind: connect again and take a snapshot";
	}
	if (l->end_code) {
		lws_close_reason(l->wsi, (enum lws_close_status)l->end_code, (unsigned char *)(uintptr_t)l->end_why,
			strlen(l->end_why));
		return -1;
	}
	if (!l->greeted || !viewer_known(l->viewer) || !(e = next_event(l)))
		return 0;
	/* The engine masks nothing towards a client: the text stays as it is. */
	if (lws_write(l->wsi, (unsigned char *)e->text, e->len, LWS_WRITE_TEXT) < 0)
		return -1;
	lws_callback_on_writable(l->wsi);
	return 0;
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

	if (l->answers || lws_partial_buffered(l->wsi))
		return false;
	m.msg_iovlen = gather(l, v, &bytes);
	if (!m.msg_iovlen)
		return l->place == ring_head();
	n = sendmsg(lws_get_socket_fd(l->wsi), &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0) {
		l->place = before;
		return false;
	}
	/* half a frame: what followed would be taken for its rest */
	if ((size_t)n != bytes)
		shutdown(lws_get_socket_fd(l->wsi), SHUT_RDWR);
	return l->place == ring_head();
}

static void tell(struct live *l)
{
	if (!l->greeted || l->end_code || l->closing)
		return;
	if (behind(l))
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too far behind: connect again and take a snapshot");
	else if (viewer_known(l->viewer) && !tell_at_once(l))
		lws_callback_on_writable(l->wsi);
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
		l->viewer = viewer_take(&auth, l->peer->address, NULL, 0);
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

static void message_whole(struct live *l)
{
	char why[STRICT_MESSAGE];
	yyjson_doc *doc = strict_json_read(l->in, l->in_len, NULL, why);

	/* The engine sees wrong bytes, but not a character that the message ends in. */
	if (!http_utf8_valid((struct http_slice){ l->in, l->in_len }))
		live_end(l, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "not UTF-8");
	else if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
		live_end(l, LWS_CLOSE_STATUS_POLICY_VIOLATION, "not a JSON object");
	else
		take_message(l, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	explicit_bzero(l->in, l->in_len);
	free(l->in);
	l->in = NULL;
	l->in_len = 0;
}

static void received(struct live *l, const char *bytes, size_t len)
{
	char *in;

	if (l->end_code)
		return;
	if (lws_frame_is_binary(l->wsi)) {
		live_end(l, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "messages are texts");
		return;
	}
	if (l->in_len + len > LIVE_MESSAGE) {
		live_end(l, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "the message is too long");
		return;
	}
	in = realloc(l->in, l->in_len + len + 1);
	if (!in) {
		live_end(l, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
		return;
	}
	l->in = in;
	memcpy(l->in + l->in_len, bytes, len);
	l->in_len += len;
	l->in[l->in_len] = '\0';
	if (lws_is_final_fragment(l->wsi) && !lws_remaining_packet_payload(l->wsi))
		message_whole(l);
}

/* ---- the engine ---- */

/* RFC 6455 §5.5.1, §7.4: no payload, or a code that may be sent and a reason in UTF-8. */
static bool close_valid(const char *bytes, size_t len)
{
	unsigned code = len < 2 ? 0 : (unsigned)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];

	if (!len)
		return true;
	if (len < 2 || code < 1000 || code > 4999 || (code > 1014 && code < 3000) || (code >= 1004 && code <= 1006))
		return false;
	return http_utf8_valid((struct http_slice){ bytes + 2, len - 2 });
}

static void established(struct lws *wsi)
{
	struct live *l = adopting ? adopting : lws_get_opaque_user_data(wsi);

	adopting = NULL;
	lws_set_opaque_user_data(wsi, l);
	l->wsi = wsi;
	l->link = &all;
	l->next = all;
	if (l->next)
		l->next->link = &l->next;
	all = l;
	wait_for(l, LIVE_AUTH_SECONDS);
	greet(l);
}

static int on_engine(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct live *l = lws_get_opaque_user_data(wsi);

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		established(wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return l ? write_one(l) : -1;
	case LWS_CALLBACK_RECEIVE:
		if (!l)
			return -1;
		received(l, in, len);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		/* A good one is echoed by the engine. */
		if (l)
			l->closing = true;
		return close_valid(in, len) ? 0 : -1;
	case LWS_CALLBACK_HTTP:
		return -1;
	case LWS_CALLBACK_WSI_DESTROY:
		if (l) {
			lws_set_opaque_user_data(wsi, NULL);
			live_free(l);
		}
		return 0;
	default:
		return 0;
	}
}

void live_adopt(int fd, struct peer *peer, const char *head, size_t len, struct viewer *viewer)
{
	struct live *l = calloc(1, sizeof *l);
	struct lws *wsi;

	if (!l) {
		if (viewer)
			viewer_drop(viewer);
		peer_drop(peer);
		close(fd);
		return;
	}
	lives++;
	l->peer = peer;
	l->viewer = viewer;
	ev_init(&l->patience, on_patience);
	l->patience.data = l;
	adopting = l;
	wsi = lws_adopt_socket_vhost_readbuf(vhost, fd, head, len);
	if (!adopting)
		return;
	/* The handshake goes on later, or never. */
	adopting = NULL;
	if (wsi)
		lws_set_opaque_user_data(wsi, l);
	else
		live_free(l);
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
		lws_callback_on_writable(l->wsi);
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
	static const struct lws_protocols protocols[] = {
		{ .name = "events", .callback = on_engine, .rx_buffer_size = 512 },
		LWS_PROTOCOL_LIST_TERM
	};
	static const lws_retry_bo_t keep = {
		.secs_since_valid_ping = LIVE_PING_SECONDS, .secs_since_valid_hangup = LIVE_GONE_SECONDS,
	};
	void *loops[] = { loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER, .protocols = protocols, .foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8,
		.retry_and_idle_policy = &keep, .vhost_name = "api",
		.max_http_header_data = 1024, .pt_serv_buf_size = 4096, .gid = (gid_t)-1, .uid = (uid_t)-1,
	};

	the_loop = loop;
	ev_timer_init(&telling, on_telling, 0., 0.);
	viewers_open(loop, &ops);
	/* The engine tells of every closed connection; what matters is told here. */
	lws_set_log_level(0, NULL);
	context = lws_create_context(&info);
	if (context)
		vhost = lws_create_vhost(context, &info);
	if (!vhost)
		log_fatal("live: WebSocket engine");
}

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/text.h"
#include "limits.h"
#include "log/log.h"
#include "peers.h"
#include "ws.h"

/* First size of the buffer of a message. */
#define IN_FIRST 512
#define KINDS_MAX 2

/* A text for one client. */
struct ws_text {
	struct ws_text *next;
	size_t len;
	unsigned char bytes[];	/* LWS_PRE bytes for the engine, then the text */
};

static struct ev_loop *the_loop;
static struct lws_context *context;
static struct lws_vhost *vhost;
static ev_timer watch;
static struct ws *adopting;	/* during ws_adopt: belongs to the engine's next connection */

/* ---- the end ---- */

static void in_free(struct ws *w)
{
	if (!w->in)
		return;
	explicit_bzero(w->in, w->in_cap);
	free(w->in);
	limits_give(w->in_cap);
	w->in = NULL;
	w->in_len = w->in_cap = 0;
}

static void text_free(struct ws_text *t)
{
	limits_give(sizeof *t + LWS_PRE + t->len);
	explicit_bzero(t->bytes + LWS_PRE, t->len);
	free(t);
}

static void ws_free(struct ws *w)
{
	struct ws_text *t;

	ev_timer_stop(the_loop, &w->patience);
	pulse_end(&w->pulse);
	w->kind->gone(w);
	while ((t = w->waiting)) {
		w->waiting = t->next;
		text_free(t);
	}
	in_free(w);
	peer_drop(w->peer);
	free(w);
}

void ws_wait(struct ws *w, double seconds)
{
	ev_timer_stop(the_loop, &w->patience);
	ev_timer_set(&w->patience, seconds, 0.);
	ev_timer_start(the_loop, &w->patience);
}

void ws_wait_no_more(struct ws *w)
{
	if (!w->end_code)
		ev_timer_stop(the_loop, &w->patience);
}

void ws_wants(struct ws *w)
{
	if (w->wsi)
		lws_callback_on_writable(w->wsi);
}

void ws_read(struct ws *w, bool on)
{
	if (w->silent == !on)
		return;
	w->silent = !on;
	if (w->wsi)
		lws_rx_flow_control(w->wsi, on);
}

/* The engine closes it at its next turn, or after a while when the client does not even read. */
void ws_end(struct ws *w, int code, const char *why)
{
	if (w->end_code)
		return;
	w->end_code = code;
	w->end_why = why;
	if (!w->wsi)
		return;
	ws_wait(w, WS_END_SECONDS);
	ws_wants(w);
}

static void on_patience(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct ws *w = timer->data;

	(void)loop;
	(void)events;
	if (w->end_code && w->wsi)
		shutdown(lws_get_socket_fd(w->wsi), SHUT_RDWR);
	else if (!w->end_code)
		w->kind->late(w);
}

/* ---- writing ---- */

bool ws_send(struct ws *w, const char *text, size_t len)
{
	size_t all = sizeof(struct ws_text) + LWS_PRE + len;
	struct ws_text *t = NULL;

	if (w->end_code)
		return false;
	if (w->waiting_count == w->kind->waiting_max || len > w->kind->waiting_bytes - w->waiting_bytes) {
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, "asks faster than it reads");
		return false;
	}
	if (limits_take(all) && !(t = malloc(all)))
		limits_give(all);
	if (!t) {
		ws_end(w, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
		return false;
	}
	t->next = NULL;
	t->len = len;
	memcpy(t->bytes + LWS_PRE, text, len);
	if (!w->waiting)
		w->waiting_last = &w->waiting;
	*w->waiting_last = t;
	w->waiting_last = &t->next;
	w->waiting_count++;
	w->waiting_bytes += len;
	ws_wants(w);
	return true;
}

/* Nonzero ends the connection. */
static int write_waiting(struct ws *w)
{
	struct ws_text *t = w->waiting;
	int n;

	w->waiting = t->next;
	w->waiting_count--;
	w->waiting_bytes -= t->len;
	n = lws_write(w->wsi, t->bytes + LWS_PRE, t->len, LWS_WRITE_TEXT);
	text_free(t);
	ws_wants(w);
	return n < 0;
}

static int write_ping(struct ws *w)
{
	/* Of an answer without a payload the engine does not tell. */
	unsigned char frame[LWS_PRE + 1] = { 0 };

	w->ping = false;
	ws_wants(w);
	return lws_write(w->wsi, frame + LWS_PRE, 1, LWS_WRITE_PING) < 0;
}

/* Writes one message, as the engine wants it. Nonzero ends the connection. */
static int write_one(struct ws *w)
{
	int n = 0;

	if (w->ping && !w->end_code)
		return write_ping(w);
	if (w->waiting)
		return write_waiting(w);
	if (!w->end_code && w->kind->more)
		n = w->kind->more(w);
	if (n > 0)
		ws_wants(w);
	if (n || !w->end_code)
		return n < 0;
	lws_close_reason(w->wsi, (enum lws_close_status)w->end_code, (unsigned char *)(uintptr_t)w->end_why, strlen(w->end_why));
	return -1;
}

/* ---- silence ---- */

static struct ws *of_pulse(struct pulse *p)
{
	return (struct ws *)((char *)p - offsetof(struct ws, pulse));
}

static void ask(struct pulse *p)
{
	struct ws *w = of_pulse(p);

	w->ping = !w->closing;
	ws_wants(w);
}

/* The engine frees it at its next turn. */
static void give_up(struct pulse *p)
{
	shutdown(lws_get_socket_fd(of_pulse(p)->wsi), SHUT_RDWR);
}

static void on_second(struct ev_loop *loop, ev_timer *timer, int events)
{
	static const struct pulse_ends ends = { ask, give_up };

	(void)loop;
	(void)timer;
	(void)events;
	pulse_second(&ends);
}

/* ---- reading ---- */

static void message_whole(struct ws *w, bool binary)
{
	/* The engine sees wrong bytes, but not a character that the message ends in. */
	if (binary)
		w->kind->bytes(w, (const uint8_t *)w->in, w->in_len);
	else if (!http_utf8_valid((struct http_slice){ w->in, w->in_len }))
		ws_end(w, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "not UTF-8");
	else
		w->kind->text(w, w->in, w->in_len);
	in_free(w);
}

/* Room for len bytes more and a NUL. */
static bool in_room(struct ws *w, size_t len)
{
	size_t cap = w->in_cap ? w->in_cap : IN_FIRST;
	char *in;

	if (w->in_len + len + 1 <= w->in_cap)
		return true;
	while (cap < w->in_len + len + 1)
		cap *= 2;
	if (!limits_take(cap))
		return false;
	in = malloc(cap);
	if (!in) {
		limits_give(cap);
		return false;
	}
	if (w->in) {
		memcpy(in, w->in, w->in_len);
		explicit_bzero(w->in, w->in_cap);
		free(w->in);
		limits_give(w->in_cap);
	}
	w->in = in;
	w->in_cap = cap;
	return true;
}

static void heard(struct ws *w)
{
	pulse_heard(&w->pulse);
	if (w->kind->heard)
		w->kind->heard(w);
}

static void received(struct ws *w, const char *bytes, size_t len)
{
	bool binary = lws_frame_is_binary(w->wsi);

	if (w->end_code)
		return;
	heard(w);
	if (binary && !w->kind->binary_max) {
		ws_end(w, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "messages are texts");
		return;
	}
	if (w->in_len + len > (binary ? w->kind->binary_max : w->kind->text_max)) {
		ws_end(w, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "the message is too long");
		return;
	}
	if (!in_room(w, len)) {
		ws_end(w, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
		return;
	}
	memcpy(w->in + w->in_len, bytes, len);
	w->in_len += len;
	w->in[w->in_len] = '\0';
	if (lws_is_final_fragment(w->wsi) && !lws_remaining_packet_payload(w->wsi))
		message_whole(w, binary);
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
	struct ws *w = adopting ? adopting : lws_get_opaque_user_data(wsi);

	adopting = NULL;
	lws_set_opaque_user_data(wsi, w);
	w->wsi = wsi;
	if (w->kind->pings)
		pulse_begin(&w->pulse);
	if (w->silent)
		lws_rx_flow_control(wsi, 0);
	w->kind->opened(w);
}

static int on_engine(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws *w = lws_get_opaque_user_data(wsi);

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		established(wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return w ? write_one(w) : -1;
	case LWS_CALLBACK_RECEIVE:
		if (!w)
			return -1;
		received(w, in, len);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		if (w)
			heard(w);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		/* A good one is echoed by the engine. */
		if (w)
			w->closing = true;
		return close_valid(in, len) ? 0 : -1;
	case LWS_CALLBACK_HTTP:
		return -1;
	case LWS_CALLBACK_WSI_DESTROY:
		if (w) {
			lws_set_opaque_user_data(wsi, NULL);
			ws_free(w);
		}
		return 0;
	default:
		return 0;
	}
}

struct ws *ws_new(const struct ws_kind *kind, struct peer *peer)
{
	struct ws *w = calloc(1, kind->size);

	if (!w) {
		peer_drop(peer);
		return NULL;
	}
	w->kind = kind;
	w->peer = peer;
	ev_init(&w->patience, on_patience);
	w->patience.data = w;
	return w;
}

void ws_adopt(struct ws *w, int fd, const char *head, size_t len)
{
	struct lws *wsi;

	adopting = w;
	wsi = lws_adopt_socket_vhost_readbuf(vhost, fd, head, len);
	if (!adopting)
		return;
	/* The handshake goes on later, or never. */
	adopting = NULL;
	if (wsi)
		lws_set_opaque_user_data(wsi, w);
	else
		ws_free(w);
}

void ws_open(struct ev_loop *loop, const struct ws_kind *const *kinds, unsigned count)
{
	static struct lws_protocols protocols[KINDS_MAX + 1];
	/* The engine keeps its timers in a sorted list, walked for each frame of each connection: none of them may be in it. */
	static const lws_retry_bo_t no_timers;
	void *loops[] = { loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER, .protocols = protocols, .foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8,
		.retry_and_idle_policy = &no_timers, .vhost_name = "clients",
		.max_http_header_data = 1024, .pt_serv_buf_size = 4096, .gid = (gid_t)-1, .uid = (uid_t)-1,
	};

	the_loop = loop;
	for (unsigned i = 0; i < count && i < KINDS_MAX; i++)
		protocols[i] = (struct lws_protocols){ .name = kinds[i]->protocol, .callback = on_engine,
			.rx_buffer_size = kinds[i]->binary_max ? 1024 : 512 };
	/* The engine tells of every closed connection; what matters is told here. */
	lws_set_log_level(0, NULL);
	context = lws_create_context(&info);
	if (context)
		vhost = lws_create_vhost(context, &info);
	if (!vhost)
		log_fatal("live: WebSocket engine");
	ev_timer_init(&watch, on_second, 1., 1.);
	ev_timer_start(loop, &watch);
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "access.h"
#include "conn.h"
#include "http/head.h"
#include "limits.h"
#include "live.h"
#include "log/log.h"
#include "reply.h"
#include "request.h"
#include "spare.h"

static struct ev_loop *loop;
static unsigned connections;
static struct spare inputs = { .size = LIMIT_INPUT_FIRST };

static void conn_advance(struct conn *c);

struct ev_loop *conn_loop(void)
{
	return loop;
}

unsigned conn_count(void)
{
	return connections;
}

/* ---- memory ---- */

/* Tokens pass through it: it is wiped. */
static void input_give(struct conn *c)
{
	if (c->in_cap == LIMIT_INPUT_FIRST) {
		spare_put(&inputs, c->in);
	} else {
		explicit_bzero(c->in, c->in_cap);
		free(c->in);
	}
	limits_give(c->in_cap);
}

static void input_free(struct conn *c)
{
	if (!c->in)
		return;
	input_give(c);
	c->in = NULL;
	c->in_len = c->in_cap = c->in_seen = 0;
}

/* Makes the buffer cap bytes large. */
static bool input_grow(struct conn *c, size_t cap)
{
	char *in;

	if (cap <= c->in_cap)
		return true;
	if (!limits_take(cap))
		return false;
	in = cap == LIMIT_INPUT_FIRST ? spare_get(&inputs) : malloc(cap);
	if (!in) {
		limits_give(cap);
		return false;
	}
	if (c->in) {
		memcpy(in, c->in, c->in_len);
		input_give(c);
	}
	c->in = in;
	c->in_cap = cap;
	return true;
}

static void input_consume(struct conn *c, size_t n)
{
	memmove(c->in, c->in + n, c->in_len - n);
	c->in_len -= n;
	c->in_seen = 0;
}

static void out_free(struct conn *c)
{
	if (c->out.head)
		explicit_bzero(c->out.head, c->out.head_len);
	if (c->out.owned)
		explicit_bzero(c->out.owned, c->out.body_len);
	free(c->out.head);
	free(c->out.owned);
	limits_give(c->out.taken);
	memset(&c->out, 0, sizeof c->out);
}

static void conn_free(struct conn *c)
{
	ev_io_stop(loop, &c->readable);
	ev_io_stop(loop, &c->writable);
	ev_timer_stop(loop, &c->timer);
	if (c->request)
		request_abandon(c->request);
	input_free(c);
	out_free(c);
	if (c->fd >= 0)
		close(c->fd);
	if (c->peer)
		peer_drop(c->peer);
	connections--;
	free(c);
}

int conn_release(struct conn *c, struct peer **peer)
{
	int fd = c->fd;

	*peer = c->peer;
	request_free(c->request);
	c->request = NULL;
	c->peer = NULL;
	c->fd = -1;
	conn_free(c);
	return fd;
}

/* ---- states ---- */

static void timer_set(struct conn *c, double seconds)
{
	ev_timer_stop(loop, &c->timer);
	ev_timer_set(&c->timer, seconds, 0.);
	ev_timer_start(loop, &c->timer);
}

static bool conn_reads(const struct conn *c)
{
	return c->state == CONN_HEAD || c->state == CONN_BODY || c->state == CONN_LINGER;
}

static void conn_enter(struct conn *c, enum conn_state state)
{
	c->state = (uint8_t)state;
	c->since = ev_now(loop);
	/* Stopped by on_readable when something comes in another state: that is rare, and each change is a system call. */
	if (conn_reads(c))
		ev_io_start(loop, &c->readable);
	if (state != CONN_REPLY)
		ev_io_stop(loop, &c->writable);
	switch (state) {
	case CONN_HEAD:
		c->begun = false;
		c->sent = 0;
		timer_set(c, LIMIT_IDLE_SECONDS);
		break;
	case CONN_BODY:
	case CONN_REPLY:
		timer_set(c, LIMIT_GRACE_SECONDS);
		break;
	case CONN_LINGER:
		timer_set(c, LIMIT_LINGER_SECONDS);
		break;
	default:
		ev_timer_stop(loop, &c->timer);
	}
}

void conn_want_body(struct conn *c)
{
	bool was_busy = c->state == CONN_BUSY;

	conn_enter(c, CONN_BODY);
	if (was_busy)
		conn_advance(c);
}

void conn_want_answer(struct conn *c)
{
	conn_enter(c, CONN_BUSY);
}

void conn_write_now(struct conn *c, const char *text, size_t len)
{
	/* Failing is harmless: the client sends its body after a moment anyway. */
	if (send(c->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		c->closing = true;
}

/* 1 = all written, 0 = the socket is full, -1 = it is gone. */
static int out_write(struct conn *c)
{
	struct conn_out *o = &c->out;
	size_t all = o->head_len + o->body_len;

	while (o->done < all) {
		struct iovec v[2];
		struct msghdr m = { .msg_iov = v };
		ssize_t n;

		if (o->done < o->head_len)
			v[m.msg_iovlen++] = (struct iovec){ o->head + o->done, o->head_len - o->done };
		if (o->body_len) {
			size_t skip = o->done > o->head_len ? o->done - o->head_len : 0;

			v[m.msg_iovlen++] = (struct iovec){ (char *)(uintptr_t)o->body + skip,
				o->body_len - skip };
		}
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : errno == EINTR ? 0 : -1;
		o->done += (size_t)n;
	}
	return 1;
}

/* The head, and a body that is only lent, are copied as far as they have not been sent. False when there is no memory. */
static bool out_keep(struct conn_out *o)
{
	size_t head = o->done < o->head_len ? o->head_len - o->done : 0;
	size_t skip = o->done > o->head_len ? o->done - o->head_len : 0;
	size_t lent = o->lent ? o->body_len - skip : 0;
	char *copy;

	if (!limits_take(head + lent + (o->owned ? o->body_len : 0)))
		return false;
	o->taken = head + lent + (o->owned ? o->body_len : 0);
	copy = malloc(head + lent + 1);
	if (!copy)
		return false;
	memcpy(copy, o->head + o->head_len - head, head);
	if (lent)
		memcpy(copy + head, o->body + skip, lent);
	o->head = copy;
	o->head_len = head + lent;
	o->done = o->lent ? 0 : skip;
	if (o->lent)
		o->body_len = 0;
	return true;
}

/* Nothing of it is kept. */
static void out_forget(struct conn_out *o)
{
	o->head = NULL;
	if (o->owned)
		explicit_bzero(o->owned, o->body_len);
	o->head_len = o->body_len = o->done = 0;
}

void conn_write(struct conn *c, const struct conn_out *out)
{
	bool was_busy = c->state == CONN_BUSY;
	int written;

	c->out = *out;
	written = out_write(c);
	c->sent += c->out.done;
	if (written == 1) {
		out_forget(&c->out);
	} else if (out_keep(&c->out)) {
		c->sent -= c->out.done;
	} else {
		/* Not even that fits: the client sees the connection end. */
		log_warn("reply: memory: none left");
		out_forget(&c->out);
		c->closing = true;
		c->more = NULL;
	}
	conn_enter(c, CONN_REPLY);
	/* From inside conn_advance its loop goes on by itself. */
	if (was_busy)
		conn_advance(c);
}

void conn_write_more(struct conn *c, char *bytes, size_t len, bool last)
{
	if (!limits_take(len)) {
		explicit_bzero(bytes, len);
		free(bytes);
		conn_cut(c);
		return;
	}
	c->out = (struct conn_out){ .owned = bytes, .body = bytes, .body_len = len, .taken = len };
	if (last)
		c->more = NULL;
	conn_enter(c, CONN_REPLY);
	if (!c->asking)
		conn_advance(c);
}

void conn_cut(struct conn *c)
{
	access_cut(c->request, "its rest could not be had");
	c->cut = true;
	if (!c->asking)
		conn_free(c);
}

/* ---- writing ---- */

/* Asks for the next piece. False when c is gone. */
static bool reply_more(struct conn *c)
{
	c->sent += c->out.done;
	out_free(c);
	conn_enter(c, CONN_MORE);
	c->asking = true;
	c->more(c);
	c->asking = false;
	if (!c->cut)
		return true;
	conn_free(c);
	return false;
}

/* The reply has left: next request, or the end. False when c is gone. */
static bool reply_done(struct conn *c)
{
	if (c->more)
		return reply_more(c);
	if (c->request) {
		access_done(c->request, c->sent + c->out.done);
		request_free(c->request);
		c->request = NULL;
	}
	out_free(c);
	if (!c->closing) {
		conn_enter(c, CONN_HEAD);
		return true;
	}
	/* What the client still sends is read for a moment, for a close with
	 * unread bytes could overtake the reply. */
	shutdown(c->fd, SHUT_WR);
	input_free(c);
	if (!input_grow(c, LIMIT_INPUT_FIRST)) {
		conn_free(c);
		return false;
	}
	conn_enter(c, CONN_LINGER);
	return false;
}

/* ---- reading ---- */

/* Looks for a head in what was read. True when a request was begun. */
static bool head_try(struct conn *c)
{
	size_t blank = 0, len;

	/* RFC 9112 §2.2: empty lines before a request are ignored. */
	while (!c->begun && blank + 1 < c->in_len && !memcmp(c->in + blank, "\r\n", 2))
		blank += 2;
	if (blank)
		input_consume(c, blank);
	if (!c->in_len) {
		input_free(c);
		return false;
	}
	if (!c->begun) {
		c->begun = true;
		timer_set(c, LIMIT_HEAD_SECONDS);
	}
	len = http_head_end(c->in, c->in_len, &c->in_seen);
	if (!len && c->in_len >= HTTP_HEAD_MAX) {
		bool line = !memchr(c->in, '\n', c->in_len);

		request_refuse_head(c, line ? 414 : 431, line ? "The request target is too long."
			: "The head of the request is too large.");
		return true;
	}
	if (!len)
		return false;
	request_begin(c, c->in, len);
	if (c->in)
		input_consume(c, len);
	return true;
}

/* Gives what was read to the request. True when its body is complete. */
static bool body_try(struct conn *c)
{
	size_t used;
	bool complete;

	complete = request_feed(c->request, c->in, c->in_len, &used);
	if (used)
		input_consume(c, used);
	if (!complete && !c->in_len)
		input_free(c);
	return complete;
}

/* Does all that can be done now. c may be gone afterwards. */
static void conn_advance(struct conn *c)
{
	unsigned served = 0;
	int n;

	for (;;) {
		switch (c->state) {
		case CONN_HEAD:
			if (!c->in_len) {
				input_free(c);
				return;
			}
			if (served++ == LIMIT_BURST) {
				ev_feed_event(loop, &c->readable, EV_CUSTOM);
				return;
			}
			if (!head_try(c))
				return;
			break;
		case CONN_BODY:
			if (!body_try(c))
				return;
			break;
		case CONN_REPLY:
			n = out_write(c);
			if (n < 0) {
				conn_free(c);
				return;
			}
			if (n == 0) {
				ev_io_start(loop, &c->writable);
				return;
			}
			if (!reply_done(c))
				return;
			break;
		default:
			return;
		}
	}
}

/* Room for the next read. */
static bool input_room(struct conn *c)
{
	size_t cap = c->state == CONN_BODY ? LIMIT_INPUT_BODY : LIMIT_INPUT_FIRST;

	if (c->in && c->in_len == c->in_cap && c->state == CONN_HEAD)
		cap = c->in_cap * 2 < HTTP_HEAD_MAX ? c->in_cap * 2 : HTTP_HEAD_MAX;
	return input_grow(c, cap);
}

static void linger_read(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in, c->in_cap, 0);

	if (n > 0)
		c->lingered += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || c->lingered > LIMIT_LINGER_BYTES)
		conn_free(c);
}

static void on_readable(struct ev_loop *l, ev_io *w, int events)
{
	struct conn *c = w->data;
	ssize_t n;

	if (events & EV_CUSTOM) {
		conn_advance(c);
		return;
	}
	if (!conn_reads(c)) {
		ev_io_stop(l, w);
		return;
	}
	if (c->state == CONN_LINGER) {
		linger_read(c);
		return;
	}
	if (!input_room(c)) {
		request_refuse_head(c, 503, "The appliance is short of memory; try again.");
		conn_advance(c);
		return;
	}
	if (c->in_len == c->in_cap) {
		conn_advance(c);
		return;
	}
	n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (!c->in_len)
			input_free(c);
		return;
	}
	if (n <= 0) {
		conn_free(c);
		return;
	}
	c->in_len += (size_t)n;
	conn_advance(c);
}

static void on_writable(struct ev_loop *l, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)l;
	(void)events;
	ev_io_stop(loop, w);
	conn_advance(c);
}

/* Is a transfer of so many bytes since c->since still fast enough?  If so the
 * timer is set to the next moment it could be too slow. */
static bool fast_enough(struct conn *c, size_t bytes)
{
	double allowed = LIMIT_GRACE_SECONDS + (double)bytes / LIMIT_RATE;
	double spent = ev_now(loop) - c->since;

	if (spent >= allowed)
		return false;
	timer_set(c, allowed - spent < 1. ? 1. : allowed - spent);
	return true;
}

static void on_timer(struct ev_loop *l, ev_timer *w, int events)
{
	struct conn *c = w->data;

	(void)l;
	(void)events;
	switch (c->state) {
	case CONN_HEAD:
		if (!c->begun)
			break;
		request_refuse_head(c, 408, "The head of the request did not arrive in time.");
		conn_advance(c);
		return;
	case CONN_BODY:
		if (fast_enough(c, request_received(c->request)))
			return;
		request_refuse_head(c, 408, "The body of the request did not arrive in time.");
		conn_advance(c);
		return;
	case CONN_REPLY:
		if (fast_enough(c, c->out.done))
			return;
		access_cut(c->request, "not taken in time");
		break;
	default:
		break;
	}
	conn_free(c);
}

void conn_open(struct ev_loop *l, int fd, const char *address, uint8_t leaf)
{
	struct peer *peer = NULL;
	struct conn *c = NULL;

	loop = l;
	if (connections + live_count() < limits_connections())
		peer = peer_take(address);
	if (peer)
		c = calloc(1, sizeof *c);
	if (!c) {
		if (peer)
			peer_drop(peer);
		access_turned_away(address);
		reply_turn_away(fd);
		close(fd);
		return;
	}
	connections++;
	c->fd = fd;
	c->leaf = leaf;
	c->peer = peer;
	ev_io_init(&c->readable, on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_init(&c->timer, on_timer);
	c->readable.data = c->writable.data = c->timer.data = c;
	conn_enter(c, CONN_HEAD);
}

#include "relay.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "log/log.h"
#include "pool.h"
#include "pump.h"
#include "tally.h"

#define MS(seconds) ((uint64_t)((seconds) * 1000))

static struct ev_loop *loop;
static struct ipc_client *api;
static ev_timer sweep;
static uint64_t sweep_due;	/* milliseconds, while the timer runs */

/* Handed over, not yet seen by this thread. */
static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static struct conn_list inbox;
static ev_async inbox_filled;

static struct conn_list waiting = { .limit = MS(GATE_API_WAIT) };	/* for api */
static struct conn_list active = { .limit = MS(GATE_REST) };
static struct conn_list resting = { .limit = MS(GATE_IDLE - GATE_REST) };
static struct conn_list closing = { .limit = MS(GATE_LINGER) };

static struct tally no_pair = { .what = "pair: cannot be made, connections closed" };
static struct tally no_api = { .what = "api: not there, connections closed" };

static void on_net(struct ev_loop *l, ev_io *w, int revents);
static void on_app(struct ev_loop *l, ev_io *w, int revents);

/* ---- lists and deadlines ---- */

/* Puts c into l and sees that the sweep comes in time for it. */
static void enter(struct conn_list *l, struct conn *c)
{
	uint64_t now = pump_now(), due = now + l->limit;

	conn_list_append(l, c, now);
	if (ev_is_active(&sweep) && sweep_due <= due)
		return;
	sweep_due = due;
	ev_timer_stop(loop, &sweep);
	ev_timer_set(&sweep, (double)l->limit / 1000 + 0.01, 0);
	ev_timer_start(loop, &sweep);
}

static void watch(ev_io *w, int events)
{
	if (ev_is_active(w) && (w->events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(loop, w);
	if (events == 0)
		return;
	ev_io_modify(w, events);
	ev_io_start(loop, w);
}

/* ---- the end of a connection ---- */

static void drop(struct conn *c)
{
	ev_io_stop(loop, &c->net);
	ev_io_stop(loop, &c->app);
	conn_list_remove(c);
	if (c->pair >= 0)
		close(c->pair);
	close(c->fd);
	pool_put(c);
}

/* Reads and forgets what the client still sends.  Closing with unread bytes
 * would make the kernel send a reset, and the client might lose our last ones. */
static void discard(struct conn *c)
{
	char sink[4096];

	for (int i = 0; i < GATE_READS; i++) {
		ssize_t n = recv(c->fd, sink, sizeof sink, MSG_TRUNC);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			drop(c);
			return;
		}
		if (n < 0)
			break;
	}
	watch(&c->net, EV_READ);
}

/* Everything was sent, close_notify too: waits for the client to close. */
static void linger(struct conn *c)
{
	if (c->net_eof || shutdown(c->fd, SHUT_WR) < 0) {
		drop(c);
		return;
	}
	c->stage = CONN_LINGER;
	pool_release(c);
	discard(c);
}

static void pair_close(struct conn *c)
{
	ev_io_stop(loop, &c->app);
	if (c->pair >= 0)
		close(c->pair);
	c->pair = -1;
}

/* Our side has nothing more: flushes, close_notify, then linger. */
static void begin_close(struct conn *c)
{
	pair_close(c);
	br_ssl_engine_close(&c->tls.eng);
	c->stage = CONN_CLOSING;
	enter(&closing, c);
}

/* ---- the two directions ---- */

/* Decrypted bytes to api.  Bytes that api will not take any more are forgotten. */
static bool plain_to_app(struct conn *c)
{
	size_t len;
	const unsigned char *buf = br_ssl_engine_recvapp_buf(&c->tls.eng, &len);
	ssize_t n = (ssize_t)len;

	if (!c->app_eof) {
		n = send(c->pair, buf, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			c->app_writable = false;
			return false;
		}
		if (n < 0 && errno != EINTR) {
			/* api closed; what it wrote before can still be read */
			c->app_eof = true;
			c->app_readable = true;
			n = (ssize_t)len;
		}
	}
	if (n > 0)
		br_ssl_engine_recvapp_ack(&c->tls.eng, (size_t)n);
	return true;
}

/* Bytes of api into the engine.  False when there are none now. */
static bool plain_from_app(struct conn *c)
{
	size_t len;
	unsigned char *buf = br_ssl_engine_sendapp_buf(&c->tls.eng, &len);
	ssize_t n = recv(c->pair, buf, len, 0);

	if (n > 0) {
		br_ssl_engine_sendapp_ack(&c->tls.eng, (size_t)n);
		br_ssl_engine_flush(&c->tls.eng, 0);
		if ((size_t)n < len)
			c->app_readable = false;
		return true;
	}
	if (n < 0 && errno == EINTR)
		return true;
	c->app_readable = false;
	if (n < 0 && errno == EAGAIN)
		return false;
	/* the end, or a reset because api left bytes of the client unread */
	begin_close(c);
	return true;
}

/* The client sends no more, without close_notify (half-closed TCP).  api sees
 * it after the last byte; its answer still goes out. */
static void client_ended(struct conn *c)
{
	if (c->pair >= 0 && !c->app_eof)
		shutdown(c->pair, SHUT_WR);
}

static void set_watchers(struct conn *c, unsigned state)
{
	int net = 0, app = 0;

	if (state & BR_SSL_SENDREC)
		net |= EV_WRITE;
	if ((state & BR_SSL_RECVREC) && !c->net_eof)
		net |= EV_READ;
	if (c->pair >= 0) {
		if (state & BR_SSL_SENDAPP)
			app |= EV_READ;
		if ((state & BR_SSL_RECVAPP) && !c->app_eof)
			app |= EV_WRITE;
	}
	watch(&c->net, net);
	watch(&c->app, app);
}

/* One move in one direction, if any can be made; state is the engine's. */
static enum pump move(struct conn *c, unsigned state, int *reads)
{
	enum pump r = PUMP_WAIT;
	bool ended = c->net_eof;

	if (state & BR_SSL_SENDREC)
		r = pump_out(c);
	if (r != PUMP_WAIT)
		return r;
	if ((state & BR_SSL_RECVAPP) && (c->app_writable || c->app_eof) && plain_to_app(c))
		return PUMP_MOVED;
	if ((state & BR_SSL_SENDAPP) && c->app_readable && *reads > 0) {
		--*reads;
		if (plain_from_app(c))
			return PUMP_MOVED;
	}
	if ((state & BR_SSL_RECVREC) && (c->spill != 0 || *reads > 0)) {
		*reads -= c->spill == 0;
		r = pump_in(c);
		if (r == PUMP_EOF && !ended)
			client_ended(c);
	}
	return r;
}

/* Moves what can be moved.  c may be gone afterwards. */
static void relay(struct conn *c)
{
	int reads = GATE_READS;
	bool moved = c->list == NULL;

	for (;;) {
		unsigned state = br_ssl_engine_current_state(&c->tls.eng);
		enum pump r;

		/* closed: close_notify came and was answered, or something broke;
		 * api has had every byte that came before */
		if (state == BR_SSL_CLOSED) {
			drop(c);
			return;
		}
		if (c->stage == CONN_CLOSING && (state & BR_SSL_SENDREC) == 0) {
			linger(c);
			return;
		}
		r = move(c, state, &reads);
		if (r == PUMP_GONE) {
			drop(c);
			return;
		}
		if (r != PUMP_MOVED) {
			if (moved && c->stage == CONN_OPEN)
				enter(&active, c);
			set_watchers(c, state);
			return;
		}
		moved = true;
	}
}

static void on_net(struct ev_loop *l, ev_io *w, int revents)
{
	struct conn *c = w->data;

	(void)l;
	if (c->stage == CONN_LINGER) {
		discard(c);
		return;
	}
	if (revents & EV_READ)
		c->readable = true;
	if (revents & EV_WRITE)
		c->writable = true;
	relay(c);
}

static void on_app(struct ev_loop *l, ev_io *w, int revents)
{
	struct conn *c = w->data;

	(void)l;
	if (revents & EV_READ)
		c->app_readable = true;
	if (revents & EV_WRITE)
		c->app_writable = true;
	relay(c);
}

/* ---- to api ---- */

static void goodbye(struct conn *c)
{
	begin_close(c);
	relay(c);
}

/* Both ends keep little: a slow reader must not hold much memory. */
static int pair_open(int pair[2])
{
	static const int size = GATE_PAIR_SNDBUF;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return 0;
}

static int notify_api(const struct conn *c, int fd)
{
	char body[128], from[CONN_ADDRESS];
	int n = snprintf(body, sizeof body, "{\"peer\":\"%s\",\"port\":%u,\"leaf\":%d}",
		conn_address(&c->from, from), conn_port(&c->from), (int)c->side.leaf);

	return ipc_client_notice(api, PROTO_API_CONN, body, (uint32_t)n, &fd, 1);
}

/* Gives api its end of a pair.  c may be gone afterwards. */
static void deliver(struct conn *c)
{
	int pair[2];

	if (!ipc_client_connected(api)) {
		enter(&waiting, c);
		return;
	}
	if (pair_open(pair) < 0) {
		tally_add(&no_pair, pump_now(), "%s", strerror(errno));
		goodbye(c);
		return;
	}
	c->pair = pair[0];
	ev_io_set(&c->app, c->pair, EV_READ);
	c->app_writable = true;
	if (notify_api(c, pair[1]) < 0) {
		close(pair[1]);
		pair_close(c);
		enter(&waiting, c);
		return;
	}
	close(pair[1]);
	conn_list_remove(c);
	relay(c);
}

static void on_api(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	/* one that cannot be delivered goes to the end: once round only */
	for (unsigned n = waiting.count; n > 0 && ipc_client_connected(api); n--)
		deliver(waiting.first);
}

/* ---- from the handshake thread ---- */

void relay_adopt(struct conn *c)
{
	pthread_mutex_lock(&inbox_lock);
	conn_list_append(&inbox, c, 0);
	pthread_mutex_unlock(&inbox_lock);
	ev_async_send(loop, &inbox_filled);
}

static struct conn *inbox_take(void)
{
	struct conn *c;

	pthread_mutex_lock(&inbox_lock);
	c = inbox.first;
	if (c != NULL)
		conn_list_remove(c);
	pthread_mutex_unlock(&inbox_lock);
	return c;
}

static void on_inbox(struct ev_loop *l, ev_async *w, int revents)
{
	struct conn *c;

	(void)l;
	(void)w;
	(void)revents;
	while ((c = inbox_take()) != NULL) {
		ev_io_init(&c->net, on_net, c->fd, EV_READ);
		ev_init(&c->app, on_app);
		c->net.data = c->app.data = c;
		deliver(c);
	}
}

/* ---- deadlines ---- */

static bool overdue(const struct conn_list *l, uint64_t now)
{
	return l->first != NULL && now - l->first->since >= l->limit;
}

static void rest(struct conn *c)
{
	/* one that is stuck half-way keeps its buffers until it is idle */
	if (c->spill == 0 && tls_engine_at_rest(&c->tls.eng))
		pool_release(c);
	enter(&resting, c);
}

static void sweep_again(uint64_t now)
{
	const struct conn_list *const all[] = { &waiting, &active, &resting, &closing };
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->first != NULL && all[i]->first->since + all[i]->limit < next)
			next = all[i]->first->since + all[i]->limit;
	if (next == UINT64_MAX)
		return;
	if (next < now + MS(GATE_SWEEP))
		next = now + MS(GATE_SWEEP);
	sweep_due = next;
	ev_timer_stop(loop, &sweep);
	ev_timer_set(&sweep, (double)(next - now) / 1000 + 0.01, 0);
	ev_timer_start(loop, &sweep);
}

static void on_sweep(struct ev_loop *l, ev_timer *w, int revents)
{
	uint64_t now = pump_now();

	(void)l;
	(void)w;
	(void)revents;
	while (overdue(&waiting, now)) {
		char from[CONN_ADDRESS];

		tally_add(&no_api, now, "%s", conn_address(&waiting.first->from, from));
		goodbye(waiting.first);
	}
	while (overdue(&closing, now))
		drop(closing.first);
	while (overdue(&resting, now))
		goodbye(resting.first);
	while (overdue(&active, now))
		rest(active.first);
	sweep_again(now);
}

/* ---- start and stop ---- */

void relay_open(struct ev_loop *on)
{
	static const struct ipc_client_ops ops = { .connected = on_api };

	loop = on;
	ev_init(&sweep, on_sweep);
	ev_async_init(&inbox_filled, on_inbox);
	ev_async_start(loop, &inbox_filled);
	api = ipc_client_open(loop, ROOM_API, &ops, NULL);
}

static void farewell(struct conn_list *l)
{
	for (struct conn *c = l->first; c != NULL; c = c->next) {
		br_ssl_engine_close(&c->tls.eng);
		c->writable = true;
		while ((br_ssl_engine_current_state(&c->tls.eng) & BR_SSL_SENDREC) &&
				pump_out(c) == PUMP_MOVED)
			;
	}
}

void relay_stop(void)
{
	farewell(&waiting);
	farewell(&active);
	farewell(&resting);
}

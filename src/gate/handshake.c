#include "handshake.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bucket/bucket.h"
#include "log/log.h"
#include "pool.h"
#include "pump.h"
#include "signer.h"
#include "tally.h"

/* Stack of the thread: P-256 and the ipc call need about 20 KiB. */
#define STACK (256u << 10)
/* Events taken from the kernel in one go. */
#define EVENTS 64
/* Milliseconds without accepting after accept failed for want of memory or
 * descriptors. */
#define ACCEPT_PAUSE_MS 100

static const struct handshake_config *config;
static int epoll_fd, wake_fd;
static bool listening;
static uint64_t listen_again;	/* milliseconds, 0 = not paused */
static struct conn_list list = { .limit = GATE_HANDSHAKE_MS };
static struct bucket_table *sources;
static atomic_bool stopping;

static pthread_mutex_t chains_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tls_chains *chains;

static struct tally refused_source = { .what = "refused: too many connections from one address" };
static struct tally refused_full = { .what = "refused: connections are at their limit" };
static struct tally refused_crowd = { .what = "dropped: too many handshakes in flight" };
static struct tally timed_out = { .what = "handshake: not finished in time" };
static struct tally failed = { .what = "handshake: failed" };
static struct tally accept_failed = { .what = "accept: failed" };

/* ---- chains ---- */

static void wake(void)
{
	uint64_t one = 1;

	/* a full counter is awake already */
	(void)!write(wake_fd, &one, sizeof one);
}

void handshake_chains(struct tls_chains *fresh)
{
	struct tls_chains *old;

	pthread_mutex_lock(&chains_lock);
	old = chains;
	chains = fresh;
	pthread_mutex_unlock(&chains_lock);
	tls_chains_unref(old);
	wake();
}

static struct tls_chains *chains_get(void)
{
	struct tls_chains *c;

	pthread_mutex_lock(&chains_lock);
	c = chains != NULL ? tls_chains_ref(chains) : NULL;
	pthread_mutex_unlock(&chains_lock);
	return c;
}

/* ---- one handshake ---- */

static void drop(struct conn *c)
{
	conn_list_remove(c);
	tls_chains_unref(c->chains);
	close(c->fd);
	pool_put(c);
}

static void fail(struct conn *c)
{
	char why[48], from[CONN_ADDRESS];
	int error = br_ssl_engine_last_error(&c->tls.eng);

	/* a client that goes away or closes properly is nobody's failure */
	if (br_ssl_engine_current_state(&c->tls.eng) == BR_SSL_CLOSED && error != BR_ERR_OK)
		tally_add(&failed, pump_now(), "%s: %s", conn_address(&c->from, from),
			tls_error_text(error, why, sizeof why));
	drop(c);
}

static void finish(struct conn *c)
{
	if (!tls_server_done(&c->tls, &c->side)) {
		char from[CONN_ADDRESS];

		tally_add(&failed, pump_now(), "%s: session of another name", conn_address(&c->from, from));
		drop(c);
		return;
	}
	if (c->events != 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	conn_list_remove(c);
	tls_chains_unref(c->chains);
	c->chains = NULL;
	config->done(c);
}

static void watch(struct conn *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (c->events == events)
		return;
	if (epoll_ctl(epoll_fd, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &ev) < 0)
		log_fatal("handshake: epoll_ctl");
	c->events = events;
}

/* As far as the client's bytes go.  c may be gone afterwards. */
static void step(struct conn *c)
{
	for (;;) {
		unsigned state = br_ssl_engine_current_state(&c->tls.eng);
		enum pump r;

		if (c->flight != 0 || (state & BR_SSL_SENDREC)) {
			r = pump_out_flight(c);
		} else if (state == BR_SSL_CLOSED) {
			fail(c);
			return;
		} else if (state & BR_SSL_SENDAPP) {
			finish(c);
			return;
		} else {
			r = pump_in(c);
		}
		if (r == PUMP_EOF || r == PUMP_GONE) {
			fail(c);
			return;
		}
		if (r == PUMP_WAIT) {
			watch(c, c->writable ? EPOLLIN : EPOLLOUT);
			return;
		}
	}
}

/* ---- accepting ---- */

static void listen_on(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &listening };

	if (listening || stopping)
		return;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, config->listener, &ev) < 0)
		log_fatal("handshake: listener");
	listening = true;
	listen_again = 0;
}

static void listen_off(void)
{
	if (listening)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, config->listener, NULL);
	listening = false;
}

static void begin(int fd, const struct sockaddr_in6 *from, uint64_t now)
{
	struct conn *c = pool_get();

	if (c == NULL) {
		close(fd);
		tally_add(&refused_full, now, "%u are open", pool_used());
		return;
	}
	c->fd = fd;
	c->from = *from;
	c->chains = chains_get();
	c->side.chains = c->chains;
	c->side.sessions = config->sessions;
	c->side.sign = signer_sign;
	c->readable = c->writable = true;
	if (list.count >= GATE_HANDSHAKES_MAX) {
		char who[CONN_ADDRESS];

		tally_add(&refused_crowd, now, "%s", conn_address(&list.first->from, who));
		drop(list.first);
	}
	conn_list_append(&list, c, now);
	if (!tls_server_begin(&c->tls, &c->side, pool_in(c), pool_out(c)))
		fail(c);
	else
		step(c);
}

/* One at a time: the clients that are half-way come first, and other workers
 * get their share of a rush. */
static void accept_one(uint64_t now)
{
	struct sockaddr_in6 from = { 0 };
	socklen_t len = sizeof from;
	int fd = accept4(config->listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
			return;
		tally_add(&accept_failed, now, "%s", strerror(errno));
		listen_off();
		listen_again = now + ACCEPT_PAUSE_MS;
		return;
	}
	if (!bucket_take(sources, (const struct sockaddr *)&from, now)) {
		char who[CONN_ADDRESS];

		close(fd);
		tally_add(&refused_source, now, "%s", conn_address(&from, who));
		return;
	}
	/* the kernel wakes whoever joined last: step back, or one worker gets
	 * every connection as long as it keeps up */
	listen_off();
	listen_on();
	begin(fd, &from, now);
}

/* ---- the loop ---- */

static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

/* Ends what is overdue.  Returns the milliseconds until something else is. */
static int deadlines(uint64_t now)
{
	struct tally *const all[] = {
		&refused_source, &refused_full, &refused_crowd, &timed_out, &failed, &accept_failed
	};
	int next = signer_flush(now);

	while (list.first != NULL && now - list.first->since >= list.limit) {
		char from[CONN_ADDRESS];

		tally_add(&timed_out, now, "%s", conn_address(&list.first->from, from));
		drop(list.first);
	}
	if (list.first != NULL)
		next = sooner(next, (int)(list.first->since + list.limit - now));
	if (listen_again != 0 && now >= listen_again)
		listen_on();
	else if (listen_again != 0)
		next = sooner(next, (int)(listen_again - now));
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		next = sooner(next, tally_flush(all[i], now));
	return next;
}

static void woken(void)
{
	uint64_t n;

	(void)!read(wake_fd, &n, sizeof n);
	if (stopping)
		listen_off();
	else if (listen_again == 0)
		listen_on();
}

static void handle(const struct epoll_event *ev)
{
	struct conn *c = ev->data.ptr;

	if (ev->data.ptr == &wake_fd) {
		woken();
	} else if (ev->data.ptr == &listening) {
		accept_one(pump_now());
	} else {
		c->readable = c->writable = true;
		step(c);
	}
}

/* Accepting may drop the oldest handshake, whose event may lie further on in
 * the same batch: so the listener's turn comes last. */
static void handle_all(const struct epoll_event *events, int n)
{
	const struct epoll_event *listener = NULL;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &listening)
			listener = &events[i];
		else
			handle(&events[i]);
	}
	if (listener != NULL && listening)
		handle(listener);
}

static void *run(void *arg)
{
	struct epoll_event events[EVENTS];

	(void)arg;
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, deadlines(pump_now()));

		if (n < 0 && errno != EINTR)
			log_fatal("handshake: epoll_wait");
		handle_all(events, n);
	}
	return NULL;
}

static void start_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	/* signals are the relay thread's business */
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	errno = pthread_create(&thread, &attr, run, NULL);
	if (errno != 0)
		log_fatal("handshake: thread");
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void handshake_start(const struct handshake_config *cfg)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &wake_fd };

	config = cfg;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	sources = bucket_new(GATE_SOURCES, GATE_SOURCE_BURST, GATE_SOURCE_RATE);
	if (epoll_fd < 0 || wake_fd < 0 || sources == NULL ||
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &ev) < 0)
		log_fatal("handshake: start");
	start_thread();
}

void handshake_stop(void)
{
	stopping = true;
	wake();
}

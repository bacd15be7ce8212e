#include <stdbool.h>
#include <string.h>

#include "access.h"
#include "conn.h"
#include "log/log.h"
#include "request.h"

/* Seconds from which on a request is told of as slow. */
#define SLOW_SECONDS 1.
/* Lines a second that clients can cause, and how many at once: a scanner must not
 * fill the log's byte budget. */
#define LINES_RATE 1.
#define LINES_BURST 50.

static struct ev_loop *the_loop;
static ev_timer timer;
static double tokens = LINES_BURST;
static ev_tstamp filled;
static unsigned long requests, by_class[6], bytes_sent, suppressed, turned_away;

static void count(int status, size_t bytes)
{
	requests++;
	by_class[status / 100 % 6]++;
	bytes_sent += bytes;
	if (!ev_is_active(&timer))
		ev_timer_again(the_loop, &timer);
}

/* May one more line be written? */
static bool may_tell(void)
{
	ev_tstamp now = ev_now(the_loop);

	tokens += (now - filled) * LINES_RATE;
	filled = now;
	if (tokens > LINES_BURST)
		tokens = LINES_BURST;
	if (tokens < 1.) {
		suppressed++;
		return false;
	}
	tokens -= 1.;
	return true;
}

void access_done(const struct request *r, size_t bytes)
{
	double ms = (ev_now(the_loop) - r->begun) * 1e3;
	struct http_slice m = r->head.method;

	count(r->status, bytes);
	if ((r->status < 400 && ms < SLOW_SECONDS * 1e3) || !may_tell())
		return;
	log_info("%.*s %.200s: %d: %zu bytes, %.0f ms, %s", m.at ? (int)m.len : 1, m.at ? m.at : "-",
		r->path && r->path[0] ? r->path : "-", r->status, bytes, ms, r->conn->peer->address);
}

void access_refused(const struct conn *c, int status, const char *why)
{
	count(status, 0);
	if (may_tell())
		log_info("- -: %d: %s %s", status, why, c->peer->address);
}

void access_cut(const struct request *r, const char *why)
{
	if (r && may_tell())
		log_info("%s: reply: %s: %s", r->path && r->path[0] ? r->path : "-", why,
			r->conn->peer->address);
}

void access_turned_away(const char *address)
{
	turned_away++;
	if (may_tell())
		log_warn("connection: turned away: too many, from %s", address);
	if (!ev_is_active(&timer))
		ev_timer_again(the_loop, &timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)events;
	ev_timer_stop(loop, w);
	log_info("requests: %lu: %lu good, %lu not modified, %lu refused, %lu failed; %lu bytes; "
		"%u connections, %lu turned away; %lu lines left out", requests, by_class[2], by_class[3],
		by_class[4], by_class[5], bytes_sent, conn_count(), turned_away, suppressed);
	requests = bytes_sent = suppressed = turned_away = 0;
	memset(by_class, 0, sizeof by_class);
}

void access_open(struct ev_loop *loop, double seconds)
{
	the_loop = loop;
	filled = ev_now(loop);
	ev_timer_init(&timer, on_timer, 0., seconds);
}

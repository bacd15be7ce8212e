/*
 * names: one name looked up: a question for each family, by UDP with a source port and a number of its own each, over TCP when
 * the answer is cut.  Each server is asked in turn, ROUNDS times.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/log.h"
#include "names.h"

#define PORT 53
#define ROUNDS 2
/* Patience with one server, seconds: UDP, and TCP from connecting to the last byte. */
#define PATIENCE 1.5
#define PATIENCE_STREAM 4.0
/* Bytes of an answer over TCP: what is longer is no list of a name's addresses. */
#define STREAM_MAX 16384

struct leg {
	struct lookup *of;
	enum dns_type type;
	enum dns_result result;		/* DNS_FOREIGN while it runs */
	struct dns_answer answer;
	struct addr server;
	unsigned tries;
	int fd;
	uint16_t id;
	bool stream, plain, sent;
	bool refused;			/* some server answered, and could not say */
	uint8_t *bytes;			/* what came over TCP, STREAM_MAX + 2 */
	size_t have;
	ev_io io;
	ev_timer timer;
};

struct lookup {
	struct lookup *next;		/* of those that wait */
	struct ev_loop *loop;
	char name[ADDR_NAME_MAX + 1];
	struct leg legs[2];
	void (*done)(const struct names_found *found, void *arg);
	void *arg;
};

static unsigned running, waiting;
static struct lookup *first, **last = &first;	/* of those that wait for their turn */

static void ask(struct leg *g);
static void begin(struct lookup *l);

/* ---- the end ---- */

static void silence(struct leg *g)
{
	ev_io_stop(g->of->loop, &g->io);
	ev_timer_stop(g->of->loop, &g->timer);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	free(g->bytes);
	g->bytes = NULL;
}

static const char *trouble(const struct leg *g)
{
	return g->result == DNS_NO_NAME ? "does not exist" : g->result == DNS_NO_ADDRESS ? "has no address" :
		g->result == DNS_REFUSED ? "the name servers cannot say" : servers_count() ? "no name server answers" :
		"no name server is known";
}

static bool says_no(const struct leg *g)
{
	return g->result == DNS_NO_NAME || g->result == DNS_NO_ADDRESS;
}

static void finish(struct lookup *l)
{
	struct leg *a = &l->legs[0], *b = &l->legs[1];
	struct names_found f = { .v4 = a->answer, .v6 = b->answer, .exists = true };

	if (a->answer.count && b->answer.count)
		f.ttl = a->answer.ttl < b->answer.ttl ? a->answer.ttl : b->answer.ttl;
	else if (a->answer.count || b->answer.count)
		f.ttl = a->answer.count ? a->answer.ttl : b->answer.ttl;
	else {
		/* what one server would not say is not made a "no" by the other family */
		f.why = trouble(says_no(a) ? b : a);
		f.exists = !(says_no(a) && says_no(b));
	}
	running--;
	if (first) {
		struct lookup *turn = first;

		first = turn->next;
		if (!first)
			last = &first;
		waiting--;
		begin(turn);
	}
	l->done(&f, l->arg);
	free(l);
}

static void end(struct leg *g, enum dns_result result)
{
	struct lookup *l = g->of;

	silence(g);
	g->result = result;
	if (l->legs[0].result && l->legs[1].result)
		finish(l);
}

/* ---- one server ---- */

static void next(struct leg *g)
{
	silence(g);
	g->stream = g->plain = false;
	g->tries++;
	ask(g);
}

static void judge(struct leg *g, const uint8_t *msg, size_t len)
{
	enum dns_result r = dns_answer_read(&g->answer, msg, len, g->id, g->of->name, g->type);

	switch (r) {
	case DNS_FOREIGN:
		if (g->stream)
			next(g);
		return;		/* by UDP the right one may still come */
	case DNS_CUT:
		if (g->stream) {
			next(g);
			return;
		}
		silence(g);
		g->stream = true;
		ask(g);
		return;
	case DNS_PLAIN:
		if (g->plain) {
			next(g);
			return;
		}
		silence(g);
		g->plain = true;
		ask(g);
		return;
	case DNS_REFUSED:
	case DNS_BROKEN:
		g->answer.count = 0;
		g->refused = true;
		next(g);
		return;
	default:
		servers_answered(&g->server);
		end(g, r);
	}
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	next(w->data);
}

static bool send_question(struct leg *g)
{
	uint8_t q[2 + DNS_QUESTION_MAX];
	size_t n = dns_question(q + 2, g->id, g->of->name, g->type, !g->plain), skip = g->stream ? 0 : 2;

	q[0] = (uint8_t)(n >> 8);
	q[1] = (uint8_t)n;
	g->sent = true;
	return send(g->fd, q + skip, n + 2 - skip, MSG_NOSIGNAL) == (ssize_t)(n + 2 - skip);
}

static void on_datagram(struct leg *g)
{
	uint8_t msg[DNS_UDP_MAX + 1];
	ssize_t n = recv(g->fd, msg, sizeof msg, MSG_DONTWAIT);

	if (n >= 0)
		judge(g, msg, (size_t)n < DNS_UDP_MAX ? (size_t)n : DNS_UDP_MAX);
	else if (errno != EAGAIN && errno != EINTR)
		next(g);	/* nobody listens there */
}

static void on_stream(struct leg *g)
{
	size_t want = 2;
	ssize_t n;

	if (!g->sent) {
		ev_io_stop(g->of->loop, &g->io);
		ev_io_set(&g->io, g->fd, EV_READ);
		ev_io_start(g->of->loop, &g->io);
		if (!send_question(g))
			next(g);
		return;
	}
	if (g->have >= 2)
		want = 2 + ((size_t)g->bytes[0] << 8 | g->bytes[1]);
	n = want > STREAM_MAX + 2 ? 0 : recv(g->fd, g->bytes + g->have, want - g->have, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		next(g);
		return;
	}
	g->have += (size_t)n;
	if (g->have > 2 && g->have == want)
		judge(g, g->bytes + 2, g->have - 2);
}

static void on_io(struct ev_loop *loop, ev_io *w, int events)
{
	struct leg *g = w->data;

	(void)loop;
	(void)events;
	if (g->stream)
		on_stream(g);
	else
		on_datagram(g);
}

static bool reach(struct leg *g)
{
	union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } to = { 0 };
	bool six = g->server.family == ADDR_V6;

	if (six) {
		to.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
		memcpy(&to.v6.sin6_addr, g->server.bytes, 16);
	} else {
		to.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT) };
		memcpy(&to.v4.sin_addr, g->server.bytes, 4);
	}
	g->fd = socket(six ? AF_INET6 : AF_INET, (g->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g->fd < 0)
		return false;
	/* connected: the kernel drops what comes from anybody else, and tells when nobody listens */
	if (connect(g->fd, &to.any, six ? sizeof to.v6 : sizeof to.v4) < 0 && errno != EINPROGRESS)
		return false;
	return true;
}

static void ask(struct leg *g)
{
	unsigned count = servers_count();

	if (g->tries >= count * ROUNDS) {
		end(g, g->refused ? DNS_REFUSED : DNS_BROKEN);
		return;
	}
	g->server = *servers_at(g->tries % count);
	g->have = 0;
	g->sent = false;
	if (g->stream && !(g->bytes = malloc(STREAM_MAX + 2)))
		log_fatal("answer");
	if (getrandom(&g->id, sizeof g->id, 0) != sizeof g->id)
		log_fatal("random");
	if (!reach(g) || (!g->stream && !send_question(g))) {
		/* no way there, or the firewall does not know of the server yet: as if it were silent */
		silence(g);
	} else {
		ev_io_set(&g->io, g->fd, g->stream ? EV_WRITE : EV_READ);
		ev_io_start(g->of->loop, &g->io);
	}
	ev_timer_set(&g->timer, g->stream ? PATIENCE_STREAM : PATIENCE, 0);
	ev_timer_start(g->of->loop, &g->timer);
}

/* The first question leaves from the loop, so that an end does not come from inside of lookup_start. */
static void on_begin(struct ev_loop *loop, ev_timer *w, int events)
{
	struct leg *g = w->data;

	(void)loop;
	(void)events;
	ev_set_cb(&g->timer, on_timeout);
	ask(g);
}

static void begin(struct lookup *l)
{
	running++;
	for (int i = 0; i < 2; i++)
		ev_timer_start(l->loop, &l->legs[i].timer);
}

int lookup_start(struct ev_loop *loop, const char *name, void (*done)(const struct names_found *found, void *arg), void *arg)
{
	static const enum dns_type types[2] = { DNS_A, DNS_AAAA };
	struct lookup *l;

	if (waiting == LOOKUPS_WAITING || !addr_name_valid(name))
		return -1;
	l = calloc(1, sizeof *l);
	if (!l)
		log_fatal("lookup");
	l->loop = loop;
	strcpy(l->name, name);
	l->done = done;
	l->arg = arg;
	for (int i = 0; i < 2; i++) {
		struct leg *g = &l->legs[i];

		g->of = l;
		g->type = types[i];
		g->fd = -1;
		ev_init(&g->io, on_io);
		g->io.data = g;
		ev_timer_init(&g->timer, on_begin, 0, 0);
		g->timer.data = g;
	}
	if (running < LOOKUPS) {
		begin(l);
	} else {
		*last = l;
		last = &l->next;
		waiting++;
	}
	return 0;
}

/*
 * Holds many WebSockets over TLS and says when the last of them has heard of a change.
 *
 *   sockets HOST PORT PATH COUNT TOKEN [SOURCE...]
 *
 * They come from the source addresses in turn.  Lines on standard output: {"open": n, "ms": t} when all have been greeted;
 * then for each event that reached all of them {"sequence": n, "kind": k, "first": ns, "last": ns} (CLOCK_MONOTONIC);
 * {"lost": n, "open": how many are, "was": its state, "why"} when one ends, {"error": "..."}.  Ends with its standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Handshakes at a time; events under way at once. */
#define AT_ONCE 16
#define EVENTS 4096

struct client {
	SSL *ssl;
	int fd;
	bool asked, upgraded, open;
	char *rest;		/* of a message that is not whole */
	size_t len;
};

static struct { uint64_t sequence, first; unsigned n; } seen[EVENTS];
static struct client *clients;
static unsigned count, started, opened;
static struct sockaddr_in to, from[64];
static unsigned sources;
static const char *path, *token, *host;
static SSL_CTX *context;
static uint64_t began;
static int poller;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	printf("{\"error\": \"%s: %s\"}\n", what, strerror(errno));
	exit(111);
}

static void start(void)
{
	struct client *c = &clients[started];
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	if (started == count)
		return;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		fail("socket");
	if (sources && bind(c->fd, (struct sockaddr *)&from[started % sources], sizeof from[0]))
		fail("bind");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
		fail("connect");
	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_connect_state(c->ssl);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e))
		fail("epoll");
	started++;
}

static void told(struct client *c, const char *text)
{
	const char *sequence = strstr(text, "\"sequence\":"), *kind = strstr(text, "\"kind\":");
	uint64_t at = now(), n = sequence ? strtoull(sequence + 11, NULL, 10) : 0;

	if (strstr(text, "\"type\":\"hello\"") && !c->open) {
		c->open = true;
		if (++opened == count)
			printf("{\"open\": %u, \"ms\": %g}\n", count, (double)(at - began) / 1e6);
		start();
		return;
	}
	if (seen[n % EVENTS].sequence != n || !seen[n % EVENTS].n) {
		seen[n % EVENTS].sequence = n;
		seen[n % EVENTS].first = at;
		seen[n % EVENTS].n = 0;
	}
	if (++seen[n % EVENTS].n == count) {
		kind = kind ? strchr(kind + 7, '"') : NULL;
		printf("{\"sequence\": %llu, \"kind\": \"%.*s\", \"first\": %llu, \"last\": %llu}\n", (unsigned long long)n,
			kind ? (int)strcspn(kind + 1, "\"") : 0, kind ? kind + 1 : "", (unsigned long long)seen[n % EVENTS].first,
			(unsigned long long)at);
		seen[n % EVENTS].n = 0;
	}
}

/* What the ping said (RFC 6455 section 5.5.3: at most 125 bytes), masked with zeros. */
static void pong(struct client *c, const char *said, size_t len)
{
	char frame[6 + 125] = { (char)0x8a, (char)(0x80 | len) };

	memcpy(frame + 6, said, len);
	SSL_write(c->ssl, frame, (int)(6 + len));
}

/* Takes whole messages; how many bytes. */
static size_t take(struct client *c, char *p, size_t len)
{
	size_t at = 0, head, n;
	char saved;

	if (!c->upgraded) {
		char *end = memmem(p, len, "\r\n\r\n", 4);

		if (!end)
			return 0;
		if (len < 12 || memcmp(p + 9, "101", 3)) {
			printf("{\"error\": \"%.40s\"}\n", p);
			exit(1);
		}
		c->upgraded = true;
		at = (size_t)(end + 4 - p);
	}
	while (len - at >= 2) {
		unsigned char *f = (unsigned char *)p + at;

		head = f[1] < 126 ? 2 : 4;
		if (len - at < head)
			break;
		n = head == 2 ? f[1] : (size_t)f[2] << 8 | f[3];
		if (len - at < head + n)
			break;
		saved = p[at + head + n];
		p[at + head + n] = 0;
		if ((f[0] & 15) == 1)
			told(c, p + at + head);
		else if ((f[0] & 15) == 9 && n <= 125)
			pong(c, p + at + head, n);
		p[at + head + n] = saved;
		at += head + n;
	}
	return at;
}

static void received(struct client *c, char *p, size_t len)
{
	size_t used = take(c, p, len);

	free(c->rest);
	c->rest = NULL;
	c->len = len - used;
	if (!c->len)
		return;
	c->rest = malloc(c->len);
	memcpy(c->rest, p + used, c->len);
}

static void ended(struct client *c)
{
	printf("{\"lost\": %u, \"open\": %u, \"was\": \"%s\", \"why\": \"%s, errno %d\"}\n", (unsigned)(c - clients), opened,
		c->open ? "open" : c->upgraded ? "upgraded" : c->asked ? "asked" : "in its handshake",
		ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "closed", errno);
	close(c->fd);
	c->fd = -1;
}

static void ask(struct client *c)
{
	char head[1024];
	int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nElasticBox-Token: %s\r\n\r\n", path,
		host, token);

	c->asked = SSL_write(c->ssl, head, n) == n;
}

static void advance(struct client *c)
{
	static char buffer[1 << 17];
	int n, error;

	if (c->fd < 0)
		return;
	if (!SSL_is_init_finished(c->ssl)) {
		n = SSL_do_handshake(c->ssl);
		error = n == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, n);
		if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
			return;
		if (error != SSL_ERROR_NONE) {
			ended(c);
			return;
		}
	}
	if (!c->asked)
		ask(c);
	for (;;) {
		if (c->len)
			memcpy(buffer, c->rest, c->len);
		n = SSL_read(c->ssl, buffer + c->len, (int)(sizeof buffer - c->len - 1));
		if (n <= 0)
			break;
		received(c, buffer, c->len + (size_t)n);
	}
	error = SSL_get_error(c->ssl, n);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		ended(c);
	ERR_clear_error();
}

static void prepare(int argc, char **argv)
{
	host = argv[1];
	to.sin_family = AF_INET;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	inet_pton(AF_INET, host, &to.sin_addr);
	path = argv[3];
	count = (unsigned)atoi(argv[4]);
	token = argv[5];
	for (int i = 6; i < argc && sources < 64; i++, sources++) {
		from[sources].sin_family = AF_INET;
		inet_pton(AF_INET, argv[i], &from[sources].sin_addr);
	}
	clients = calloc(count, sizeof *clients);
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
	struct epoll_event input = { .events = EPOLLIN }, events[256];
	char sink[256];

	if (argc < 6) {
		fputs("usage: sockets HOST PORT PATH COUNT TOKEN [SOURCE...]\n", stderr);
		return 100;
	}
	prepare(argc, argv);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input))
		fail("standard input");
	began = now();
	for (unsigned i = 0; i < AT_ONCE; i++)
		start();
	for (;;) {
		int n = epoll_wait(poller, events, 256, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.ptr)
				advance(events[i].data.ptr);
			else if (read(0, sink, sizeof sink) <= 0)
				return 0;
	}
}

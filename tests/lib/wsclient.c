#include "wsclient.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES 64
#define EVENTS 256
/* Longest message, and request, bytes. */
#define MESSAGE (1 << 17)
#define HEAD 2048

static const struct wsclient_config *conf;
static struct sockaddr_in to, from[SOURCES];
static unsigned sources;
static SSL_CTX *context;
static int poller;

uint64_t wsclient_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int wsclient_init(const struct wsclient_config *config)
{
	struct epoll_event input = { .events = EPOLLIN };

	conf = config;
	(void)signal(SIGPIPE, SIG_IGN);
	to.sin_family = AF_INET;
	to.sin_port = htons((uint16_t)conf->port);
	errno = EINVAL;
	if (inet_pton(AF_INET, conf->host, &to.sin_addr) != 1)
		return -1;
	for (; sources < conf->source_count && sources < SOURCES; sources++) {
		from[sources].sin_family = AF_INET;
		if (inet_pton(AF_INET, conf->sources[sources], &from[sources].sin_addr) != 1)
			return -1;
	}
	context = SSL_CTX_new(TLS_client_method());
	errno = ENOMEM;
	if (!context)
		return -1;
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	/* A server that was killed says no farewell: its sessions are resumed all the same (RFC 5246, 7.2.1). */
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	poller = epoll_create1(EPOLL_CLOEXEC);
	return poller == -1 ? -1 : epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
}

/* ---- the end ---- */

static void end(struct wsclient *c, const char *why)
{
	if (c->ssl && conf->sessions && c->upgraded) {
		SSL_SESSION_free(c->session);
		c->session = SSL_get1_session(c->ssl);
	}
	/* Else the session would not be offered again. */
	if (c->ssl)
		SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd > 0)
		close(c->fd);
	c->fd = 0;
	free(c->rest);
	c->rest = NULL;
	c->len = 0;
	conf->ended(c, why);
}

static const char *reason(void)
{
	unsigned long e = ERR_peek_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	return text ? text : errno ? strerror(errno) : "closed";
}

/* ---- the beginning ---- */

void wsclient_connect(struct wsclient *c, unsigned nth)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	static const int one = 1;

	c->asked = c->upgraded = c->resumed = c->nobody = false;
	c->ssl = NULL;
	errno = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0) {
		end(c, reason());
		return;
	}
	/* Many connections of one address to one port: which of them needs a port of its own is known at connect. */
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if ((sources && bind(c->fd, (struct sockaddr *)&from[nth % sources], sizeof from[0])) ||
			(connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
		end(c, reason());
		return;
	}
	c->ssl = SSL_new(context);
	if (!c->ssl || epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e)) {
		end(c, reason());
		return;
	}
	SSL_set_fd(c->ssl, c->fd);
	if (conf->name)
		SSL_set_tlsext_host_name(c->ssl, conf->name);
	if (c->session)
		SSL_set_session(c->ssl, c->session);
	SSL_set_connect_state(c->ssl);
}

static void ask(struct wsclient *c)
{
	char head[HEAD];
	int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", conf->path,
		conf->name ? conf->name : conf->host);

	c->resumed = SSL_session_reused(c->ssl);
	if (conf->head)
		n += (int)conf->head(c, head + n, sizeof head - (size_t)n - 3);
	n += sprintf(head + n, "\r\n");
	c->asked = SSL_write(c->ssl, head, n) == n;
}

/* ---- frames ---- */

static void frame(struct wsclient *c, unsigned opcode, const char *said, size_t len)
{
	char *f = malloc(14 + len);
	size_t head = len < 126 ? 2 : 4;

	if (!f || len > 65535 || !c->ssl) {
		free(f);
		return;
	}
	f[0] = (char)(0x80 | opcode);
	f[1] = (char)(0x80 | (len < 126 ? len : 126));
	f[2] = (char)(len >> 8);
	f[3] = (char)len;
	memset(f + head, 0, 4);
	memcpy(f + head + 4, said, len);
	SSL_write(c->ssl, f, (int)(head + 4 + len));
	free(f);
}

void wsclient_say(struct wsclient *c, const char *text, size_t len)
{
	frame(c, 1, text, len);
}

/* The answer to the request; how many bytes it had, 0 = it is not whole, -1 = it was a refusal and the connection is over. */
static long upgrade(struct wsclient *c, char *p, size_t len)
{
	char *last = memmem(p, len, "\r\n\r\n", 4), why[48];

	if (!last)
		return 0;
	if (len < 12 || memcmp(p + 9, "101", 3)) {
		snprintf(why, sizeof why, "%.*s", (int)strcspn(p, "\r"), p);
		end(c, why);
		return -1;
	}
	c->upgraded = true;
	conf->opened(c);
	return last + 4 - p;
}

/* Takes whole messages; how many bytes, -1 = the connection is over. */
static long take(struct wsclient *c, char *p, size_t len)
{
	size_t at = 0, head, n;
	long first = c->upgraded ? 0 : upgrade(c, p, len);
	char saved;

	if (first < 0 || !c->upgraded)
		return first;
	at = (size_t)first;
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
			conf->text(c, p + at + head, n);
		else if ((f[0] & 15) == 9 && n <= 125)
			frame(c, 10, p + at + head, n);
		p[at + head + n] = saved;
		at += head + n;
	}
	return (long)at;
}

static bool received(struct wsclient *c, char *p, size_t len)
{
	long used = take(c, p, len);

	if (used < 0)
		return false;
	free(c->rest);
	c->rest = NULL;
	c->len = len - (size_t)used;
	if (!c->len)
		return true;
	c->rest = malloc(c->len);
	if (!c->rest)
		abort();
	memcpy(c->rest, p + used, c->len);
	return true;
}

static bool shake_hands(struct wsclient *c)
{
	int n, error;

	if (SSL_is_init_finished(c->ssl))
		return true;
	n = SSL_do_handshake(c->ssl);
	error = n == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, n);
	if (error == SSL_ERROR_NONE)
		return true;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return false;
	c->nobody = errno == ECONNREFUSED;
	end(c, reason());
	return false;
}

static void advance(struct wsclient *c)
{
	static char buffer[MESSAGE];
	int n, error;

	errno = 0;
	ERR_clear_error();
	if (!c->ssl || !shake_hands(c))
		return;
	if (!c->asked)
		ask(c);
	for (;;) {
		if (c->len)
			memcpy(buffer, c->rest, c->len);
		n = SSL_read(c->ssl, buffer + c->len, (int)(sizeof buffer - c->len - 1));
		if (n <= 0)
			break;
		if (!received(c, buffer, c->len + (size_t)n))
			return;
	}
	error = SSL_get_error(c->ssl, n);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		end(c, reason());
}

bool wsclient_turn(int ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(poller, events, EVENTS, ms);
	bool input = false;

	for (int i = 0; i < n; i++)
		if (events[i].data.ptr)
			advance(events[i].data.ptr);
		else
			input = true;
	return input;
}

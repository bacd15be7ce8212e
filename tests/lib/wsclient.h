/*
 * wsclient: many WebSockets (RFC 6455) over TLS 1.2 from one process, for load tools: connections, handshakes, whole messages.
 * What is said over them is the tool's.  One thread, one epoll; built by gcc with -lssl -lcrypto.
 *
 * A struct wsclient is the tool's own memory and lives as long as the tool wants; it may be connected again and again, and then
 * offers the TLS session of the last time.
 */
#ifndef CAM_TESTS_WSCLIENT_H
#define CAM_TESTS_WSCLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wsclient {
	SSL *ssl;		/* NULL = not connected */
	SSL_SESSION *session;	/* of the last connection, when sessions are kept */
	int fd;
	bool asked, upgraded, resumed;
	bool nobody;		/* it ended because nobody listened there */
	char *rest;		/* of a message that is not whole */
	size_t len;
};

struct wsclient_config {
	const char *host, *name;	/* address of the server; name in SNI and Host:, NULL = host */
	const char *path;
	unsigned port;
	char *const *sources;		/* own addresses, in turn */
	unsigned source_count;
	bool sessions;			/* are kept and offered again */
	/* More lines of the request, each with its end; into out, at most room bytes; how many. */
	size_t (*head)(struct wsclient *c, char *out, size_t room);
	void (*opened)(struct wsclient *c);			/* the server has said 101 */
	void (*text)(struct wsclient *c, char *text, size_t len);	/* a message, a 0 behind it */
	/* The connection is over, or could not be made; c may be connected again. why: one word or sentence. */
	void (*ended)(struct wsclient *c, const char *why);
};

/* Kept: config and what it points to. SIGPIPE is ignored from here on. 0, or -1 with errno. */
int wsclient_init(const struct wsclient_config *config);
/* Begins to connect; nth says which source address. What becomes of it is told by the functions above. */
void wsclient_connect(struct wsclient *c, unsigned nth);
/* A text message, masked with zeros. */
void wsclient_say(struct wsclient *c, const char *text, size_t len);
/* Takes what comes for at most ms milliseconds (-1 = until something comes). Descriptor 0 is looked at too: true = it can be read. */
bool wsclient_turn(int ms);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t wsclient_now(void);

#endif

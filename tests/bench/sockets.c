/*
 * Holds many WebSockets over TLS and says when the last of them has heard of a change.
 *
 *   sockets HOST PORT PATH COUNT TOKEN [SOURCE...]
 *
 * They come from the source addresses in turn.  Lines on standard output: {"open": n, "ms": t} when all have been greeted;
 * then for each event that reached all of them {"sequence": n, "kind": k, "first": ns, "last": ns} (CLOCK_MONOTONIC);
 * {"lost": n, "open": how many are, "was": its state, "why"} when one ends, {"error": "..."}.  Ends with its standard input.
 * Built with tests/lib/wsclient.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/wsclient.h"

/* Handshakes at a time; events under way at once. */
#define AT_ONCE 16
#define EVENTS 4096

struct client { struct wsclient ws; bool open; };

static struct { uint64_t sequence, first; unsigned n; } seen[EVENTS];
static struct client *clients;
static unsigned count, started, opened;
static const char *token;
static uint64_t began;

static void start(void)
{
	if (started < count) {
		wsclient_connect(&clients[started].ws, started);
		started++;
	}
}

static void greeted(struct client *c, uint64_t at)
{
	c->open = true;
	if (++opened == count)
		printf("{\"open\": %u, \"ms\": %g}\n", count, (double)(at - began) / 1e6);
	start();
}

static void on_text(struct wsclient *ws, char *text, size_t len)
{
	struct client *c = (struct client *)ws;
	const char *sequence = strstr(text, "\"sequence\":"), *kind = strstr(text, "\"kind\":");
	uint64_t at = wsclient_now(), n = sequence ? strtoull(sequence + 11, NULL, 10) : 0;

	(void)len;
	if (strstr(text, "\"type\":\"hello\"") && !c->open) {
		greeted(c, at);
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

static void on_opened(struct wsclient *ws)
{
	(void)ws;
}

static void on_ended(struct wsclient *ws, const char *why)
{
	struct client *c = (struct client *)ws;

	printf("{\"lost\": %u, \"open\": %u, \"was\": \"%s\", \"why\": \"%s\"}\n", (unsigned)(c - clients), opened,
		c->open ? "open" : ws->upgraded ? "upgraded" : ws->asked ? "asked" : "in its handshake", why);
}

static size_t head(struct wsclient *ws, char *out, size_t room)
{
	(void)ws;
	return (size_t)snprintf(out, room, "ElasticBox-Token: %.1000s\r\n", token);
}

int main(int argc, char **argv)
{
	static struct wsclient_config config = { .head = head, .opened = on_opened, .text = on_text, .ended = on_ended };
	char sink[256];

	if (argc < 6) {
		fputs("usage: sockets HOST PORT PATH COUNT TOKEN [SOURCE...]\n", stderr);
		return 100;
	}
	config.host = argv[1];
	config.port = (unsigned)atoi(argv[2]);
	config.path = argv[3];
	count = (unsigned)atoi(argv[4]);
	token = argv[5];
	config.sources = argv + 6;
	config.source_count = (unsigned)(argc - 6);
	clients = calloc(count, sizeof *clients);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!clients || wsclient_init(&config)) {
		printf("{\"error\": \"%s\"}\n", strerror(errno));
		return 111;
	}
	began = wsclient_now();
	for (unsigned i = 0; i < AT_ONCE; i++)
		start();
	while (!wsclient_turn(-1) || read(0, sink, sizeof sink) > 0)
		;
	return 0;
}

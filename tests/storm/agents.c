/*
 * Plays many agents (docs/agent-protocol.md), each with a token, a TLS session and the back-off of its own, from a few addresses.
 *
 *   agents HOST NAME FIRST COUNT HEARTBEAT [SOURCE...]
 *
 * HOST, NAME: address of the appliance, its name for agents.  FIRST, COUNT: machines whose tokens they have ("storm-machine-%06u").
 * HEARTBEAT: seconds.  They come a few at a time; one that loses its connection comes back as the real one does (src/agent/agent.c).
 * Lines of standard input and their answers on standard output:
 *
 *   (none)   {"welcomed": COUNT, "ms": t}          when all of them have been welcomed for the first time
 *   begin    {"begun": how many are connected}     from here on is counted; their connections are held to have been good ones
 *   (none)   {"back": n, "resumed": n, "attempts": n, "slowest": ms, "median": ms, "last": ns, "failed": {"why": attempts}}
 *            when all that lost their connection since are welcomed again: of one loss to its welcome, the last by CLOCK_MONOTONIC
 *   report   {"lost": losses, "away": not welcomed now, "beats": n, "refused": n, "failed": the same}
 *
 * Ends with its standard input.  Built with tests/lib/wsclient.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/wsclient.h"

#define MS UINT64_C(1000000)
/* As the real agent has it that is not at work, milliseconds. */
#define DELAY_LEAST 100
#define DELAY_FIRST 2000
#define DELAY_MOST 60000
#define RESTART_TIME 20000
/* Connections being made for the first time at once. */
#define AT_ONCE 32
/* Reasons told apart. */
#define WHYS 8
/* Between two looks at who is due, milliseconds. */
#define LOOK 5

struct agent {
	struct wsclient ws;		/* first */
	bool welcomed, connecting;
	unsigned failures;
	uint64_t due;			/* of the next attempt, or of the next heartbeat */
	uint64_t cut;			/* when it last lost a good connection */
	uint64_t lost, back;		/* since begin; 0 = not */
};

static struct agent *agents;
static unsigned first, count, started, welcomed, under_way;
static uint64_t heartbeat, began;
static bool counting, met;
static unsigned losses, away, resumed, attempts, refused;
static unsigned long beats;
/* Why attempts failed since begin. */
static struct { char why[64]; unsigned n; } whys[WHYS];

static unsigned number_of(const struct agent *a)
{
	return (unsigned)(a - agents);
}

static uint64_t chance(uint64_t below)
{
	return ((uint64_t)random() << 16 ^ (uint64_t)random()) % below;
}

/* ---- the connection ---- */

static void connect_it(struct agent *a)
{
	a->connecting = true;
	attempts += counting;
	wsclient_connect(&a->ws, number_of(a));
}

static void start_some(void)
{
	while (started < count && under_way < AT_ONCE) {
		under_way++;
		connect_it(&agents[started++]);
	}
}

/* next_delay() of src/agent/agent.c. */
static uint64_t next_delay(struct agent *a, bool nobody)
{
	uint64_t span = (uint64_t)DELAY_FIRST << (a->failures < 8 ? a->failures : 8);

	if (nobody && wsclient_now() - a->cut < RESTART_TIME * MS)
		return DELAY_LEAST + chance(DELAY_FIRST);
	if (span > DELAY_MOST)
		span = DELAY_MOST;
	return a->failures++ ? span / 2 + chance(span / 2) : DELAY_LEAST + chance(span);
}

/* How far it came, and why no further. */
static void count_why(const struct agent *a, const char *why)
{
	char text[sizeof whys[0].why];
	unsigned i = 0;

	snprintf(text, sizeof text, "%s: %s", a->ws.upgraded ? "greeted" : a->ws.asked ? "asked" : "in its handshake", why);
	while (i < WHYS - 1 && whys[i].n && strcmp(whys[i].why, text))
		i++;
	memcpy(whys[i].why, text, sizeof text);
	whys[i].n++;
}

static void print_whys(void)
{
	printf(", \"failed\": {");
	for (unsigned i = 0; i < WHYS && whys[i].n; i++)
		printf("%s\"%s\": %u", i ? ", " : "", whys[i].why, whys[i].n);
	printf("}}\n");
}

static void on_ended(struct wsclient *ws, const char *why)
{
	struct agent *a = (struct agent *)ws;
	uint64_t now = wsclient_now();

	if (!a->welcomed)
		count_why(a, why);
	if (a->welcomed && counting) {
		losses++;
		away++;
		a->lost = now;
		a->back = 0;
	}
	if (a->welcomed) {
		a->cut = now;
		a->failures /= 2;
		welcomed--;
	}
	a->welcomed = a->connecting = false;
	a->due = now + next_delay(a, ws->nobody) * MS;
}

static size_t head(struct wsclient *ws, char *out, size_t room)
{
	return (size_t)snprintf(out, room, "Sec-WebSocket-Protocol: cam-agent.1\r\nElasticBox-Token: storm-machine-%06u\r\n",
		first + number_of((struct agent *)ws));
}

static void say_hello(struct agent *a)
{
	char text[512];
	unsigned n = first + number_of(a);
	int len = snprintf(text, sizeof text, "{\"type\":\"hello\",\"protocol\":1,\"version\":\"sim\",\"fingerprint\":\"machine-%06u\",\"boot_id\":"
		"\"boot-%06u\",\"facts\":{\"hostname\":\"sim\",\"os\":\"Linux\",\"os_version\":\"0\",\"kernel\":\"0\",\"arch\":\"x86_64\",\"addresses\":"
		"[\"192.0.2.1\"],\"cpus\":1,\"memory\":268435456,\"load\":[0,0,0]},\"running\":[],\"finished\":[]}", n, n);

	wsclient_say(&a->ws, text, (size_t)len);
}

static void on_opened(struct wsclient *ws)
{
	say_hello((struct agent *)ws);
}

/* ---- what the appliance says ---- */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void all_back(void)
{
	uint64_t *took = calloc(count, sizeof *took), last = 0;
	unsigned n = 0;

	for (unsigned i = 0; took && i < count; i++)
		if (agents[i].back) {
			took[n++] = agents[i].back - agents[i].lost;
			last = agents[i].back > last ? agents[i].back : last;
		}
	if (!n)
		abort();
	qsort(took, n, sizeof *took, by_size);
	printf("{\"back\": %u, \"resumed\": %u, \"attempts\": %u, \"slowest\": %.0f, \"median\": %.0f, \"last\": %llu", n, resumed, attempts,
		(double)took[n - 1] / 1e6, (double)took[n / 2] / 1e6, (unsigned long long)last);
	print_whys();
	free(took);
}

static void take_welcome(struct agent *a)
{
	uint64_t now = wsclient_now();

	if (a->welcomed)
		return;
	a->welcomed = true;
	a->connecting = false;
	a->due = now + chance(heartbeat);
	welcomed++;
	if (!met) {
		under_way--;
		start_some();
		met = welcomed == count;
		if (met)
			printf("{\"welcomed\": %u, \"ms\": %.0f}\n", welcomed, (double)(now - began) / 1e6);
	}
	if (counting && a->lost && !a->back) {
		a->back = now;
		resumed += a->ws.resumed;
		if (!--away && losses >= count)
			all_back();
	}
}

static void on_text(struct wsclient *ws, char *text, size_t len)
{
	struct agent *a = (struct agent *)ws;

	(void)len;
	if (strstr(text, "\"type\":\"welcome\""))
		take_welcome(a);
	else if (strstr(text, "\"type\":\"again\""))
		say_hello(a);
	else if (strstr(text, "\"type\":\"refused\""))
		refused++;
}

/* ---- time ---- */

static void beat(struct agent *a, uint64_t now)
{
	static const char text[] = "{\"type\":\"alive\",\"load\":[0,0,0]}";

	wsclient_say(&a->ws, text, sizeof text - 1);
	beats += counting;
	a->due = now + heartbeat;
}

static void look(uint64_t now)
{
	for (unsigned i = 0; i < started; i++) {
		struct agent *a = &agents[i];

		if (a->due > now || a->connecting)
			continue;
		if (a->welcomed)
			beat(a, now);
		else
			connect_it(a);
	}
}

/* ---- what is asked ---- */

static void begin(void)
{
	for (unsigned i = 0; i < count; i++) {
		agents[i].failures = 0;
		agents[i].lost = agents[i].back = 0;
	}
	counting = true;
	losses = away = resumed = attempts = refused = 0;
	beats = 0;
	memset(whys, 0, sizeof whys);
	printf("{\"begun\": %u}\n", welcomed);
}

static void report(void)
{
	printf("{\"lost\": %u, \"away\": %u, \"beats\": %lu, \"refused\": %u", losses, count - welcomed, beats, refused);
	print_whys();
}

static bool command(void)
{
	char line[64];
	ssize_t n = read(0, line, sizeof line - 1);

	if (n <= 0)
		return false;
	line[n] = 0;
	if (!strncmp(line, "begin", 5))
		begin();
	else
		report();
	return true;
}

int main(int argc, char **argv)
{
	static struct wsclient_config config = { .path = "/services/agents/channel", .port = 443, .sessions = true, .head = head,
		.opened = on_opened, .text = on_text, .ended = on_ended };
	uint64_t looked = 0, now;

	if (argc < 6) {
		fputs("usage: agents HOST NAME FIRST COUNT HEARTBEAT [SOURCE...]\n", stderr);
		return 100;
	}
	config.host = argv[1];
	config.name = argv[2];
	first = (unsigned)atoi(argv[3]);
	count = (unsigned)atoi(argv[4]);
	heartbeat = (uint64_t)(atof(argv[5]) * 1e9);
	config.sources = argv + 6;
	config.source_count = (unsigned)(argc - 6);
	agents = calloc(count, sizeof *agents);
	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom((unsigned)wsclient_now());
	if (!agents || !count || !heartbeat || wsclient_init(&config)) {
		fprintf(stderr, "agents: %s\n", strerror(errno));
		return 111;
	}
	began = wsclient_now();
	start_some();
	for (;;) {
		if (wsclient_turn(LOOK) && !command())
			return 0;
		now = wsclient_now();
		if (now - looked < LOOK * MS)
			continue;
		looked = now;
		look(now);
	}
}

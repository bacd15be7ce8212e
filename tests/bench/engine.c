/*
 * Load for core's engine: agents of many machines and a person who has each of their instances reconfigured again and again, in the place
 * of api: the frames are those of src/lib/ipc/proto.h, so that what is measured is core and its database, with its connections.
 *
 * usage: engine WARM SECONDS STEPS-FIRST STEPS USER-TOKEN      (as the user of room api, in the appliance's root directory)
 * input: a line for each machine, "<instance> <token>"; its first operation waits for the agent already.
 * output: {"begin":true} and {"steps":...} as JSON lines at the beginning and the end of what is measured, then it waits to be killed; any
 * other line says what went wrong, exit code 111.
 *
 * STEPS: scripts of one reconfiguration, STEPS-FIRST those of the deployment.  A step is counted when its worker is told of it, which is after the commit in which the one
 * before has ended; its latency is the time since the result of that one was sent.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

#define MACHINES_MAX 1024
#define LATENCIES_MAX (1 << 22)
/* Apart from the numbers api itself gives. */
#define CHANNEL_FIRST (INT64_C(1) << 40)
/* Seconds until an operation that was refused, because the one before is not quite over, is asked for again. */
#define AGAIN .002
/* Nobody waits so long for a step, seconds. */
#define STUCK 20.

struct machine {
	char instance[64], token[64];
	int64_t channel;
	int64_t sent;			/* when the last result left, boot clock; 0 = no step follows from it */
	unsigned steps, of;		/* of the present operation */
	struct ev_timer again;
};

static struct {
	struct ev_loop *loop;
	struct ipc_client *core;
	struct machine machines[MACHINES_MAX];
	unsigned count, per_operation;
	const char *user;
	double seconds;
	bool measuring;
	int64_t began;
	unsigned long steps, operations, busy, seen;
	uint32_t *latencies;
	struct ev_timer phase, watch;
} the;

static void fail(const char *what, const struct ipc_msg *msg)
{
	printf("%s: %.*s\n", what, msg ? (int)msg->len : 0, msg ? (const char *)msg->body : "");
	fflush(stdout);
	exit(111);
}

/* ---- what agents say ---- */

static void said(struct ipc_msg *msg, int error, void *arg)
{
	if (error || (msg->flags & IPC_ERROR))
		fail(arg, error ? NULL : msg);
}

static void say(const struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct machine *m, const char *format, ...)
{
	char json[1024];
	int n = snprintf(json, sizeof json, "{\"channel\":%lld,\"message\":", (long long)m->channel);
	va_list args;

	va_start(args, format);
	n += vsnprintf(json + n, sizeof json - (size_t)n - 2, format, args);
	va_end(args);
	json[n++] = '}';
	ipc_client_call(the.core, PROTO_CORE_AGENT, json, (uint32_t)n, NULL, 0, STUCK, said, (void *)(uintptr_t)"message");
}

static void opened(struct ipc_msg *msg, int error, void *arg)
{
	struct machine *m = arg;

	if (error || (msg->flags & IPC_ERROR))
		fail("open", error ? NULL : msg);
	say(m, "{\"type\":\"hello\",\"protocol\":1,\"version\":\"bench\",\"fingerprint\":\"f%lld\",\"boot_id\":\"b\",\"facts\":{\"hostname\":\"h\","
		"\"addresses\":[\"192.0.2.1\"],\"cpus\":1,\"memory\":1,\"load\":[0,0,0]},\"running\":[],\"finished\":[]}", (long long)m->channel);
}

static void open_channel(struct machine *m)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1], json[256];
	int n;

	crypto_hash_sha256(hash, (const uint8_t *)m->token, strlen(m->token));
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	n = snprintf(json, sizeof json, "{\"channel\":%lld,\"token_hash\":\"%s\",\"peer\":\"192.0.2.1\"}", (long long)m->channel, hex);
	ipc_client_call(the.core, PROTO_CORE_AGENT_OPEN, json, (uint32_t)n, NULL, 0, STUCK, opened, m);
}

/* ---- operations ---- */

static void asked(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_doc *doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	int64_t status = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(doc), "status"));
	struct machine *m = arg;

	if (status == 409) {
		the.busy++;
		ev_timer_set(&m->again, AGAIN, 0.);
		ev_timer_start(the.loop, &m->again);
	} else if (status != 200 && status != 202) {
		/* What has a body as a text has it behind the first line. */
		if (error || (msg->flags & IPC_ERROR) || strncmp((const char *)msg->body, "{\"status\":20", 12) != 0)
			fail("reconfigure", error ? NULL : msg);
	}
	yyjson_doc_free(doc);
}

static void reconfigure(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct machine *m = t->data;
	char json[512];
	int n;

	(void)loop;
	(void)events;
	n = snprintf(json, sizeof json, "{\"verb\":\"instance.reconfigure\",\"principal\":{\"token\":\"%s\",\"peer\":\"192.0.2.1\"},"
		"\"args\":{\"id\":\"%s\"}}", the.user, m->instance);
	ipc_client_call(the.core, PROTO_CORE_VERB, json, (uint32_t)n, NULL, 0, STUCK, asked, m);
}

static void step_came(struct machine *m, yyjson_val *step)
{
	long long task = yyjson_get_sint(yyjson_obj_get(step, "task")), fence = yyjson_get_sint(yyjson_obj_get(step, "fence"));
	int64_t now = plat_clock_boot();

	the.seen++;
	if (the.measuring) {
		if (m->sent && the.steps < LATENCIES_MAX)
			the.latencies[the.steps] = (uint32_t)(now - m->sent);
		the.steps += m->sent != 0;
		the.operations += !m->sent;
	}
	m->steps++;
	say(m, "{\"type\":\"accepted\",\"task\":%lld,\"fence\":%lld}", task, fence);
	m->sent = now;
	say(m, "{\"type\":\"result\",\"task\":%lld,\"fence\":%lld,\"outcome\":\"exited\",\"exit_code\":0,\"signal\":0,\"started\":%lld,"
		"\"finished\":%lld,\"output_length\":0,\"message\":\"\"}", task, fence, (long long)plat_clock_wall(),
		(long long)plat_clock_wall());
}

/* The last result of an operation is the end of it in the same commit. */
static void result_kept(struct machine *m, yyjson_val *ack)
{
	if (!yyjson_get_bool(yyjson_obj_get(ack, "accepted")))
		fail("a result was not accepted", NULL);
	if (m->steps < m->of)
		return;
	m->steps = 0;
	m->of = the.per_operation;
	m->sent = 0;
	reconfigure(the.loop, &m->again, 0);
}

static void notice(struct ipc_client *cl, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *doc = msg->type == PROTO_CORE_AGENT ? ipc_msg_json(msg) : NULL;
	yyjson_val *root = yyjson_doc_get_root(doc), *message = yyjson_obj_get(root, "message"), *type = yyjson_obj_get(message, "type");
	int64_t at = yyjson_get_sint(yyjson_obj_get(root, "channel")) - CHANNEL_FIRST;

	(void)cl;
	(void)arg;
	if (doc && at >= 0 && at < the.count) {
		if (yyjson_equals_str(type, "step"))
			step_came(&the.machines[at], message);
		else if (yyjson_equals_str(type, "result_ack"))
			result_kept(&the.machines[at], message);
		else if (yyjson_equals_str(type, "refused"))
			fail("refused", msg);
	}
	yyjson_doc_free(doc);
}

/* ---- time ---- */

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report(void)
{
	double seconds = (double)(plat_clock_boot() - the.began) / PLAT_SECOND;
	unsigned long n = the.steps < LATENCIES_MAX ? the.steps : LATENCIES_MAX;

	if (!n)
		fail("no step came", NULL);
	qsort(the.latencies, n, sizeof *the.latencies, by_size);
	printf("{\"steps\":%lu,\"operations\":%lu,\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"busy\":%lu}\n",
		the.steps + the.operations, the.operations, seconds, the.latencies[n / 2] / 1e3, the.latencies[n * 99 / 100] / 1e3,
		the.latencies[n - 1] / 1e3, the.busy);
	fflush(stdout);
	for (;;)
		pause();
}

static void phase_over(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)events;
	if (the.measuring)
		report();
	printf("{\"begin\":true}\n");
	fflush(stdout);
	the.measuring = true;
	the.steps = the.operations = the.busy = 0;
	the.began = plat_clock_boot();
	ev_timer_set(t, the.seconds, 0.);
	ev_timer_start(loop, t);
}

static void watch_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	static unsigned long before;

	(void)loop;
	(void)t;
	(void)events;
	if (the.seen == before)
		fail("no step for long", NULL);
	before = the.seen;
}

static void connected(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	for (unsigned i = 0; i < the.count; i++)
		open_channel(&the.machines[i]);
}

static void lost(struct ipc_client *cl, void *arg)
{
	(void)cl;
	(void)arg;
	fail("core is gone", NULL);
}

static void read_machines(unsigned first)
{
	struct machine *m = the.machines;

	for (; the.count < MACHINES_MAX && scanf("%63s %63s", m->instance, m->token) == 2; m++) {
		m->channel = CHANNEL_FIRST + the.count++;
		m->of = first;
		ev_timer_init(&m->again, reconfigure, AGAIN, 0.);
		m->again.data = m;
	}
}

int main(int argc, char **argv)
{
	static const struct ipc_client_ops ops = { .connected = connected, .notice = notice, .lost = lost };

	log_open("bench");
	if (argc != 6 || sodium_init() < 0)
		log_usage("usage: engine WARM SECONDS STEPS-FIRST STEPS USER-TOKEN");
	the.loop = ev_default_loop(EVFLAG_AUTO);
	the.latencies = calloc(LATENCIES_MAX, sizeof *the.latencies);
	if (!the.loop || !the.latencies)
		log_fatal("bench");
	the.seconds = strtod(argv[2], NULL);
	the.per_operation = (unsigned)strtoul(argv[4], NULL, 10);
	the.user = argv[5];
	read_machines((unsigned)strtoul(argv[3], NULL, 10));
	the.core = ipc_client_open(the.loop, ROOM_CORE, &ops, NULL);
	ev_timer_init(&the.phase, phase_over, strtod(argv[1], NULL), 0.);
	ev_timer_start(the.loop, &the.phase);
	ev_timer_init(&the.watch, watch_reached, STUCK, STUCK);
	ev_timer_start(the.loop, &the.watch);
	ev_run(the.loop, 0);
	return 0;
}

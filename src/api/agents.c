#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents_int.h"
#include "call.h"
#include "channel.h"
#include "http/text.h"
#include "ipc/proto.h"
#include "limits.h"
#include "log/log.h"
#include "output.h"
#include "peers.h"
#include "strict/json.h"

/* Places of the table of channels; a power of two. */
#define PLACES 4096

/* A message of an agent that core is at. */
struct sent {
	uint64_t channel;
	int64_t request;	/* of the elasticbox command, -1 = another message */
	bool hello;
};

static struct ev_loop *the_loop;
static struct agent *places[PLACES];
static uint64_t last_number;
static unsigned agents;

unsigned agents_count(void)
{
	return agents;
}

uint64_t agents_number(void)
{
	return ++last_number;
}

static struct agent *find(uint64_t number)
{
	struct agent *a = places[number % PLACES];

	while (a && a->number != number)
		a = a->next;
	return a;
}

static void each(void (*f)(struct agent *a))
{
	struct agent *a, *next;

	for (unsigned i = 0; i < PLACES; i++)
		for (a = places[i]; a; a = next) {
			next = a->next;
			f(a);
		}
}

void agent_flow(struct agent *a)
{
	bool on = a->known && a->in_core < AGENTS_IN_CORE && a->pending <= AGENTS_PENDING;

	/* What it could not say meanwhile is not its silence. */
	if (on && a->ws.silent)
		a->heard = ev_now(the_loop);
	ws_read(&a->ws, on);
}

/* ---- to core ---- */

size_t agents_open_text(uint64_t number, const uint8_t hash[AUTH_HASH], const char *peer, char out[AGENTS_OPEN_SIZE])
{
	char hex[2 * AUTH_HASH + 1];

	for (unsigned i = 0; i < AUTH_HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	/* The address is gate's own text: no character of it needs an escape. */
	return (size_t)snprintf(out, AGENTS_OPEN_SIZE, "{\"channel\":%llu,\"token_hash\":\"%s\",\"peer\":\"%.63s\"}",
		(unsigned long long)number, hex, peer);
}

void agents_closed(uint64_t number)
{
	char body[48];
	int n = snprintf(body, sizeof body, "{\"channel\":%llu}", (unsigned long long)number);

	ipc_client_notice(call_core(), PROTO_CORE_AGENT_CLOSED, body, (uint32_t)n, NULL, 0);
}

static void send_value(struct agent *a, yyjson_val *message)
{
	size_t len;
	char *text = yyjson_val_write(message, 0, &len);

	if (text)
		ws_send(&a->ws, text, len);
	else
		ws_end(&a->ws, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
	free(text);
}

/* The elasticbox command waits for an answer: it gets one. */
static void reply_failed(struct agent *a, int64_t request)
{
	char text[160];
	int n = snprintf(text, sizeof text, "{\"type\":\"reply\",\"request\":%lld,\"status\":503,\"body\":{\"message\":"
		"\"The appliance was interrupted; try again.\"}}", (long long)request);

	ws_send(&a->ws, text, (size_t)n);
}

static void core_answered(struct ipc_msg *msg, int error, void *arg)
{
	struct sent *s = arg;
	struct agent *a = find(s->channel);
	int64_t request = s->request;
	bool hello = s->hello;

	free(s);
	if (!a)
		return;
	a->in_core--;
	if (hello && !error && !(msg->flags & IPC_ERROR) && !a->greeted) {
		a->greeted = true;
		output_again(a);
	}
	if (error && request >= 0)
		reply_failed(a, request);
	/* Any other message comes again: core asks for a hello when it is back. Not so when it is merely slow. */
	if ((!error && (msg->flags & IPC_ERROR)) || error == ETIMEDOUT)
		ws_end(&a->ws, error ? LWS_CLOSE_STATUS_UNEXPECTED_CONDITION : LWS_CLOSE_STATUS_POLICY_VIOLATION,
			error ? "the appliance is busy" : "a message was not understood");
	agent_flow(a);
}

/* The text is a JSON object as it stands: it goes into another one as it is. */
static void forward(struct agent *a, const char *text, size_t len, int64_t request, bool hello)
{
	struct sent *s = malloc(sizeof *s);
	char *body = malloc(len + 64);
	int n;

	if (!s || !body) {
		free(s);
		free(body);
		ws_end(&a->ws, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is short of memory");
		return;
	}
	*s = (struct sent){ a->number, request, hello };
	n = sprintf(body, "{\"channel\":%llu,\"message\":", (unsigned long long)a->number);
	memcpy(body + n, text, len);
	body[(size_t)n + len] = '}';
	a->in_core++;
	ipc_client_call(call_core(), PROTO_CORE_AGENT, body, (uint32_t)((size_t)n + len + 1), NULL, 0, AGENTS_CALL_SECONDS,
		core_answered, s);
	explicit_bzero(body, len + 64);
	free(body);
	agent_flow(a);
}

/* ---- from agents ---- */

static void agent_text(struct ws *w, char *text, size_t len)
{
	struct agent *a = (struct agent *)w;
	char why[STRICT_MESSAGE];
	yyjson_doc *doc = strict_json_read(text, len, NULL, why);
	yyjson_val *root = yyjson_doc_get_root(doc), *type = yyjson_obj_get(root, "type");
	yyjson_val *request = yyjson_obj_get(root, "request");

	if (!yyjson_is_str(type))
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, "not a JSON object with a type");
	else if (!yyjson_equals_str(type, "alive"))
		forward(a, text, len, yyjson_equals_str(type, "request") && yyjson_is_uint(request) ?
			(int64_t)(yyjson_get_uint(request) & INT64_MAX) : -1, yyjson_equals_str(type, "hello"));
	yyjson_doc_free(doc);
}

static void agent_bytes(struct ws *w, const uint8_t *bytes, size_t len)
{
	struct agent *a = (struct agent *)w;
	const char *why = output_take(a, bytes, len);

	if (why)
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, why);
	agent_flow(a);
}

static void agent_heard(struct ws *w)
{
	((struct agent *)w)->heard = ev_now(the_loop);
}

static void agent_opened(struct ws *w)
{
	struct agent *a = (struct agent *)w;

	a->heard = ev_now(the_loop);
	ws_wait(w, AGENTS_MISSED * a->heartbeat);
}

/* Silent for so long? While nothing is read from it nobody knows. */
static void agent_late(struct ws *w)
{
	struct agent *a = (struct agent *)w;
	double left = a->heard + AGENTS_MISSED * a->heartbeat - ev_now(the_loop);

	if (a->ws.silent)
		left = AGENTS_MISSED * a->heartbeat;
	if (left > 0.)
		ws_wait(w, left);
	else
		ws_end(w, LWS_CLOSE_STATUS_POLICY_VIOLATION, "silent for too long");
}

static void agent_gone(struct ws *w)
{
	struct agent *a = (struct agent *)w, **at = &places[a->number % PLACES];

	while (*at && *at != a)
		at = &(*at)->next;
	if (*at)
		*at = a->next;
	output_drop(a);
	agents_closed(a->number);
	agents--;
}

const struct ws_kind agents_kind = {
	.protocol = CHANNEL_PROTOCOL, .size = sizeof(struct agent),
	.text_max = AGENTS_TEXT, .binary_max = AGENTS_PIECE + AGENTS_PIECE_HEAD,
	.waiting_max = AGENTS_WAITING, .waiting_bytes = AGENTS_WAITING_BYTES,
	.opened = agent_opened, .text = agent_text, .bytes = agent_bytes, .heard = agent_heard,
	.late = agent_late, .gone = agent_gone,
};

void agents_adopt(int fd, struct peer *peer, const char *head, size_t len, uint64_t number, const uint8_t hash[AUTH_HASH])
{
	struct agent *a = (struct agent *)ws_new(&agents_kind, peer);

	if (!a) {
		close(fd);
		agents_closed(number);
		return;
	}
	agents++;
	a->number = number;
	memcpy(a->hash, hash, sizeof a->hash);
	a->known = true;
	a->heartbeat = AGENTS_HEARTBEAT;
	a->next = places[number % PLACES];
	places[number % PLACES] = a;
	ws_adopt(&a->ws, fd, head, len);
}

/* ---- core comes, speaks and goes ---- */

static void refuse(struct agent *a, const char *code, const char *message)
{
	char text[192];
	int n = snprintf(text, sizeof text, "{\"type\":\"refused\",\"code\":\"%s\",\"message\":\"%s\"}", code, message);

	ws_send(&a->ws, text, (size_t)n);
	ws_end(&a->ws, LWS_CLOSE_STATUS_POLICY_VIOLATION, message);
}

static void opened_again(struct ipc_msg *msg, int error, void *arg)
{
	struct sent *s = arg;
	struct agent *a = find(s->channel);

	free(s);
	if (!a || a->ws.end_code)
		return;
	/* Lost once more: it is opened when core is back. */
	if (error && error != ETIMEDOUT)
		return;
	if (error) {
		ws_end(&a->ws, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is busy");
	} else if (msg->flags & IPC_ERROR) {
		refuse(a, "unknown", "The machine's token is not known any more.");
	} else {
		a->known = true;
		agent_flow(a);
	}
}

static void open_again(struct agent *a)
{
	char body[AGENTS_OPEN_SIZE];
	struct sent *s = malloc(sizeof *s);
	size_t len = agents_open_text(a->number, a->hash, a->ws.peer->address, body);

	if (!s)
		log_fatal("agents");
	*s = (struct sent){ a->number, -1, false };
	ipc_client_call(call_core(), PROTO_CORE_AGENT_OPEN, body, (uint32_t)len, NULL, 0, AGENTS_CALL_SECONDS, opened_again, s);
}

void agents_core_connected(void)
{
	each(open_again);
}

static void wait_for_core(struct agent *a)
{
	a->known = a->greeted = false;
	agent_flow(a);
}

void agents_core_lost(void)
{
	each(wait_for_core);
}

/* What passes by that concerns api itself. */
static void notice_passing(struct agent *a, yyjson_val *message)
{
	yyjson_val *type = yyjson_obj_get(message, "type");
	double heartbeat;

	if (yyjson_equals_str(type, "result_ack")) {
		output_finish(a, yyjson_get_uint(yyjson_obj_get(message, "task")));
	} else if (yyjson_equals_str(type, "welcome")) {
		heartbeat = yyjson_get_num(yyjson_obj_get(message, "heartbeat"));
		if (heartbeat >= 1. && heartbeat <= 3600.)
			a->heartbeat = heartbeat;
		ws_wait(&a->ws, AGENTS_MISSED * a->heartbeat);
	}
}

void agents_notice(struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc), *message = yyjson_obj_get(root, "message");
	struct agent *a = find(yyjson_get_uint(yyjson_obj_get(root, "channel")));
	yyjson_val *close = yyjson_obj_get(root, "close");

	if (a && yyjson_is_obj(message)) {
		send_value(a, message);
		notice_passing(a, message);
	}
	if (a && yyjson_is_uint(close))
		ws_end(&a->ws, yyjson_get_int(close), "closed by the appliance");
	yyjson_doc_free(doc);
}

void agents_open(struct ev_loop *loop)
{
	the_loop = loop;
	output_open(loop);
}

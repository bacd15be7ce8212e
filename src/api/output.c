#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents_int.h"
#include "call.h"
#include "http/base64.h"
#include "ipc/proto.h"
#include "limits.h"
#include "log/log.h"
#include "output.h"
#include "stored.h"

#define VERSION 1

enum state {
	STATE_NONE = 0,
	STATE_ASKED,		/* core is asked whether the step is this agent's */
	STATE_UNKNOWN,		/* core has not met the agent yet, or went before it answered */
	STATE_KEPT,		/* pieces go to store */
	STATE_CUT,		/* no more is kept; pieces are acknowledged and dropped */
	STATE_REFUSED		/* not a step of this agent: dropped, nothing is acknowledged */
};

struct piece {
	struct piece *next;
	uint64_t offset;
	size_t len;
	uint8_t bytes[];
};

struct output {
	struct output *next;
	struct agent *agent;	/* NULL = gone; freed when nothing is owed any more */
	uint64_t task;
	uint32_t fence;
	enum state state;
	struct piece *pieces, **last;
	uint64_t limit;
	uint64_t length;	/* in store */
	uint64_t durable;	/* of that on its disk */
	uint64_t reach;		/* end of what was dropped after the cut */
	uint64_t acked, told;
	bool told_cut;
	bool appending, syncing;
	unsigned owed;		/* answers of other rooms */
	ev_timer sync, tell;
};

static struct ev_loop *the_loop;

static void advance(struct output *o);

/* ---- life and death ---- */

static void piece_free(struct output *o)
{
	struct piece *p = o->pieces;

	o->pieces = p->next;
	if (!o->pieces)
		o->last = &o->pieces;
	if (o->agent)
		o->agent->pending -= p->len;
	limits_give(sizeof *p + p->len);
	free(p);
}

static void orphan(struct output *o)
{
	while (o->pieces)
		piece_free(o);
	o->agent = NULL;
	ev_timer_stop(the_loop, &o->sync);
	ev_timer_stop(the_loop, &o->tell);
	if (!o->owed)
		free(o);
}

/* An answer has come. NULL when nobody waits for it any more. */
static struct output *returned(struct output *o)
{
	o->owed--;
	if (o->agent)
		return o;
	if (!o->owed)
		free(o);
	return NULL;
}

void output_drop(struct agent *a)
{
	struct output *o;

	while ((o = a->outputs)) {
		a->outputs = o->next;
		orphan(o);
	}
	a->output_count = 0;
}

size_t output_pending(const struct agent *a)
{
	return a->pending;
}

static void set_timer(ev_timer *t, double seconds)
{
	if (ev_is_active(t))
		return;
	ev_timer_set(t, seconds, 0.);
	ev_timer_start(the_loop, t);
}

/* ---- core ---- */

static void core_permits(struct ipc_msg *msg, int error, void *arg)
{
	struct output *o = returned(arg);
	yyjson_doc *doc;
	uint64_t limit;

	if (!o || o->state != STATE_ASKED)
		return;
	if (error) {
		o->state = STATE_UNKNOWN;
		if (error == ETIMEDOUT)
			ws_end(&o->agent->ws, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the appliance is busy");
		return;
	}
	doc = ipc_msg_json(msg);
	limit = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "limit"));
	yyjson_doc_free(doc);
	o->state = msg->flags & IPC_ERROR ? STATE_REFUSED : STATE_KEPT;
	o->limit = limit ? limit : OUTPUT_LIMIT;
	advance(o);
}

static void core_knows(struct ipc_msg *msg, int error, void *arg)
{
	(void)msg;
	(void)error;
	returned(arg);
}

static void ask_core(struct output *o, uint64_t length, ipc_reply_fn *answer)
{
	char body[160];
	int n = snprintf(body, sizeof body, "{\"channel\":%llu,\"task\":%llu,\"fence\":%lu,\"length\":%llu%s}",
		(unsigned long long)o->agent->number, (unsigned long long)o->task, (unsigned long)o->fence,
		(unsigned long long)length, o->state == STATE_CUT ? ",\"cut\":true" : "");

	o->owed++;
	ipc_client_call(call_core(), PROTO_CORE_OUTPUT, body, (uint32_t)n, NULL, 0, AGENTS_CALL_SECONDS, answer, o);
}

static void tell(struct output *o)
{
	bool cut = o->state == STATE_CUT;

	if ((o->durable == o->told && cut == o->told_cut) || ev_is_active(&o->tell))
		return;
	o->told = o->durable;
	o->told_cut = cut;
	if (o->agent->greeted)
		ask_core(o, o->durable, core_knows);
	set_timer(&o->tell, OUTPUT_TELL_SECONDS);
}

static void on_tell(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	tell(t->data);
}

void output_again(struct agent *a)
{
	struct output *o;

	for (o = a->outputs; o; o = o->next) {
		if (o->state != STATE_UNKNOWN)
			continue;
		o->state = STATE_ASKED;
		ask_core(o, 0, core_permits);
	}
}

/* ---- store ---- */

static void acknowledge(struct output *o)
{
	uint64_t length = o->durable;
	char text[128];
	int n;

	if (o->state == STATE_CUT && o->durable == o->length && o->reach > length)
		length = o->reach;
	if (length <= o->acked)
		return;
	o->acked = length;
	n = snprintf(text, sizeof text, "{\"type\":\"output_ack\",\"task\":%llu,\"fence\":%lu,\"length\":%llu%s}",
		(unsigned long long)o->task, (unsigned long)o->fence, (unsigned long long)length,
		o->state == STATE_CUT ? ",\"cut\":true" : "");
	ws_send(&o->agent->ws, text, (size_t)n);
}

static void synced(struct ipc_msg *msg, int error, void *arg)
{
	struct output *o = arg;
	yyjson_doc *doc = error ? NULL : ipc_msg_json(msg);
	uint64_t length = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "length"));
	bool failed = error || (msg->flags & IPC_ERROR);

	yyjson_doc_free(doc);
	o = returned(o);
	if (!o)
		return;
	o->syncing = false;
	if (failed) {
		set_timer(&o->sync, OUTPUT_AGAIN_SECONDS);
		return;
	}
	if (length > o->durable)
		o->durable = length < o->length ? length : o->length;
	advance(o);
}

static void segment(const struct output *o, char out[32])
{
	snprintf(out, 32, "out-%llu", (unsigned long long)o->task);
}

static void on_sync(struct ev_loop *loop, ev_timer *t, int events)
{
	struct output *o = t->data;
	char body[64], name[32];
	int n;

	(void)loop;
	(void)events;
	if (o->syncing || (o->appending && o->durable == o->length))
		return;
	if (o->durable == o->length) {	/* an append that is to be repeated */
		advance(o);
		return;
	}
	segment(o, name);
	n = snprintf(body, sizeof body, "{\"segment\":\"%s\"}", name);
	o->syncing = true;
	o->owed++;
	stored_call(PROTO_STORE_SYNC, body, (uint32_t)n, synced, o);
}

static void cut(struct output *o, const char *why)
{
	log_info("output of step %llu: %s: kept up to %llu bytes", (unsigned long long)o->task, why, (unsigned long long)o->length);
	o->state = STATE_CUT;
}

/* What store says of a piece it did not take. */
static void append_refused(struct output *o, const struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int code = yyjson_get_int(yyjson_obj_get(root, "code"));
	uint64_t there = yyjson_get_uint(yyjson_obj_get(root, "length"));

	yyjson_doc_free(doc);
	if (code == 507)
		cut(o, "no space");
	else if (code == 409 && o->pieces->offset > there)
		ws_end(&o->agent->ws, LWS_CLOSE_STATUS_POLICY_VIOLATION, "output: a gap");
	else if (code == 409)
		cut(o, "other bytes than before");
	else
		set_timer(&o->sync, OUTPUT_AGAIN_SECONDS);
}

static void appended(struct ipc_msg *msg, int error, void *arg)
{
	struct output *o = returned(arg);
	uint64_t end;

	if (!o)
		return;
	o->appending = false;
	if (error) {
		/* The same bytes again are no harm. */
		set_timer(&o->sync, OUTPUT_AGAIN_SECONDS);
		return;
	}
	if (msg->flags & IPC_ERROR) {
		append_refused(o, msg);
		if (o->state == STATE_CUT)
			advance(o);
		return;
	}
	end = o->pieces->offset + o->pieces->len;
	if (end > o->length)
		o->length = end;
	piece_free(o);
	advance(o);
}

static void append(struct output *o)
{
	const struct piece *p = o->pieces;
	size_t room = HTTP_BASE64_TEXT(p->len) + 128;
	char *body = malloc(room), name[32];
	int n;

	if (!body) {
		set_timer(&o->sync, OUTPUT_AGAIN_SECONDS);
		return;
	}
	segment(o, name);
	n = snprintf(body, room, "{\"segment\":\"%s\",\"offset\":%llu,\"data\":\"", name, (unsigned long long)p->offset);
	n += (int)http_base64url_encode(body + n, p->bytes, p->len);
	memcpy(body + n, "\"}", 2);
	o->appending = true;
	o->owed++;
	stored_call(PROTO_STORE_APPEND, body, (uint32_t)n + 2, appended, o);
	free(body);
}

/* Pieces that are not kept: how far they reach is acknowledged. */
static void drop_pieces(struct output *o)
{
	uint64_t end;

	while (o->pieces) {
		end = o->pieces->offset + o->pieces->len;
		if (o->state == STATE_CUT && end > o->reach)
			o->reach = end;
		piece_free(o);
	}
}

/* Does all that can be done now. */
static void advance(struct output *o)
{
	struct agent *a = o->agent;

	if (o->state == STATE_KEPT && o->pieces && !o->appending) {
		if (o->pieces->offset + o->pieces->len > o->limit)
			cut(o, "the limit");
		else
			append(o);
	}
	if (!o->appending && (o->state == STATE_CUT || o->state == STATE_REFUSED))
		drop_pieces(o);
	if (o->length > o->durable && !o->syncing)
		set_timer(&o->sync, OUTPUT_SYNC_SECONDS);
	acknowledge(o);
	tell(o);
	agent_flow(a);
}

/* ---- from agents ---- */

static struct output *output_new(struct agent *a, uint64_t task, uint32_t fence)
{
	struct output *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->agent = a;
	o->task = task;
	o->fence = fence;
	o->last = &o->pieces;
	o->state = a->greeted ? STATE_ASKED : STATE_UNKNOWN;
	ev_init(&o->sync, on_sync);
	ev_init(&o->tell, on_tell);
	o->sync.data = o->tell.data = o;
	o->next = a->outputs;
	a->outputs = o;
	a->output_count++;
	if (a->greeted)
		ask_core(o, 0, core_permits);
	return o;
}

static uint64_t number(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | *at++;
	return n;
}

const char *output_take(struct agent *a, const uint8_t *bytes, size_t len)
{
	size_t size = len - AGENTS_PIECE_HEAD;
	uint64_t task, offset;
	struct output *o;
	struct piece *p;
	uint32_t fence;

	if (len < AGENTS_PIECE_HEAD || bytes[0] != VERSION)
		return "output: not a piece";
	task = number(bytes + 1, 8);
	fence = (uint32_t)number(bytes + 9, 4);
	offset = number(bytes + 13, 8);
	if (!task || task > INT64_MAX || offset > INT64_MAX / 2)
		return "output: a number is out of range";
	for (o = a->outputs; o && (o->task != task || o->fence != fence); o = o->next)
		;
	if (!o && a->output_count == OUTPUT_STEPS)
		return "output: of too many steps";
	if (!o && !(o = output_new(a, task, fence)))
		return "the appliance is short of memory";
	if (!limits_take(sizeof *p + size))
		return "the appliance is short of memory";
	p = malloc(sizeof *p + size);
	if (!p) {
		limits_give(sizeof *p + size);
		return "the appliance is short of memory";
	}
	p->next = NULL;
	p->offset = offset;
	p->len = size;
	memcpy(p->bytes, bytes + AGENTS_PIECE_HEAD, size);
	*o->last = p;
	o->last = &p->next;
	a->pending += size;
	advance(o);
	return NULL;
}

void output_finish(struct agent *a, uint64_t task)
{
	struct output **at = &a->outputs, *o;

	while ((o = *at)) {
		if (o->task != task) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		a->output_count--;
		ev_timer_stop(the_loop, &o->tell);
		tell(o);
		orphan(o);
	}
}

void output_open(struct ev_loop *loop)
{
	the_loop = loop;
}

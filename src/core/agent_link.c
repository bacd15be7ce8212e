/* Agents' channels, seen from the loop: which are open, and what goes over them. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

#define BUCKETS 4096
/* Until an agent that has not said hello is asked to, seconds: its channel was open when core came back. */
#define AGAIN_FIRST .3
#define AGAIN 10.
/* Between two offers of another agent, µs: each is a download of nearly a megabyte. A timer may be a little early. */
#define OFFER_EVERY (PLAT_SECOND / 10)
#define OFFER_EARLY (PLAT_SECOND / 100)

struct channel {
	struct channel *next;
	int64_t number;
	struct core *core;
	struct core_link *link;
	char machine[OBJECT_ID];
	struct ev_timer again;
	bool heard;			/* it has said hello, with this version (a hash of it): */
	uint64_t version;
	int64_t offer;			/* when it may be offered the image's agent, boot clock; 0 = that was not asked for */
};

struct core_agents {
	struct channel *buckets[BUCKETS];
	int64_t offer;			/* when the next one may be */
};

struct agent_job {
	struct core_job work;		/* first */
	struct core_link *link;
	uint16_t type;
	uint32_t seq;
	int64_t channel;
	char machine[OBJECT_ID], instance[OBJECT_ID];
	uint8_t hash[CORE_HASH];
	yyjson_doc *doc;
	int64_t task, fence, length, limit;
	bool good;
	struct agent_out out;
};

/* ---- the channels ---- */

static struct channel **place(struct core *core, int64_t number)
{
	struct channel **at = &core->agents->buckets[(uint64_t)number % BUCKETS];

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void channel_free(struct channel **at)
{
	struct channel *c = *at;

	*at = c->next;
	ev_timer_stop(c->core->loop, &c->again);
	core_link_drop(c->link);
	free(c);
}

void core_agent_send(struct core *core, int64_t channel, const char *message, int close)
{
	struct channel *c = *place(core, channel);
	size_t size = strlen(message) + 96;
	char *json;

	if (!c || !c->link->conn)
		return;
	json = malloc(size);
	if (!json)
		log_fatal("agent");
	if (close)
		snprintf(json, size, "{\"channel\":%lld,\"close\":%d,\"message\":%s}", (long long)channel, close, message);
	else
		snprintf(json, size, "{\"channel\":%lld,\"message\":%s}", (long long)channel, message);
	ipc_send(c->link->conn, 0, PROTO_CORE_AGENT, 0, json, (uint32_t)strlen(json), NULL, 0);
	sodium_memzero(json, size);
	free(json);
}

void core_agent_send_all(struct core *core, struct agent_out *out)
{
	for (struct agent_frame *f = out->first; f; f = f->next)
		if (f->message)
			core_agent_send(core, f->channel, f->message, f->close);
	agent_out_reset(out);
}

static void again_reached(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct channel *c = t->data;

	(void)events;
	core_agent_send(c->core, c->number, "{\"type\":\"again\"}", 0);
	ev_timer_set(t, AGAIN, 0.);
	ev_timer_start(loop, t);
}

static void channel_new(struct core *core, struct agent_job *j)
{
	struct channel **at = place(core, j->channel), *c;

	if (*at)
		channel_free(at);
	c = calloc(1, sizeof *c);
	if (!c)
		log_fatal("agent");
	c->number = j->channel;
	c->core = core;
	c->link = core_link_hold(j->link);
	snprintf(c->machine, sizeof c->machine, "%s", j->machine);
	ev_timer_init(&c->again, again_reached, AGAIN_FIRST, 0.);
	c->again.data = c;
	ev_timer_start(core->loop, &c->again);
	c->next = *at;
	*at = c;
}

void core_agents_open(struct core *core)
{
	core->agents = calloc(1, sizeof *core->agents);
	if (!core->agents)
		log_fatal("agents");
}

/* ---- jobs ---- */

static struct agent_job *job_of(struct db_job *job)
{
	return (struct agent_job *)((char *)job - offsetof(struct core_job, job));
}

static struct agent_job *job_new(struct core_link *link, const struct ipc_msg *msg, int64_t channel)
{
	struct agent_job *j = calloc(1, sizeof *j);

	if (!j)
		log_fatal("agent");
	j->link = core_link_hold(link);
	j->type = msg ? msg->type : 0;
	j->seq = msg ? msg->seq : 0;
	j->channel = channel;
	j->work.job.essential = j->work.job.steady = true;
	return j;
}

static void job_free(struct agent_job *j)
{
	agent_out_reset(&j->out);
	core_link_drop(j->link);
	yyjson_doc_free(j->doc);
	free(j);
}

static void reply(const struct agent_job *j, const char *json)
{
	if (j->link->conn && j->seq)
		ipc_send(j->link->conn, IPC_REPLY, j->type, j->seq, json, (uint32_t)strlen(json), NULL, 0);
}

static void reply_refuse(const struct agent_job *j, int code, const char *sentence)
{
	if (j->link->conn && j->seq)
		ipc_refuse(j->link->conn, j->type, j->seq, code, sentence);
}

/* ---- PROTO_CORE_AGENT_OPEN ---- */

static int open_run(struct db *db, struct db_job *job)
{
	struct agent_job *j = job_of(job);

	j->good = agent_open(db, j->hash, j->machine, j->instance);
	return 0;
}

static void open_done(struct core_job *work)
{
	struct agent_job *j = job_of(&work->job);
	char json[2 * OBJECT_ID + 48];

	if (work->job.failure) {
		reply_refuse(j, (int)work->job.failure, "The database cannot be read at the moment.");
	} else if (!j->good) {
		reply_refuse(j, 401, "The token is not known, or was revoked.");
	} else if (j->link->conn) {
		channel_new(work->core, j);
		snprintf(json, sizeof json, "{\"machine\":\"%s\",\"instance\":\"%s\"}", j->machine, j->instance);
		reply(j, json);
	}
	job_free(j);
}

static bool read_hash(yyjson_val *v, uint8_t out[CORE_HASH])
{
	const char *hex = yyjson_get_str(v);
	size_t len = 0;

	return hex && strlen(hex) == 2 * CORE_HASH && !sodium_hex2bin(out, CORE_HASH, hex, strlen(hex), NULL, &len, NULL) &&
		len == CORE_HASH;
}

/* The number of a message's channel; 0 = there is none. */
static int64_t channel_of(yyjson_doc *doc)
{
	yyjson_val *v = yyjson_obj_get(yyjson_doc_get_root(doc), "channel");

	return yyjson_is_int(v) && yyjson_get_sint(v) > 0 ? yyjson_get_sint(v) : 0;
}

void core_agent_open(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	int64_t channel = channel_of(doc);
	struct agent_job *j;
	uint8_t hash[CORE_HASH];

	if (!channel || !read_hash(yyjson_obj_get(yyjson_doc_get_root(doc), "token_hash"), hash)) {
		ipc_reply_error(link->conn, msg, 400, "A channel needs a number and token_hash.");
		yyjson_doc_free(doc);
		return;
	}
	yyjson_doc_free(doc);
	j = job_new(link, msg, channel);
	memcpy(j->hash, hash, sizeof hash);
	j->work.job.run = open_run;
	j->work.done = open_done;
	core_job_read(core, &j->work);
}

/* ---- PROTO_CORE_AGENT ---- */

static int message_run(struct db *db, struct db_job *job)
{
	struct agent_job *j = job_of(job);

	agent_out_reset(&j->out);
	agent_message(db, j->channel, j->machine, yyjson_obj_get(yyjson_doc_get_root(j->doc), "message"), &j->out);
	return 0;
}

static void message_done(struct core_job *work)
{
	struct agent_job *j = job_of(&work->job);

	if (work->job.failure) {
		reply_refuse(j, (int)work->job.failure, "It could not be kept.");
	} else {
		reply(j, "{}");
		core_agent_send_all(work->core, &j->out);
	}
	job_free(j);
}

/* FNV-1a: whether a version is the image's has to be known of each channel, its text has not. */
static uint64_t version_hash(const char *version)
{
	uint64_t h = UINT64_C(14695981039346656037);

	while (*version)
		h = (h ^ (uint8_t)*version++) * UINT64_C(1099511628211);
	return h;
}

/* The turn of this channel in the one row of all offers, whoever asks for it: µs until then. */
static int64_t offer_turn(struct channel *c)
{
	struct core_agents *all = c->core->agents;
	int64_t now = plat_clock_boot();

	if (!c->offer) {
		c->offer = all->offer > now ? all->offer : now;
		all->offer = c->offer + OFFER_EVERY;
	}
	return c->offer - now;
}

static void ask_in(struct channel *c, int64_t wait)
{
	ev_timer_stop(c->core->loop, &c->again);
	ev_timer_set(&c->again, wait > 0 ? (double)wait / PLAT_SECOND : 0., 0.);
	ev_timer_start(c->core->loop, &c->again);
}

static bool differs(const struct channel *c)
{
	return c->core->upgrade.known && c->heard && c->version != version_hash(c->core->upgrade.version);
}

/* Does the welcome to this hello offer the agent of the image?  Those whose turn is later are asked for another hello then. */
static bool offered(struct channel *c, yyjson_val *hello)
{
	const char *version = yyjson_get_str(yyjson_obj_get(hello, "version"));
	int64_t wait;

	c->heard = version != NULL;
	c->version = version ? version_hash(version) : 0;
	if (!differs(c))
		return false;
	wait = offer_turn(c);
	if (wait > OFFER_EARLY)
		ask_in(c, wait);
	return wait <= OFFER_EARLY;
}

void core_agents_offer(struct core *core)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct channel *c = core->agents->buckets[i]; c; c = c->next)
			/* Who has not said hello is asked already. */
			if (differs(c) && !ev_is_active(&c->again))
				ask_in(c, offer_turn(c));
}

static void take_message(struct core *core, struct channel *c, struct ipc_msg *msg, yyjson_doc *doc)
{
	yyjson_val *type = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "message"), "type");
	struct agent_job *j = job_new(c->link, msg, c->number);

	if (yyjson_equals_str(type, "hello"))
		ev_timer_stop(core->loop, &c->again);
	if (yyjson_equals_str(type, "request")) {
		reply(j, "{}");
		core_agent_request(core, c->number, c->machine, doc);
		job_free(j);
		return;
	}
	if (yyjson_equals_str(type, "hello") && offered(c, yyjson_obj_get(yyjson_doc_get_root(doc), "message")))
		j->out.upgrade = &core->upgrade;
	j->doc = doc;
	if (yyjson_equals_str(type, "alive") || yyjson_equals_str(type, "accepted")) {
		reply(j, "{}");
		job_free(j);
		return;
	}
	snprintf(j->machine, sizeof j->machine, "%s", c->machine);
	j->work.job.run = message_run;
	j->work.done = message_done;
	core_job_write(core, &j->work);
	core_engine_kick(core);
}

void core_agent_message(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	struct channel *c = *place(core, channel_of(doc));

	if (!c || c->link != link || !yyjson_is_obj(yyjson_obj_get(yyjson_doc_get_root(doc), "message"))) {
		if (msg->seq)
			ipc_reply_error(link->conn, msg, 409, "The channel is not open.");
		yyjson_doc_free(doc);
		return;
	}
	take_message(core, c, msg, doc);
}

/* ---- the end of channels ---- */

static int closed_run(struct db *db, struct db_job *job)
{
	struct agent_job *j = job_of(job);

	if (j->channel)
		agent_closed(db, j->channel);
	else
		agents_lost(db);
	return 0;
}

static void closed_done(struct core_job *work)
{
	core_engine_kick(work->core);
	job_free(job_of(&work->job));
}

static void tell_closed(struct core *core, struct core_link *link, int64_t channel)
{
	struct agent_job *j = job_new(link, NULL, channel);

	j->work.job.run = closed_run;
	j->work.done = closed_done;
	core_job_write(core, &j->work);
}

void core_agent_closed(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	int64_t number = channel_of(doc);
	struct channel **at = place(core, number);

	yyjson_doc_free(doc);
	if (!*at || (*at)->link != link)
		return;
	channel_free(at);
	tell_closed(core, link, number);
}

void core_agents_link_lost(struct core *core, struct core_link *link)
{
	bool any = false;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct channel **at = &core->agents->buckets[i]; *at;)
			if ((*at)->link == link) {
				channel_free(at);
				any = true;
			} else {
				at = &(*at)->next;
			}
	if (any)
		tell_closed(core, link, 0);
}

/* ---- PROTO_CORE_OUTPUT ---- */

static int output_run(struct db *db, struct db_job *job)
{
	struct agent_job *j = job_of(job);

	j->good = agent_output(db, j->channel, j->task, j->fence, j->length, &j->limit);
	return 0;
}

static void output_done(struct core_job *work)
{
	struct agent_job *j = job_of(&work->job);
	char json[48];

	snprintf(json, sizeof json, "{\"limit\":%lld}", (long long)j->limit);
	if (work->job.failure)
		reply_refuse(j, (int)work->job.failure, "It could not be kept.");
	else if (!j->good)
		reply_refuse(j, 409, "The task is not this channel's, or has another fence.");
	else
		reply(j, json);
	job_free(j);
}

void core_agent_output(struct core *core, struct core_link *link, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct agent_job *j = job_new(link, msg, channel_of(doc));

	j->task = yyjson_get_sint(yyjson_obj_get(root, "task"));
	j->fence = yyjson_get_sint(yyjson_obj_get(root, "fence"));
	j->length = yyjson_get_sint(yyjson_obj_get(root, "length"));
	yyjson_doc_free(doc);
	j->work.job.run = output_run;
	j->work.done = output_done;
	core_job_write(core, &j->work);
}

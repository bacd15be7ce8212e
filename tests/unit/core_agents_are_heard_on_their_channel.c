/* core: agents' channels as api carries them: who may open one, whose words count, what becomes of them when api goes; and the image's
 * agent is offered to those that have another one ten times a second, whether they were there before it was known or come now. */
/* with: core/all.c */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/agent.h"
#include "core/truth.h"
#include "ipc/ipc_int.h"
#include "ipc/proto.h"
#include "log/log.h"
#include "plat/clock.h"

#define MACHINES 40
/* Channels that are there before core knows the image's agent, and those that come after; of each a few have it already. */
#define BEFORE 12
#define AFTER 8
#define WAIT 60.

static int failed;
static struct core core;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

/* ---- api, twice: the second one came after the first was restarted ---- */

static struct api { struct ipc_conn *conn, *there; uint32_t seq; } apis[2];
static struct { uint32_t seq; int code; char body[4096]; } reply;
/* By channel: what was said to it. */
static struct {
	unsigned welcomes, offers, asked, refused;
	int close;
	char version[16];
	bool answers;			/* it says hello when it is asked to */
} agents[MACHINES];
static bool timed_out;
static int64_t offer_times[MACHINES];
static unsigned offer_count;

static void send_json(struct api *a, uint16_t type, uint32_t seq, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void send_json(struct api *a, uint16_t type, uint32_t seq, const char *format, ...)
{
	char json[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(json, sizeof json, format, args);
	va_end(args);
	ipc_send(a->conn, 0, type, seq, json, (uint32_t)strlen(json), NULL, 0);
}

static void hello(struct api *a, int channel)
{
	send_json(a, PROTO_CORE_AGENT, 0, "{\"channel\":%d,\"message\":{\"type\":\"hello\",\"protocol\":1,\"version\":\"%s\",\"fingerprint\":\"f%d\","
		"\"boot_id\":\"b\",\"facts\":{},\"running\":[],\"finished\":[]}}", channel, agents[channel].version, channel);
}

static void agent_hears(struct api *a, yyjson_val *root)
{
	int channel = (int)yyjson_get_sint(yyjson_obj_get(root, "channel"));
	yyjson_val *m = yyjson_obj_get(root, "message"), *type = yyjson_obj_get(m, "type");

	if (channel <= 0 || channel >= MACHINES)
		return;
	agents[channel].close = (int)yyjson_get_sint(yyjson_obj_get(root, "close"));
	if (yyjson_equals_str(type, "welcome")) {
		agents[channel].welcomes++;
		if (yyjson_is_obj(yyjson_obj_get(m, "upgrade"))) {
			agents[channel].offers++;
			offer_times[offer_count++ % MACHINES] = plat_clock_boot();
		}
	} else if (yyjson_equals_str(type, "again")) {
		agents[channel].asked++;
		/* Before its welcome its hello is on the way. */
		if (agents[channel].answers && agents[channel].welcomes)
			hello(a, channel);
	} else if (yyjson_equals_str(type, "refused")) {
		agents[channel].refused++;
	}
}

static void api_hears(struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_doc *doc = ipc_msg_json(msg);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (msg->flags & IPC_REPLY) {
		reply.seq = msg->seq;
		reply.code = msg->flags & IPC_ERROR ? (int)yyjson_get_sint(yyjson_obj_get(root, "code")) : 200;
		snprintf(reply.body, sizeof reply.body, "%.*s", (int)msg->len, (const char *)msg->body);
	} else if (msg->type == PROTO_CORE_AGENT) {
		agent_hears(c->owner_data, root);
	}
	yyjson_doc_free(doc);
}

/* ---- core's side of the connection, as links.c has it ---- */

static void core_hears(struct ipc_conn *c, struct ipc_msg *msg)
{
	struct core_link *link = ipc_conn_data(c);

	if (msg->type == PROTO_CORE_AGENT_OPEN)
		core_agent_open(&core, link, msg);
	else if (msg->type == PROTO_CORE_AGENT)
		core_agent_message(&core, link, msg);
	else if (msg->type == PROTO_CORE_AGENT_CLOSED)
		core_agent_closed(&core, link, msg);
	else
		core_agent_output(&core, link, msg);
}

static void core_loses(struct ipc_conn *c)
{
	struct core_link *link = ipc_conn_data(c);

	link->conn = NULL;
	core_agents_link_lost(&core, link);
	core_link_drop(link);
}

static void api_loses(struct ipc_conn *c)
{
	(void)c;
}

static void api_begin(struct api *a)
{
	static const struct ipc_owner ours = { core_hears, core_loses }, theirs = { api_hears, api_loses };
	struct core_link *link = calloc(1, sizeof *link);
	int pair[2];

	if (!link || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		exit(111);
	a->conn = ipc_conn_new(core.loop, pair[0], room_by_id(ROOM_CORE), &theirs, a);
	a->there = ipc_conn_new(core.loop, pair[1], room_by_id(ROOM_API), &ours, NULL);
	link->conn = a->there;
	link->core = &core;
	link->refs = 1;
	ipc_conn_set_data(a->there, link);
}

/* ---- time ---- */

static void out_of_time(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)t;
	(void)events;
	timed_out = true;
	ev_break(loop, EVBREAK_ALL);
}

static void until(bool (*test)(const void *), const void *arg, const char *what)
{
	struct ev_timer limit;

	timed_out = false;
	ev_timer_init(&limit, out_of_time, WAIT, 0.);
	ev_timer_start(core.loop, &limit);
	while (!timed_out && !test(arg))
		ev_run(core.loop, EVRUN_ONCE);
	ev_timer_stop(core.loop, &limit);
	if (timed_out) {
		failed = 1;
		printf("%s: it did not come\n", what);
	}
}

static bool answered(const void *seq)
{
	return reply.seq == *(const uint32_t *)seq;
}

static int code_of(const struct api *a)
{
	until(answered, &a->seq, "an answer");
	return reply.code;
}

/* The code of the answer to a request. */
#define ASK(api, type, ...) (send_json(api, type, ++(api)->seq, __VA_ARGS__), code_of(api))

/* What was sent before has been done: the writer does one after the other, and so does each connection. */
static void settle(struct api *a)
{
	for (int i = 0; i < 3; i++)
		ASK(a, PROTO_CORE_OUTPUT, "{\"channel\":1,\"task\":999,\"fence\":1,\"length\":0}");
}

/* ---- who may open one, and whose words count ---- */

static int open_channel(struct api *a, int channel, const char *token)
{
	uint8_t hash[32];
	char hex[65];

	crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":%d,\"token_hash\":\"%s\",\"peer\":\"192.0.2.1\"}", channel, hex);
}

static int open_own(struct api *a, int channel)
{
	char token[16];

	snprintf(token, sizeof token, "token%d", channel);
	return open_channel(a, channel, token);
}

/* Of a machine's row, read beside the writer. */
static struct db *beside;

static int64_t channel_of(int machine)
{
	char id[16];

	snprintf(id, sizeof id, "m-%d", machine);
	return db_number(beside, -1, "SELECT channel FROM machine WHERE id = ?", "t", id);
}

static bool is_away(int machine)
{
	char id[16];

	snprintf(id, sizeof id, "m-%d", machine);
	return db_number(beside, 0, "SELECT state = 'away' FROM machine WHERE id = ?", "t", id) != 0;
}

static void tokens_are_exact(void)
{
	struct api *a = &apis[0];
	char hex[128] = "";

	CHECK(open_channel(a, 1, "token9999") == 401 && open_channel(a, 1, "") == 401 && open_channel(a, 1, "token38") == 401);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1,\"token_hash\":\"%s\"}", hex) == 400);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1}") == 400);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1,\"token_hash\":17}") == 400);
	memset(hex, 'a', 63);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1,\"token_hash\":\"%s\"}", hex) == 400);
	memset(hex, 'a', 66);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1,\"token_hash\":\"%s\"}", hex) == 400);
	memset(hex, 'x', 64);
	hex[64] = 0;
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":1,\"token_hash\":\"%s\"}", hex) == 400);
	memset(hex, 'a', 64);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":0,\"token_hash\":\"%s\"}", hex) == 400);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":\"1\",\"token_hash\":\"%s\"}", hex) == 400);
	CHECK(ASK(a, PROTO_CORE_AGENT_OPEN, "{\"channel\":-1,\"token_hash\":\"%s\"}", hex) == 400);
	/* None of these opened anything. */
	CHECK(ASK(a, PROTO_CORE_AGENT, "{\"channel\":1,\"message\":{\"type\":\"alive\"}}") == 409);
	CHECK(open_own(a, 1) == 200 && strstr(reply.body, "\"machine\":\"m-1\"") && strstr(reply.body, "\"instance\":\"i-1\""));
	CHECK(ASK(a, PROTO_CORE_AGENT, "{\"channel\":1,\"message\":{\"type\":\"alive\"}}") == 200);
	CHECK(ASK(a, PROTO_CORE_AGENT, "{\"channel\":1,\"message\":\"alive\"}") == 409);
	CHECK(ASK(a, PROTO_CORE_AGENT, "{\"channel\":1}") == 409);
}

static bool welcomed(const void *channel)
{
	return agents[*(const int *)channel].welcomes > 0;
}

static bool was_asked(const void *channel)
{
	return agents[*(const int *)channel].asked > 0;
}

static bool is_refused(const void *channel)
{
	return agents[*(const int *)channel].refused > 0;
}

static void channels_are_their_apis(void)
{
	static const int one = 1, two = 2, three = 3;
	struct api *a = &apis[0], *b = &apis[1];

	/* Who says nothing is asked. */
	until(was_asked, &one, "again");
	hello(a, 1);
	until(welcomed, &one, "welcome");
	settle(a);
	CHECK(channel_of(1) == 1);
	/* Another connection of api: the channel is not its. */
	CHECK(ASK(b, PROTO_CORE_AGENT, "{\"channel\":1,\"message\":{\"type\":\"alive\"}}") == 409);
	send_json(b, PROTO_CORE_AGENT_CLOSED, 0, "{\"channel\":1}");
	settle(b);
	CHECK(channel_of(1) == 1);
	/* The same token on another channel with the same fingerprint: the machine came again, the older channel ends. */
	CHECK(open_channel(b, 2, "token1") == 200);
	send_json(b, PROTO_CORE_AGENT, 0, "{\"channel\":2,\"message\":{\"type\":\"hello\",\"version\":\"new\",\"fingerprint\":\"f1\",\"facts\":{}}}");
	until(welcomed, &two, "welcome on the newer channel");
	until(is_refused, &one, "refusal of the older one");
	CHECK(agents[1].close == AGENT_REFUSED);
	settle(b);
	CHECK(channel_of(1) == 2);
	/* What the older one still says counts no more, and its end is not the machine's. */
	CHECK(ASK(a, PROTO_CORE_AGENT, "{\"channel\":1,\"message\":{\"type\":\"facts\",\"facts\":{\"hostname\":\"old\"}}}") == 200);
	send_json(a, PROTO_CORE_AGENT_CLOSED, 0, "{\"channel\":1}");
	settle(a);
	CHECK(channel_of(1) == 2);
	CHECK(db_number(beside, 0, "SELECT count(*) FROM machine WHERE hostname = 'old'", "") == 0);
	/* A copy: same token, another fingerprint. */
	CHECK(open_channel(b, 3, "token1") == 200);
	send_json(b, PROTO_CORE_AGENT, 0, "{\"channel\":3,\"message\":{\"type\":\"hello\",\"version\":\"new\",\"fingerprint\":\"other\",\"facts\":{}}}");
	until(is_refused, &three, "refusal of the copy");
	settle(b);
	CHECK(channel_of(1) == 2 && agents[2].refused == 0);
	/* Output of a step nobody has. */
	CHECK(ASK(b, PROTO_CORE_OUTPUT, "{\"channel\":2,\"task\":1,\"fence\":1,\"length\":5}") == 409);
	/* api is gone: so are all its agents. */
	ipc_conn_close(b->conn, true);
	settle(a);
	for (int i = 0; i < 2000 && channel_of(1) != 0; i++)
		settle(a);
	CHECK(channel_of(1) == 0 && is_away(1));
}

/* ---- the image's agent ---- */

static bool have_it(int channel)
{
	return channel % 4 == 0;
}

static void come(struct api *a, int channel)
{
	snprintf(agents[channel].version, sizeof agents[0].version, "%s", have_it(channel) ? "new" : "old");
	agents[channel].welcomes = agents[channel].asked = agents[channel].offers = 0;
	agents[channel].answers = true;
	CHECK(open_own(a, channel) == 200);
	hello(a, channel);
}

static bool all_offered(const void *count)
{
	return offer_count >= *(const unsigned *)count;
}

static void offers_have_one_pace(void)
{
	struct api *a = &apis[0];
	unsigned wanted = 0, first = 10;
	int64_t began;

	for (unsigned i = first; i < first + BEFORE; i++)
		come(a, (int)i);
	for (int i = (int)first; i < (int)first + BEFORE; i++)
		until(welcomed, &i, "welcome");
	CHECK(!offer_count);
	for (unsigned i = first; i < first + BEFORE; i++)
		agents[i].asked = 0;
	snprintf(core.upgrade.version, sizeof core.upgrade.version, "new");
	core.upgrade.known = true;
	began = plat_clock_boot();
	core_agents_offer(&core);
	for (unsigned i = first + BEFORE; i < first + BEFORE + AFTER; i++)
		come(a, (int)i);
	for (unsigned i = first; i < first + BEFORE + AFTER; i++)
		wanted += !have_it((int)i);
	until(all_offered, &wanted, "offers");
	settle(a);
	CHECK(offer_count == wanted);
	/* The k-th never before its time, whichever way it came to it; a timer may be a hundredth early. */
	for (unsigned k = 0; k < wanted; k++)
		CHECK(offer_times[k] - began >= (int64_t)k * PLAT_SECOND / 10 - PLAT_SECOND / 100);
	for (unsigned i = first; i < first + BEFORE + AFTER; i++)
		CHECK(agents[i].offers == !have_it((int)i));
	for (unsigned i = first; i < first + BEFORE; i++)
		CHECK(agents[i].asked == !have_it((int)i));
}

/* ---- */

static void seed(struct db *db)
{
	char sql[512];
	uint8_t hash[32];
	char token[16], hex[65];

	for (int i = 1; i < MACHINES; i++) {
		snprintf(token, sizeof token, "token%d", i);
		crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
		sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
		snprintf(sql, sizeof sql, "INSERT INTO machine(id, instance, service, provider, number, name, state, token_hash, created, updated)"
			" VALUES('m-%d', 'i-%d', 's', '', 1, 'n%d', '%s', x'%s', 1, 1)", i, i, i, i == 38 ? "gone" : "made", hex);
		CHECK(!sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL));
	}
}

int main(void)
{
	static struct db *readers[CORE_READERS];

	log_open("test");
	if (sodium_init() < 0)
		return 111;
	db_start();
	core.loop = EV_DEFAULT;
	core.commit.db = db_open("core.db", NULL, DB_WRITER);
	CHECK(core.commit.db && !db_migrate(core.commit.db, core_schema, core_schema_count, "test"));
	seed(core.commit.db);
	for (int i = 0; i < CORE_READERS; i++)
		readers[i] = db_open("core.db", NULL, DB_READER);
	beside = db_open("core.db", NULL, DB_READER);
	core_agents_open(&core);
	core_threads_start(&core, readers);
	core_engine_open(&core);
	api_begin(&apis[0]);
	api_begin(&apis[1]);
	apis[1].seq = 1000000;
	snprintf(agents[1].version, sizeof agents[1].version, "new");
	tokens_are_exact();
	channels_are_their_apis();
	offers_have_one_pace();
	return failed;
}

/* core: secrets of a message are opened by a ticket each; one that is too old, for another room, cut short or of another place opens
 * nothing, and then nothing of the message is left open.  keyd is a small one here, with the real tickets. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ipc.h"

#define ipc_client_call_json keyd_call
static void keyd_call(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc, double timeout, ipc_reply_fn *reply, void *arg);
#include "core/unseal.c"

#include "plat/clock.h"
#include "room/room.h"
#include "seal/seal.h"

static int failed;
static uint8_t key[SEAL_KEY], ticket_key[SEAL_KEY];
static int64_t now = 1000 * PLAT_SECOND;
/* What happens to a ticket on its way back to keyd: nothing, cut short, a bit changed, time passes. */
static enum { WHOLE, CUT, LONGER, FLIPPED, LATE } way;
static unsigned opened_count, refused_count, done_count;
static bool done_good;
static char kept[256];

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)
#define B64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* ---- keyd ---- */

static struct pending { struct pending *next; uint16_t type; yyjson_mut_doc *doc; ipc_reply_fn *reply; void *arg; } *pending, **last = &pending;

static void keyd_call(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc, double timeout, ipc_reply_fn *reply, void *arg)
{
	struct pending *p = calloc(1, sizeof *p);

	(void)cl;
	(void)timeout;
	*p = (struct pending){ NULL, type, doc, reply, arg };
	*last = p;
	last = &p->next;
}

static const char *text(const struct pending *p, const char *name)
{
	const char *s = yyjson_mut_get_str(yyjson_mut_obj_get(p->doc->root, name));

	return s ? s : "";
}

static void answer_with(const struct pending *p, const char *json)
{
	struct ipc_msg msg = { .type = p->type, .flags = (uint8_t)(IPC_REPLY | (json ? 0 : IPC_ERROR)),
		.body = (const uint8_t *)(json ? json : "{\"code\":403,\"message\":\"no\"}") };

	msg.len = (uint32_t)strlen((const char *)msg.body);
	opened_count += json && p->type == PROTO_KEYD_UNSEAL;
	refused_count += !json;
	p->reply(&msg, 0, p->arg);
}

static void give_ticket(const struct pending *p)
{
	struct seal_place place = { text(p, "object"), text(p, "field") };
	const struct room *room = room_by_name(text(p, "room"));
	uint8_t ticket[SEAL_TICKET];
	char b64[2 * SEAL_TICKET], json[256];

	CHECK(room && !seal_ticket_make(ticket, ticket_key, room->id, now + yyjson_mut_get_sint(yyjson_mut_obj_get(p->doc->root,
		"lifetime")) * PLAT_SECOND, &place));
	sodium_bin2base64(b64, sizeof b64, ticket, sizeof ticket, B64);
	snprintf(json, sizeof json, "{\"ticket\":\"%s\"}", b64);
	answer_with(p, json);
}

/* Does it open here? The value in *plain. */
static bool opens(const char *ticket64, const char *sealed64, unsigned room, const struct seal_place *place, uint8_t *plain, size_t *len)
{
	uint8_t ticket[SEAL_TICKET + 8], sealed[512];
	size_t n = 0, m = 0;

	sodium_base642bin(ticket, sizeof ticket, ticket64, strlen(ticket64), NULL, &n, NULL, B64);
	if (way == CUT)
		n--;
	else if (way == LONGER)
		ticket[n++] = 0;
	else if (way == FLIPPED)
		ticket[5] ^= 1;
	else if (way == LATE)
		now += (TICKET_LIFE + 1) * PLAT_SECOND;
	return seal_ticket_check(ticket, n, ticket_key, room, now, place) == SEAL_TICKET_GOOD &&
		!sodium_base642bin(sealed, sizeof sealed, sealed64, strlen(sealed64), NULL, &m, NULL, B64) &&
		!seal_open(plain, len, key, place, sealed, m);
}

static void unseal_it(const struct pending *p)
{
	struct seal_place place = { text(p, "object"), text(p, "field") };
	char b64[512], json[600];
	uint8_t plain[256];
	size_t len = 0;

	snprintf(kept, sizeof kept, "%s", text(p, "ticket"));
	if (!opens(kept, text(p, "sealed"), ROOM_CORE, &place, plain, &len)) {
		answer_with(p, NULL);
		return;
	}
	sodium_bin2base64(b64, sizeof b64, plain, len, B64);
	snprintf(json, sizeof json, "{\"plain\":\"%s\"}", b64);
	answer_with(p, json);
}

static void keyd_works(void)
{
	struct pending *p;

	while ((p = pending)) {
		pending = p->next;
		if (!pending)
			last = &pending;
		if (p->type == PROTO_KEYD_TICKET)
			give_ticket(p);
		else
			unseal_it(p);
		yyjson_mut_doc_free(p->doc);
		free(p);
	}
}

/* ---- core ---- */

static struct context context;

static void add(const char *object, const char *field, const char *value)
{
	struct context_secret *s = &context.secrets[context.count++];
	struct seal_place place = { object, field };
	uint8_t sealed[256];
	char b64[512];

	CHECK(!seal_close(sealed, key, &place, (const uint8_t *)value, strlen(value)));
	sodium_bin2base64(b64, sizeof b64, sealed, strlen(value) + SEAL_OVERHEAD, B64);
	s->place = yyjson_mut_str(context.doc, "");
	yyjson_mut_obj_add_val(context.doc, context.doc->root, field, s->place);
	snprintf(s->object, sizeof s->object, "%s", object);
	s->field = strdup(field);
	s->sealed = strdup(b64);
}

static void begin(void)
{
	context = (struct context){ .doc = yyjson_mut_doc_new(NULL), .secrets = calloc(8, sizeof *context.secrets) };
	yyjson_mut_doc_set_root(context.doc, yyjson_mut_obj(context.doc));
	add("i-1", "PW", "first word");
	add("i-1", "EMPTY", "");
	add("i-2", "KEY", "second word");
	opened_count = refused_count = done_count = 0;
}

static void end(void)
{
	unseal_wipe(&context);
	for (unsigned i = 0; i < context.count; i++) {
		CHECK(!yyjson_mut_get_len(context.secrets[i].place));
		free(context.secrets[i].field);
		free(context.secrets[i].sealed);
	}
	free(context.secrets);
	yyjson_mut_doc_free(context.doc);
	way = WHOLE;
}

static void done(bool good, void *arg)
{
	CHECK(arg == &context);
	done_count++;
	done_good = good;
}

static struct core core;

static bool runs(const char *room)
{
	unseal(&core, &context, room, done, &context);
	CHECK(!done_count);
	keyd_works();
	CHECK(done_count == 1);
	return done_good;
}

static const char *place_of(unsigned i)
{
	return yyjson_mut_get_str(context.secrets[i].place);
}

static void values_reach_their_places(void)
{
	begin();
	CHECK(runs(NULL) && opened_count == 3 && !refused_count);
	CHECK(!strcmp(place_of(0), "first word") && !strcmp(place_of(1), "") && !strcmp(place_of(2), "second word"));
	end();
	/* Nothing to open: at once. */
	begin();
	for (unsigned i = 0; i < context.count; i++) {
		free(context.secrets[i].field);
		free(context.secrets[i].sealed);
	}
	context.count = 0;
	unseal(&core, &context, NULL, done, &context);
	CHECK(done_count == 1 && done_good && !pending);
	end();
}

static void bad_tickets_open_nothing(void)
{
	for (way = CUT; way <= LATE; way++) {
		int as = (int)way;

		begin();
		CHECK(!runs(NULL) && opened_count < 3 && refused_count);
		if (as != LATE)
			CHECK(!opened_count);
		end();
		way = as;
	}
	way = WHOLE;
}

/* One of several cannot be opened: the message does not go out, and what was open is wiped. */
static void one_bad_secret_holds_the_message(void)
{
	begin();
	snprintf(context.secrets[2].object, sizeof context.secrets[2].object, "i-3");
	CHECK(!runs(NULL) && opened_count == 2 && refused_count == 1);
	CHECK(!strcmp(place_of(0), "first word") && !strcmp(place_of(2), ""));
	end();
}

/* A worker gets tickets in place of values: good in its room for as long as it works, as often as it asks, and in no other room. */
static void workers_tickets_are_for_one_room(void)
{
	static const struct seal_place here = { "i-1", "PW" }, there = { "i-2", "KEY" };
	uint8_t plain[256];
	size_t len = 0;

	begin();
	CHECK(runs("cloud") && !opened_count);
	for (int again = 0; again < 2; again++)
		CHECK(opens(place_of(0), context.secrets[0].sealed, ROOM_CLOUD, &here, plain, &len) && len == 10 && !memcmp(plain, "first word", 10));
	CHECK(!opens(place_of(0), context.secrets[0].sealed, ROOM_CORE, &here, plain, &len));
	CHECK(!opens(place_of(0), context.secrets[0].sealed, ROOM_DEMO, &here, plain, &len));
	CHECK(!opens(place_of(0), context.secrets[2].sealed, ROOM_CLOUD, &there, plain, &len));
	CHECK(!opens(place_of(2), context.secrets[0].sealed, ROOM_CLOUD, &here, plain, &len));
	now += (TICKET_LIFE_WORKER - 1) * PLAT_SECOND;
	CHECK(opens(place_of(0), context.secrets[0].sealed, ROOM_CLOUD, &here, plain, &len));
	now += PLAT_SECOND;
	CHECK(!opens(place_of(0), context.secrets[0].sealed, ROOM_CLOUD, &here, plain, &len));
	end();
}

/* keyd went away: every call of ours fails, done once. */
static void keyd_away(void)
{
	struct pending *p;

	begin();
	unseal(&core, &context, NULL, done, &context);
	while ((p = pending)) {
		pending = p->next;
		p->reply(NULL, ECONNRESET, p->arg);
		yyjson_mut_doc_free(p->doc);
		free(p);
	}
	last = &pending;
	CHECK(done_count == 1 && !done_good);
	end();
}

int main(void)
{
	if (sodium_init() < 0)
		return 111;
	log_open("test");
	randombytes_buf(key, sizeof key);
	randombytes_buf(ticket_key, sizeof ticket_key);
	values_reach_their_places();
	bad_tickets_open_nothing();
	one_bad_secret_holds_the_message();
	workers_tickets_are_for_one_room();
	keyd_away();
	return failed;
}

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "unseal.h"
#include "ipc/proto.h"
#include "log/log.h"

/* Of a ticket core uses at once, and of one a worker uses while it works, seconds. */
#define TICKET_LIFE 60
#define TICKET_LIFE_WORKER 7200
#define TIMEOUT 10.

struct opening {
	struct core *core;
	struct context *context;
	const char *room;
	unsigned replied;
	bool failed;
	void (*done)(bool good, void *arg);
	void *arg;
};

struct ask { struct opening *opening; unsigned index; };

static void replied(struct opening *o, bool good)
{
	o->failed |= !good;
	if (++o->replied < o->context->count)
		return;
	o->done(!o->failed, o->arg);
	free(o);
}

static void put(struct context_secret *s, const char *value, size_t len)
{
	char *copy = len ? malloc(len + 1) : NULL;

	if (!len)
		return;
	if (!copy)
		log_fatal("unseal");
	memcpy(copy, value, len);
	copy[len] = 0;
	yyjson_mut_set_strn(s->place, copy, len);
}

/* A string member of keyd's answer that is handed over and then wiped. */
static const char *answer(struct ipc_msg *msg, int error, const char *name, yyjson_doc **doc)
{
	*doc = error || (msg->flags & IPC_ERROR) ? NULL : ipc_msg_json(msg);
	return yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(*doc), name));
}

static void opened(struct ipc_msg *msg, int error, void *arg)
{
	struct ask *ask = arg;
	struct opening *o = ask->opening;
	yyjson_doc *doc;
	const char *plain = answer(msg, error, "plain", &doc);
	size_t cap = plain ? strlen(plain) + 1 : 1, len = 0;
	unsigned char *bytes = malloc(cap);
	bool good = plain && bytes && !sodium_base642bin(bytes, cap, plain, strlen(plain), NULL, &len, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);

	if (good)
		put(&o->context->secrets[ask->index], (const char *)bytes, len);
	if (plain)
		sodium_memzero((void *)(uintptr_t)plain, strlen(plain));
	if (bytes)
		sodium_memzero(bytes, cap);
	free(bytes);
	free(ask);
	yyjson_doc_free(doc);
	replied(o, good);
}

static yyjson_mut_doc *question(const struct context_secret *s)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		log_fatal("unseal");
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_strcpy(doc, doc->root, "object", s->object);
	yyjson_mut_obj_add_strcpy(doc, doc->root, "field", s->field);
	return doc;
}

static void ticket_came(struct ipc_msg *msg, int error, void *arg)
{
	struct ask *ask = arg;
	struct opening *o = ask->opening;
	struct context_secret *s = &o->context->secrets[ask->index];
	yyjson_mut_doc *q;
	yyjson_doc *doc;
	const char *ticket = answer(msg, error, "ticket", &doc);

	if (ticket && !o->room) {
		q = question(s);
		yyjson_mut_obj_add_strcpy(q, q->root, "sealed", s->sealed);
		yyjson_mut_obj_add_strcpy(q, q->root, "ticket", ticket);
		ipc_client_call_json(o->core->keyd, PROTO_KEYD_UNSEAL, q, TIMEOUT, opened, ask);
		yyjson_doc_free(doc);
		return;
	}
	if (ticket)
		put(s, ticket, strlen(ticket));
	free(ask);
	yyjson_doc_free(doc);
	replied(o, ticket != NULL);
}

static void ask_ticket(struct opening *o, unsigned i)
{
	struct ask *ask = malloc(sizeof *ask);
	yyjson_mut_doc *q = question(&o->context->secrets[i]);

	if (!ask)
		log_fatal("unseal");
	*ask = (struct ask){ o, i };
	yyjson_mut_obj_add_strcpy(q, q->root, "room", o->room ? o->room : "core");
	yyjson_mut_obj_add_int(q, q->root, "lifetime", o->room ? TICKET_LIFE_WORKER : TICKET_LIFE);
	ipc_client_call_json(o->core->keyd, PROTO_KEYD_TICKET, q, TIMEOUT, ticket_came, ask);
}

void unseal(struct core *core, struct context *c, const char *ticket_room, void (*done)(bool good, void *arg), void *arg)
{
	struct opening *o;
	unsigned n = c->count;

	if (!n) {
		done(true, arg);
		return;
	}
	o = calloc(1, sizeof *o);
	if (!o)
		log_fatal("unseal");
	*o = (struct opening){ .core = core, .context = c, .room = ticket_room, .done = done, .arg = arg };
	/* Replies never come from inside the call. */
	for (unsigned i = 0; i < n; i++)
		ask_ticket(o, i);
}

void unseal_wipe(struct context *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		const char *value = yyjson_mut_get_str(c->secrets[i].place);
		size_t len = yyjson_mut_get_len(c->secrets[i].place);

		/* "" is the placeholder, which is not ours. */
		if (!value || !len)
			continue;
		yyjson_mut_set_str(c->secrets[i].place, "");
		sodium_memzero((void *)(uintptr_t)value, len);
		free((void *)(uintptr_t)value);
	}
}

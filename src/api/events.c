#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "events.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "live.h"
#include "log/log.h"
#include "ring.h"
#include "viewers.h"

/* Newest event when following began (again): until it is here the ring is not whole. */
static uint64_t expected;
static bool begun;

bool events_ready(void)
{
	return begun && ring_head() >= expected;
}

/* Events were missed: nothing remembered can be trusted, and who watches must look anew. */
static void missed(uint64_t from)
{
	ring_clear(from);
	auth_forget_all();
	live_revoked(NULL);
}

static void on_subscribed(struct ipc_msg *msg, int error, void *arg)
{
	uint64_t tail, head, last = ring_head();
	yyjson_doc *doc;

	(void)arg;
	if (error || (msg->flags & IPC_ERROR)) {
		log_warn("core: events: not followed: %s", error ? strerror(error) : "refused");
		return;
	}
	doc = ipc_msg_json(msg);
	tail = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "tail"));
	head = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "head"));
	yyjson_doc_free(doc);
	/* Older than core keeps, or another database: what was missed is unknown. */
	if (begun && (last + 1 < tail || last > head))
		missed(head);
	expected = head;
	begun = true;
}

static void on_connected(struct ipc_client *core, void *arg)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root;

	(void)arg;
	if (!doc)
		return;
	root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_uint(doc, root, "since", ring_head());
	ipc_client_call_json(core, PROTO_CORE_EVENTS, doc, 0., on_subscribed, NULL);
	log_info("core: connected");
}

static void on_lost(struct ipc_client *core, void *arg)
{
	(void)core;
	(void)arg;
	/* A revocation could happen unseen now; core knows better for a while. */
	auth_forget_all();
	log_warn("core: connection: lost");
}

static void revoked(yyjson_val *event)
{
	const char *hex = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(event, "data"), "hash"));
	uint8_t hash[AUTH_HASH];

	if (!hex || !auth_hash_read(hex, hash)) {
		missed(ring_head());
		return;
	}
	auth_forget_hash(hash);
	live_revoked(hash);
}

static void take(yyjson_val *event)
{
	uint64_t sequence = yyjson_get_uint(yyjson_obj_get(event, "sequence"));
	const struct event *e;

	if (sequence <= ring_head())
		return;
	e = ring_add(event);
	if (!e) {
		log_warn("events: %llu: cannot be told", (unsigned long long)sequence);
		missed(sequence);
		return;
	}
	if (!strcmp(e->kind, "token.revoked"))
		revoked(event);
	viewers_event(e);
	live_event();
}

static void on_notice(struct ipc_client *core, struct ipc_msg *msg, void *arg)
{
	yyjson_doc *doc;

	(void)core;
	(void)arg;
	if (msg->type != PROTO_CORE_EVENT || !(doc = ipc_msg_json(msg)))
		return;
	take(yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

struct ipc_client *events_follow(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { on_connected, on_notice, on_lost };

	return ipc_client_open(loop, ROOM_CORE, &ops, NULL);
}

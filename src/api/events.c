#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "events.h"
#include "ipc/ipc.h"
#include "ipc/proto.h"
#include "live.h"
#include "log/log.h"

/* The last event seen: after a lost connection the tail is asked for from here. */
static uint64_t last;

unsigned long long events_last(void)
{
	return last;
}

/* Events were missed: nothing remembered can be trusted, and who watches must look anew. */
static void missed(void)
{
	auth_forget_all();
	live_revoked(NULL);
}

static void on_subscribed(struct ipc_msg *msg, int error, void *arg)
{
	yyjson_doc *doc;
	uint64_t tail, head;

	(void)arg;
	if (error || (msg->flags & IPC_ERROR)) {
		log_warn("core: events: not followed: %s", error ? strerror(error) : "refused");
		return;
	}
	doc = ipc_msg_json(msg);
	tail = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "tail"));
	head = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "head"));
	/* Older than core keeps, or another database: what was missed is unknown. */
	if (last && (last + 1 < tail || last > head))
		missed();
	if (!last || last > head)
		last = head;
	yyjson_doc_free(doc);
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
	yyjson_mut_obj_add_uint(doc, root, "since", last);
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
		missed();
		return;
	}
	auth_forget_hash(hash);
	live_revoked(hash);
}

/* What happens to the appliance is for everybody who is signed in to know. */
static void announce(yyjson_val *event)
{
	const char *kind = yyjson_get_str(yyjson_obj_get(event, "kind"));
	char *text;
	size_t len;

	if (!kind || strncmp(kind, "appliance.", 10))
		return;
	text = yyjson_val_write(event, 0, &len);
	if (text && len <= LIVE_MESSAGE)
		live_announce(text, len);
	else
		missed();
	free(text);
}

static void on_notice(struct ipc_client *core, struct ipc_msg *msg, void *arg)
{
	yyjson_val *event;
	yyjson_doc *doc;
	uint64_t n;

	(void)core;
	(void)arg;
	if (msg->type != PROTO_CORE_EVENT || !(doc = ipc_msg_json(msg)))
		return;
	event = yyjson_doc_get_root(doc);
	n = yyjson_get_uint(yyjson_obj_get(event, "sequence"));
	if (n > last)
		last = n;
	if (yyjson_equals_str(yyjson_obj_get(event, "kind"), "token.revoked"))
		revoked(event);
	else
		announce(event);
	yyjson_doc_free(doc);
}

struct ipc_client *events_follow(struct ev_loop *loop)
{
	static const struct ipc_client_ops ops = { on_connected, on_notice, on_lost };

	return ipc_client_open(loop, ROOM_CORE, &ops, NULL);
}

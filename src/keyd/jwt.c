/*
 * keyd: tokens that carry their claims.  The key takes seconds to make, so a thread
 * of its own makes it while the loop signs handshakes.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proto.h"
#include "keyd.h"
#include "request.h"
#include "log/log.h"
#include "work/work.h"

/* Between two attempts to make or write the key, seconds: a full disk does not empty sooner. */
#define RETRY 60.

struct making {
	struct work_item item;		/* first */
	struct keyd *k;
	ev_timer retry;
	struct jwt_secret *secret;	/* locked */
	struct jwt_public public;
	bool made;
};

/* In the thread: touches only this. */
static void make_run(struct work_item *item, void *context)
{
	struct making *m = (struct making *)item;

	(void)context;
	m->made = jwt_key_make(m->secret, &m->public);
}

static void keep(struct making *m)
{
	if (keyring_jwt_keep(&m->k->ring, m->secret, &m->public)) {
		log_warn_errno("tokens: the key cannot be written");
		ev_timer_again(m->k->loop, &m->retry);
		return;
	}
	ev_timer_stop(m->k->loop, &m->retry);
	sodium_memzero(m->secret, sizeof *m->secret);
	log_info("tokens: key %s is ready", m->public.kid);
	keyd_tell_identity(m->k);
}

static void make_done(struct work_item *item)
{
	struct making *m = (struct making *)item;

	if (m->made)
		keep(m);
	else
		ev_timer_again(m->k->loop, &m->retry);
}

static struct work_pool *pool;

static void retry_reached(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct making *m = w->data;

	(void)revents;
	if (m->made) {
		keep(m);
		return;
	}
	ev_timer_stop(loop, w);
	work_pool_add(pool, &m->item);
}

void keyd_jwt_start(struct keyd *k)
{
	static struct making m;

	if (k->ring.jwt)
		return;
	m.k = k;
	m.secret = sodium_malloc(sizeof *m.secret);
	if (!m.secret)
		log_fatal("tokens: no memory for the key");
	m.item.run = make_run;
	m.item.done = make_done;
	ev_timer_init(&m.retry, retry_reached, RETRY, RETRY);
	m.retry.data = &m;
	pool = work_pool_open(k->loop, 1, (void *[]){ NULL });
	work_pool_add(pool, &m.item);
}

void keyd_jwt(struct keyd *k, struct ipc_conn *c, struct ipc_msg *msg)
{
	yyjson_val *root = keyd_request_open(c, msg);
	char token[JWT_TOKEN_MAX + 1];
	struct jwt_claims claims;
	yyjson_mut_doc *doc;
	const char *why;

	if (!root)
		return;
	why = jwt_claims_read(&claims, root);
	keyd_request_close(msg);
	if (why) {
		ipc_reply_error(c, msg, 400, "%s", why);
		return;
	}
	if (!k->ring.jwt) {
		ipc_reply_error(c, msg, 503, "the key for tokens is being made");
		return;
	}
	if (!jwt_sign(token, &claims, k->ring.jwt, &k->ring.jwt_public)) {
		ipc_reply_error(c, msg, 400, "the claims are too long together");
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, doc->root, "token", token);
	ipc_send_json(c, IPC_REPLY, msg->type, msg->seq, doc);
	sodium_memzero(token, sizeof token);
}

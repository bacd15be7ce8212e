#include <libwebsockets.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "log/log.h"
#include "peers.h"

/* One text for many clients. */
struct message {
	unsigned references;
	size_t len;
	unsigned char bytes[];	/* LWS_PRE bytes for the engine, then the text */
};

struct live {
	struct live *next, **link;	/* among all once established */
	struct lws *wsi;
	struct peer *peer;
	uint8_t hash[AUTH_HASH];
	bool ending;
	unsigned first, count;
	struct message *queue[LIVE_QUEUE];
};

static struct lws_context *context;
static struct lws_vhost *vhost;
static struct live *all;
static struct live *adopting;	/* during live_adopt: belongs to the engine's next connection */
static unsigned lives;

unsigned live_count(void)
{
	return lives;
}

/* ---- messages ---- */

static struct message *message_new(const char *text, size_t len)
{
	struct message *m = malloc(sizeof *m + LWS_PRE + len);

	if (!m)
		return NULL;
	m->references = 1;
	m->len = len;
	memcpy(m->bytes + LWS_PRE, text, len);
	return m;
}

static void message_drop(struct message *m)
{
	if (!--m->references)
		free(m);
}

/* ---- clients ---- */

static void live_free(struct live *l)
{
	if (l->link) {
		*l->link = l->next;
		if (l->next)
			l->next->link = l->link;
	}
	for (; l->count; l->count--, l->first++)
		message_drop(l->queue[l->first % LIVE_QUEUE]);
	peer_drop(l->peer);
	lives--;
	free(l);
}

/* The engine closes it at its next turn. */
static void live_end(struct live *l)
{
	l->ending = true;
	if (l->wsi)
		lws_callback_on_writable(l->wsi);
}

static void live_queue(struct live *l, struct message *m)
{
	if (l->ending)
		return;
	if (l->count == LIVE_QUEUE) {
		live_end(l);
		return;
	}
	m->references++;
	l->queue[(l->first + l->count++) % LIVE_QUEUE] = m;
	if (l->wsi)
		lws_callback_on_writable(l->wsi);
}

static void established(struct lws *wsi)
{
	struct live *l = adopting ? adopting : lws_get_opaque_user_data(wsi);

	adopting = NULL;
	lws_set_opaque_user_data(wsi, l);
	l->wsi = wsi;
	l->link = &all;
	l->next = all;
	if (l->next)
		l->next->link = &l->next;
	all = l;
	lws_callback_on_writable(wsi);
}

/* Writes one message, as the engine wants it. Nonzero ends the connection. */
static int write_one(struct live *l)
{
	static char behind[] = "too far behind, or no longer permitted";
	struct message *m;
	int n;

	if (l->ending) {
		lws_close_reason(l->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, (unsigned char *)behind,
			sizeof behind - 1);
		return -1;
	}
	if (!l->count)
		return 0;
	m = l->queue[l->first++ % LIVE_QUEUE];
	l->count--;
	/* The engine masks nothing towards a client: the text stays as it is. */
	n = lws_write(l->wsi, m->bytes + LWS_PRE, m->len, LWS_WRITE_TEXT);
	message_drop(m);
	if (l->count)
		lws_callback_on_writable(l->wsi);
	return n < 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	static char silent[] = "nothing is expected from clients here";
	struct live *l = lws_get_opaque_user_data(wsi);

	(void)user;
	(void)in;
	(void)len;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		established(wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return l ? write_one(l) : -1;
	case LWS_CALLBACK_RECEIVE:
		lws_close_reason(wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, (unsigned char *)silent,
			sizeof silent - 1);
		return -1;
	case LWS_CALLBACK_HTTP:
		return -1;
	case LWS_CALLBACK_WSI_DESTROY:
		if (l) {
			lws_set_opaque_user_data(wsi, NULL);
			live_free(l);
		}
		return 0;
	default:
		return 0;
	}
}

void live_adopt(int fd, struct peer *peer, const char *head, size_t len,
	const uint8_t hash[AUTH_HASH], const char *first)
{
	struct live *l = calloc(1, sizeof *l);
	struct message *m = message_new(first, strlen(first));
	struct lws *wsi;

	if (!l || !m) {
		free(l);
		free(m);
		peer_drop(peer);
		close(fd);
		return;
	}
	lives++;
	l->peer = peer;
	memcpy(l->hash, hash, sizeof l->hash);
	live_queue(l, m);
	message_drop(m);
	adopting = l;
	wsi = lws_adopt_socket_vhost_readbuf(vhost, fd, head, len);
	if (!adopting)
		return;
	/* The handshake goes on later, or never. */
	adopting = NULL;
	if (wsi)
		lws_set_opaque_user_data(wsi, l);
	else
		live_free(l);
}

void live_announce(const char *text, size_t len)
{
	struct message *m;
	struct live *l;

	if (!all)
		return;
	m = message_new(text, len);
	if (!m) {
		log_warn("live: message: no memory");
		live_revoked(NULL);
		return;
	}
	for (l = all; l; l = l->next)
		live_queue(l, m);
	message_drop(m);
}

void live_revoked(const uint8_t *hash)
{
	struct live *l;

	for (l = all; l; l = l->next)
		if (!hash || !memcmp(l->hash, hash, sizeof l->hash))
			live_end(l);
}

void live_open(struct ev_loop *loop)
{
	static const struct lws_protocols protocols[] = {
		{ .name = "events", .callback = on_event, .rx_buffer_size = 512 },
		LWS_PROTOCOL_LIST_TERM
	};
	static const lws_retry_bo_t keep = {
		.secs_since_valid_ping = LIVE_PING_SECONDS, .secs_since_valid_hangup = LIVE_GONE_SECONDS,
	};
	void *loops[] = { loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER, .protocols = protocols, .foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.retry_and_idle_policy = &keep, .vhost_name = "api",
		.max_http_header_data = 1024, .pt_serv_buf_size = 4096, .gid = (gid_t)-1, .uid = (uid_t)-1,
	};

	/* The engine tells of every closed connection; what matters is told here. */
	lws_set_log_level(0, NULL);
	context = lws_create_context(&info);
	if (context)
		vhost = lws_create_vhost(context, &info);
	if (!vhost)
		log_fatal("live: WebSocket engine");
}

/* client: a connection that is made again whenever it is lost, and the calls
 * that wait on it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "log/log.h"

/* Back-off between attempts to connect, seconds. */
#define BACKOFF_FIRST 0.02
#define BACKOFF_LAST 2.0
/* Slowly at first: when all rooms start at once, who comes a moment too early waits but a moment. */
#define BACKOFF_GROWTH 1.5
#define CALL_TIMEOUT 30.0

struct call {
	struct call *next, **prev;
	struct ipc_client *cl;
	ev_timer deadline;
	uint32_t seq;
	uint16_t type;
	ipc_reply_fn *reply;
	void *arg;
	/* kept until the connection stands, then sent and freed */
	uint8_t *body;
	uint32_t len;
	unsigned nfds;
	int fds[IPC_FDS_MAX];
	bool sent;
};

struct ipc_client {
	struct ev_loop *loop;
	const struct room *to;
	const struct ipc_client_ops *ops;
	void *arg;
	struct ipc_conn *conn;
	ev_timer retry;
	double backoff;
	uint32_t seq;
	struct call *calls, **calls_tail;
	bool complained;
};

static void call_body_free(struct call *k)
{
	for (unsigned i = 0; i < k->nfds; i++)
		close(k->fds[i]);
	k->nfds = 0;
	if (k->body)
		explicit_bzero(k->body, k->len);
	free(k->body);
	k->body = NULL;
}

static void call_unlink(struct call *k)
{
	struct ipc_client *cl = k->cl;

	ev_timer_stop(cl->loop, &k->deadline);
	*k->prev = k->next;
	if (k->next)
		k->next->prev = k->prev;
	else
		cl->calls_tail = k->prev;
}

static void call_end(struct call *k, struct ipc_msg *msg, int error)
{
	ipc_reply_fn *reply = k->reply;
	void *arg = k->arg;

	call_unlink(k);
	call_body_free(k);
	free(k);
	reply(msg, error, arg);
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct call *k = w->data;

	(void)loop;
	(void)revents;
	call_end(k, NULL, k->sent ? ETIMEDOUT : ENOTCONN);
}

/* One that was kept.  A call that could not be sent on a connection that is ending is failed by
 * client_closed, like every other sent one. */
static void call_send(struct call *k)
{
	k->sent = true;
	ipc_send(k->cl->conn, 0, k->type, k->seq, k->body, k->len, k->fds, k->nfds);
	call_body_free(k);
}

static void client_message(struct ipc_conn *c, struct ipc_msg *msg)
{
	struct ipc_client *cl = c->owner_data;

	if (!(msg->flags & IPC_REPLY)) {
		if (cl->ops && cl->ops->notice && msg->seq == 0)
			cl->ops->notice(cl, msg, cl->arg);
		return;
	}
	for (struct call *k = cl->calls; k; k = k->next)
		if (k->sent && k->seq == msg->seq) {
			if (k->type != msg->type) {
				log_warn("ipc: %s: connection ended: reply of another type", cl->to->name);
				ipc_conn_close(c, true);
				return;
			}
			call_end(k, msg, 0);
			return;
		}
	/* a reply later than its deadline: nobody waits for it any more */
}

static void retry_later(struct ipc_client *cl)
{
	double jitter = 0.75 + 0.5 * ((double)(random() & 0xffff) / 0x10000);

	ev_timer_stop(cl->loop, &cl->retry);
	ev_timer_set(&cl->retry, cl->backoff * jitter, 0.);
	ev_timer_start(cl->loop, &cl->retry);
	cl->backoff = cl->backoff * BACKOFF_GROWTH > BACKOFF_LAST ? BACKOFF_LAST : cl->backoff * BACKOFF_GROWTH;
}

static void client_closed(struct ipc_conn *c)
{
	struct ipc_client *cl = c->owner_data;
	struct call *k;

	cl->conn = NULL;
	log_info("ipc: %s: connection lost", cl->to->name);
	/* from the start each time: a callback may add or end calls */
	for (k = cl->calls; k; ) {
		if (k->sent) {
			call_end(k, NULL, ECONNRESET);
			k = cl->calls;
		} else {
			k = k->next;
		}
	}
	if (cl->ops && cl->ops->lost)
		cl->ops->lost(cl, cl->arg);
	retry_later(cl);
}

static const struct ipc_owner client_owner = { client_message, client_closed };

static int client_socket(const struct ipc_client *cl)
{
	struct sockaddr_un sun;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	ipc_address(&sun, cl->to->name);
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) < 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

static void client_connect(struct ipc_client *cl)
{
	int fd = client_socket(cl);

	if (fd < 0) {
		if (!cl->complained)
			log_warn_errno("ipc: %s: not reached, trying on", cl->to->name);
		cl->complained = true;
		retry_later(cl);
		return;
	}
	cl->conn = ipc_conn_new(cl->loop, fd, cl->to, &client_owner, cl);
	if (!cl->conn) {
		retry_later(cl);
		return;
	}
	cl->backoff = BACKOFF_FIRST;
	cl->complained = false;
	if (cl->ops && cl->ops->connected)
		cl->ops->connected(cl, cl->arg);
	for (struct call *k = cl->calls; k && cl->conn; k = k->next)
		if (!k->sent)
			call_send(k);
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	client_connect(w->data);
}

struct ipc_client *ipc_client_open(struct ev_loop *loop, enum room_id to,
	const struct ipc_client_ops *ops, void *arg)
{
	struct ipc_client *cl = calloc(1, sizeof *cl);

	if (!cl)
		log_fatal("ipc: client");
	cl->loop = loop;
	cl->to = room_by_id(to);
	if (!cl->to)
		log_bug("ipc_client_open: no such room");
	cl->ops = ops;
	cl->arg = arg;
	cl->backoff = BACKOFF_FIRST;
	cl->calls_tail = &cl->calls;
	ev_timer_init(&cl->retry, on_retry, 0., 0.);
	cl->retry.data = cl;
	ev_timer_start(loop, &cl->retry);
	return cl;
}

bool ipc_client_connected(const struct ipc_client *cl)
{
	return cl->conn != NULL;
}

static int call_keep(struct call *k, const void *body, uint32_t len, const int *fds, unsigned nfds)
{
	if (len) {
		k->body = malloc(len);
		if (!k->body)
			return -1;
		memcpy(k->body, body, len);
	}
	k->len = len;
	for (unsigned i = 0; i < nfds; i++) {
		int fd = dup(fds[i]);

		if (fd < 0)
			return -1;
		k->fds[k->nfds++] = fd;
	}
	return 0;
}

void ipc_client_call(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds, double timeout, ipc_reply_fn *reply, void *arg)
{
	struct call *k = calloc(1, sizeof *k);

	if (len > IPC_BODY_MAX || nfds > IPC_FDS_MAX)
		log_bug("ipc_client_call: body or descriptors over the limit");
	if (!k)
		log_fatal("ipc: call");
	k->cl = cl;
	if (++cl->seq == 0)
		cl->seq = 1;
	k->seq = cl->seq;
	k->type = type;
	k->reply = reply;
	k->arg = arg;
	k->prev = cl->calls_tail;
	*cl->calls_tail = k;
	cl->calls_tail = &k->next;
	ev_timer_init(&k->deadline, on_deadline, timeout > 0 ? timeout : CALL_TIMEOUT, 0.);
	k->deadline.data = k;
	ev_timer_start(cl->loop, &k->deadline);
	if (cl->conn) {
		k->sent = true;
		ipc_send(cl->conn, 0, type, k->seq, body, len, fds, nfds);
	} else if (call_keep(k, body, len, fds, nfds) < 0) {
		log_fatal("ipc: call");
	}
}

void ipc_client_call_json(struct ipc_client *cl, uint16_t type, yyjson_mut_doc *doc,
	double timeout, ipc_reply_fn *reply, void *arg)
{
	size_t len = 0;
	char *text = doc ? yyjson_mut_write(doc, 0, &len) : NULL;

	yyjson_mut_doc_free(doc);
	if (!text)
		log_fatal("ipc: call");
	ipc_client_call(cl, type, text, (uint32_t)len, NULL, 0, timeout, reply, arg);
	explicit_bzero(text, len);
	free(text);
}

int ipc_client_notice(struct ipc_client *cl, uint16_t type, const void *body, uint32_t len,
	const int *fds, unsigned nfds)
{
	return cl->conn ? ipc_send(cl->conn, 0, type, 0, body, len, fds, nfds) : -1;
}

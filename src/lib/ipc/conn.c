/* conn: one connection: bytes in, whole frames out to the owner, and the queue
 * of what is still to be sent. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ipc_int.h"
#include "log/log.h"

const struct room *ipc_conn_peer(const struct ipc_conn *c)
{
	return c->peer;
}

void *ipc_conn_data(const struct ipc_conn *c)
{
	return c->data;
}

void ipc_conn_set_data(struct ipc_conn *c, void *data)
{
	c->data = data;
}

static void chunk_free(struct ipc_chunk *k)
{
	for (unsigned i = 0; i < k->nfds; i++)
		close(k->fds[i]);
	explicit_bzero(k->bytes, k->len);
	free(k);
}

/* Unsealed secrets pass through here. */
static void in_free(struct ipc_conn *c)
{
	if (c->in)
		explicit_bzero(c->in, c->in_cap);
	free(c->in);
	c->in = NULL;
	c->in_cap = 0;
}

static void conn_free(struct ipc_conn *c)
{
	while (c->out) {
		struct ipc_chunk *k = c->out;

		c->out = k->next;
		chunk_free(k);
	}
	for (unsigned i = 0; i < c->nfds; i++)
		close(c->fds[i].fd);
	in_free(c);
	free(c);
}

/* Stops all traffic now; the owner hears of it from the loop, so that no
 * callback runs inside a call of the user. */
static void conn_die(struct ipc_conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	ev_io_stop(c->loop, &c->rd);
	ev_io_stop(c->loop, &c->wr);
	close(c->fd);
	c->fd = -1;
	ev_timer_start(c->loop, &c->end);
}

static void on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct ipc_conn *c = w->data;

	(void)loop;
	(void)revents;
	c->owner->closed(c);
	conn_free(c);
}

static void refuse(struct ipc_conn *c, const char *why)
{
	log_warn("ipc: %s: connection ended: %s", c->peer ? c->peer->name : "?", why);
	conn_die(c);
}

/* ---- receiving ---- */

static int in_reserve(struct ipc_conn *c, size_t want)
{
	size_t cap = c->in_cap ? c->in_cap : IPC_BUFFER_FIRST;
	uint8_t *p;

	if (want <= c->in_cap)
		return 0;
	while (cap < want)
		cap *= 2;
	/* not realloc: the former place must be wiped */
	p = malloc(cap);
	if (!p)
		return -1;
	if (c->in_len)
		memcpy(p, c->in, c->in_len);
	in_free(c);
	c->in = p;
	c->in_cap = cap;
	return 0;
}

/* A frame is sent by calls of its own, and the kernel ends a read after the
 * piece that carried descriptors.  So those of one read belong to the frame
 * that holds the last byte of that read: at most one frame's, never shared. */
static void claim_fds(struct ipc_conn *c, struct ipc_msg *msg, size_t start, size_t end)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->nfds; i++) {
		struct ipc_pending p = c->fds[i];

		if (p.at <= start || p.at > end)
			c->fds[kept++] = p;
		else if (msg->nfds < IPC_FDS_MAX)
			msg->fds[msg->nfds++] = p.fd;
		else
			close(p.fd);
	}
	c->nfds = kept;
}

static void deliver(struct ipc_conn *c, const struct ipc_header *h, size_t start)
{
	struct ipc_msg msg = { .type = h->type, .flags = h->flags, .seq = h->seq, .len = h->len };
	uint8_t *body = c->in + start + IPC_HEADER;
	uint8_t after = body[h->len];

	msg.body = body;
	claim_fds(c, &msg, start, start + IPC_HEADER + h->len);
	/* the byte behind may be the next frame's: lent for the callback */
	body[h->len] = 0;
	c->owner->message(c, &msg);
	body[h->len] = after;
	for (unsigned i = 0; i < msg.nfds; i++)
		if (msg.fds[i] >= 0)
			close(msg.fds[i]);
}

/* Forgets the first n bytes. */
static void consume(struct ipc_conn *c, size_t n)
{
	if (n == 0)
		return;
	memmove(c->in, c->in + n, c->in_len - n);
	c->in_len -= n;
	explicit_bzero(c->in + c->in_len, n);
	for (unsigned i = 0; i < c->nfds; i++)
		c->fds[i].at -= n;
}

/* Hands over every whole frame in the buffer. */
static void drain(struct ipc_conn *c)
{
	size_t at = 0;

	while (!c->dead && !c->closing && c->in_len - at >= IPC_HEADER) {
		struct ipc_header h;

		if (ipc_header_get(&h, c->in + at) < 0) {
			refuse(c, "malformed frame");
			return;
		}
		if (c->in_len - at - IPC_HEADER < h.len) {
			consume(c, at);
			if (in_reserve(c, IPC_HEADER + (size_t)h.len + 1) < 0)
				refuse(c, "out of memory");
			return;
		}
		deliver(c, &h, at);
		at += IPC_HEADER + h.len;
	}
	consume(c, at);
	if (c->in_len == 0 && c->in_cap > 16 * IPC_BUFFER_FIRST)
		in_free(c);
}

static void collect_fds(struct ipc_conn *c, struct msghdr *m)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof fd, sizeof fd);
			if (c->nfds < IPC_FDS_PENDING)
				c->fds[c->nfds++] = (struct ipc_pending){ fd, c->in_len };
			else
				close(fd);
		}
	}
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct ipc_conn *c = w->data;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control };
	ssize_t n;

	(void)loop;
	(void)revents;
	/* one byte stays free for the terminator of the last body */
	if (in_reserve(c, c->in_len + IPC_HEADER + 1) < 0) {
		refuse(c, "out of memory");
		return;
	}
	iov.iov_base = c->in + c->in_len;
	iov.iov_len = c->in_cap - c->in_len - 1;
	n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		conn_die(c);
		return;
	}
	c->in_len += (size_t)n;
	collect_fds(c, &m);
	if (n == 0) {
		conn_die(c);
		return;
	}
	if (m.msg_flags & MSG_CTRUNC) {
		refuse(c, "too many descriptors");
		return;
	}
	drain(c);
}

/* ---- sending ---- */

/* 1 = all of it is gone, 0 = the socket is full, -1 = the connection is. */
static int chunk_send(struct ipc_conn *c, struct ipc_chunk *k)
{
	while (k->sent < k->len) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
		struct iovec iov = { k->bytes + k->sent, k->len - k->sent };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (k->nfds) {
			struct cmsghdr *cm;

			memset(control, 0, sizeof control);
			m.msg_control = control;
			m.msg_controllen = CMSG_SPACE(sizeof(int) * k->nfds);
			cm = CMSG_FIRSTHDR(&m);
			cm->cmsg_level = SOL_SOCKET;
			cm->cmsg_type = SCM_RIGHTS;
			cm->cmsg_len = CMSG_LEN(sizeof(int) * k->nfds);
			memcpy(CMSG_DATA(cm), k->fds, sizeof(int) * k->nfds);
		}
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -1;
		}
		for (unsigned i = 0; i < k->nfds; i++)
			close(k->fds[i]);
		k->nfds = 0;
		k->sent += (size_t)n;
	}
	return 1;
}

static void flush(struct ipc_conn *c)
{
	while (c->out) {
		struct ipc_chunk *k = c->out;
		int r = chunk_send(c, k);

		if (r < 0) {
			conn_die(c);
			return;
		}
		if (r == 0) {
			ev_io_start(c->loop, &c->wr);
			return;
		}
		c->out = k->next;
		if (!c->out)
			c->out_tail = &c->out;
		c->out_bytes -= k->len;
		chunk_free(k);
	}
	ev_io_stop(c->loop, &c->wr);
	if (c->closing)
		conn_die(c);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	flush(w->data);
}

static struct ipc_chunk *chunk_new(const struct ipc_header *h, const void *body,
	const int *fds, unsigned nfds)
{
	struct ipc_chunk *k = malloc(sizeof *k + IPC_HEADER + h->len);

	if (!k)
		return NULL;
	k->next = NULL;
	k->sent = 0;
	k->len = IPC_HEADER + h->len;
	k->nfds = 0;
	ipc_header_put(k->bytes, h);
	if (h->len)
		memcpy(k->bytes + IPC_HEADER, body, h->len);
	for (unsigned i = 0; i < nfds; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd < 0) {
			chunk_free(k);
			return NULL;
		}
		k->fds[k->nfds++] = fd;
	}
	return k;
}

int ipc_send(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq,
	const void *body, uint32_t len, const int *fds, unsigned nfds)
{
	struct ipc_header h = { IPC_VERSION, flags, type, seq, len };
	struct ipc_chunk *k;

	if (c->dead || c->closing)
		return -1;
	if (len > IPC_BODY_MAX || nfds > IPC_FDS_MAX)
		log_bug("ipc_send: body or descriptors over the limit");
	if (c->out_bytes + len > IPC_QUEUE_MAX) {
		refuse(c, "it does not read");
		return -1;
	}
	k = chunk_new(&h, body, fds, nfds);
	if (!k) {
		refuse(c, "out of memory or descriptors");
		return -1;
	}
	*c->out_tail = k;
	c->out_tail = &k->next;
	c->out_bytes += k->len;
	if (c->out == k)
		flush(c);
	return c->dead ? -1 : 0;
}

void ipc_conn_close(struct ipc_conn *c, bool now)
{
	if (c->dead)
		return;
	c->closing = true;
	ev_io_stop(c->loop, &c->rd);
	if (now || !c->out)
		conn_die(c);
}

struct ipc_conn *ipc_conn_new(struct ev_loop *loop, int fd, const struct room *peer,
	const struct ipc_owner *owner, void *owner_data)
{
	struct ipc_conn *c = calloc(1, sizeof *c);

	if (!c) {
		close(fd);
		return NULL;
	}
	c->loop = loop;
	c->fd = fd;
	c->peer = peer;
	c->owner = owner;
	c->owner_data = owner_data;
	c->out_tail = &c->out;
	ev_io_init(&c->rd, on_readable, fd, EV_READ);
	ev_io_init(&c->wr, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->end, on_end, 0., 0.);
	c->rd.data = c->wr.data = c->end.data = c;
	ev_io_start(loop, &c->rd);
	return c;
}

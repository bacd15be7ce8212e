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

/* Secrets pass through both buffers: what they held is wiped. */
static void buffer_free(uint8_t **p, size_t *cap)
{
	if (*p)
		explicit_bzero(*p, *cap);
	free(*p);
	*p = NULL;
	*cap = 0;
}

/* Makes a buffer that holds len bytes want bytes large: not by realloc, for the former place must be wiped. */
static int buffer_reserve(uint8_t **p, size_t *cap, size_t len, size_t want)
{
	size_t size = *cap ? *cap : IPC_BUFFER_FIRST;
	uint8_t *larger;

	if (want <= *cap)
		return 0;
	while (size < want)
		size *= 2;
	larger = malloc(size);
	if (!larger)
		return -1;
	if (len)
		memcpy(larger, *p, len);
	buffer_free(p, cap);
	*p = larger;
	*cap = size;
	return 0;
}

static void parcel_free(struct ipc_parcel *k)
{
	for (unsigned i = 0; i < k->nfds; i++)
		close(k->fds[i]);
	free(k);
}

static void conn_free(struct ipc_conn *c)
{
	while (c->parcels) {
		struct ipc_parcel *k = c->parcels;

		c->parcels = k->next;
		parcel_free(k);
	}
	for (unsigned i = 0; i < c->nfds; i++)
		close(c->fds[i].fd);
	buffer_free(&c->in, &c->in_cap);
	buffer_free(&c->out, &c->out_cap);
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
	ev_prepare_stop(c->loop, &c->send);
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

/* A frame with descriptors is sent by a call of its own, and the kernel ends a read
 * after the piece that carried descriptors.  So those of one read belong to the frame
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
			if (buffer_reserve(&c->in, &c->in_cap, c->in_len, IPC_HEADER + (size_t)h.len + 1) < 0)
				refuse(c, "out of memory");
			return;
		}
		deliver(c, &h, at);
		at += IPC_HEADER + h.len;
	}
	consume(c, at);
	if (c->in_len == 0 && c->in_cap > IPC_BUFFER_KEPT)
		buffer_free(&c->in, &c->in_cap);
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
	if (buffer_reserve(&c->in, &c->in_cap, c->in_len, c->in_len + IPC_HEADER + 1) < 0) {
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

/* The bytes that may leave in one call: up to the next frame with descriptors, or that frame. */
static size_t piece(const struct ipc_conn *c, const struct ipc_parcel *k)
{
	if (!k)
		return c->out_len - c->out_at;
	return (k->at > c->out_at ? k->at : k->end) - c->out_at;
}

static void control_set(struct msghdr *m, char *control, size_t size, const struct ipc_parcel *k)
{
	struct cmsghdr *cm;

	memset(control, 0, size);
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(sizeof(int) * k->nfds);
	cm = CMSG_FIRSTHDR(m);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int) * k->nfds);
	memcpy(CMSG_DATA(cm), k->fds, sizeof(int) * k->nfds);
}

static void parcel_gone(struct ipc_conn *c)
{
	struct ipc_parcel *k = c->parcels;

	c->parcels = k->next;
	if (!c->parcels)
		c->parcels_last = &c->parcels;
	parcel_free(k);
}

/* 1 = some bytes have left, 0 = the socket is full, -1 = the connection is gone. */
static int send_some(struct ipc_conn *c)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	struct ipc_parcel *k = c->parcels;
	struct iovec iov = { c->out + c->out_at, piece(c, k) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool with = k && k->at == c->out_at;
	ssize_t n;

	if (with)
		control_set(&m, control, sizeof control, k);
	do
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	/* what is left of that frame leaves like any other byte */
	if (with)
		parcel_gone(c);
	c->out_at += (size_t)n;
	return 1;
}

static void flush(struct ipc_conn *c)
{
	int r = 1;

	ev_prepare_stop(c->loop, &c->send);
	while (r > 0 && c->out_at < c->out_len)
		r = send_some(c);
	if (r < 0) {
		conn_die(c);
		return;
	}
	if (r == 0) {
		ev_io_start(c->loop, &c->wr);
		return;
	}
	ev_io_stop(c->loop, &c->wr);
	if (c->out_cap > IPC_BUFFER_KEPT)
		buffer_free(&c->out, &c->out_cap);
	else if (c->out)
		explicit_bzero(c->out, c->out_len);
	c->out_at = c->out_len = 0;
	if (c->closing)
		conn_die(c);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	flush(w->data);
}

/* The loop is about to wait: what was queued in this round leaves in one piece. */
static void on_round_over(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	flush(w->data);
}

/* Room for a frame behind what waits; what has been sent makes place first. */
static int out_reserve(struct ipc_conn *c, size_t bytes)
{
	if (c->out_at > 0 && c->out_len + bytes > c->out_cap) {
		memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
		explicit_bzero(c->out + c->out_len - c->out_at, c->out_at);
		for (struct ipc_parcel *k = c->parcels; k; k = k->next) {
			k->at -= c->out_at;
			k->end -= c->out_at;
		}
		c->out_len -= c->out_at;
		c->out_at = 0;
	}
	return buffer_reserve(&c->out, &c->out_cap, c->out_len, c->out_len + bytes);
}

static int parcel_add(struct ipc_conn *c, size_t bytes, const int *fds, unsigned nfds)
{
	struct ipc_parcel *k = calloc(1, sizeof *k);

	if (!k)
		return -1;
	k->at = c->out_len;
	k->end = c->out_len + bytes;
	for (; k->nfds < nfds; k->nfds++) {
		k->fds[k->nfds] = fcntl(fds[k->nfds], F_DUPFD_CLOEXEC, 0);
		if (k->fds[k->nfds] < 0) {
			parcel_free(k);
			return -1;
		}
	}
	*c->parcels_last = k;
	c->parcels_last = &k->next;
	return 0;
}

static void append(struct ipc_conn *c, const void *bytes, size_t len)
{
	if (len)
		memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
}

int ipc_send2(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq, const void *head, uint32_t head_len,
	const void *body, uint32_t len, const int *fds, unsigned nfds)
{
	struct ipc_header h = { IPC_VERSION, flags, type, seq, head_len + len };
	uint8_t header[IPC_HEADER];
	size_t bytes = IPC_HEADER + (size_t)h.len;

	if (c->dead || c->closing)
		return -1;
	if (head_len > IPC_BODY_MAX || len > IPC_BODY_MAX - head_len || nfds > IPC_FDS_MAX)
		log_bug("ipc_send: body or descriptors over the limit");
	if (c->out_len - c->out_at + bytes > IPC_QUEUE_MAX) {
		refuse(c, "it does not read");
		return -1;
	}
	if (out_reserve(c, bytes) < 0 || (nfds && parcel_add(c, bytes, fds, nfds) < 0)) {
		refuse(c, "out of memory or descriptors");
		return -1;
	}
	ipc_header_put(header, &h);
	append(c, header, sizeof header);
	append(c, head, head_len);
	append(c, body, len);
	if (ev_is_active(&c->wr))
		return 0;
	if (c->out_len - c->out_at >= IPC_BUFFER_KEPT)
		flush(c);
	else
		ev_prepare_start(c->loop, &c->send);
	return c->dead ? -1 : 0;
}

int ipc_send(struct ipc_conn *c, uint8_t flags, uint16_t type, uint32_t seq,
	const void *body, uint32_t len, const int *fds, unsigned nfds)
{
	return ipc_send2(c, flags, type, seq, NULL, 0, body, len, fds, nfds);
}

void ipc_conn_close(struct ipc_conn *c, bool now)
{
	if (c->dead)
		return;
	c->closing = true;
	ev_io_stop(c->loop, &c->rd);
	if (now || c->out_at == c->out_len)
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
	c->parcels_last = &c->parcels;
	ev_io_init(&c->rd, on_readable, fd, EV_READ);
	ev_io_init(&c->wr, on_writable, fd, EV_WRITE);
	ev_prepare_init(&c->send, on_round_over);
	ev_timer_init(&c->end, on_end, 0., 0.);
	c->rd.data = c->wr.data = c->send.data = c->end.data = c;
	ev_io_start(loop, &c->rd);
	return c;
}

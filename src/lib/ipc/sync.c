/* sync: one request and its reply for a thread that may wait. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc/ipc_int.h"

/* Pause between attempts to connect, milliseconds. */
#define SYNC_PAUSE 20

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static int left_ms(long end)
{
	long left = end - now_ms();

	return left > 0 ? (int)left : 0;
}

void ipc_sync_close(struct ipc_sync *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static int wait_for(int fd, short events, long end)
{
	for (;;) {
		struct pollfd p = { fd, events, 0 };
		int r = poll(&p, 1, left_ms(end));

		if (r > 0)
			return 0;
		if (r == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (errno != EINTR)
			return -1;
	}
}

static int sync_connect(struct ipc_sync *s, long end)
{
	const struct room *to = room_by_id(s->to);
	struct sockaddr_un sun;

	ipc_address(&sun, to->name);
	for (;;) {
		s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (s->fd < 0)
			return -1;
		if (connect(s->fd, (struct sockaddr *)&sun, sizeof sun) == 0)
			return 0;
		ipc_sync_close(s);
		if (left_ms(end) <= SYNC_PAUSE) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(NULL, 0, SYNC_PAUSE);
	}
}

static int send_all(int fd, const uint8_t *p, size_t len, long end)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait_for(fd, POLLOUT, end) < 0)
				return -1;
			continue;
		}
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int recv_all(int fd, uint8_t *p, size_t len, long end)
{
	while (len) {
		ssize_t n = recv(fd, p, len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait_for(fd, POLLIN, end) < 0)
				return -1;
			continue;
		}
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int recv_skip(int fd, size_t len, long end)
{
	uint8_t sink[256];

	while (len) {
		size_t n = len < sizeof sink ? len : sizeof sink;

		if (recv_all(fd, sink, n, end) < 0)
			return -1;
		len -= n;
	}
	explicit_bzero(sink, sizeof sink);
	return 0;
}

/* Reads frames until the reply to seq; notices in between are passed over. */
static int sync_reply(struct ipc_sync *s, uint16_t type, uint8_t *reply, uint32_t *reply_len, long end)
{
	for (;;) {
		uint8_t raw[IPC_HEADER];
		struct ipc_header h;

		if (recv_all(s->fd, raw, sizeof raw, end) < 0)
			return -1;
		if (ipc_header_get(&h, raw) < 0) {
			errno = EPROTO;
			return -1;
		}
		if (!(h.flags & IPC_REPLY)) {
			if (recv_skip(s->fd, h.len, end) < 0)
				return -1;
			continue;
		}
		if (h.seq != s->seq || h.type != type) {
			errno = EPROTO;
			return -1;
		}
		if (h.len > *reply_len) {
			errno = EMSGSIZE;
			return -1;
		}
		if (recv_all(s->fd, reply, h.len, end) < 0)
			return -1;
		*reply_len = h.len;
		return h.flags & IPC_ERROR ? 1 : 0;
	}
}

static int sync_once(struct ipc_sync *s, uint16_t type, const void *body, uint32_t len,
	void *reply, uint32_t *reply_len, long end)
{
	struct ipc_header h = { IPC_VERSION, 0, type, 0, len };
	uint8_t raw[IPC_HEADER];

	if (s->fd < 0 && sync_connect(s, end) < 0)
		return -1;
	if (++s->seq == 0)
		s->seq = 1;
	h.seq = s->seq;
	ipc_header_put(raw, &h);
	if (send_all(s->fd, raw, sizeof raw, end) < 0 || send_all(s->fd, body, len, end) < 0)
		return -1;
	return sync_reply(s, type, reply, reply_len, end);
}

int ipc_sync_call(struct ipc_sync *s, uint16_t type, const void *body, uint32_t len,
	void *reply, uint32_t *reply_len, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	bool kept = s->fd >= 0;
	int rc = sync_once(s, type, body, len, reply, reply_len, end);

	/* a kept connection may be to an instance that is gone: once more on a new one */
	if (rc < 0 && kept && (errno == EPIPE || errno == ECONNRESET)) {
		ipc_sync_close(s);
		rc = sync_once(s, type, body, len, reply, reply_len, end);
	}
	if (rc < 0) {
		int e = errno;

		ipc_sync_close(s);
		errno = e;
		return -1;
	}
	if (rc > 0) {
		errno = EREMOTEIO;
		return -1;
	}
	return 0;
}

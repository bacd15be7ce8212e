/* netlink: sockets, requests and their answers. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "netlink/netlink_int.h"

int netlink_socket(int protocol, uint32_t groups, bool nonblocking)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK, .nl_groups = groups };
	struct timeval patience = { .tv_sec = NETLINK_TIMEOUT };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), protocol);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&self, sizeof self) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int netlink_open(struct netlink *nl)
{
	nl->seq = 0;
	nl->fd = netlink_socket(NETLINK_ROUTE, 0, false);
	return nl->fd < 0 ? -1 : 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

/* What the answers to one request have brought so far. */
struct answer {
	uint32_t seq;
	bool done;
	int error;
	void (*each)(const void *msg, size_t len, void *arg);
	void *arg;
};

static void answer_one(const void *msg, size_t len, void *arg)
{
	struct answer *a = arg;
	struct nlmsghdr h;
	int error = 0;

	memcpy(&h, msg, sizeof h);
	if (a->done || h.nlmsg_seq != a->seq)
		return;
	if (h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_DONE) {
		/* both begin with an error number, 0 = well */
		if (len >= NLMSG_HDRLEN + sizeof error)
			memcpy(&error, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof error);
		a->error = -error;
		a->done = true;
	} else if (h.nlmsg_flags & NLM_F_DUMP_INTR) {
		a->error = EINTR;
	} else if (a->each) {
		a->each(msg, len, a->arg);
	}
}

/* 1 = read something, 0 = a message of somebody else, -1 with errno */
static int read_some(int fd, uint8_t *buf, size_t size, size_t *len)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(fd, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (m.msg_flags & MSG_TRUNC) {
		errno = EMSGSIZE;
		return -1;
	}
	*len = (size_t)n;
	return from.nl_pid == 0 && m.msg_namelen == sizeof from;
}

/* Throws away what an earlier request that ran out of time has left. */
static void flush(int fd)
{
	uint8_t scrap[64];

	while (recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) >= 0)
		;
}

int netlink_ask(struct netlink *nl, struct netlink_request *r,
	void (*each)(const void *msg, size_t len, void *arg), void *arg)
{
	static _Alignas(4) uint8_t buf[NETLINK_READ_MAX];
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct answer a = { .seq = ++nl->seq, .each = each, .arg = arg };
	struct nlmsghdr h;
	size_t len;
	int got;

	memcpy(&h, r->bytes, sizeof h);
	h.nlmsg_seq = a.seq;
	/* NLM_F_REPLACE is one of the two bits of NLM_F_DUMP */
	if ((h.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		h.nlmsg_flags |= NLM_F_ACK;
	memcpy(r->bytes, &h, sizeof h);
	flush(nl->fd);
	if (sendto(nl->fd, r->bytes, h.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -1;
	while (!a.done) {
		got = read_some(nl->fd, buf, sizeof buf, &len);
		if (got < 0)
			return -1;
		if (got)
			netlink_each(buf, len, answer_one, &a);
	}
	errno = a.error;
	return a.error ? -1 : 0;
}

/* fwd: requests to nf_tables. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kernel.h"
#include "log/log.h"

/* The kernel's answers to a batch: an error for each message at worst. */
#define RECEIVE (1u << 20)
/* The largest batch of one send. */
#define SEND (32u << 20)
#define READ 65536
#define PATIENCE 5	/* seconds: the kernel answers at once or never */

static int fd = -1;
static uint32_t port, sequence = 1;

static int open_socket(uint32_t groups, int flags)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_NETFILTER), receive = RECEIVE, send_room = SEND;

	if (s < 0)
		return -1;
	if (setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &send_room, sizeof send_room) < 0 ||
			setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof receive) < 0 ||
			bind(s, (struct sockaddr *)&a, sizeof a) < 0) {
		close(s);
		return -1;
	}
	return s;
}

int kernel_open(void)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_nl a;
	socklen_t n = sizeof a;

	fd = open_socket(0, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
			getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return -1;
	port = a.nl_pid;
	return 0;
}

uint32_t kernel_port(void)
{
	return port;
}

/* Sends and calls f for each message of the answers until the one with seq is acknowledged or its dump has ended. */
static int ask(const void *request, size_t len, uint32_t seq, void (*f)(const struct nlmsghdr *, void *), void *arg)
{
	static char buf[READ] __attribute__((aligned(8)));
	ssize_t n;

	if (send(fd, request, len, 0) < 0)
		return -1;
	for (;;) {
		n = recv(fd, buf, sizeof buf, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		size_t left = (size_t)n, step;
		struct nlmsghdr *h = (void *)buf;

		for (; left >= sizeof *h && h->nlmsg_len >= sizeof *h && h->nlmsg_len <= left; h = (void *)((char *)h + step), left -= step) {
			step = NLMSG_ALIGN(h->nlmsg_len) < left ? NLMSG_ALIGN(h->nlmsg_len) : left;
			if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
				int error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;

				if (error == 0 && h->nlmsg_seq != seq)
					continue;
				errno = -error;
				return error ? -1 : 0;
			}
			if (h->nlmsg_seq != seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (f)
				f(h, arg);
		}
	}
}

/* What an earlier request left, a second error of a batch for instance, is no answer to the next. */
static void forget_answers(void)
{
	char buf[256];

	while (recv(fd, buf, sizeof buf, MSG_DONTWAIT) >= 0)
		;
}

int kernel_apply(const struct batch *b)
{
	int rc, saved;

	forget_answers();
	rc = ask(b->bytes, b->len, b->seq, NULL, NULL);
	saved = errno;
	forget_answers();
	errno = saved;
	return rc;
}

/* Everything of one type; of rules, sets and chains those of our table. */
static int dump(uint16_t type, void (*f)(const struct nlmsghdr *, void *), void *arg)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(buf, type, type == NFT_MSG_GETTABLE ? NFPROTO_UNSPEC : NFPROTO_INET, NLM_F_DUMP,
		++sequence | 1u << 31);

	if (type == NFT_MSG_GETRULE || type == NFT_MSG_GETSET)
		mnl_attr_put_strz(h, 1, NFT_TABLE);	/* NFTA_RULE_TABLE, NFTA_SET_TABLE */
	forget_answers();
	return ask(h, h->nlmsg_len, h->nlmsg_seq, f, arg);
}

static void on_table(const struct nlmsghdr *h, void *arg)
{
	kernel_parse_table(h, h->nlmsg_len, arg);
}

int kernel_list_tables(struct kernel_tables *t)
{
	memset(t, 0, sizeof *t);
	return dump(NFT_MSG_GETTABLE, on_table, t);
}

struct counters {
	struct kernel_counter *list;
	int count;
};

static void on_rule(const struct nlmsghdr *h, void *arg)
{
	struct counters *c = arg;

	if (c->count < KERNEL_COUNTERS && kernel_parse_rule(h, h->nlmsg_len, &c->list[c->count]))
		c->count++;
}

int kernel_list_counters(struct kernel_counter out[KERNEL_COUNTERS])
{
	struct counters c = { out, 0 };

	return dump(NFT_MSG_GETRULE, on_rule, &c) < 0 ? -1 : c.count;
}

/* ---- replacing ---- */

static void on_set(const struct nlmsghdr *h, void *arg)
{
	kernel_parse_set(h, h->nlmsg_len, arg);
}

static void on_chain(const struct nlmsghdr *h, void *arg)
{
	kernel_parse_chain(h, h->nlmsg_len, arg);
}

static int list_old(struct batch_old *old)
{
	struct kernel_tables t;

	memset(old, 0, sizeof *old);
	if (kernel_list_tables(&t) < 0)
		return -1;
	old->table = t.ours;
	if (!t.ours)
		return 0;
	return dump(NFT_MSG_GETSET, on_set, old) < 0 || dump(NFT_MSG_GETCHAIN, on_chain, old) < 0 ? -1 : 0;
}

int kernel_replace(const struct nft_ruleset *r)
{
	static struct batch_old old;
	struct batch b = BATCH_ZERO;
	int rc = -1;

	/* somebody may have changed it between the look and the change */
	for (int i = 0; i < 3 && rc < 0; i++) {
		if (list_old(&old) < 0)
			return -1;
		batch_ruleset(&b, r, &old);
		rc = kernel_apply(&b);
	}
	if (rc < 0) {	/* what is there cannot be changed into what shall be: all of it anew */
		batch_ruleset(&b, r, NULL);
		rc = kernel_apply(&b);
	}
	batch_free(&b);
	return rc;
}

int kernel_watch_open(void)
{
	return open_socket(1u << (NFNLGRP_NFTABLES - 1), SOCK_NONBLOCK);
}

/*
 * fwd: what nf_tables says, read with every length checked: rules that count, names of tables, notices of changes.
 * libnftnl builds; it does not read here, so that nothing of the kernel's answers passes through more than this.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel.h"
#include "netlink/netlink_int.h"

static void copy_text(char *out, size_t size, const struct netlink_attr *a)
{
	size_t n = strnlen((const char *)a->data, a->len);

	if (n >= size)
		n = size - 1;
	memcpy(out, a->data, n);
	out[n] = 0;
}

static uint64_t big64(const struct netlink_attr *a)
{
	uint64_t n = 0;

	for (size_t i = 0; a->len == 8 && i < 8; i++)
		n = n << 8 | a->data[i];
	return n;
}

static bool body(const void *msg, uint32_t len, unsigned type, struct nfgenmsg *g, struct netlink_attrs *attrs)
{
	return netlink_body(msg, len, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), g, sizeof *g, attrs);
}

/* ---- rules ---- */

static bool read_counter(const struct netlink_attr *data, struct kernel_counter *c)
{
	struct netlink_attrs attrs = netlink_attr_nest(data);
	struct netlink_attr a;

	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == NFTA_COUNTER_PACKETS)
			c->packets = big64(&a);
		else if (a.type == NFTA_COUNTER_BYTES)
			c->bytes = big64(&a);
	}
	return true;
}

/* One expression; true when it counts. */
static bool read_expression(const struct netlink_attr *element, struct kernel_counter *c)
{
	struct netlink_attrs attrs = netlink_attr_nest(element);
	struct netlink_attr a;
	bool counter = false;

	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == NFTA_EXPR_NAME)
			counter = netlink_attr_is(&a, "counter");
		else if (a.type == NFTA_EXPR_DATA && counter)
			return read_counter(&a, c);
	}
	return false;
}

static bool read_expressions(const struct netlink_attr *list, struct kernel_counter *c)
{
	struct netlink_attrs attrs = netlink_attr_nest(list);
	struct netlink_attr a;
	bool counts = false;

	while (netlink_attr_next(&attrs, &a))
		counts |= a.type == NFTA_LIST_ELEM && read_expression(&a, c);
	return counts;
}

/* The comment among what nft keeps with a rule: type, length, bytes. */
static void read_comment(const struct netlink_attr *a, struct kernel_counter *c)
{
	for (size_t i = 0; i + 2 <= a->len && i + 2 + a->data[i + 1] <= a->len; i += 2u + a->data[i + 1])
		if (a->data[i] == 0) {
			struct netlink_attr text = { 0, a->data + i + 2, a->data[i + 1] };

			copy_text(c->comment, sizeof c->comment, &text);
		}
}

bool kernel_parse_rule(const void *msg, uint32_t len, struct kernel_counter *c)
{
	struct nfgenmsg g;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	bool ours = false, counts = false;

	if (!body(msg, len, NFT_MSG_NEWRULE, &g, &attrs))
		return false;
	memset(c, 0, sizeof *c);
	while (netlink_attr_next(&attrs, &a)) {
		switch (a.type) {
		case NFTA_RULE_TABLE: ours = netlink_attr_is(&a, NFT_TABLE); break;
		case NFTA_RULE_CHAIN: copy_text(c->chain, sizeof c->chain, &a); break;
		case NFTA_RULE_EXPRESSIONS: counts = read_expressions(&a, c); break;
		case NFTA_RULE_USERDATA: read_comment(&a, c); break;
		}
	}
	return ours && counts && g.nfgen_family == NFPROTO_INET;
}

/* ---- sets and chains ---- */

bool kernel_parse_set(const void *msg, uint32_t len, struct batch_old *old)
{
	struct nfgenmsg g;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	char name[NFT_NAME] = "";
	bool ours = false;

	if (!body(msg, len, NFT_MSG_NEWSET, &g, &attrs))
		return false;
	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == NFTA_SET_TABLE)
			ours = netlink_attr_is(&a, NFT_TABLE);
		else if (a.type == NFTA_SET_NAME)
			copy_text(name, sizeof name, &a);
	}
	/* those without a name of their own go with their rules */
	if (!ours || g.nfgen_family != NFPROTO_INET || !strncmp(name, "__", 2) || !name[0])
		return false;
	if (old->set_count == BATCH_OLD)
		old->more = true;
	else
		memcpy(old->sets[old->set_count++], name, sizeof name);
	return true;
}

static bool stays(const char *name)
{
	return !strcmp(name, "input") || !strcmp(name, "forward") || !strcmp(name, "output");
}

bool kernel_parse_chain(const void *msg, uint32_t len, struct batch_old *old)
{
	struct nfgenmsg g;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	char name[NFT_NAME] = "";
	bool ours = false;

	if (!body(msg, len, NFT_MSG_NEWCHAIN, &g, &attrs))
		return false;
	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == NFTA_CHAIN_TABLE)
			ours = netlink_attr_is(&a, NFT_TABLE);
		else if (a.type == NFTA_CHAIN_NAME)
			copy_text(name, sizeof name, &a);
	}
	if (!ours || g.nfgen_family != NFPROTO_INET || stays(name) || !name[0])
		return false;
	if (old->chain_count == BATCH_OLD)
		old->more = true;
	else
		memcpy(old->chains[old->chain_count++], name, sizeof name);
	return true;
}

/* ---- tables ---- */

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET: return "inet";
	case NFPROTO_IPV4: return "ip";
	case NFPROTO_IPV6: return "ip6";
	case NFPROTO_ARP: return "arp";
	case NFPROTO_BRIDGE: return "bridge";
	case NFPROTO_NETDEV: return "netdev";
	}
	return "?";
}

bool kernel_parse_table(const void *msg, uint32_t len, struct kernel_tables *t)
{
	struct nfgenmsg g;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	char name[KERNEL_TABLE_NAME] = "";

	if (!body(msg, len, NFT_MSG_NEWTABLE, &g, &attrs))
		return false;
	while (netlink_attr_next(&attrs, &a))
		if (a.type == NFTA_TABLE_NAME)
			copy_text(name, sizeof name, &a);
	if (g.nfgen_family == NFPROTO_INET && !strcmp(name, NFT_TABLE)) {
		t->ours = true;
		return true;
	}
	if (t->count < KERNEL_TABLES)
		snprintf(t->names[t->count], KERNEL_TABLE_NAME, "%s %.32s", family_name(g.nfgen_family), name);
	t->count++;
	return true;
}

/* ---- notices ---- */

struct change {
	bool ours, others;	/* whose tables */
	uint32_t port;		/* who made it */
};

/* Every kind of message but that of generations has its table's name in attribute 1. */
static void read_notice(const void *msg, size_t len, void *arg)
{
	const struct nlmsghdr *h = msg;
	struct change *c = arg;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	struct nfgenmsg g;
	bool ours = false;

	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || (h->nlmsg_type & 0xff) == NFT_MSG_NEWGEN ||
			!netlink_body(msg, len, h->nlmsg_type, &g, sizeof g, &attrs))
		return;
	if (h->nlmsg_pid == c->port && h->nlmsg_pid)
		return;
	while (netlink_attr_next(&attrs, &a))
		if (a.type == 1)
			ours = netlink_attr_is(&a, NFT_TABLE) && g.nfgen_family == NFPROTO_INET;
	if (ours)
		c->ours = true;
	else
		c->others = true;
}

void kernel_watch_drain(int fd, bool *ours, bool *others)
{
	static uint8_t buf[NETLINK_READ_MAX] __attribute__((aligned(8)));
	struct change c = { .port = kernel_port() };
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof buf, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			break;
		if (n < 0)	/* notices were lost: anything may have changed */
			c.ours = c.others = true;
		else
			netlink_each(buf, (size_t)n, read_notice, &c);
	}
	*ours = c.ours;
	*others = c.others;
}

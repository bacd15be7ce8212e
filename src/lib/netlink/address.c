/* netlink: addresses. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

/* Linux 5.18; not in the headers of every musl toolchain. */
#define ADDRESS_PROTO 11

static enum addr_family family_of(unsigned af)
{
	return af == AF_INET ? ADDR_V4 : af == AF_INET6 ? ADDR_V6 : ADDR_NONE;
}

static unsigned char af_of(enum addr_family family)
{
	return family == ADDR_V4 ? AF_INET : AF_INET6;
}

static void parse_lifetime(struct netlink_address *out, const struct netlink_attr *a)
{
	struct ifa_cacheinfo c;

	if (a->len < sizeof c)
		return;
	memcpy(&c, a->data, sizeof c);
	out->valid = c.ifa_valid;
}

bool netlink_address_parse(struct netlink_address *out, const void *msg, size_t len)
{
	struct ifaddrmsg h;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	enum addr_family family;
	struct addr address = ADDR_ZERO, local = ADDR_ZERO;
	uint32_t flags;

	memset(out, 0, sizeof *out);
	if (!netlink_body(msg, len, RTM_NEWADDR, &h, sizeof h, &attrs))
		return false;
	family = family_of(h.ifa_family);
	flags = h.ifa_flags;
	out->valid = NETLINK_FOREVER;
	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == IFA_ADDRESS)
			netlink_attr_addr(&a, family, &address);
		else if (a.type == IFA_LOCAL)
			netlink_attr_addr(&a, family, &local);
		else if (a.type == IFA_FLAGS)
			flags = netlink_attr_u32(&a, flags);
		else if (a.type == IFA_CACHEINFO)
			parse_lifetime(out, &a);
		else if (a.type == ADDRESS_PROTO && a.len == 1)
			out->ours = a.data[0] == NETLINK_ADDR_MARK;
	}
	out->index = (int)h.ifa_index;
	/* on a point-to-point link IFA_ADDRESS is the other end */
	out->prefix.addr = local.family != ADDR_NONE ? local : address;
	out->prefix.len = h.ifa_prefixlen;
	out->usable = !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) || (flags & IFA_F_OPTIMISTIC);
	return out->index > 0 && out->prefix.addr.family != ADDR_NONE && h.ifa_prefixlen <= addr_bits(family);
}

struct walk {
	void (*each)(const struct netlink_address *, void *);
	void *arg;
};

static void walk_one(const void *msg, size_t len, void *arg)
{
	const struct walk *w = arg;
	struct netlink_address a;

	if (netlink_address_parse(&a, msg, len))
		w->each(&a, w->arg);
}

int netlink_addresses(struct netlink *nl, void (*each)(const struct netlink_address *, void *), void *arg)
{
	struct ifaddrmsg h = { .ifa_family = AF_UNSPEC };
	struct walk w = { each, arg };
	struct netlink_request r;

	netlink_request_begin(&r, RTM_GETADDR, NLM_F_DUMP, &h, sizeof h);
	return netlink_ask(nl, &r, walk_one, &w);
}

static void begin(struct netlink_request *r, uint16_t type, uint16_t flags, int index, const struct addr_prefix *p)
{
	struct ifaddrmsg h = {
		.ifa_family = af_of(p->addr.family),
		.ifa_prefixlen = (unsigned char)p->len,
		.ifa_index = (unsigned)index
	};

	netlink_request_begin(r, type, flags, &h, sizeof h);
	netlink_request_add_addr(r, IFA_LOCAL, &p->addr);
	netlink_request_add_addr(r, IFA_ADDRESS, &p->addr);
}

int netlink_address_set(struct netlink *nl, int index, const struct addr_prefix *p, uint32_t valid)
{
	struct ifa_cacheinfo life = { .ifa_prefered = valid, .ifa_valid = valid };
	const uint8_t mark = NETLINK_ADDR_MARK;
	struct addr broadcast;
	struct netlink_request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, p);
	if (addr_prefix_broadcast(p, &broadcast))
		netlink_request_add_addr(&r, IFA_BROADCAST, &broadcast);
	netlink_request_add(&r, IFA_CACHEINFO, &life, sizeof life);
	netlink_request_add(&r, ADDRESS_PROTO, &mark, sizeof mark);
	return netlink_ask(nl, &r, NULL, NULL);
}

int netlink_address_drop(struct netlink *nl, int index, const struct addr_prefix *p)
{
	struct netlink_request r;

	begin(&r, RTM_DELADDR, 0, index, p);
	if (netlink_ask(nl, &r, NULL, NULL) == 0 || errno == EADDRNOTAVAIL || errno == ENODEV)
		return 0;
	return -1;
}

/* netlink: links. */
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

/* IFLA_INET6_FLAGS as in the kernel's net/if_inet6.h, which is not exported. */
#define RA_OTHERCONF 0x80
#define RA_MANAGED 0x40

static void parse_info(struct netlink_link *l, const struct netlink_attr *info)
{
	struct netlink_attrs in = netlink_attr_nest(info);
	struct netlink_attr a;

	while (netlink_attr_next(&in, &a))
		if (a.type == IFLA_INFO_KIND && !netlink_attr_is(&a, "veth"))
			l->ethernet = false;
}

static void parse_inet6(struct netlink_link *l, const struct netlink_attr *inet6)
{
	struct netlink_attrs in = netlink_attr_nest(inet6);
	struct netlink_attr a;
	uint32_t flags;

	while (netlink_attr_next(&in, &a)) {
		if (a.type != IFLA_INET6_FLAGS)
			continue;
		flags = netlink_attr_u32(&a, 0);
		l->advice = flags & RA_MANAGED ? NETLINK_ADVICE_MANAGED :
			flags & RA_OTHERCONF ? NETLINK_ADVICE_OTHER : NETLINK_ADVICE_NONE;
	}
}

static void parse_families(struct netlink_link *l, const struct netlink_attr *spec)
{
	struct netlink_attrs in = netlink_attr_nest(spec);
	struct netlink_attr a;

	while (netlink_attr_next(&in, &a))
		if (a.type == AF_INET6)
			parse_inet6(l, &a);
}

static void parse_attr(struct netlink_link *l, const struct netlink_attr *a)
{
	switch (a->type) {
	case IFLA_IFNAME:
		if (a->len <= sizeof l->name && memchr(a->data, 0, a->len))
			strcpy(l->name, (const char *)a->data);
		break;
	case IFLA_ADDRESS:
		if (a->len == sizeof l->mac)
			memcpy(l->mac, a->data, sizeof l->mac);
		break;
	case IFLA_MASTER:
		l->ethernet = false;
		break;
	case IFLA_LINKINFO:
		parse_info(l, a);
		break;
	case IFLA_AF_SPEC:
		parse_families(l, a);
		break;
	}
}

bool netlink_link_parse(struct netlink_link *l, const void *msg, size_t len)
{
	struct ifinfomsg h;
	struct netlink_attrs attrs;
	struct netlink_attr a;

	memset(l, 0, sizeof *l);
	if (!netlink_body(msg, len, RTM_NEWLINK, &h, sizeof h, &attrs))
		return false;
	l->index = h.ifi_index;
	l->loopback = h.ifi_flags & IFF_LOOPBACK;
	l->ethernet = h.ifi_type == ARPHRD_ETHER;
	l->up = h.ifi_flags & IFF_UP;
	l->carrier = h.ifi_flags & IFF_LOWER_UP;
	while (netlink_attr_next(&attrs, &a))
		parse_attr(l, &a);
	if (!strncmp(l->name, NETLINK_INSIDE, sizeof NETLINK_INSIDE - 1))
		l->ethernet = false;
	return l->index > 0 && addr_interface_valid(l->name);
}

struct walk {
	void (*each)(const struct netlink_link *, void *);
	void *arg;
};

static void walk_one(const void *msg, size_t len, void *arg)
{
	const struct walk *w = arg;
	struct netlink_link l;

	if (netlink_link_parse(&l, msg, len))
		w->each(&l, w->arg);
}

int netlink_links(struct netlink *nl, void (*each)(const struct netlink_link *, void *), void *arg)
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC };
	struct walk w = { each, arg };
	struct netlink_request r;

	netlink_request_begin(&r, RTM_GETLINK, NLM_F_DUMP, &h, sizeof h);
	return netlink_ask(nl, &r, walk_one, &w);
}

int netlink_link_up(struct netlink *nl, int index)
{
	struct ifinfomsg h = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_request_begin(&r, RTM_NEWLINK, 0, &h, sizeof h);
	return netlink_ask(nl, &r, NULL, NULL);
}

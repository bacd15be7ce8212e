/* netlink: default routes of the main table. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

static enum netlink_origin origin_of(unsigned protocol)
{
	return protocol == NETLINK_STATIC ? NETLINK_STATIC : protocol == NETLINK_DHCP ? NETLINK_DHCP : NETLINK_FOREIGN;
}

bool netlink_route_parse(struct netlink_route *out, const void *msg, size_t len)
{
	struct rtmsg h;
	struct netlink_attrs attrs;
	struct netlink_attr a;
	uint32_t table;

	memset(out, 0, sizeof *out);
	if (!netlink_body(msg, len, RTM_NEWROUTE, &h, sizeof h, &attrs))
		return false;
	if ((h.rtm_family != AF_INET && h.rtm_family != AF_INET6) || h.rtm_dst_len != 0 ||
	    h.rtm_type != RTN_UNICAST || (h.rtm_flags & RTM_F_CLONED))
		return false;
	table = h.rtm_table;
	while (netlink_attr_next(&attrs, &a)) {
		if (a.type == RTA_OIF)
			out->index = (int)netlink_attr_u32(&a, 0);
		else if (a.type == RTA_PRIORITY)
			out->metric = netlink_attr_u32(&a, 0);
		else if (a.type == RTA_TABLE)
			table = netlink_attr_u32(&a, table);
		else if (a.type == RTA_GATEWAY)
			netlink_attr_addr(&a, h.rtm_family == AF_INET ? ADDR_V4 : ADDR_V6, &out->gateway);
	}
	out->origin = origin_of(h.rtm_protocol);
	return table == RT_TABLE_MAIN && out->index > 0 && out->gateway.family != ADDR_NONE;
}

struct walk {
	void (*each)(const struct netlink_route *, void *);
	void *arg;
};

static void walk_one(const void *msg, size_t len, void *arg)
{
	const struct walk *w = arg;
	struct netlink_route r;

	if (netlink_route_parse(&r, msg, len))
		w->each(&r, w->arg);
}

int netlink_routes(struct netlink *nl, void (*each)(const struct netlink_route *, void *), void *arg)
{
	struct rtmsg h = { .rtm_family = AF_UNSPEC, .rtm_table = RT_TABLE_MAIN };
	struct walk w = { each, arg };
	struct netlink_request r;

	netlink_request_begin(&r, RTM_GETROUTE, NLM_F_DUMP, &h, sizeof h);
	return netlink_ask(nl, &r, walk_one, &w);
}

static void begin(struct netlink_request *q, uint16_t type, uint16_t flags, const struct netlink_route *r, bool onlink)
{
	struct rtmsg h = {
		.rtm_family = r->gateway.family == ADDR_V4 ? AF_INET : AF_INET6,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = (unsigned char)r->origin,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = onlink ? RTNH_F_ONLINK : 0
	};
	uint32_t index = (uint32_t)r->index;

	netlink_request_begin(q, type, flags, &h, sizeof h);
	netlink_request_add_addr(q, RTA_GATEWAY, &r->gateway);
	netlink_request_add(q, RTA_OIF, &index, sizeof index);
	netlink_request_add(q, RTA_PRIORITY, &r->metric, sizeof r->metric);
}

int netlink_route_set(struct netlink *nl, const struct netlink_route *r, bool onlink)
{
	struct netlink_request q;

	begin(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, r, onlink);
	return netlink_ask(nl, &q, NULL, NULL);
}

int netlink_route_drop(struct netlink *nl, const struct netlink_route *r)
{
	struct netlink_request q;

	begin(&q, RTM_DELROUTE, 0, r, false);
	if (netlink_ask(nl, &q, NULL, NULL) == 0 || errno == ESRCH || errno == ENODEV)
		return 0;
	return -1;
}

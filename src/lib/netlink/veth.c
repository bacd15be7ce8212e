/* netlink: pairs of virtual cards, for the machines inside the appliance. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

/* Attributes inside an attribute. */
struct nest {
	uint8_t bytes[128];
	size_t len;
};

static void nest_add(struct nest *n, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memcpy(n->bytes + n->len, &a, sizeof a);
	memcpy(n->bytes + n->len + NLA_HDRLEN, data, len);
	n->len += NLA_HDRLEN + NLA_ALIGN(len);
}

int netlink_veth_add(struct netlink *nl, const char *name, const char *peer, uint32_t pid, const uint8_t mac[6])
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC };
	struct nest inner = { .len = NLMSG_ALIGN(sizeof h) }, data = { .len = 0 }, info = { .len = 0 };
	struct netlink_request r;

	if (strlen(name) >= NETLINK_NAME_MAX || strlen(peer) >= NETLINK_NAME_MAX) {
		errno = EINVAL;
		return -1;
	}
	/* The other end begins with a header of its own. */
	nest_add(&inner, IFLA_IFNAME, peer, strlen(peer) + 1);
	nest_add(&inner, IFLA_NET_NS_PID, &pid, sizeof pid);
	nest_add(&inner, IFLA_ADDRESS, mac, 6);
	nest_add(&data, VETH_INFO_PEER, inner.bytes, inner.len);
	nest_add(&info, IFLA_INFO_KIND, "veth", 5);
	nest_add(&info, IFLA_INFO_DATA, data.bytes, data.len);
	netlink_request_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &h, sizeof h);
	netlink_request_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_request_add(&r, IFLA_LINKINFO, info.bytes, info.len);
	return netlink_ask(nl, &r, NULL, NULL);
}

int netlink_link_drop(struct netlink *nl, const char *name)
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_request_begin(&r, RTM_DELLINK, 0, &h, sizeof h);
	netlink_request_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (netlink_ask(nl, &r, NULL, NULL) == 0 || errno == ENODEV)
		return 0;
	return -1;
}

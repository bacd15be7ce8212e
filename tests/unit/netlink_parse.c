/* netlink: messages of the kernel, whole, cut and bent. */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static size_t length(const struct netlink_request *r)
{
	struct nlmsghdr h;

	memcpy(&h, r->bytes, sizeof h);
	return h.nlmsg_len;
}

static void make_link(struct netlink_request *r)
{
	struct ifinfomsg h = { .ifi_type = 1, .ifi_index = 2, .ifi_flags = 1 };
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	netlink_request_begin(r, RTM_NEWLINK, 0, &h, sizeof h);
	netlink_request_add(r, IFLA_IFNAME, "eth0", 5);
	netlink_request_add(r, IFLA_ADDRESS, mac, sizeof mac);
}

static void make_address(struct netlink_request *r)
{
	struct ifaddrmsg h = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2 };
	struct ifa_cacheinfo life = { .ifa_valid = 77 };
	uint8_t ip[4] = { 10, 0, 0, 5 }, mark = NETLINK_ADDR_MARK;

	netlink_request_begin(r, RTM_NEWADDR, 0, &h, sizeof h);
	netlink_request_add(r, IFA_LOCAL, ip, 4);
	netlink_request_add(r, IFA_CACHEINFO, &life, sizeof life);
	netlink_request_add(r, 11, &mark, 1);
}

static void make_route(struct netlink_request *r)
{
	struct rtmsg h = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST, .rtm_protocol = 16 };
	uint8_t ip[4] = { 10, 0, 0, 1 };
	uint32_t index = 2, metric = 100;

	netlink_request_begin(r, RTM_NEWROUTE, 0, &h, sizeof h);
	netlink_request_add(r, RTA_GATEWAY, ip, 4);
	netlink_request_add(r, RTA_OIF, &index, 4);
	netlink_request_add(r, RTA_PRIORITY, &metric, 4);
}

static void check_whole(void)
{
	struct netlink_request r;
	struct netlink_link l;
	struct netlink_address a;
	struct netlink_route t;

	make_link(&r);
	CHECK(netlink_link_parse(&l, r.bytes, length(&r)));
	CHECK(l.index == 2 && !strcmp(l.name, "eth0") && l.ethernet && l.up && !l.loopback && l.mac[0] == 2);
	CHECK(!netlink_address_parse(&a, r.bytes, length(&r)));
	netlink_request_add(&r, IFLA_MASTER, &l.index, 4);
	CHECK(netlink_link_parse(&l, r.bytes, length(&r)) && !l.ethernet);
	make_address(&r);
	CHECK(netlink_address_parse(&a, r.bytes, length(&r)));
	CHECK(a.index == 2 && a.prefix.len == 24 && a.prefix.addr.bytes[3] == 5 && a.ours && a.usable && a.valid == 77);
	make_route(&r);
	CHECK(netlink_route_parse(&t, r.bytes, length(&r)));
	CHECK(t.index == 2 && t.metric == 100 && t.origin == NETLINK_DHCP && t.gateway.bytes[0] == 10);
}

/* Every length and every single bent byte: no reading outside (the sanitizers watch a heap copy). */
static void check_bent(void (*make)(struct netlink_request *r))
{
	struct netlink_request r;
	struct netlink_link l;
	struct netlink_address a;
	struct netlink_route t;
	size_t len;

	make(&r);
	len = length(&r);
	for (size_t cut = 0; cut <= len; cut++) {
		for (size_t i = 0; i < cut; i++) {
			uint8_t *copy = malloc(cut);

			memcpy(copy, r.bytes, cut);
			copy[i] ^= 0xff;
			netlink_link_parse(&l, copy, cut);
			netlink_address_parse(&a, copy, cut);
			netlink_route_parse(&t, copy, cut);
			free(copy);
		}
	}
	CHECK(!netlink_link_parse(&l, r.bytes, len - 1) && !netlink_address_parse(&a, r.bytes, len - 1));
}

int main(void)
{
	check_whole();
	check_bent(make_link);
	check_bent(make_address);
	check_bent(make_route);
	return failed;
}

/*
 * netlink: links, addresses and default routes of the kernel (rtnetlink(7),
 * RFC 3549).
 *
 * Requests are synchronous: the kernel answers them while they are sent.  No
 * function allocates.  Parsers take bytes as the kernel sent them and check
 * every length; they are fuzzed on their own.
 */
#ifndef CAM_NETLINK_H
#define CAM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr/addr.h"

/* Longest interface name with its 0 (IFNAMSIZ). */
#define NETLINK_NAME_MAX 16
/* Bytes of one request: the largest of ours is a route with three attributes. */
#define NETLINK_REQUEST_MAX 256
/* Bytes read at once: what the kernel fills at most for a reader this large. */
#define NETLINK_READ_MAX 32768
/* Patience for the kernel's answer, seconds: it answers at once or never. */
#define NETLINK_TIMEOUT 1

/* The mark of addresses this appliance has set (IFA_PROTO, Linux 5.18), so that those of
 * the kernel or of a person are never taken away. */
#define NETLINK_ADDR_MARK 0x43
/* The marks of routes: RTPROT_STATIC and RTPROT_DHCP. */
enum netlink_origin { NETLINK_FOREIGN = 0, NETLINK_STATIC = 4, NETLINK_DHCP = 16 };

/* No end of the lifetime. */
#define NETLINK_FOREVER UINT32_MAX

struct netlink {
	int fd;
	uint32_t seq;
};
#define NETLINK_ZERO { .fd = -1 }

/* What the routers of a link say about DHCPv6 (RFC 4861 §4.2). */
enum netlink_advice { NETLINK_ADVICE_NONE = 0, NETLINK_ADVICE_OTHER, NETLINK_ADVICE_MANAGED };

/* Names of the cards that lead to machines inside the appliance begin so: they are no way out. */
#define NETLINK_INSIDE "demo"

struct netlink_link {
	int index;
	char name[NETLINK_NAME_MAX];
	uint8_t mac[6];
	bool loopback;
	bool ethernet;		/* a card of this machine: not a part of a bridge or bond, not made by software
				 * except for veth, and not NETLINK_INSIDE */
	bool up;		/* switched on */
	bool carrier;		/* cable in */
	enum netlink_advice advice;
};

struct netlink_address {
	int index;		/* of the link */
	struct addr_prefix prefix;
	bool ours;		/* carries NETLINK_ADDR_MARK */
	bool usable;		/* not tentative, not a detected duplicate (RFC 4862 §5.4) */
	uint32_t valid;		/* seconds, NETLINK_FOREVER; not the kernel's way of counting down: at the dump */
};

struct netlink_route {
	int index;		/* of the outgoing link */
	struct addr gateway;
	uint32_t metric;
	enum netlink_origin origin;
};

/* A socket of NETLINK_ROUTE for requests.  0, or -1 with errno. */
int netlink_open(struct netlink *nl);
void netlink_close(struct netlink *nl);

/* Each present link, address, default route of the main table.  0, or -1 with errno. */
int netlink_links(struct netlink *nl, void (*each)(const struct netlink_link *, void *), void *arg);
int netlink_addresses(struct netlink *nl, void (*each)(const struct netlink_address *, void *), void *arg);
int netlink_routes(struct netlink *nl, void (*each)(const struct netlink_route *, void *), void *arg);

/* Switches a link on.  0, or -1 with errno; so do the functions below. */
int netlink_link_up(struct netlink *nl, int index);
/* Makes a pair of virtual cards: `name` here, `peer` with this hardware address in the network namespace of the process. */
int netlink_veth_add(struct netlink *nl, const char *name, const char *peer, uint32_t pid, const uint8_t mac[6]);
/* Removes a link by its name; an absent one is no error. */
int netlink_link_drop(struct netlink *nl, const char *name);
/* Adds the address or renews its lifetime (seconds or NETLINK_FOREVER). */
int netlink_address_set(struct netlink *nl, int index, const struct addr_prefix *p, uint32_t valid);
/* Removes it; an absent one is no error. */
int netlink_address_drop(struct netlink *nl, int index, const struct addr_prefix *p);
/* Sets the default route of this metric; onlink when the gateway is outside every prefix of the link. */
int netlink_route_set(struct netlink *nl, const struct netlink_route *r, bool onlink);
/* Removes it; an absent one is no error. */
int netlink_route_drop(struct netlink *nl, const struct netlink_route *r);

/* A non-blocking socket that becomes readable when a link, an address or a route changes; -1 with errno. */
int netlink_watch_open(void);
/* Reads what has come.  True when anything has changed since (also when the kernel had to drop messages). */
bool netlink_watch_drain(int fd);

/* ---- the parsers alone; msg is one message with its nlmsghdr; false when it is something else or malformed ---- */
bool netlink_link_parse(struct netlink_link *l, const void *msg, size_t len);
bool netlink_address_parse(struct netlink_address *a, const void *msg, size_t len);
bool netlink_route_parse(struct netlink_route *r, const void *msg, size_t len);

#endif

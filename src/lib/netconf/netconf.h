/*
 * netconf: how the network shall be, and what follows from that.
 *
 * The settings are what a person chose, kept by sysd in network.json.  The
 * plan is computed from settings, leases and the links that exist: which
 * addresses, routes and name servers there shall be.  No I/O.
 */
#ifndef CAM_NETCONF_H
#define CAM_NETCONF_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "addr/addr.h"
#include "lease/lease.h"
#include "netlink/netlink.h"

/* Name servers: the resolver asks three at most (resolv.conf(5)). */
#define NETCONF_DNS_MAX 3
#define NETCONF_NTP_MAX 4
/* Network cards looked at; more than any hypervisor gives one machine usefully. */
#define NETCONF_LINKS_MAX 16
/* Bytes of network.json. */
#define NETCONF_FILE_MAX 8192
/* Seconds a network setting made from afar holds unless it is confirmed. */
#define NETCONF_TRIAL_SECONDS 120
#define NETCONF_HOSTNAME "cam"		/* until somebody chooses another */

enum netconf_mode { NETCONF_NONE = 0, NETCONF_DHCP, NETCONF_STATIC };

struct netconf {
	enum netconf_mode mode;
	char hostname[ADDR_HOSTNAME_MAX + 1];
	char ntp[NETCONF_NTP_MAX][ADDR_NAME_MAX + 1];
	unsigned ntp_count;		/* 0 = no time service */
	/* NETCONF_STATIC */
	char interface[NETLINK_NAME_MAX];	/* "" = the first card */
	struct addr_prefix address;
	struct addr router;		/* may be ADDR_ZERO */
	struct addr dns[NETCONF_DNS_MAX];
	unsigned dns_count;
};

/* The settings of a new appliance: DHCP. */
void netconf_default(struct netconf *c);
/* Reads network.json; on refusal *c is not changed.  0, or -1 with the reason in *why (a constant). */
int netconf_parse(struct netconf *c, const char *json, size_t len, const char **why);
/* The text of network.json; NULL when memory is out; the caller frees it. */
char *netconf_format(const struct netconf *c, size_t *len);
const char *netconf_mode_name(enum netconf_mode mode);
/* The part of it that netconf_set_network takes: {"mode","interface","address","router","dns"}, the last four of a static one only. */
yyjson_mut_val *netconf_network(const struct netconf *c, yyjson_mut_doc *d);

/* Changes of single settings from a request; on refusal *c is not changed.  0, or -1 with *why. */
int netconf_set_network(struct netconf *c, yyjson_val *request, const char **why);
int netconf_set_hostname(struct netconf *c, const char *name, const char **why);
int netconf_set_ntp(struct netconf *c, yyjson_val *servers, const char **why);

/* ---- the plan ---- */

enum netconf_knowledge {
	NETCONF_UNKNOWN = 0,	/* nobody has said anything since the start: what is set stays */
	NETCONF_ABSENT,		/* there is no lease */
	NETCONF_PRESENT
};

struct netconf_lease {
	enum netconf_knowledge knowledge;
	struct lease lease;
	double until;		/* end of its life, on the caller's clock, seconds */
};

/* One card and what is known about it. */
struct netconf_port {
	struct netlink_link link;
	struct netconf_lease v4, v6;
};

struct netconf_plan {
	struct {
		int index;
		struct addr_prefix prefix;
		uint32_t valid;		/* seconds, NETLINK_FOREVER */
	} addresses[2 * NETCONF_LINKS_MAX];
	unsigned address_count;
	struct {
		struct netlink_route route;
		bool onlink;
	} routes[NETCONF_LINKS_MAX];
	unsigned route_count;
	struct addr dns[NETCONF_DNS_MAX];
	unsigned dns_count;
	char domain[ADDR_NAME_MAX + 1];
	/* links (by index) and families whose present addresses stay, whatever they are */
	int keep4[NETCONF_LINKS_MAX], keep6[NETCONF_LINKS_MAX];
	unsigned keep4_count, keep6_count;
};

/* Metric of the default route through the first card; the next ones come behind in order.  Below the
 * kernel's 1024 for routes of router advertisements. */
#define NETCONF_METRIC 100

/* What there shall be at `now` (the clock of netconf_lease.until).  A lease whose end has come counts as absent. */
void netconf_plan_make(struct netconf_plan *plan, const struct netconf *c,
	const struct netconf_port *ports, unsigned count, double now);
/* Do the present addresses of this family on the link stay, even when the plan does not name them? */
bool netconf_plan_keeps(const struct netconf_plan *plan, int index, enum addr_family family);
/* The text of resolv.conf.  Returns its length. */
#define NETCONF_RESOLV_MAX 512
size_t netconf_plan_resolv(const struct netconf_plan *plan, char text[NETCONF_RESOLV_MAX]);

#endif

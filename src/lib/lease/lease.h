/*
 * lease: what the DHCP and NTP clients say, as typed and bounded facts.
 *
 * net makes a fact from the environment of an applet's event (hostile: it
 * came off the wire), sends it to sysd as JSON (PROTO_SYSD_FACT), and sysd
 * reads it with the same care, since net is the room that strangers talk to.
 * A value that is optional and not acceptable is left out; a fact without its
 * address is refused.  No I/O; only lease_to_json allocates.
 */
#ifndef CAM_LEASE_H
#define CAM_LEASE_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "addr/addr.h"

#define LEASE_INTERFACE_MAX 16		/* bytes with the 0 */
#define LEASE_SERVERS_MAX 4		/* name servers, time servers kept of a list */
/* Shortest and longest life of a lease, seconds.  Shorter ones would make us
 * change addresses all the time; a day more than any sensible one is as good as for ever,
 * and the client asks again long before. */
#define LEASE_SECONDS_MIN 10
#define LEASE_SECONDS_MAX (400u * 86400u)
/* Longest value of one variable looked at, bytes: four addresses and spaces. */
#define LEASE_VALUE_MAX 256

enum lease_kind { LEASE_KIND_NONE = 0, LEASE_V4, LEASE_V6, LEASE_NTP };
enum lease_event {
	LEASE_EVENT_NONE = 0,
	LEASE_BOUND, LEASE_RENEW,	/* the address is ours for `seconds` */
	LEASE_DECONFIG,			/* there is no lease (any more) */
	LEASE_STEP, LEASE_PERIODIC	/* the clock was set by offset; it is this far off */
};

struct lease {
	enum lease_kind kind;
	enum lease_event event;
	char interface[LEASE_INTERFACE_MAX];	/* not for LEASE_NTP */
	struct addr_prefix address;		/* v6: ADDR_NONE when the server gave name servers only (RFC 8415 §6.1) */
	struct addr router;			/* may be ADDR_ZERO; v4 only */
	struct addr dns[LEASE_SERVERS_MAX];
	unsigned dns_count;
	struct addr ntp[LEASE_SERVERS_MAX];
	unsigned ntp_count;
	char domain[ADDR_NAME_MAX + 1];		/* may be "" */
	uint32_t seconds;
	double offset;				/* LEASE_NTP: seconds */
};

/* Looks one variable up; NULL when there is none. */
typedef const char *lease_lookup(const char *name, void *arg);

/*
 * A fact from an event of "udhcpc", "udhcpc6" or "ntpd".
 * 0; 1 when the event says nothing new (udhcpc's leasefail, ntpd's stratum); -1 when it is not
 * acceptable, with the reason in *why (a constant).
 */
int lease_from_event(struct lease *l, const char *applet, const char *event,
	lease_lookup *lookup, void *arg, const char **why);

/* The body of PROTO_SYSD_FACT, or NULL when memory is out. */
yyjson_mut_doc *lease_to_json(const struct lease *l);
/* 0, or -1 with the reason in *why. */
int lease_from_json(struct lease *l, yyjson_val *fact, const char **why);

#endif

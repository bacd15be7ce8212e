#include "yard.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "netlink/netlink.h"

/* Every machine's hardware address begins so: locally administered (IEEE 802). */
static const uint8_t mac_prefix[3] = { 0x02, 0xca, 0x6d };

static int address(struct netlink *nl, const char *name, unsigned last)
{
	struct addr_prefix p;
	char text[32];
	int index = (int)if_nametoindex(name);

	(void)snprintf(text, sizeof text, YARD_ADDRESS "%u/31", last);
	if (!index || addr_prefix_parse(&p, text) == -1)
		return -1;
	if (netlink_address_set(nl, index, &p, NETLINK_FOREVER) == -1)
		return -1;
	return netlink_link_up(nl, index);
}

/* The same at each start: agents know a clone by it. */
static void mac_of(const char *machine, uint8_t mac[6])
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (; *machine; machine++)
		hash = (hash ^ (uint8_t)*machine) * 16777619u;
	memcpy(mac, mac_prefix, sizeof mac_prefix);
	mac[3] = (uint8_t)(hash >> 16);
	mac[4] = (uint8_t)(hash >> 8);
	mac[5] = (uint8_t)hash;
}

int wire_make(unsigned slot, pid_t pid, const char *machine)
{
	struct netlink nl = NETLINK_ZERO;
	char name[NETLINK_NAME_MAX];
	uint8_t mac[6];
	int rc, saved;

	(void)snprintf(name, sizeof name, NETLINK_INSIDE "%u", slot);
	mac_of(machine, mac);
	if (netlink_open(&nl) == -1)
		return -1;
	/* One of an earlier machine goes by itself, but perhaps later. */
	rc = netlink_link_drop(&nl, name);
	if (rc == 0)
		rc = netlink_veth_add(&nl, name, "eth0", (uint32_t)pid, mac);
	if (rc == 0)
		rc = address(&nl, name, 2 * slot);
	saved = errno;
	netlink_close(&nl);
	errno = saved;
	return rc;
}

int wire_up(unsigned slot)
{
	struct netlink nl = NETLINK_ZERO;
	int rc, saved;

	if (netlink_open(&nl) == -1)
		return -1;
	rc = netlink_link_up(&nl, (int)if_nametoindex("lo"));
	if (rc == 0)
		rc = address(&nl, "eth0", 2 * slot + 1);
	saved = errno;
	netlink_close(&nl);
	errno = saved;
	return rc;
}

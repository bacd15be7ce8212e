/* netlink: any bytes as messages. */
#include <stdint.h>
#include <stdlib.h>

#include "netlink/netlink_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(const void *msg, size_t len, void *arg)
{
	struct netlink_link l;
	struct netlink_address a;
	struct netlink_route r;

	(void)arg;
	netlink_link_parse(&l, msg, len);
	netlink_address_parse(&a, msg, len);
	netlink_route_parse(&r, msg, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	netlink_each(data, size, one, NULL);
	return 0;
}

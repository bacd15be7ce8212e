/* netlink: being told of changes. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink/netlink_int.h"

int netlink_watch_open(void)
{
	return netlink_socket(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
		RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFINFO, true);
}

bool netlink_watch_drain(int fd)
{
	/* the messages only say that something is new; what it is comes from a dump, which cannot be lost */
	uint8_t scrap[64];
	bool changed = false;

	for (;;) {
		if (recv(fd, scrap, sizeof scrap, 0) >= 0 || errno == ENOBUFS)
			changed = true;
		else if (errno != EINTR)
			return changed;
	}
}

#include "conn.h"

#include <arpa/inet.h>

const char *conn_address(const struct sockaddr_in6 *from, char buf[CONN_ADDRESS])
{
	const void *v4 = NULL;
	const char *text;

	if (from->sin6_family == AF_INET)
		v4 = &((const struct sockaddr_in *)(const void *)from)->sin_addr;
	else if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr))
		v4 = &from->sin6_addr.s6_addr[12];
	text = v4 ? inet_ntop(AF_INET, v4, buf, CONN_ADDRESS) :
		inet_ntop(AF_INET6, &from->sin6_addr, buf, CONN_ADDRESS);
	return text ? text : "?";
}

unsigned conn_port(const struct sockaddr_in6 *from)
{
	/* the port lies at the same place in both families */
	return ntohs(from->sin6_port);
}

/* netlink: building and walking messages; private. */
#ifndef CAM_NETLINK_INT_H
#define CAM_NETLINK_INT_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/netlink.h"

/* ---- building: the size is known at compile time, overflow is a bug ---- */

struct netlink_request {
	_Alignas(4) uint8_t bytes[NETLINK_REQUEST_MAX];
};

/* A message of this type with a copy of its fixed header. */
void netlink_request_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
	const void *header, size_t len);
void netlink_request_add(struct netlink_request *r, uint16_t type, const void *data, size_t len);
void netlink_request_add_addr(struct netlink_request *r, uint16_t type, const struct addr *a);

/* Sends and takes every answer: each (may be NULL) sees the data messages.  0, or -1 with errno. */
int netlink_ask(struct netlink *nl, struct netlink_request *r,
	void (*each)(const void *msg, size_t len, void *arg), void *arg);
/* A socket of this protocol, close-on-exec, bound.  -1 with errno. */
int netlink_socket(int protocol, uint32_t groups, bool nonblocking);

/* ---- walking ---- */

/* A run of attributes. */
struct netlink_attrs {
	const uint8_t *p;
	size_t left;
};
struct netlink_attr {
	uint16_t type;
	const uint8_t *data;
	size_t len;
};

/* The attributes behind the nlmsghdr and a fixed header of `fixed` bytes, which is copied to
 * header.  False when the message is too short or of another type. */
bool netlink_body(const void *msg, size_t len, uint16_t type, void *header, size_t fixed,
	struct netlink_attrs *attrs);
/* The next one; false at the end or at the first malformed one. */
bool netlink_attr_next(struct netlink_attrs *attrs, struct netlink_attr *a);
/* The attributes inside one. */
struct netlink_attrs netlink_attr_nest(const struct netlink_attr *a);
/* The value of a 32-bit attribute; fallback when its length is wrong. */
uint32_t netlink_attr_u32(const struct netlink_attr *a, uint32_t fallback);
bool netlink_attr_addr(const struct netlink_attr *a, enum addr_family family, struct addr *out);
/* Is it this string, with or without its 0? */
bool netlink_attr_is(const struct netlink_attr *a, const char *text);

/* Calls f for every whole message in what was read. */
void netlink_each(const uint8_t *p, size_t len, void (*f)(const void *msg, size_t len, void *arg), void *arg);

#endif

/* lease: checks shared by both readers; private. */
#ifndef CAM_LEASE_INT_H
#define CAM_LEASE_INT_H

#include "lease/lease.h"

/* Whole, sane and complete?  Bounds the lifetime.  0, or -1 with *why. */
int lease_check(struct lease *l, const char **why);
/* Appends text to a list of at most LEASE_SERVERS_MAX; what is not a host's address of the
 * family (ADDR_NONE = any) is left out. */
void lease_server_add(struct addr *list, unsigned *count, enum addr_family family, const char *text);
/* Takes a domain when it is one. */
void lease_domain_set(struct lease *l, const char *text);

#endif

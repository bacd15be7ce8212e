/* names: what its files share. */
#ifndef CAM_NAMES_H
#define CAM_NAMES_H

#include <ev.h>
#include <stdbool.h>

#include "dns/dns.h"

/* Name servers that are asked: as many as a lease or the settings may name. */
#define NAMES_SERVERS 8

/* What became of a name. */
struct names_found {
	struct dns_answer v4, v6;
	uint32_t ttl;			/* seconds, of the addresses of both families */
	bool exists;			/* false: there is no such name, or no address of it; true and no address: nobody could say */
	const char *why;		/* NULL = there is an address; else a sentence's part: "does not exist" */
};

/* ---- servers.c ---- */

/* From sysd's state. */
void servers_set(const struct addr *list, unsigned count);
unsigned servers_count(void);
/* The n-th to be asked: the one that answered last comes first. */
const struct addr *servers_at(unsigned n);
void servers_answered(const struct addr *server);

/* ---- lookup.c ---- */

/* Names that are looked up at once, and that wait for their turn: fwd's book twice, for when it was just started anew. */
#define LOOKUPS 64
#define LOOKUPS_WAITING 1024

/* Looks a name up, both families at once; when many are under way, after those that came first.  done is called once, never from
 * inside this call.  -1 when too many wait, or the name is none. */
int lookup_start(struct ev_loop *loop, const char *name, void (*done)(const struct names_found *found, void *arg), void *arg);

#endif

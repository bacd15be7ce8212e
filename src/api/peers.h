/*
 * peers: how many connections each outside address has.
 */
#ifndef CAM_API_PEERS_H
#define CAM_API_PEERS_H

/* An IPv6 address with a zone, and NUL. */
#define PEER_ADDRESS 64

struct peer {
	struct peer *next;
	unsigned connections;
	char address[PEER_ADDRESS];
};

/* The entry of an address with one connection more; NULL when the address has
 * LIMIT_CONNECTIONS_PEER already or memory is short.  Given back with peer_drop. */
struct peer *peer_take(const char *address);
void peer_drop(struct peer *p);

#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "peers.h"

/* Chains stay short for as many addresses as there may be connections. */
#define BUCKETS 4096

static struct peer *buckets[BUCKETS];

/* FNV-1a; the addresses come from gate, at most LIMIT_CONNECTIONS at a time. */
static struct peer **bucket_of(const char *address)
{
	uint32_t h = 2166136261u;

	for (; *address; address++)
		h = (h ^ (uint8_t)*address) * 16777619u;
	return &buckets[h % BUCKETS];
}

struct peer *peer_take(const char *address)
{
	struct peer **bucket = bucket_of(address), *p;

	for (p = *bucket; p; p = p->next)
		if (!strncmp(p->address, address, PEER_ADDRESS - 1))
			break;
	if (!p) {
		p = calloc(1, sizeof *p);
		if (!p)
			return NULL;
		snprintf(p->address, sizeof p->address, "%s", address);
		p->next = *bucket;
		*bucket = p;
	}
	if (p->connections == LIMIT_CONNECTIONS_PEER)
		return NULL;
	p->connections++;
	return p;
}

void peer_drop(struct peer *p)
{
	struct peer **at;

	if (--p->connections)
		return;
	for (at = bucket_of(p->address); *at != p; at = &(*at)->next)
		;
	*at = p->next;
	free(p);
}

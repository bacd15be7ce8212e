/*
 * bucket: a token bucket per source address.
 *
 * An IPv4 address is one source, an IPv6 source is its /64 (whoever has one
 * address of a /64 has them all).  Memory is fixed: when a set is full, the
 * source that was quiet longest is forgotten, which only gives it a full
 * bucket again.  The table is keyed, so that nobody can choose his neighbours.
 */
#ifndef CAM_BUCKET_H
#define CAM_BUCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct bucket_table;

/* sources = how many can be told apart; burst = tokens of a full bucket; rate =
 * tokens per second.  NULL with errno ENOMEM.  The caller frees it with bucket_free. */
struct bucket_table *bucket_new(unsigned sources, unsigned burst, unsigned rate);
void bucket_free(struct bucket_table *t);

/* Takes one token of the source; false when it has none.  now_ms: any clock
 * that does not go back, milliseconds.  Families other than inet and inet6
 * share one bucket. */
bool bucket_take(struct bucket_table *t, const struct sockaddr *from, uint64_t now_ms);

#endif

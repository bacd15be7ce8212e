/*
 * limits: every bound of api, with its unit, its reason and what a client sees
 * when it is reached; and the account of the memory that clients can make api use.
 */
#ifndef CAM_API_LIMITS_H
#define CAM_API_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "verb/verb.h"

/* Connections in all, WebSockets included; fewer where the process may not have so
 * many descriptors. 503 and close beyond. */
#define LIMIT_CONNECTIONS 30000
/* Descriptors kept for everything else: other rooms, the loop, and those that
 * gate sends while the limit is reached. */
#define LIMIT_DESCRIPTORS_KEPT 256
/* Connections of one address: thousands of agents may stand behind one, yet one
 * address never gets everything. 503 and close beyond. */
#define LIMIT_CONNECTIONS_PEER 20000
/* Calls to core that wait for an answer, in all. 503 beyond. */
#define LIMIT_CALLS 2048
/* Agents whose machine core is asked for, in all. 503 beyond. */
#define LIMIT_OPENS 8192
/* Bytes of heads, bodies and replies held for all connections together: half
 * the memory of the room's row. 503 beyond. */
#define LIMIT_MEMORY (96u << 20)
/* Bytes of a request body unless limits_body says less. 413 beyond. */
#define LIMIT_BODY (1u << 20)
/* Bytes of a file (the limit of File variables), and of a form around it. 413 beyond. */
#define LIMIT_FILE (10u << 20)
#define LIMIT_FORM (64u << 10)
/* Bytes of a file in memory at a time while it is sent. */
#define LIMIT_PIECE (64u << 10)
/* Bytes of a body that is read to its end after the request was refused, so
 * that the connection can go on; a longer one ends the connection. */
#define LIMIT_DISCARD (64u << 10)
/* Bytes of a token or session value: an RS256 token with its claims fits. 401 beyond. */
#define LIMIT_CREDENTIAL 4096
/* First size of a connection's input buffer, and its size while a body arrives, bytes. */
#define LIMIT_INPUT_FIRST 2048
#define LIMIT_INPUT_BODY (16u << 10)
/* Requests of one connection served in a row before others have their turn. */
#define LIMIT_BURST 32
/* Files and bytes of the console's pages, read into memory at the start. */
#define LIMIT_FILES 256
#define LIMIT_FILES_BYTES (16u << 20)

/* Seconds from the first byte of a head to its end. 408 and close beyond. */
#define LIMIT_HEAD_SECONDS 10.
/* Seconds a connection may be silent between requests; then it is closed. */
#define LIMIT_IDLE_SECONDS 60.
/* A body or reply gets this many seconds, and one more for each LIMIT_RATE
 * bytes that have passed: who is slower is cut. 408 for a body. */
#define LIMIT_GRACE_SECONDS 15.
#define LIMIT_RATE 1024.
/* Seconds that what a refused client still sends is read and dropped, so that the
 * refusal reaches it; and bytes of that. */
#define LIMIT_LINGER_SECONDS 2.
#define LIMIT_LINGER_BYTES (1u << 20)
/* Seconds core has for an answer: the hashing queue is the slowest; and when core is away. 503 beyond. */
#define LIMIT_CALL_SECONDS 30.
#define LIMIT_AWAY_SECONDS 5.

/* How many connections there may be: LIMIT_CONNECTIONS or what the descriptors allow. */
unsigned limits_connections(void);

/* Longest body of a request for this verb, bytes. */
size_t limits_body(const struct verb *v);

/* Takes n bytes from the account of LIMIT_MEMORY; false when it is used up. */
bool limits_take(size_t n);
void limits_give(size_t n);

#endif

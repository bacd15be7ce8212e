/*
 * live: WebSockets that are told of events as they happen.  libwebsockets
 * speaks RFC 6455 here, on descriptors that were upgraded by socket.c.
 */
#ifndef CAM_API_LIVE_H
#define CAM_API_LIVE_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"

struct peer;

/* Messages that wait for one client; one that is further behind is cut (close code 1008). */
#define LIVE_QUEUE 64
/* Bytes of one message, at most; a longer event cuts everybody, who then look anew. */
#define LIVE_MESSAGE 16384
/* Seconds of silence after which a client is pinged, and until it is given up. */
#define LIVE_PING_SECONDS 30
#define LIVE_GONE_SECONDS 45

/* Makes the WebSocket engine. Ends the process when it cannot. */
void live_open(struct ev_loop *loop);

/*
 * Takes over the descriptor and the peer's entry.  head is the upgrade request
 * followed by what the client sent behind it; hash is that of the credential
 * it was admitted with: live_revoked ends it.  first is told to it first.
 */
void live_adopt(int fd, struct peer *peer, const char *head, size_t len,
	const uint8_t hash[AUTH_HASH], const char *first);

/* Tells everybody. */
void live_announce(const char *text, size_t len);

/* Ends what was admitted with this credential; everything (hash NULL). */
void live_revoked(const uint8_t *hash);

unsigned live_count(void);

#endif

/*
 * live: WebSockets that are told of events as they happen.  libwebsockets
 * speaks RFC 6455 here, on descriptors that were upgraded by socket.c; the
 * messages are those of docs/events.md.
 */
#ifndef CAM_API_LIVE_H
#define CAM_API_LIVE_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "ring.h"
#include "viewers.h"

struct peer;

/* Bytes of one message of a client: a subscription to 64 workspaces fits. Close code 1009 beyond. */
#define LIVE_MESSAGE 8192
/* Answers that wait for one client; who asks faster than it reads is cut (1008). */
#define LIVE_ANSWERS 16
/* Workspaces and kinds of one subscription. */
#define LIVE_WORKSPACES 64
#define LIVE_KINDS 32
/* Bytes and frames that are written without asking whether the socket takes them, less than its send buffer allows in
 * one piece.  Clients told in a row before others have their turn. */
#define LIVE_AT_ONCE 4096
#define LIVE_FRAMES 8
#define LIVE_TELL 512
/* Seconds until somebody unknown has to say who it is; until a cut client is gone. */
#define LIVE_AUTH_SECONDS 10
#define LIVE_END_SECONDS 5
/* Seconds of silence after which a client is pinged, and until it is given up. */
#define LIVE_PING_SECONDS 30
#define LIVE_GONE_SECONDS 45

/* Makes the WebSocket engine. Ends the process when it cannot. */
void live_open(struct ev_loop *loop);

/* Takes over the descriptor, the peer's entry and a reference to the viewer (NULL = not known yet:
 * it has to say so in its first message).  head is the upgrade request followed by what
 * the client sent behind it. */
void live_adopt(int fd, struct peer *peer, const char *head, size_t len, struct viewer *viewer);

/* There is a new event in the ring: tells all who may see it. */
void live_event(void);

/* Ends what was admitted with this credential; everything (hash NULL). */
void live_revoked(const uint8_t *hash);

unsigned live_count(void);

#endif

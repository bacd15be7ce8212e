/*
 * socket: a request becomes a WebSocket: its handshake is checked here, and the
 * connection goes to the engine with a head that carries no credential.
 */
#ifndef CAM_API_SOCKET_H
#define CAM_API_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#define SOCKET_PATH "/services/events"

struct peer;
struct request;

/* A request for SOCKET_PATH: refuses it, or hands its connection over (live.h). */
void socket_begin(struct request *r);

/* Is it a handshake that the engine will accept?  If not it has been refused. */
bool socket_handshake(struct request *r);

/* What ws_adopt takes. */
struct socket_upgrade {
	int fd;
	struct peer *peer;
	char *head;		/* of malloc */
	size_t len;
};

/* Takes the connection out of r, which is gone then.  protocol may be NULL.  -1 when r has been refused. Only while
 * the request is with core. */
int socket_release(struct request *r, const char *path, const char *protocol, struct socket_upgrade *out);

#endif

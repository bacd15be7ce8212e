/*
 * socket: the upgrade of a request to a WebSocket (RFC 6455 §4.2).
 */
#ifndef CAM_API_SOCKET_H
#define CAM_API_SOCKET_H

struct request;

/* Where events are told. */
#define SOCKET_PATH "/services/events"

/* Answers any request for SOCKET_PATH: hands the connection to live.c once core
 * knows who asks, or refuses. */
void socket_begin(struct request *r);

#endif

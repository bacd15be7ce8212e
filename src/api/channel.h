/*
 * channel: a request of an agent becomes its WebSocket, once core knows the
 * machine by its token.
 */
#ifndef CAM_API_CHANNEL_H
#define CAM_API_CHANNEL_H

#define CHANNEL_PATH "/services/agents/channel"
#define CHANNEL_PROTOCOL "cam-agent.1"

struct request;

/* A request for CHANNEL_PATH: refuses it, or hands its connection over (agents.h). */
void channel_begin(struct request *r);

#endif

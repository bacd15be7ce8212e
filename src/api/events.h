/*
 * events: what core announces, for api's own use and for those who watch.
 */
#ifndef CAM_API_EVENTS_H
#define CAM_API_EVENTS_H

#include <ev.h>
#include <stdbool.h>

struct ipc_client;

/* Opens the connection to core and follows its events on it, also after it was lost. */
struct ipc_client *events_follow(struct ev_loop *loop);

/* Are the events of before the start here, as far as core gives them? */
bool events_ready(void);

#endif

/*
 * live_filter: what one client has asked to be told of.
 */
#ifndef CAM_API_LIVE_FILTER_H
#define CAM_API_LIVE_FILTER_H

#include <stdbool.h>
#include <yyjson.h>

#include "ring.h"

struct live_filter;

/* From a message {"workspaces":[..]?,"kinds":[..]?}; NULL with a constant sentence when it is wrong. */
struct live_filter *live_filter_new(yyjson_val *message, const char **wrong);
void live_filter_free(struct live_filter *f);

/* Does the event pass?  NULL: what happens to the appliance. */
bool live_filter_passes(const struct live_filter *f, const struct event *e);

#endif

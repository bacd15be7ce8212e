/* rest: calls of the appliance's API, one after the other, for the installer. */
#ifndef CAM_AGENT_REST_H
#define CAM_AGENT_REST_H

#include "agent/agent.h"
#include <yyjson.h>

struct rest {
	struct conf conf;
	char error[320];	/* of the last call that failed */
};

void rest_open(struct rest *r, const char *host, const char *address, const char *ca, const char *token);
/* The answer's document; NULL with a sentence in error. The caller frees it. */
yyjson_doc *rest_call(struct rest *r, const char *method, const char *path, const char *body, size_t len);
/* The address from which this machine reaches the appliance, after a first call or a connection made for it. */
const char *rest_own_address(struct rest *r);

#endif

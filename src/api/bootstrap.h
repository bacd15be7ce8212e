/*
 * bootstrap: what a new machine fetches: the agent and the scripts that
 * install it.  Read into memory at the start; the scripts get the appliance's
 * name, address and authority when they are asked for.
 */
#ifndef CAM_API_BOOTSTRAP_H
#define CAM_API_BOOTSTRAP_H

#include <stdbool.h>

struct request;

/* Reads the files below directory; one that is missing is said and answered with 404. */
void bootstrap_load(const char *directory);

/* Answers r when it is for a file below /agent/, or for "/" and not from a browser. False: it is neither. */
bool bootstrap_serve(struct request *r);

#endif

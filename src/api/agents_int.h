/* agents: what agents.c and output.c share. */
#ifndef CAM_API_AGENTS_INT_H
#define CAM_API_AGENTS_INT_H

#include "agents.h"
#include "ws.h"

struct output;

struct agent {
	struct ws ws;
	struct agent *next;		/* of the same place in the table */
	uint64_t number;
	uint8_t hash[AUTH_HASH];	/* of its token */
	bool known;			/* core has opened the channel, in its present life */
	bool greeted;			/* and taken a hello on it: now it knows whose steps these are */
	unsigned in_core;		/* messages that it has not answered */
	double heartbeat;
	ev_tstamp heard;
	struct output *outputs;
	unsigned output_count;
	size_t pending;			/* bytes of output that wait for store */
};

/* Reads on, or waits, as things stand. */
void agent_flow(struct agent *a);

#endif

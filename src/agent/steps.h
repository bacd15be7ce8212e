/* steps: what the appliance wants run, from the message to the acknowledged result. */
#ifndef CAM_AGENT_STEPS_H
#define CAM_AGENT_STEPS_H

#include "agent/message.h"

/* Reads the journal; -1 with errno. */
int steps_open(const char *journal);
const struct step *steps_list(void);
/* Wakes the loop when a script writes or ends; -1 while nothing runs. */
int steps_fd(int64_t now);
void steps_seen(void);
/* Milliseconds until steps_fd is to be waited for again, when it is left out for a moment: a script that writes without pause;
 * else -1. */
int steps_pause(int64_t now);

void steps_message(struct message *m, const char *text, size_t len);
/* A connection the appliance has welcomed: what it may have missed is said again, and what it does not answer each two heartbeats (seconds). */
void steps_connected(unsigned heartbeat);
void steps_disconnected(void);

/* Starts, looks, sends. Returns the milliseconds until it wants to be called again, -1 = only when something happens. */
int steps_turn(int64_t now);
/* A message has come since steps_turn. */
bool steps_heard(void);
/* Nothing runs, waits or is unacknowledged. */
bool steps_idle(void);
/* The context of the step that runs, as JSON (malloc); NULL when there is none. */
char *steps_context(const char *box, size_t *len);

#endif

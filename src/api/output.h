/*
 * output: what a step's script writes, on its way from the agent to a segment
 * of store.  A piece is acknowledged when it is on the disk, or when nothing
 * more of this step is kept (the limit, a full store): a step must not hang
 * because its words cannot be kept.
 */
#ifndef CAM_API_OUTPUT_H
#define CAM_API_OUTPUT_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct output;

/* Bytes kept of one step when core names no limit. */
#define OUTPUT_LIMIT (64u << 20)
/* Steps of one agent with output under way. */
#define OUTPUT_STEPS 8
/* Seconds in which appended pieces are gathered for one sync; between two words to core; until store is asked again. */
#define OUTPUT_SYNC_SECONDS 0.03
#define OUTPUT_TELL_SECONDS 1.
#define OUTPUT_AGAIN_SECONDS 0.25

void output_open(struct ev_loop *loop);

/* A binary message of an agent. NULL, or a constant reason to end its channel for. */
const char *output_take(struct agent *a, const uint8_t *bytes, size_t len);

/* Core has the step's result: nothing more will come. */
void output_finish(struct agent *a, uint64_t task);

/* Core has met the agent (anew): what it was not asked yet, or did not answer, is asked. */
void output_again(struct agent *a);

/* The agent has gone. */
void output_drop(struct agent *a);

/* Bytes that wait for store. */
size_t output_pending(const struct agent *a);

#endif

/*
 * ring: the newest events, once for all who are told of them.  A client has only
 * a place in it, so a slow one costs nothing; who falls behind its oldest event
 * has to look anew.
 */
#ifndef CAM_API_RING_H
#define CAM_API_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

/* Events kept, and bytes of them: half a minute of a very busy appliance. */
#define RING_EVENTS 8192
#define RING_BYTES (16u << 20)
/* Bytes of one event, at most: its data names an object and not what is in it. */
#define RING_EVENT_BYTES (64u << 10)
/* Bytes before a text that who sends it may use. */
#define RING_HEADROOM 32

struct event {
	uint64_t sequence;
	const char *kind;
	const char *owner;		/* workspace; "" = none */
	const char *organization;	/* "" = none */
	const char *visibility;		/* "" = the owner's only */
	const char *const *members;	/* workspaces it is shared with */
	size_t member_count;
	char *text;			/* the message to clients; RING_HEADROOM bytes before it are free to use */
	size_t len;
	size_t bytes;			/* of memory */
};

/* Adds an event as core sent it (docs/events.md); one that is not newer than the last is left
 * out.  NULL then, or when there is no memory. */
const struct event *ring_add(yyjson_val *event);

/* The first event newer than sequence, NULL = none. */
const struct event *ring_after(uint64_t sequence);

/* Sequence of the newest event, and of the oldest still here; 0 = none. */
uint64_t ring_head(void);
uint64_t ring_tail(void);

/* Nothing before this sequence is here, whatever there was: the log began anew or events were missed. */
void ring_clear(uint64_t sequence);

#endif

/*
 * pulse: which WebSockets have been silent, and which of those are dead (RFC 6455 §5.5.2: pings as keepalive).
 *
 * Every socket waits equally long, so the order in which they were last heard is the order in which they are due: hearing
 * one of twenty thousand costs as much as hearing the only one.
 */
#ifndef CAM_API_PULSE_H
#define CAM_API_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds of silence after which a client is pinged, and until it is given up. */
#define PULSE_PING_SECONDS 30
#define PULSE_GONE_SECONDS 60

/* Part of what is watched; zero before pulse_begin. */
struct pulse {
	struct pulse *before, *after;	/* NULL: not watched */
	uint32_t since;			/* the second of the watch it was heard or asked in */
	bool asked;
};

/* What becomes of the silent ones; neither may free any watched structure before it returns. */
struct pulse_ends {
	void (*ask)(struct pulse *p);	/* send it a ping */
	void (*give_up)(struct pulse *p);	/* it did not answer; it is no longer watched */
};

/* Begins to watch one as if it had just been heard, or does nothing when it is watched. */
void pulse_begin(struct pulse *p);

/* Something came from it. Does nothing when it is not watched. */
void pulse_heard(struct pulse *p);

/* Watches it no more. May be called twice. */
void pulse_end(struct pulse *p);

/*
 * A second of the watch is over: asks and gives up who is due. Called at most once in a turn of the loop and never to
 * catch up, so that a process which was held up reads what its clients have sent meanwhile before it blames them.
 */
void pulse_second(const struct pulse_ends *ends);

#endif

/*
 * gate/tally: counts what is refused and says so at most once in GATE_TALLY
 * seconds and kind, however many come.  One thread each.
 */
#ifndef CAM_GATE_TALLY_H
#define CAM_GATE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct tally {
	const char *what;	/* "handshakes failed" */
	unsigned count;		/* since the last line */
	uint64_t said;		/* milliseconds of the last line */
	char last[96];		/* the newest case */
};

/* One more; fmt describes it. */
void tally_add(struct tally *t, uint64_t now, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what is due.  Returns the milliseconds until there is something to say,
 * or -1 when nothing was counted. */
int tally_flush(struct tally *t, uint64_t now);

#endif

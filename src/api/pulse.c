#include <stddef.h>

#include "pulse.h"

/* Rings whose head is no client; the one due next is behind it. */
static struct pulse heard = { &heard, &heard, 0, false }, asked = { &asked, &asked, 0, true };
static uint32_t second;

static void take_out(struct pulse *p)
{
	p->before->after = p->after;
	p->after->before = p->before;
	p->before = p->after = NULL;
}

static void put_last(struct pulse *p, struct pulse *ring)
{
	p->before = ring->before;
	p->after = ring;
	ring->before->after = p;
	ring->before = p;
	p->since = second;
	p->asked = ring->asked;
}

void pulse_begin(struct pulse *p)
{
	if (!p->after)
		put_last(p, &heard);
}

void pulse_heard(struct pulse *p)
{
	if (!p->after || (!p->asked && p->since == second))
		return;
	take_out(p);
	put_last(p, &heard);
}

void pulse_end(struct pulse *p)
{
	if (p->after)
		take_out(p);
}

/* The one that has been in the ring for so many seconds, taken out; NULL when nobody has. */
static struct pulse *due(struct pulse *ring, uint32_t seconds)
{
	struct pulse *p = ring->after;

	if (p == ring || second - p->since < seconds)
		return NULL;
	take_out(p);
	return p;
}

void pulse_second(const struct pulse_ends *ends)
{
	struct pulse *p;

	second++;
	while ((p = due(&asked, PULSE_GONE_SECONDS - PULSE_PING_SECONDS)))
		ends->give_up(p);
	while ((p = due(&heard, PULSE_PING_SECONDS))) {
		put_last(p, &asked);
		ends->ask(p);
	}
}

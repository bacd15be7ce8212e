/* Time, chance, and what happens when. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "../crash/cutvfs.h"

#define EVENTS_MAX 65536

struct event { int64_t at; uint64_t order; void (*fn)(int64_t, char *); int64_t a; char *text; };

static struct event heap[EVENTS_MAX];
static unsigned count;
static uint64_t order;
static int64_t now, boot_base, wall_offset;
static uint64_t state;
bool sim_faults, sim_verbose;

/* splitmix64. */
static uint64_t next(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t sim_random(uint32_t below)
{
	return (uint32_t)(next(&state) >> 32) % below;
}

bool sim_chance(uint32_t n)
{
	return !sim_random(n);
}

int64_t sim_between(int64_t from, int64_t to)
{
	return from + (int64_t)(next(&state) % (uint64_t)(to - from + 1));
}

int64_t sim_now(void)
{
	return now;
}

static int64_t boot(void)
{
	return now - boot_base + SECOND;
}

static int64_t wall(void)
{
	return INT64_C(1700000000) * SECOND + now + wall_offset;
}

static void fill(void *buf, size_t len)
{
	for (uint8_t *p = buf; len--; p++)
		*p = (uint8_t)(next(&state) >> 56);
}

void sim_reboot(void)
{
	boot_base = now;
}

void sim_set_clock(int64_t by)
{
	wall_offset += by;
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(unsigned i, unsigned j)
{
	struct event e = heap[i];

	heap[i] = heap[j];
	heap[j] = e;
}

void sim_at(int64_t delay, void (*fn)(int64_t, char *), int64_t a, const char *text)
{
	unsigned i = count++;

	if (count == EVENTS_MAX) {
		fprintf(stderr, "sim: too many events\n");
		exit(111);
	}
	heap[i] = (struct event){ now + (delay > 0 ? delay : 0), order++, fn, a, text ? strdup(text) : NULL };
	for (; i && before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
}

static struct event take(void)
{
	struct event e = heap[0];
	unsigned i = 0, c;

	heap[0] = heap[--count];
	while ((c = 2 * i + 1) < count) {
		if (c + 1 < count && before(&heap[c + 1], &heap[c]))
			c++;
		if (!before(&heap[c], &heap[i]))
			break;
		swap(i, c);
		i = c;
	}
	return e;
}

void sim_run(int64_t until)
{
	struct event e;

	while (count && heap[0].at <= until) {
		e = take();
		now = e.at;
		e.fn(e.a, e.text);
		free(e.text);
	}
	now = until;
}

void sim_queue_reset(uint64_t seed)
{
	while (count)
		free(heap[--count].text);
	state = seed * 7919 + 1;
	now = 0;
	wall_offset = 0;
	/* It runs for long already: times of this boot are far from those of the next. */
	boot_base = -30 * 24 * HOUR;
	plat_clock_replace(wall, boot);
	plat_random_replace(fill);
}

void sim_say(const char *fmt, ...)
{
	va_list ap;

	if (!sim_verbose)
		return;
	printf("%10.3f ", (double)now / SECOND);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

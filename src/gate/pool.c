#include "pool.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>

#include "log/log.h"

#define PAGE 4096u
#define PAGES(n) (((n) + PAGE - 1) / PAGE * PAGE)

#define ALIGNED(n) (((n) + 63u) / 64u * 64u)

/* Spill and flight share the last pages of the input and the output buffer. */
#define SPILL_AT ALIGNED(TLS_IN_SIZE)
#define FLIGHT_AT ALIGNED(TLS_OUT_SIZE)
#define IN_AREA PAGES(SPILL_AT + GATE_SPILL)
#define OUT_AREA PAGES(FLIGHT_AT + GATE_FLIGHT)
#define AREA ((size_t)IN_AREA + OUT_AREA)

_Static_assert(IN_AREA == 5 * PAGE && OUT_AREA == 5 * PAGE, "forty KiB a connection");

static struct conn *conns;
static uint8_t *areas;
static struct conn *free_list;
static unsigned total, touched, used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Key material lies here: in no core file, and in small pages, so that one
 * record does not bring in two megabytes. */
static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		log_fatal("pool: reserve %zu bytes", size);
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

void pool_open(unsigned n)
{
	total = n;
	conns = reserve((size_t)n * sizeof conns[0]);
	areas = reserve((size_t)n * AREA);
}

struct conn *pool_get(void)
{
	struct conn *c = NULL;

	pthread_mutex_lock(&lock);
	if (free_list != NULL) {
		c = free_list;
		free_list = c->next;
		c->next = NULL;
	} else if (touched < total) {
		c = &conns[touched++];
	}
	if (c != NULL)
		used++;
	pthread_mutex_unlock(&lock);
	if (c != NULL)
		c->fd = c->pair = -1;
	return c;
}

void pool_put(struct conn *c)
{
	sodium_memzero(c, sizeof *c);
	pool_release(c);
	pthread_mutex_lock(&lock);
	c->next = free_list;
	free_list = c;
	used--;
	pthread_mutex_unlock(&lock);
}

static uint8_t *area(const struct conn *c)
{
	return areas + (size_t)(c - conns) * AREA;
}

void *pool_in(const struct conn *c)
{
	return area(c);
}

uint8_t *pool_spill(const struct conn *c)
{
	return area(c) + SPILL_AT;
}

uint8_t *pool_flight(const struct conn *c)
{
	return area(c) + IN_AREA + FLIGHT_AT;
}

void *pool_out(const struct conn *c)
{
	return area(c) + IN_AREA;
}

void pool_release(const struct conn *c)
{
	if (madvise(area(c), AREA, MADV_DONTNEED) < 0)
		memset(area(c), 0, AREA);
}

unsigned pool_used(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = used;
	pthread_mutex_unlock(&lock);
	return n;
}

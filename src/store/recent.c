#include <pthread.h>
#include <stdint.h>

#include "plat/clock.h"
#include "recent.h"

/* The first three digits of a digest. */
#define BUCKETS 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t marked[BUCKETS];		/* boot clock, microseconds; 0 = not since the start */
static int64_t started;

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

static int64_t *bucket(const char *digest)
{
	return &marked[digit(digest[0]) << 8 | digit(digest[1]) << 4 | digit(digest[2])];
}

void store_recent_lock(void)
{
	pthread_mutex_lock(&mutex);
	if (!started)
		started = plat_clock_boot();
}

void store_recent_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

void store_recent_mark(const char *digest)
{
	*bucket(digest) = plat_clock_boot();
}

bool store_recent_is(const char *digest)
{
	int64_t since = *bucket(digest) ? *bucket(digest) : started;

	return plat_clock_boot() - since < STORE_RECENT_SECONDS * PLAT_SECOND;
}

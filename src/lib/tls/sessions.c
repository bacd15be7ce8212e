#include "tls/sessions.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define MAGIC 0x736e6f6973736553ull
#define LAYOUT 2u
#define WAYS 8u			/* sessions in one set */
#define PAGE 4096u

struct entry {
	uint8_t id[32];
	uint8_t master[48];
	uint64_t generation;
	uint32_t time;		/* 0 = free */
	uint16_t suite;
	uint8_t leaf;
	uint8_t spare;
};

struct header {
	_Atomic uint64_t magic;	/* written last when the file is made */
	uint32_t layout, header_size, entry_size, sets;
	uint64_t size;
	uint64_t generation;	/* see tls_sessions_keep_only; 0 = none yet */
	uint8_t key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t lock;
	struct entry entries[];
};

_Static_assert(sizeof(struct entry) == 96, "the file's layout");

static struct header *table(const struct tls_sessions *s)
{
	return s->map;
}

static uint32_t sets_for(size_t size)
{
	return (uint32_t)((size - sizeof(struct header)) / (WAYS * sizeof(struct entry)));
}

static bool table_valid(const struct tls_sessions *s)
{
	const struct header *h = table(s);

	return atomic_load_explicit(&h->magic, memory_order_acquire) == MAGIC &&
		h->layout == LAYOUT && h->header_size == sizeof *h && h->entry_size == sizeof(struct entry) &&
		h->size == s->size && h->sets == sets_for(s->size);
}

/* Wipes the sessions and gives their pages back. */
static void table_wipe(const struct tls_sessions *s)
{
	uint8_t *from = (uint8_t *)table(s)->entries, *end = (uint8_t *)s->map + s->size;
	uint8_t *pages = (uint8_t *)s->map + PAGE;

	sodium_memzero(from, (size_t)(end - from));
	(void)madvise(pages, (size_t)(end - pages), MADV_REMOVE);
}

static int lock_make(pthread_mutex_t *lock)
{
	pthread_mutexattr_t a;
	int error;

	pthread_mutexattr_init(&a);
	error = pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	if (error == 0)
		error = pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	if (error == 0)
		error = pthread_mutex_init(lock, &a);
	pthread_mutexattr_destroy(&a);
	return error;
}

static int table_make(struct tls_sessions *s)
{
	struct header *h = table(s);
	int error;

	/* a new file is zero all over, and writing that would only use memory */
	if (h->magic != 0)
		table_wipe(s);
	memset(h, 0, sizeof *h);
	h->layout = LAYOUT;
	h->header_size = sizeof *h;
	h->entry_size = sizeof(struct entry);
	h->sets = sets_for(s->size);
	h->size = s->size;
	crypto_shorthash_keygen(h->key);
	error = lock_make(&h->lock);
	if (error != 0) {
		errno = error;
		return -1;
	}
	atomic_store_explicit(&h->magic, MAGIC, memory_order_release);
	return 0;
}

int tls_sessions_lock(struct tls_sessions *s)
{
	struct header *h = table(s);
	struct timespec until;
	int error = pthread_mutex_trylock(&h->lock);

	if (error == EBUSY) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TLS_SESSIONS_WAIT_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
		error = pthread_mutex_timedlock(&h->lock, &until);
	}
	if (error == EOWNERDEAD) {
		/* its owner may have died half-way through an entry */
		table_wipe(s);
		error = pthread_mutex_consistent(&h->lock);
	}
	return error;
}

static void unlock(struct tls_sessions *s)
{
	pthread_mutex_unlock(&table(s)->lock);
}

/* Can the lock be had?  A process that died inside is no obstacle; a holder
 * that nobody knows is. */
static bool lock_works(struct tls_sessions *s)
{
	if (tls_sessions_lock(s) != 0)
		return false;
	unlock(s);
	return true;
}

static int table_prepare(struct tls_sessions *s, int fd)
{
	int r = 0;

	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	if (!table_valid(s) || !lock_works(s))
		r = table_make(s);
	flock(fd, LOCK_UN);
	return r;
}

int tls_sessions_open(struct tls_sessions *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_size < (off_t)TLS_SESSIONS_MIN) {
		errno = EINVAL;
		return -1;
	}
	s->size = (size_t)st.st_size;
	s->map = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s->map == MAP_FAILED)
		return -1;
	/* master secrets: never into a core file */
	(void)madvise(s->map, s->size, MADV_DONTDUMP);
	if (table_prepare(s, fd) == 0)
		return 0;
	tls_sessions_close(s);
	return -1;
}

void tls_sessions_close(struct tls_sessions *s)
{
	int saved = errno;

	munmap(s->map, s->size);
	s->map = NULL;
	errno = saved;
}

uint32_t tls_sessions_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint32_t)ts.tv_sec;
}

static struct entry *set_of(const struct tls_sessions *s, const uint8_t id[32])
{
	struct header *h = table(s);
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t v;

	crypto_shorthash(out, id, 32, h->key);
	memcpy(&v, out, sizeof v);
	return &h->entries[v % sets_for(s->size) * WAYS];
}

static bool too_old(const struct entry *e, uint32_t now)
{
	/* 1 is added to every time, so that 0 means free */
	return e->time == 0 || now + 1 - e->time >= TLS_SESSION_LIFETIME;
}

void tls_sessions_put(struct tls_sessions *s, const struct tls_session *in, uint32_t now)
{
	struct entry *e, *oldest;

	if (tls_sessions_lock(s) != 0)
		return;
	e = oldest = set_of(s, in->id);
	for (unsigned i = 0; i < WAYS; i++)
		if (e[i].time < oldest->time)
			oldest = &e[i];
	memcpy(oldest->id, in->id, sizeof oldest->id);
	memcpy(oldest->master, in->master, sizeof oldest->master);
	oldest->generation = in->generation;
	oldest->suite = in->suite;
	oldest->leaf = in->leaf;
	oldest->time = now + 1;
	unlock(s);
}

bool tls_sessions_get(struct tls_sessions *s, const uint8_t id[32], uint64_t generation,
	uint32_t now, struct tls_session *out)
{
	struct entry *e;
	bool found = false;

	if (tls_sessions_lock(s) != 0)
		return false;
	e = set_of(s, id);
	for (unsigned i = 0; i < WAYS && !found; i++) {
		if (e[i].time == 0 || memcmp(e[i].id, id, sizeof e[i].id) != 0)
			continue;
		if (too_old(&e[i], now) || e[i].generation != generation) {
			sodium_memzero(&e[i], sizeof e[i]);
			continue;
		}
		memcpy(out->id, e[i].id, sizeof out->id);
		memcpy(out->master, e[i].master, sizeof out->master);
		out->generation = e[i].generation;
		out->suite = e[i].suite;
		out->leaf = e[i].leaf;
		found = true;
	}
	unlock(s);
	return found;
}

void tls_sessions_keep_only(struct tls_sessions *s, uint64_t generation)
{
	struct header *h = table(s);

	if (tls_sessions_lock(s) != 0)
		return;
	if (h->generation != 0 && h->generation != generation)
		table_wipe(s);
	h->generation = generation;
	unlock(s);
}

size_t tls_sessions_capacity(const struct tls_sessions *s)
{
	return (size_t)sets_for(s->size) * WAYS;
}

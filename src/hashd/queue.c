/* hashd: jobs in the order in which they came. */
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "hashd.h"
#include "queue.h"

/* A ring: done jobs first, then the one under way, then the waiting ones. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	void (*wake)(void);
	size_t first, done, count;
	bool running;
	struct hashd_job job[HASHD_QUEUE];
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static struct hashd_job *at(size_t i)
{
	return &queue.job[(queue.first + i) % HASHD_QUEUE];
}

void hashd_queue_open(void (*wake)(void))
{
	queue.wake = wake;
	/* without the right to lock memory the passwords are still wiped */
	(void)sodium_mlock(queue.job, sizeof queue.job);
}

bool hashd_queue_add(const struct hashd_job *job)
{
	bool room;

	pthread_mutex_lock(&queue.lock);
	room = queue.count < HASHD_QUEUE;
	if (room) {
		*at(queue.count++) = *job;
		pthread_cond_signal(&queue.more);
	}
	pthread_mutex_unlock(&queue.lock);
	return room;
}

/* Takes the waiting jobs of a connection out and moves the others up. */
static void drop_waiting(const void *conn)
{
	size_t to = queue.done + queue.running;

	for (size_t from = to; from < queue.count; from++)
		if (at(from)->conn != conn) {
			if (to != from)
				*at(to) = *at(from);
			to++;
		}
	while (queue.count > to)
		sodium_memzero(at(--queue.count), sizeof *queue.job);
}

void hashd_queue_forget(const void *conn)
{
	pthread_mutex_lock(&queue.lock);
	for (size_t i = 0; i < queue.done + queue.running; i++)
		if (at(i)->conn == conn)
			at(i)->conn = NULL;
	drop_waiting(conn);
	pthread_mutex_unlock(&queue.lock);
}

bool hashd_queue_done(struct hashd_job *job)
{
	bool some;

	pthread_mutex_lock(&queue.lock);
	some = queue.done > 0;
	if (some) {
		*job = *at(0);
		sodium_memzero(at(0), sizeof *job);
		queue.first = (queue.first + 1) % HASHD_QUEUE;
		queue.done--;
		queue.count--;
	}
	pthread_mutex_unlock(&queue.lock);
	return some;
}

static void compute(struct hashd_job *job)
{
	if (job->check)
		job->result = pwhash_check(job->hash, job->password, job->len);
	else
		job->result = pwhash_make(job->hash, job->password, job->len) ? PWHASH_NO_MEMORY : PWHASH_MATCH;
}

/* The lock is held, but not while a job is computed: nobody else touches that
 * one but for its connection. */
static void work_one(void)
{
	struct hashd_job *job;

	while (queue.done == queue.count)
		pthread_cond_wait(&queue.more, &queue.lock);
	job = at(queue.done);
	queue.running = true;
	pthread_mutex_unlock(&queue.lock);
	compute(job);
	sodium_memzero(job->password, sizeof job->password);
	pthread_mutex_lock(&queue.lock);
	queue.running = false;
	queue.done++;
}

void hashd_queue_work(void)
{
	pthread_mutex_lock(&queue.lock);
	for (;;) {
		work_one();
		pthread_mutex_unlock(&queue.lock);
		queue.wake();
		pthread_mutex_lock(&queue.lock);
	}
}

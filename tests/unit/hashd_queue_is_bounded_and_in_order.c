/* hashd: jobs are answered in the order they came, no more than the queue holds are taken, those that
 * wait for a connection that went away leave the queue, and no password is left behind. */
/* with: hashd/queue.c */
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hashd/hashd.h"
#include "hashd/queue.h"

static int failed;
static sem_t woken;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static void wake(void)
{
	sem_post(&woken);
}

static void *work(void *arg)
{
	(void)arg;
	hashd_queue_work();
}

int main(void)
{
	static char here, gone;
	struct hashd_job job = { .conn = &here, .check = true, .len = 6, .password = "secret" }, done;
	pthread_t thread;

	if (sodium_init() < 0 || sem_init(&woken, 0, 0))
		return 1;
	/* a cheaper hash than ours: the order is the point here */
	CHECK(!crypto_pwhash_argon2id_str(job.hash, "secret", 6, 1, 1 << 20));
	hashd_queue_open(wake);
	for (uint32_t i = 0; i < HASHD_QUEUE; i++) {
		job.seq = i;
		job.conn = i % 4 == 3 ? &gone : &here;
		job.password[5] = i % 4 == 1 ? 'X' : 't';
		CHECK(hashd_queue_add(&job));
	}
	CHECK(!hashd_queue_add(&job));
	CHECK(!hashd_queue_done(&done));
	hashd_queue_forget(&gone);
	if (pthread_create(&thread, NULL, work, NULL))
		return 1;
	for (uint32_t i = 0; i < HASHD_QUEUE; i++) {
		if (i % 4 == 3)
			continue;	/* left the queue with its connection */
		sem_wait(&woken);
		CHECK(hashd_queue_done(&done) && done.seq == i && done.conn == &here);
		CHECK(sodium_is_zero((uint8_t *)done.password, sizeof done.password));
		CHECK(done.result == (i % 4 == 1 ? PWHASH_MISMATCH : PWHASH_MATCH));
	}
	CHECK(!hashd_queue_done(&done));
	/* free again, and making works too; one that is under way stays, without its connection */
	job.check = false;
	job.conn = &gone;
	CHECK(hashd_queue_add(&job));
	usleep(5000);
	hashd_queue_forget(&gone);
	job.conn = &here;
	CHECK(hashd_queue_add(&job));
	sem_wait(&woken);
	CHECK(hashd_queue_done(&done));
	if (!done.conn) {	/* it was under way; else it is gone altogether */
		sem_wait(&woken);
		CHECK(hashd_queue_done(&done));
	}
	CHECK(done.conn == &here && done.result == PWHASH_MATCH && pwhash_acceptable(done.hash));
	return failed;
}

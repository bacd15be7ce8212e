#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "log/log.h"
#include "work/work.h"

/* Stack of a worker, bytes: SQLite and Argon2-free handlers need a few tens of
 * kilobytes; musl's default of 128 KiB would do for most, deep queries not. */
#define STACK (512u << 10)

struct queue {
	struct work_item *first, **last;
};

struct work_pool {
	struct ev_loop *loop;
	struct ev_async wake;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue todo, finished;	/* under lock */
	unsigned todo_count, idle;	/* under lock */
	unsigned threads;
	struct queue fresh;		/* loop's thread only, like what follows: added in this round of the loop */
	unsigned fresh_count, waiting;
	struct ev_prepare hand_over;
	void (*drain)(struct work_item *list, void *context);
	unsigned share_max;
};

struct worker {
	struct work_pool *pool;
	void *context;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

/* Appends a list that ends with NULL. */
static void queue_append(struct queue *q, struct work_item *list)
{
	*q->last = list;
	for (; list; list = list->next)
		q->last = &list->next;
}

static struct work_item *queue_take_all(struct queue *q)
{
	struct work_item *list = q->first;

	queue_init(q);
	return list;
}

static struct work_item *queue_take(struct queue *q, unsigned n)
{
	struct work_item *list = q->first, *last = list;

	while (--n && last->next)
		last = last->next;
	q->first = last->next;
	if (!q->first)
		q->last = &q->first;
	last->next = NULL;
	return list;
}

/* What waits is divided among the threads: one wakeup each, and none has all of it. */
static struct work_item *worker_take(struct work_pool *p)
{
	struct work_item *list;
	unsigned n;

	pthread_mutex_lock(&p->lock);
	p->idle++;
	while (!p->todo.first)
		pthread_cond_wait(&p->more, &p->lock);
	p->idle--;
	n = p->drain ? (p->todo_count + p->threads - 1) / p->threads : 1;
	if (p->drain && n > p->share_max)
		n = p->share_max;
	list = queue_take(&p->todo, n);
	p->todo_count -= n;
	pthread_mutex_unlock(&p->lock);
	return list;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct work_pool *p = w->pool;
	struct work_item *list;

	for (;;) {
		list = worker_take(p);
		if (p->drain)
			p->drain(list, w->context);
		else
			list->run(list, w->context);
		pthread_mutex_lock(&p->lock);
		queue_append(&p->finished, list);
		pthread_mutex_unlock(&p->lock);
		ev_async_send(p->loop, &p->wake);
	}
	return NULL;
}

/* The loop is about to wait: what was added in this round goes to the threads with one lock and one wakeup. */
static void pool_hand_over(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct work_pool *p = w->data;
	unsigned wanted = p->fresh_count;

	(void)events;
	ev_prepare_stop(loop, w);
	pthread_mutex_lock(&p->lock);
	queue_append(&p->todo, queue_take_all(&p->fresh));
	p->todo_count += p->fresh_count;
	if (wanted > p->idle)
		wanted = p->idle;
	while (wanted--)
		pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	p->fresh_count = 0;
}

static void pool_finished(struct ev_loop *loop, struct ev_async *wake, int events)
{
	struct work_pool *p = wake->data;
	struct work_item *list, *next;

	(void)loop;
	(void)events;
	pthread_mutex_lock(&p->lock);
	list = queue_take_all(&p->finished);
	pthread_mutex_unlock(&p->lock);
	for (; list; list = next) {
		next = list->next;
		list->next = NULL;
		p->waiting--;
		list->done(list);
	}
}

/* Signals stay with the loop's thread. */
static void worker_start(struct work_pool *p, void *context)
{
	struct worker *w = malloc(sizeof *w);
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	if (!w)
		log_fatal("work: thread");
	*w = (struct worker){ .pool = p, .context = context };
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	errno = pthread_create(&thread, &attr, worker_main, w);
	if (errno)
		log_fatal("work: thread: cannot start");
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static struct work_pool *pool_new(struct ev_loop *loop)
{
	struct work_pool *p = calloc(1, sizeof *p);

	if (!p)
		log_fatal("work: pool");
	p->loop = loop;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	queue_init(&p->todo);
	queue_init(&p->finished);
	queue_init(&p->fresh);
	ev_prepare_init(&p->hand_over, pool_hand_over);
	p->hand_over.data = p;
	ev_async_init(&p->wake, pool_finished);
	p->wake.data = p;
	ev_async_start(loop, &p->wake);
	/* A pool alone does not keep the loop alive. */
	ev_unref(loop);
	return p;
}

static void pool_start(struct work_pool *p, unsigned threads, void *const contexts[])
{
	p->threads = threads;
	for (unsigned i = 0; i < threads; i++)
		worker_start(p, contexts[i]);
}

struct work_pool *work_pool_open(struct ev_loop *loop, unsigned threads, void *const contexts[])
{
	struct work_pool *p = pool_new(loop);

	pool_start(p, threads, contexts);
	return p;
}

struct work_pool *work_pool_open_drain(struct ev_loop *loop, unsigned threads, void *const contexts[],
	void (*drain)(struct work_item *list, void *context), unsigned share_max)
{
	struct work_pool *p = pool_new(loop);

	p->drain = drain;
	p->share_max = share_max;
	pool_start(p, threads, contexts);
	return p;
}

void work_pool_add(struct work_pool *p, struct work_item *item)
{
	item->next = NULL;
	p->waiting++;
	p->fresh_count++;
	queue_append(&p->fresh, item);
	ev_prepare_start(p->loop, &p->hand_over);
}

unsigned work_pool_waiting(const struct work_pool *p)
{
	return p->waiting;
}

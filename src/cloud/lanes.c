/* cloud: one queue per provider, in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/cloud.h"
#include "log/log.h"

static struct cloud_lane *lanes;
static unsigned running;

static struct cloud_lane *lane_of(const struct cloud_run *run)
{
	struct cloud_lane *l = lanes;
	int64_t limit = job_number(run->job.config, "parallel_operations", CLOUD_PER_PROVIDER);

	while (l && strcmp(l->provider, run->job.provider) != 0)
		l = l->next;
	if (!l) {
		l = calloc(1, sizeof *l);
		if (!l)
			log_fatal("lane");
		snprintf(l->provider, sizeof l->provider, "%s", run->job.provider);
		l->last = &l->first;
		l->next = lanes;
		lanes = l;
	}
	l->limit = limit < 1 ? 1 : limit > CLOUD_PER_PROVIDER ? CLOUD_PER_PROVIDER : (unsigned)limit;
	return l;
}

static void drop_if_empty(struct cloud_lane *lane)
{
	struct cloud_lane **at = &lanes;

	if (lane->members)
		return;
	while (*at != lane)
		at = &(*at)->next;
	*at = lane->next;
	free(lane);
}

static struct cloud_run *take(struct cloud_lane *l)
{
	struct cloud_run *run = l->first;

	l->first = run->queued;
	if (!l->first)
		l->last = &l->first;
	run->queued = NULL;
	return run;
}

/* A provider that has just been served goes to the end of the list. */
static void rotate(struct cloud_lane *l)
{
	struct cloud_lane **at = &lanes, **end;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	for (end = &lanes; *end; end = &(*end)->next)
		;
	l->next = NULL;
	*end = l;
}

/* A lane may have one more thread. */
static bool may_run(const struct cloud_lane *l)
{
	unsigned left = CLOUD_THREADS - running;

	return l->first && l->running < l->limit && left > (l->running ? CLOUD_FIRST_ONLY : 0);
}

static void serve(struct work_pool *pool)
{
	struct cloud_lane *l = lanes;
	struct cloud_run *run;

	while (running < CLOUD_THREADS && l) {
		if (!may_run(l)) {
			l = l->next;
			continue;
		}
		run = take(l);
		run->state = CLOUD_RUNNING;
		l->running++;
		running++;
		rotate(l);
		work_pool_add(pool, &run->item);
		l = lanes;
	}
}

void cloud_lane_add(struct cloud_run *run, struct work_pool *pool)
{
	struct cloud_lane *l = lane_of(run);

	run->lane = l;
	run->state = CLOUD_WAITING;
	run->queued = NULL;
	*l->last = run;
	l->last = &run->queued;
	l->members++;
	serve(pool);
}

void cloud_lane_leave(struct cloud_run *run, struct work_pool *pool)
{
	struct cloud_lane *l = run->lane;

	run->lane = NULL;
	l->running--;
	l->members--;
	running--;
	drop_if_empty(l);
	serve(pool);
}

void cloud_lane_remove(struct cloud_run *run)
{
	struct cloud_lane *l = run->lane;
	struct cloud_run **at = &l->first;

	while (*at && *at != run)
		at = &(*at)->queued;
	if (!*at)
		log_bug("a waiting task is in no queue");
	*at = run->queued;
	for (l->last = &l->first; *l->last; l->last = &(*l->last)->queued)
		;
	run->queued = NULL;
	run->lane = NULL;
	l->members--;
	drop_if_empty(l);
}

/* cloud: providers that hold their threads leave one to others. */
/* with: cloud/lanes.c cloud/job.c */
#include <stdio.h>
#include <string.h>

#include "cloud/cloud.h"
#include "log/log.h"

static int failed;
#define CHECK(x) do { if (!(x)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #x); } } while (0)
#define TASKS 20
#define PROVIDERS 12

static struct cloud_run runs[PROVIDERS][TASKS];
static unsigned given;

/* Nothing ends by itself. */
void work_pool_add(struct work_pool *pool, struct work_item *item)
{
	(void)pool;
	(void)item;
	given++;
}

static void add(unsigned provider, unsigned n)
{
	static char names[PROVIDERS][8];

	snprintf(names[provider], sizeof names[provider], "p-%u", provider);
	for (unsigned i = 0; i < n; i++) {
		runs[provider][i].job.provider = names[provider];
		cloud_lane_add(&runs[provider][i], NULL);
	}
}

static unsigned count(unsigned provider, enum cloud_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TASKS; i++)
		n += runs[provider][i].state == state;
	return n;
}

static void end(unsigned provider)
{
	for (unsigned i = 0; i < TASKS; i++)
		if (runs[provider][i].state == CLOUD_RUNNING) {
			runs[provider][i].state = CLOUD_ENDED;
			cloud_lane_leave(&runs[provider][i], NULL);
			return;
		}
}

int main(void)
{
	log_open("test");
	add(0, TASKS);
	CHECK(count(0, CLOUD_RUNNING) == CLOUD_PER_PROVIDER);
	add(1, TASKS);
	CHECK(count(1, CLOUD_RUNNING) == CLOUD_PER_PROVIDER);
	/* from here on one for each, and for nine of them nobody waits */
	for (unsigned p = 2; p < 9; p++) {
		add(p, TASKS);
		CHECK(count(p, CLOUD_RUNNING) == 1);
	}
	add(9, 1);
	CHECK(count(9, CLOUD_RUNNING) == 1 && given == CLOUD_THREADS);
	end(9);
	/* what becomes free goes to who has none, not to who waits longest */
	CHECK(given == CLOUD_THREADS);
	add(10, 2);
	CHECK(count(10, CLOUD_RUNNING) == 1 && count(10, CLOUD_WAITING) == 1);
	for (unsigned i = 0; i < CLOUD_PER_PROVIDER; i++)
		end(0);
	CHECK(count(0, CLOUD_RUNNING) >= 1 && count(0, CLOUD_RUNNING) + count(0, CLOUD_ENDED) + count(0, CLOUD_WAITING) == TASKS);
	/* nothing is left behind when they end */
	for (unsigned round = 0; round < PROVIDERS * TASKS; round++)
		for (unsigned p = 0; p < PROVIDERS; p++)
			end(p);
	for (unsigned p = 0; p < PROVIDERS; p++)
		CHECK(!count(p, CLOUD_RUNNING) && !count(p, CLOUD_WAITING));
	return failed;
}

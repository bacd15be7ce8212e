/*
 * usage: sim [-s SEED] [-n SEEDS] [-t SECONDS] [-p PLANT] [-v]
 * Runs seeds until one finds something, all are done, or the time is over.  Exit 0: nothing was found; 1: something was,
 * the seed and what it was are the last line.
 */
/* with: core/all.c tests/crash/cutvfs.c tests/sim/all.c */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"
#include "log/log.h"
#include "../crash/cutvfs.h"

/* How long things go wrong, and how long after that all may take to end. */
#define TROUBLE (8 * MINUTE)
#define PATIENCE (8 * HOUR)

const char *core_plant;
static unsigned long changes, died;

static void trouble(int64_t unused, char *text)
{
	(void)unused;
	(void)text;
	if (!sim_faults)
		return;
	switch (sim_random(12)) {
	case 0:
		core_kill(sim_chance(4));
		break;
	case 1:
		room_kill();
		break;
	case 2:
		sim_set_clock(sim_between(-HOUR, HOUR));
		break;
	case 3:
		agents_api_restarts();
		break;
	case 4:
		agent_copy_tries();
		break;
	default:
		agent_trouble();
	}
	sim_at(sim_between(200000, 6 * SECOND), trouble, 0, NULL);
}

static void people(int64_t unused, char *text)
{
	(void)unused;
	(void)text;
	if (!sim_faults)
		return;
	people_act();
	sim_at(sim_between(200000, 6 * SECOND), people, 0, NULL);
}

static void settle(void)
{
	int64_t end = sim_now() + PATIENCE;

	sim_faults = false;
	while (!sim_violations && sim_now() < end) {
		sim_run(sim_now() + MINUTE);
		agents_check_idle();
		room_check_idle();
		if (checks_settled() && sim_now() > end - PATIENCE + 10 * MINUTE)
			break;
	}
	if (!sim_violations && !checks_settled())
		sim_violation("operations that do not end");
	/* The reconciler has its settle time. */
	for (int i = 0; i < 40 && !sim_violations; i++)
		sim_run(sim_now() + MINUTE);
	if (!sim_violations)
		checks_end();
}

static void run_seed(uint64_t seed)
{
	checks_reset();
	cut_reset(seed);
	sim_queue_reset(seed);
	agents_reset();
	room_reset();
	sim_faults = true;
	core_reset();
	people_reset();
	sim_at(SECOND, trouble, 0, NULL);
	sim_at(3 * SECOND, people, 0, NULL);
	sim_run(TROUBLE);
	settle();
	changes += cut_changes();
	died += core_kills();
	core_close();
	cut_power_on();
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int usage(void)
{
	fprintf(stderr, "usage: sim [-s SEED] [-n SEEDS] [-t SECONDS] [-p PLANT] [-v]\n");
	return 100;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, first;
	unsigned long seeds = 20;
	double limit = 0, began = seconds();
	int option;

	while ((option = getopt(argc, argv, "s:n:t:p:v")) >= 0)
		switch (option) {
		case 's': seed = strtoull(optarg, NULL, 10); break;
		case 'n': seeds = strtoul(optarg, NULL, 10); break;
		case 't': limit = strtod(optarg, NULL); break;
		case 'p': core_plant = optarg; break;
		case 'v': sim_verbose = true; break;
		default: return usage();
		}
	if (sodium_init() < 0)
		return 111;
	log_open("sim");
	if (!getenv("SIM_LOG") && !freopen("/dev/null", "w", stderr))
		return 111;
	db_start();
	cut_register();
	for (first = seed; limit > 0 ? seconds() - began < limit : seed < first + seeds; seed++) {
		run_seed(seed);
		if (sim_violations) {
			printf("found: seed %llu: %s\n", (unsigned long long)seed, sim_first);
			return 1;
		}
	}
	printf("%llu seeds, %lu deaths of core, %lu changes of the disk, %.1f s: nothing found\n", (unsigned long long)(seed - first), died,
		changes, seconds() - began);
	return 0;
}

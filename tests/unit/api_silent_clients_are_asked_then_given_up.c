/* api: who is pinged and given up, against a plain model; a process that was held up does not blame its clients for it. */
/* with: api/pulse.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/pulse.h"

#define CLIENTS 500
#define SECONDS 2000

static struct pulse pulses[CLIENTS];
static struct { bool watched, asked; unsigned silent; } model[CLIENTS];
static unsigned asks[CLIENTS], gone[CLIENTS];
static int failed;

#define CHECK(what) do { if (!(what)) { failed = 1; printf("%s:%d: %s\n", __FILE__, __LINE__, #what); } } while (0)

static void ask(struct pulse *p)
{
	asks[p - pulses]++;
}

static void give_up(struct pulse *p)
{
	gone[p - pulses]++;
	/* what its owner does at once or later */
	if ((p - pulses) & 1)
		pulse_end(p);
}

static const struct pulse_ends ends = { ask, give_up };

static void begin(unsigned i)
{
	pulse_begin(&pulses[i]);
	if (!model[i].watched) {
		model[i].watched = true;
		model[i].asked = false;
		model[i].silent = 0;
	}
}

static void heard(unsigned i)
{
	pulse_heard(&pulses[i]);
	model[i].asked = false;
	model[i].silent = 0;
}

static void end(unsigned i)
{
	pulse_end(&pulses[i]);
	pulse_end(&pulses[i]);
	model[i].watched = false;
}

/* One second, in both; what each was told must be the same. */
static void second_passes(void)
{
	memset(asks, 0, sizeof asks);
	memset(gone, 0, sizeof gone);
	pulse_second(&ends);
	for (unsigned i = 0; i < CLIENTS; i++) {
		unsigned want_ask = 0, want_gone = 0;

		if (model[i].watched && ++model[i].silent == PULSE_PING_SECONDS) {
			want_ask = 1;
			model[i].asked = true;
		} else if (model[i].watched && model[i].silent == PULSE_GONE_SECONDS) {
			want_gone = 1;
			model[i].watched = false;
		}
		CHECK(asks[i] == want_ask && gone[i] == want_gone);
	}
}

int main(void)
{
	unsigned seed = getenv("CAM_SEED") ? (unsigned)atoi(getenv("CAM_SEED")) : 4711, told = 0, lost = 0;

	srand(seed);
	for (unsigned s = 0; s < SECONDS && !failed; s++) {
		for (unsigned n = (unsigned)rand() % 40; n; n--) {
			unsigned i = (unsigned)rand() % CLIENTS;

			switch (rand() % 8) {
			case 0:
				end(i);
				break;
			case 1:
			case 2:
				begin(i);
				break;
			default:
				heard(i);
			}
		}
		second_passes();
		for (unsigned i = 0; i < CLIENTS; i++) {
			told += asks[i];
			lost += gone[i];
		}
	}
	CHECK(told > 100 && lost > 10);
	if (failed)
		printf("seed %u\n", seed);
	return failed;
}

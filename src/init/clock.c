#include "init.h"

#include <stdlib.h>
#include <time.h>

/* A clock further than this after the build is taken for broken: certificates live shorter. */
#define TEN_YEARS (10LL * 365 * 24 * 3600)

void
init_clock(void)
{
	char text[32], was[32];
	struct timespec now, build = { 0, 0 };
	struct tm tm;

	if (init_release("BUILD_TIME", text, sizeof text) == -1 || (build.tv_sec = atoll(text)) <= 0) {
		init_say("clock: no build time in %s: the clock is taken as it is", INIT_RELEASE);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec >= build.tv_sec && now.tv_sec - build.tv_sec <= TEN_YEARS)
		return;
	strftime(was, sizeof was, "%Y-%m-%d %H:%M:%S", gmtime_r(&now.tv_sec, &tm));
	if (clock_settime(CLOCK_REALTIME, &build) == -1) {
		init_say("clock: says %s, cannot set it: %m", was);
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime_r(&build.tv_sec, &tm));
	init_say("clock: said %s, which cannot be: set to the build's time %s", was, text);
}

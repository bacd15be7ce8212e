#include <stdio.h>
#include <time.h>

#include "plat/clock.h"

/* 0000-01-01 and 9999-12-31 23:59:59, seconds since 1970. */
#define YEAR_0 INT64_C(-62167219200)
#define YEAR_9999 INT64_C(253402300799)

static int64_t (*wall_clock)(void);
static int64_t (*boot_clock)(void);

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * PLAT_SECOND + ts.tv_nsec / 1000;
}

int64_t plat_clock_wall(void)
{
	return wall_clock ? wall_clock() : read_clock(CLOCK_REALTIME);
}

int64_t plat_clock_boot(void)
{
	return boot_clock ? boot_clock() : read_clock(CLOCK_BOOTTIME);
}

void plat_clock_replace(int64_t (*wall)(void), int64_t (*boot)(void))
{
	wall_clock = wall;
	boot_clock = boot;
}

void plat_clock_text(int64_t wall, char out[PLAT_CLOCK_TEXT])
{
	int64_t seconds = wall / PLAT_SECOND, fraction = wall % PLAT_SECOND;
	char text[64];
	struct tm tm;
	time_t t;

	if (fraction < 0) {
		fraction += PLAT_SECOND;
		seconds--;
	}
	t = seconds < YEAR_0 ? YEAR_0 : seconds > YEAR_9999 ? YEAR_9999 : seconds;
	gmtime_r(&t, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%06d", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)fraction);
	snprintf(out, PLAT_CLOCK_TEXT, "%.26s", text);
}

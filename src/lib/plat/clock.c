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

/* Every change is told with its time, some with several: printf would cost more than what is written. */
static char *digits(char *at, unsigned value, int count)
{
	for (int i = count - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + count;
}

void plat_clock_text(int64_t wall, char out[PLAT_CLOCK_TEXT])
{
	int64_t seconds = wall / PLAT_SECOND, fraction = wall % PLAT_SECOND;
	char *at = out;
	struct tm tm;
	time_t t;

	if (fraction < 0) {
		fraction += PLAT_SECOND;
		seconds--;
	}
	t = seconds < YEAR_0 ? YEAR_0 : seconds > YEAR_9999 ? YEAR_9999 : seconds;
	gmtime_r(&t, &tm);
	at = digits(at, (unsigned)tm.tm_year + 1900, 4);
	*at++ = '-';
	at = digits(at, (unsigned)tm.tm_mon + 1, 2);
	*at++ = '-';
	at = digits(at, (unsigned)tm.tm_mday, 2);
	*at++ = ' ';
	at = digits(at, (unsigned)tm.tm_hour, 2);
	*at++ = ':';
	at = digits(at, (unsigned)tm.tm_min, 2);
	*at++ = ':';
	at = digits(at, (unsigned)tm.tm_sec, 2);
	*at++ = '.';
	at = digits(at, (unsigned)fraction, 6);
	*at = 0;
}

/* Five fields as cron's: the next time they name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schedule.h"
#include "plat/clock.h"

#define YEARS 5

static const struct { int min, max; } limits[5] = { { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 } };

static bool number(const char **at, int *out)
{
	if (!isdigit((unsigned char)**at))
		return false;
	for (*out = 0; isdigit((unsigned char)**at) && *out < 1000; (*at)++)
		*out = 10 * *out + (**at - '0');
	return true;
}

/* One element of a list: *, n, n-m, each with /step. */
static bool element(const char **at, int field, uint64_t *bits)
{
	int from = limits[field].min, to = limits[field].max, step = 1;

	if (**at == '*') {
		(*at)++;
	} else {
		if (!number(at, &from))
			return false;
		to = from;
		if (**at == '-') {
			(*at)++;
			if (!number(at, &to))
				return false;
		} else if (**at == '/') {
			to = limits[field].max;
		}
	}
	if (**at == '/') {
		(*at)++;
		if (!number(at, &step) || !step)
			return false;
	}
	if (from < limits[field].min || to > limits[field].max || from > to)
		return false;
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static bool parse(const char *rule, uint64_t bits[5], bool star[5])
{
	memset(bits, 0, 5 * sizeof bits[0]);
	for (int f = 0; f < 5; f++) {
		while (*rule == ' ')
			rule++;
		star[f] = *rule == '*' && (rule[1] == ' ' || !rule[1]);
		do {
			if (!element(&rule, f, &bits[f]))
				return false;
		} while (*rule == ',' && *++rule);
		if (*rule && *rule != ' ')
			return false;
	}
	/* 7 is Sunday, too. */
	if (bits[4] & (UINT64_C(1) << 7))
		bits[4] |= 1;
	while (*rule == ' ')
		rule++;
	return !*rule;
}

static bool has(uint64_t bits, int n)
{
	return bits & (UINT64_C(1) << n);
}

/* When both day fields are given, either counts. */
static bool day_matches(const uint64_t bits[5], const bool star[5], const struct tm *tm)
{
	bool month_day = has(bits[2], tm->tm_mday), week_day = has(bits[4], tm->tm_wday);

	if (!has(bits[3], tm->tm_mon + 1))
		return false;
	return star[2] || star[4] ? month_day && week_day : month_day || week_day;
}

int64_t cron_next(const char *rule, int64_t after)
{
	time_t t = (time_t)(after / PLAT_SECOND / 60 * 60 + 60), end = t + (time_t)YEARS * 366 * 86400;
	uint64_t bits[5];
	bool star[5];
	struct tm tm;

	if (after < 0 || !parse(rule, bits, star))
		return -1;
	while (t < end) {
		gmtime_r(&t, &tm);
		if (!day_matches(bits, star, &tm))
			t += 86400 - (tm.tm_hour * 3600 + tm.tm_min * 60);
		else if (!has(bits[1], tm.tm_hour))
			t += 3600 - tm.tm_min * 60;
		else if (!has(bits[0], tm.tm_min))
			t += 60;
		else
			return (int64_t)t * PLAT_SECOND;
	}
	return -1;
}

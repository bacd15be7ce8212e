/*
 * plat: the seams to the machine that tests replace: clock, random, disk.
 * clock: wall time and time since boot.
 */
#ifndef CAM_PLAT_CLOCK_H
#define CAM_PLAT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define PLAT_SECOND INT64_C(1000000)

/* Wall clock, microseconds since 1970 UTC.  May step either way. */
int64_t plat_clock_wall(void);

/* Microseconds since the machine's boot, sleep included; never goes back. */
int64_t plat_clock_boot(void);

/* Replaces a clock for tests and simulations; NULL = the real one.  Call while
 * no other thread reads it. */
void plat_clock_replace(int64_t (*wall)(void), int64_t (*boot)(void));

/* Bytes of "YYYY-MM-DD HH:MM:SS.ffffff" with its terminating 0. */
#define PLAT_CLOCK_TEXT 27

/* Writes a wall time the way clients read it: UTC without zone.  Times outside
 * the years 0 to 9999 are clamped. */
void plat_clock_text(int64_t wall, char out[PLAT_CLOCK_TEXT]);

#endif

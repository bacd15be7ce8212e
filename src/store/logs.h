/*
 * store: the logs of the appliance's programs, /data/log/<program>, which their loggers write (docs/launch.md). They are
 * read here and nothing else: neither made nor changed nor taken away.
 *
 * A file is known by the moment of its first line, nanoseconds since 1970 UTC, which it keeps when it is renamed; one
 * without a line is not there yet.
 */
#ifndef CAM_STORE_LOGS_H
#define CAM_STORE_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_LOGS "/data/log"
#define STORE_LOG_NAME 32
/* Files of one program that are looked at: more than a logger keeps. */
#define STORE_LOG_FILES 16

struct store_log_file {
	uint64_t first;		/* moment of its first line */
	uint64_t length;	/* bytes */
};

/* As store_segment_name_valid, shorter. */
bool store_log_name_valid(const char *name);

/* The moment of a line that begins as loggers write it, "2026-11-28 08:09:22.430561406"; 0 = it does not. */
uint64_t store_log_moment(const char *line);

/* Opens the directory; -1 with errno. */
int store_logs_open(void);

/* Tells each program's files, the oldest first.  -1 with errno. */
int store_logs_each(int dir, void (*each)(const char *name, const struct store_log_file *f, void *arg), void *arg);

/* A descriptor to read the file of a program that begins at that moment; -1 with errno. */
int store_log_reader(int dir, const char *name, uint64_t first, uint64_t *length);

#endif

/*
 * log: one line per event on standard error, which s6 hands to the room's
 * own rotating logger.
 *
 * A line is "room: object: what failed: why".  Standard error is set
 * non-blocking: when the logger cannot keep up (a full /data, a slow disk)
 * lines are dropped and counted instead of stopping the room; the count is
 * written as a line of its own as soon as there is space again.
 *
 * Never pass a secret to these functions.  Control characters in the text are
 * written as '?', so bytes from outside cannot forge a line or an escape.
 */
#ifndef CAM_LOG_H
#define CAM_LOG_H

#include <stdarg.h>

/* Names the room for every later line and makes standard error non-blocking.
 * name must stay valid for the life of the process.  Call once, first. */
void log_open(const char *name);

/* Ordinary life: started, stopped, reconnected. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Trouble that came from outside; the room goes on. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As log_warn, and appends ": " and the text of errno. */
void log_warn_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* System trouble the room cannot live with: logs with errno's text, exits 111
 * (the supervisor starts the room again). */
_Noreturn void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Wrong usage or configuration: logs, exits 100 (not started again). */
_Noreturn void log_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The impossible happened: logs file and line, exits 111. */
#define log_bug(what) log_bug_at(__FILE__, __LINE__, what)
_Noreturn void log_bug_at(const char *file, int line, const char *what);

/* Lines dropped since the start because standard error was full. */
unsigned long log_dropped(void);

#endif
